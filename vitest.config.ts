import { defineConfig } from 'vitest/config';

/** What judges the suite itself by hundreds of servers: it takes a minute or two, and no runtime changes it. */
const OF_THE_SUITE = ['spec/{matrix,subjects}/**/*.test.ts', 'spec/vectors.test.ts'];

/** A test whose name is in no project would never run, so every folder that may hold one is named here. */
export default defineConfig({
  test: {
    // Real sockets and processes: processes and not threads carry the tests. Two more than a small machine has cores,
    // as some wait most of the time, for items to expire and for limits to be reached.
    pool: 'forks',
    maxWorkers: 4,
    // The files of a process share what they import: to load it anew for each took a tenth of the processor time.
    isolate: false,
    // Coverage adds up the counts of one text over all processes, so that those it starts run the sources too.
    ...(process.env['NODE_V8_COVERAGE'] === undefined && { globalSetup: ['scripts/compile-for-tests.ts'] }),
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    // Bun loads TypeScript by itself, and through vite's loader it does not see all names that zod exports.
    ...(process.versions['bun'] !== undefined && { experimental: { viteModuleRunner: false, nodeLoader: false } }),
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['{protocol,server,client,cli,bench}/**/*.test.ts'], testTimeout: 20_000 },
      },
      {
        extends: true,
        // What needs a browser, or other servers, runs in an environment of tox.
        test: {
          name: 'spec',
          include: ['spec/**/*.test.ts'],
          exclude: ['**/*.{browser,installed}.test.ts', ...OF_THE_SUITE],
          testTimeout: 60_000,
        },
      },
      { extends: true, test: { name: 'subjects', include: OF_THE_SUITE, testTimeout: 60_000 } },
      { extends: true, test: { name: 'repo', include: ['scripts/**/*.test.ts'], testTimeout: 120_000 } },
    ],
  },
});
