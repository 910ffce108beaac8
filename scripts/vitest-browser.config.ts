import { defineConfig } from 'vitest/config';
import { REPOSITORY } from './repository.ts';

/** The tests that need a browser, apart from the others so that `npm test` needs none. */
export default defineConfig({
  test: { root: REPOSITORY, name: 'browser', include: ['spec/**/*.browser.test.ts'], testTimeout: 60_000 },
});
