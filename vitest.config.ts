import { defineConfig } from 'vitest/config';

/** What the three projects share: real sockets and processes, so processes and not threads carry the tests. */
const shared = {
  pool: 'forks',
  environment: 'node',
  hookTimeout: 60_000,
  teardownTimeout: 10_000,
} as const;

/** A test whose name is in no project would never run, so every folder that may hold one is named here. */
export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          include: ['{protocol,server,client,cli,bench}/**/*.test.ts'],
          testTimeout: 20_000,
        },
      },
      { test: { ...shared, name: 'spec', include: ['spec/**/*.test.ts'], testTimeout: 60_000 } },
      { test: { ...shared, name: 'repo', include: ['scripts/**/*.test.ts'], testTimeout: 120_000 } },
    ],
  },
});
