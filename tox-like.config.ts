import type { ToxInput } from './scripts/tox-config.ts';

/** Node's binaries come from npm, so that a machine needs one Node and nothing else. */
const nodePackage = `node-${process.platform}-${process.arch}`;

const VITEST = ['node_modules/vitest/vitest.mjs', 'run'];
const SUITES = [...VITEST, '--project', 'unit', '--project', 'spec'];
const PLAIN = ['env', 'SPEICHER_TRANSPORT=plain', '{runtime}'];
const OVER_SOCKETS = [
  'server/server.test.ts',
  'server/limits.test.ts',
  'server/abuse.test.ts',
  'spec/conformance.test.ts',
];
const SPEC = ['--import', 'tsx', 'cli/main.ts', 'spec'];
const WITH_SERVER = ['{runtime}', '--import', 'tsx', 'scripts/with-server.ts'];

/** The environments of `npm run tox`, in the order in which they run: the quick ones first. */
const config = {
  runtimes: {
    node: {},
    node22: { install: `node@npm:${nodePackage}@22`, binary: 'node_modules/node/bin/node' },
    node24: { install: `node@npm:${nodePackage}@24`, binary: 'node_modules/node/bin/node' },
    bun: { install: 'bun@~1.4.0', binary: 'node_modules/.bin/bun', args: ['--bun'] },
  },
  environments: [
    {
      name: 'lint',
      description: 'types, the linter with its type-aware rules, and the format',
      runtime: 'node',
      command: ['npm', 'run', 'check'],
    },
    {
      name: 'unit',
      description: 'the tests beside the code',
      runtime: 'node',
      command: ['{runtime}', 'node_modules/vitest/vitest.mjs', 'run', '--project', 'unit'],
    },
    {
      name: 'spec',
      description: 'the conformance cases against the server of this repository',
      runtime: 'node',
      command: ['{runtime}', 'node_modules/vitest/vitest.mjs', 'run', '--project', 'spec'],
    },
    {
      name: 'plain',
      description: 'the server and the conformance cases over the plain transport',
      runtime: 'node',
      command: [...PLAIN, ...SUITES, ...OVER_SOCKETS],
    },
    {
      name: 'python-original',
      description: 'the nine tests of the Python client, in the standard library of Python alone',
      runtime: 'node',
      needs: { programs: ['python3'] },
      command: [...WITH_SERVER, 'python3', 'spec/original/nine.py'],
    },
    {
      name: 'xxd',
      description: 'the worked examples of section 10 by hand: printf, xxd and a socket of bash',
      runtime: 'node',
      needs: { programs: ['bash', 'xxd'] },
      command: [...WITH_SERVER, 'bash', 'spec/original/examples.sh'],
    },
    {
      name: 'vectors-python',
      description: 'the interpreter of the vectors in Python: the same verdicts as ours, over all mutants and variants',
      runtime: 'node',
      needs: { programs: ['python3'] },
      command: ['env', 'SPEC_VECTORS=all', '{runtime}', ...VITEST, '--project', 'subjects', 'spec/vectors.test.ts'],
      timeoutMs: 3_600_000,
    },
    {
      name: 'html-report',
      description: 'the report of the suite as a page, in a real Chromium: keys, themes, narrow screens, accessibility',
      runtime: 'node',
      needs: { programs: ['chromium'] },
      command: ['{runtime}', 'node_modules/vitest/vitest.mjs', 'run', '--config', 'scripts/vitest-browser.config.ts'],
    },
    {
      name: 'other-servers',
      description: 'the suite against a real Redis and a real memcached: it says what they are and ends',
      runtime: 'node',
      needs: { programs: ['redis-server', 'memcached'] },
      command: ['{runtime}', ...VITEST, '--config', 'scripts/vitest-installed.config.ts'],
    },
    {
      name: 'example-python',
      description: 'the example server in Python passes the profiles core and json, by the suite',
      runtime: 'node',
      needs: { programs: ['python3'] },
      command: ['{runtime}', ...SPEC, '--spawn', 'python3 spec/examples/server.py --port {port}'],
    },
    {
      name: 'example-c',
      description: 'the example server in C passes the profile core, by the suite',
      runtime: 'node',
      needs: { programs: ['cc'] },
      setup: [
        ['mkdir', '-p', '.tox/example-c'],
        [
          'cc',
          '-std=c11',
          '-O2',
          '-Wall',
          '-Wextra',
          '-Werror',
          '-o',
          '.tox/example-c/server',
          'spec/examples/server.c',
        ],
      ],
      command: ['{runtime}', ...SPEC, '--spawn', '.tox/example-c/server {port}'],
    },
    {
      name: 'bench-smoke',
      description: 'the load generator and the wire limit: built, a second of load each, wrong replies refused',
      runtime: 'node',
      needs: { programs: ['cc'] },
      setup: [['npm', 'run', 'build']],
      command: ['{runtime}', '--import', 'tsx', 'bench/smoke.ts'],
    },
    {
      name: 'package',
      description: 'the packed package in an empty project: import, require, types, command; publint, attw, knip',
      runtime: 'node',
      needs: { registry: true },
      command: ['{runtime}', '--import', 'tsx', 'scripts/check-package.ts'],
    },
    {
      name: 'coverage',
      description: 'lines of protocol/ and server/ that the suites reach, in the spawned servers too',
      runtime: 'node',
      command: ['{runtime}', '--import', 'tsx', 'scripts/coverage.ts'],
      timeoutMs: 900_000,
    },
    {
      name: 'durability',
      description: 'the log on a simulated disk: 10 000 seeds, and a log cut off at every byte',
      runtime: 'node',
      command: ['env', 'SPEICHER_TEST_SEEDS=10000', '{runtime}', ...VITEST, '--project', 'unit', 'server/log'],
      timeoutMs: 900_000,
    },
    {
      name: 'durable-unix',
      description: 'the cases of the profile durable over a Unix socket, by the suite',
      runtime: 'node',
      command: [
        '{runtime}',
        ...SPEC,
        '--spawn',
        'node --import tsx cli/main.ts serve --listen unix://{data}/socket --data {data}/items --durability always',
        '--run',
        'durable*',
        '--run',
        'sync*',
      ],
    },
    {
      name: 'node22',
      description: 'unit and spec under Node 22, the servers that they spawn too',
      runtime: 'node22',
      command: ['{runtime}', ...SUITES],
    },
    {
      name: 'node24',
      description: 'unit and spec under Node 24, the servers that they spawn too',
      runtime: 'node24',
      command: ['{runtime}', ...SUITES],
    },
    {
      name: 'bun',
      description: 'unit and spec under Bun, the servers that they spawn too',
      runtime: 'bun',
      command: ['{runtime}', ...SUITES],
    },
  ],
} satisfies ToxInput;

export default config;
