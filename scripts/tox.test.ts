import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import toxLike from '../tox-like.config.ts';
import { parseToxConfig, type ToxInput } from './tox-config.ts';
import { runEnvironments, selectEnvironments, summary } from './tox-run.ts';

const root = await mkdtemp(join(tmpdir(), 'speicher-tox-'));
afterAll(() => rm(root, { recursive: true, force: true }));

const script = (code: string): string[] => ['{runtime}', '-e', code];

const input = {
  runtimes: { node: {} },
  environments: [
    {
      name: 'good',
      description: 'passes',
      runtime: 'node',
      command: script('console.log("to out"); console.error("to err")'),
    },
    {
      name: 'bad',
      description: 'fails',
      runtime: 'node',
      command: script('console.log("why it failed"); process.exitCode = 3'),
    },
    {
      name: 'bad-setup',
      description: 'never reaches its command',
      runtime: 'node',
      setup: [script('process.exit(4)')],
      command: script('console.log("reached")'),
    },
    {
      name: 'lacking',
      description: 'needs what nobody has',
      runtime: 'node',
      needs: { programs: ['no-such-program'] },
      command: script('0'),
    },
    {
      name: 'endless',
      description: 'never ends',
      runtime: 'node',
      command: script('setInterval(() => {}, 1e6)'),
      timeoutMs: 500,
    },
    {
      name: 'refused',
      description: 'could not connect to something else than the registry',
      runtime: 'node',
      needs: { registry: true },
      command: script('console.error("Error: connect ECONNREFUSED"); process.exit(1)'),
    },
    {
      name: 'offline',
      description: 'fetches what cannot be fetched',
      runtime: 'node',
      needs: { registry: true },
      command: script('console.error("npm error code EAI_AGAIN"); process.exit(1)'),
    },
  ],
} satisfies ToxInput;

async function run(only: string[]) {
  const lines: string[] = [];
  const config = parseToxConfig(input);
  const environments = selectEnvironments(config, only, []);
  const outcomes = await runEnvironments({ config, root, print: (line) => lines.push(line) }, environments);
  return { lines, outcomes };
}

describe('running', () => {
  test('an environment passes, and its output carries its name', async () => {
    const { lines, outcomes } = await run(['good']);
    expect(outcomes).toMatchObject([{ name: 'good', status: 'ok' }]);
    expect(lines).toContain('good | to out');
    expect(lines).toContain('good | to err');
    expect(summary(outcomes)[0]).toMatch(/^ {2}good: OK \(\d+\.\d\d=setup\[\d+\.\d\d\]\+cmd\[\d+\.\d\d\] seconds\)$/);
  });

  test('a failing command fails its environment with its code, and the next ones still run', async () => {
    const { outcomes } = await run(['bad', 'good']);
    expect(outcomes).toMatchObject([
      { name: 'good', status: 'ok' },
      { name: 'bad', status: 'fail', code: 3 },
    ]);
    const lines = summary(outcomes);
    expect(lines.slice(0, 2)).toEqual(['bad failed, and printed last:', 'bad | why it failed']);
    expect(lines.at(-2)).toMatch(/^ {2}bad: FAIL code 3 \(/);
    expect(lines.at(-1)).toMatch(/^ {2}evaluation failed \(/);
  });

  test('a failing setup fails the environment before its command', async () => {
    const { lines, outcomes } = await run(['bad-setup']);
    expect(outcomes).toMatchObject([{ status: 'fail', code: 4, commandMs: 0 }]);
    expect(lines).not.toContain('bad-setup | reached');
  });

  test('a missing program skips, with the reason in the summary', async () => {
    const { outcomes } = await run(['lacking']);
    expect(summary(outcomes)[0]).toMatch(/^ {2}lacking: SKIP the program no-such-program is not installed \(/);
    expect(summary(outcomes).at(-1)).toMatch(/^ {2}all that ran passed, skipped: lacking \(/);
  });

  test('a registry out of reach skips what needs it, and nothing else does', async () => {
    const { outcomes } = await run(['offline', 'refused']);
    expect(outcomes).toMatchObject([
      { name: 'refused', status: 'fail', code: 1 },
      { name: 'offline', status: 'skip', reason: 'the npm registry is out of reach' },
    ]);
  });

  test('a command that does not end is killed', async () => {
    const { outcomes } = await run(['endless']);
    expect(outcomes).toMatchObject([{ status: 'fail', code: 124 }]);
  });
});

describe('the configuration', () => {
  test('the one of this repository is right', () => {
    const { environments } = parseToxConfig(toxLike);
    expect(environments.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['unit', 'spec', 'package', 'node22', 'node24', 'bun']),
    );
  });

  test('an unknown name is an error that lists the known ones', () => {
    const config = parseToxConfig(input);
    expect(() => selectEnvironments(config, ['good', 'god'], [])).toThrow(
      'no environment is called god; there are: good, bad, bad-setup, lacking, endless, refused, offline',
    );
    expect(() => selectEnvironments(config, [], ['god'])).toThrow('no environment is called god');
  });

  test('the order is the configuration’s, less what is to be skipped', () => {
    const config = parseToxConfig(input);
    const names = selectEnvironments(config, ['bad', 'good', 'lacking'], ['lacking']).map(({ name }) => name);
    expect(names).toEqual(['good', 'bad']);
  });

  test.each([
    ['an unknown member', { ...input, environment: [] }, /environment/],
    ['a name given twice', { ...input, environments: [input.environments[0], input.environments[0]] }, /given twice/],
    [
      'an unknown runtime',
      { ...input, environments: [{ ...input.environments[0], runtime: 'rhino' }] },
      /good names the unknown runtime rhino/,
    ],
    ['an empty command', { ...input, environments: [{ ...input.environments[0], command: [] }] }, /command/],
  ])('%s is refused', (_what, wrong, message) => {
    expect(() => parseToxConfig(wrong)).toThrow(message);
  });
});
