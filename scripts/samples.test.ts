import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build as bundle } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../spec/target/free-port.ts';
import { SPEICHER } from '../testing/speicher-command.ts';
import { compiledMain } from './compile.ts';
import { readText, REPOSITORY } from './repository.ts';
import { commandsIn, executable, programSamples, shellSamples } from './samples.ts';
import { startServer } from './server-process.ts';

/** Inside the repository, so that packages are found; in a folder that nobody commits. */
const folder = join(REPOSITORY, '.tox', 'samples');

const TIMEOUT_MS = 30_000;

const PACKAGE = {
  speicher: 'client',
  'speicher/server': 'server',
  'speicher/protocol': 'protocol',
  'speicher/spec': 'spec',
};

/** In a sample the package is imported by its name; it means the sources, compiled, as these load soonest. */
const build = join(dirname(await compiledMain()), '..');
const modulesBy = (ending: string): [string, string][] =>
  Object.entries(PACKAGE).map(([name, part]) => [name, join(build, part, `index.${ending}`)]);

const programs = programSamples();

const fileOf = (place: string): string => `${place.replaceAll(/[^\w]/g, '-')}.ts`;

describe('programs in documents', () => {
  beforeAll(() => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const paths = Object.fromEntries(modulesBy('d.ts').map(([name, path]) => [name, [path]]));
    const compilerOptions = { paths, noUnusedLocals: false };
    const config = { extends: '../../tsconfig.json', compilerOptions, include: ['*.ts'] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    for (const { place, text } of programs) writeFileSync(join(folder, fileOf(place)), `${text}\nexport {};\n`);
  });

  test('there are some, and all have right types', () => {
    expect(programs.length).toBeGreaterThan(0);
    const tsc = join(REPOSITORY, 'node_modules', 'typescript', 'bin', 'tsc');
    const { stdout } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
    expect(stdout).toBe('');
  });

  test.each(programs)('$place does what it says', async ({ place, text }) => {
    // A sample that embeds a server brings its own; every other one gets an empty server.
    const embeds = text.includes('createServer');
    const server = embeds ? undefined : await startServer();
    try {
      const port = server?.port ?? (await freePort());
      const file = join(folder, `${fileOf(place)}.mjs`);
      await bundle({
        stdin: { contents: executable(text, port), loader: 'ts', resolveDir: folder },
        alias: Object.fromEntries(modulesBy('js')),
        outfile: file,
        bundle: true,
        packages: 'external',
        format: 'esm',
        platform: 'node',
      });
      const { status, stdout, stderr } = spawnSync(process.execPath, [file], {
        cwd: folder,
        encoding: 'utf8',
        timeout: TIMEOUT_MS,
      });
      expect({ status, stderr, stdout }).toMatchObject({ status: 0, stderr: '' });
    } finally {
      await server?.stop();
    }
  });
});

test('shell samples name scripts and commands that exist', () => {
  const { scripts } = JSON.parse(readText('package.json')) as { scripts: Record<string, string> };
  const [program = '', ...before] = SPEICHER;
  const help = spawnSync(program, [...before, '--help'], {
    cwd: REPOSITORY,
    encoding: 'utf8',
  }).stdout;
  const commands = new Set([...help.matchAll(/^ {2}([a-z][\w-]*)/gm)].map(([, name]) => name));
  const wrong: string[] = [];
  for (const { place, text } of shellSamples()) {
    const named = commandsIn(text);
    for (const name of named.scripts) if (!Object.hasOwn(scripts, name)) wrong.push(`${place}: npm run ${name}`);
    for (const name of named.speicher) if (!commands.has(name)) wrong.push(`${place}: speicher ${name}`);
  }
  expect(shellSamples().length).toBeGreaterThan(0);
  expect(wrong).toEqual([]);
});

describe('reading samples', () => {
  test('what a comment claims is compared', () => {
    const text = [
      `await c.get('foo'); // 'bar'`,
      `const n = await c.increment('n') // 3n`,
      `console.log(await c.get('x')); // undefined`,
      `await c.delete('n')      // true, false if there was none`,
      `await c.close(); // says nothing`,
      `const c = new Speicher({ port: 14567 });`,
    ].join('\n');
    expect(executable(text, 9).split(`'node:assert';`)[1]).toBe(
      [
        `claims(await c.get('foo'), 'bar');`,
        `const n = await c.increment('n'); claims(n, 3n);`,
        `claims(await c.get('x'), undefined);`,
        `claims(await c.delete('n'), true);`,
        `await c.close(); // says nothing`,
        `const c = new Speicher({ port: 9 });`,
        '',
      ].join('\n'),
    );
  });

  test('commands are found with their options before them', () => {
    const text =
      'npm ci && npm start\nnpm run -s speicher -- get foo\nnpx speicher serve\nnpm run tox -- -e bun\nnpm test';
    expect(commandsIn(text)).toEqual({ scripts: ['start', 'speicher', 'tox', 'test'], speicher: ['get', 'serve'] });
  });
});
