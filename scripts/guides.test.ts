/** The guides for implementers name cases, options and inputs that exist. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { CASES } from '../spec/registry.ts';
import { fitsGlob } from '../spec/selection.ts';
import { SPEICHER } from '../testing/speicher-command.ts';
import { readText, REPOSITORY } from './repository.ts';
import { startServer } from './server-process.ts';

const GUIDES = ['docs/implementing.md', 'docs/ci.md', 'spec/vectors/README.md'];

/** The patterns behind `--run`, with or without quotes. */
function patternsIn(text: string): string[] {
  return [...text.matchAll(/--run (?:'([^']+)'|([\w.*-]+))/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

const fitsSome = (pattern: string): boolean => CASES.some((each) => fitsGlob(pattern, each));

/** The first group of each match, in alphabetical order. */
function namesIn(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, name = '']) => name).toSorted((a, b) => (a < b ? -1 : 1));
}

describe('the guides', () => {
  test.each(GUIDES)('%s names patterns that fit cases', (path) => {
    expect(patternsIn(readText(path)).filter((pattern) => !fitsSome(pattern))).toEqual([]);
  });

  test('whoever follows the steps of docs/implementing.md has run every case', () => {
    const patterns = patternsIn(readText('docs/implementing.md'));
    const left = CASES.filter((each) => !patterns.some((pattern) => fitsGlob(pattern, each))).map(({ id }) => id);
    expect(left, 'give these cases a step of docs/implementing.md').toEqual([]);
  });

  test('options of the command are options that it has', () => {
    const [program = '', ...before] = SPEICHER;
    const help = spawnSync(program, [...before, 'spec', '--help'], { cwd: REPOSITORY, encoding: 'utf8' }).stdout;
    const lines = GUIDES.flatMap((path) => readText(path).split('\n')).filter((line) =>
      line.startsWith('npx speicher spec '),
    );
    const options = new Set(lines.flatMap((line) => line.match(/(?<= )--[a-z-]+/g) ?? []));
    const own = new Set(['--port', '--data', '--write']);
    expect([...options].filter((option) => !own.has(option) && !help.includes(option))).toEqual([]);
    expect(options.size).toBeGreaterThan(5);
  });
});

describe('action.yml', () => {
  const action = readText('action.yml');
  const inputs = namesIn(action.slice(0, action.indexOf('\noutputs:')), /^ {2}([a-z-]+):$/gm);

  test('hands every input over, and docs/ci.md explains it', () => {
    expect(namesIn(action, /^ {8}[A-Z_]+: \$\{\{ inputs\.([a-z-]+) \}\}$/gm)).toEqual(inputs);
    expect(namesIn(readText('docs/ci.md'), /^\| `([a-z-]+)`/gm)).toEqual(inputs);
  });

  test('its script runs the suite with the inputs, and ends as it does', { timeout: 60_000 }, async () => {
    const server = await startServer();
    const report = mkdtempSync(join(tmpdir(), 'action-'));
    const none = Object.fromEntries(inputs.map((name) => [`INPUT_${name.toUpperCase().replaceAll('-', '_')}`, '']));
    const run = async (given: Record<string, string>): Promise<{ code: number | null; output: string }> => {
      const own = {
        SPEC_MAIN: SPEICHER.at(-1),
        NODE_OPTIONS: SPEICHER.slice(1, -1).join(' '),
        SPEICHER_PASSWORD: '',
        INPUT_REPORT: report,
      };
      const env = { ...process.env, ...none, ...own, ...given };
      const child = spawn('bash', ['scripts/action.sh'], {
        cwd: REPOSITORY,
        env,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      const [code] = (await once(child, 'close')) as [number | null];
      return { code, output };
    };
    const INPUT_TARGET = `${server.host}:${server.port}`;
    try {
      const { code, output } = await run({ INPUT_TARGET, INPUT_RUN: 'ping.* QUIT-1', INPUT_PROFILES: 'core' });
      expect(output).toContain('::notice');
      expect(code).toBe(0);
      expect(readFileSync(join(report, 'junit.xml'), 'utf8')).toContain(
        '<testcase name="returns-its-value" classname="ping"',
      );
      expect(existsSync(join(report, 'badge.svg'))).toBe(false);
      expect((await run({ INPUT_TARGET, INPUT_RUN: 'no.such-case' })).code).toBe(5);
      expect((await run({})).code).toBe(2);
    } finally {
      await server.stop();
      rmSync(report, { recursive: true });
    }
  });
});
