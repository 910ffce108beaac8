import { defineConfig, mergeConfig } from 'vitest/config';
import plain from '../vitest.config.ts';
import { REPOSITORY } from './repository.ts';

/**
 * The suites as coverage.ts runs them: loaded by Node and tsx and not by vite, so that the tests' own processes and the
 * servers that they spawn run the same text, and V8's counts of both can be added up.
 */
export default mergeConfig(
  plain,
  defineConfig({
    root: REPOSITORY,
    test: {
      setupFiles: ['scripts/take-coverage.ts'],
      execArgv: ['--import', 'tsx'],
      experimental: { viteModuleRunner: false, nodeLoader: false },
    },
  }),
);
