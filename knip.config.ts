import type { KnipConfig } from 'knip';

/** Unused files, exports and dependencies are errors. Entries that no import and no script of package.json leads to: */
const config: KnipConfig = {
  entry: [
    // What package.json exports, as sources.
    '{protocol,server,client,spec}/index.ts!',
    // Named in tox-like.config.ts, in .ci/run and in the configuration of coverage.
    'tox-like.config.ts',
    'scripts/{with-server,check-package,tally,take-coverage}.ts',
    'bench/smoke.ts',
    'scripts/vitest-{coverage,browser,installed}.config.ts',
    'spec/**/*.{browser,installed}.test.ts',
    'scripts/fixtures/*.ts',
    'spec/{mutants,variants}/serve.ts',
    // Started as processes by tests.
    'server/log/testing/run-mutants.ts',
    'server/log/testing/run-seeds.ts',
    'spec/subjects/durable/serve.ts',
    'cli/testing/crashing-server.ts',
  ],
  project: ['**/*.ts!', '!**/*.test.ts!', '!**/testing/**!', '!scripts/**!', '!*.config.ts!'],
  // Started by their binaries' paths, in scripts/; axe-core is read and evaluated in the browser.
  ignoreDependencies: ['@arethetypeswrong/cli', 'axe-core', 'c8', 'publint'],
  // Of util-linux, for tests on a terminal; of libxml2 and of a compiler, for tests that are skipped without them.
  ignoreBinaries: ['script', 'mkfifo', 'xmllint', 'cc'],
  // A type that a module's own interface needs may be exported with it.
  ignoreExportsUsedInFile: { interface: true, type: true },
};

export default config;
