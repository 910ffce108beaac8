import { defineConfig } from 'vitest/config';
import { REPOSITORY } from './repository.ts';

/** The tests that need other servers to be installed, apart from the others so that `npm test` needs none. */
export default defineConfig({
  test: {
    root: REPOSITORY,
    name: 'installed',
    include: ['spec/**/*.installed.test.ts'],
    globalSetup: ['scripts/compile-for-tests.ts'],
  },
});
