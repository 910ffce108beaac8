/**
 * What a user gets: `npm pack`, installed into an empty project of its own. Every entry point is imported, required and
 * compiled against; the command runs and serves; publint, attw and knip have nothing to say.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './run-command.ts';
import { readText, REPOSITORY } from './repository.ts';
import { startServer } from './server-process.ts';

const STEP_TIMEOUT_MS = 300_000;

const { version, exports, devDependencies } = JSON.parse(readText('package.json')) as {
  version: string;
  exports: Record<string, unknown>;
  devDependencies: Record<string, string>;
};

/** `speicher`, `speicher/server` and so on. */
const entryPoints = Object.keys(exports)
  .filter((path) => path !== './package.json')
  .map((path) => `speicher${path.slice(1)}`);

/**
 * Runs one step.
 *
 * @returns its last lines of output.
 * @throws Error if it fails, or if its output lacks what is expected.
 */
async function step(what: string, command: readonly string[], cwd: string, expected?: RegExp): Promise<string> {
  console.log(`- ${what}`);
  const { code, tail } = await runCommand(command, {
    cwd,
    timeoutMs: STEP_TIMEOUT_MS,
    onLine: (line) => console.log(`    ${line}`),
  });
  if (code !== 0) throw new Error(`${what}: ${command.join(' ')} ended with status ${code}`);
  const output = tail.join('\n');
  if (expected !== undefined && !expected.test(output)) throw new Error(`${what}: the output has no ${expected}`);
  return output;
}

const bin = (name: string): string => join(REPOSITORY, 'node_modules', '.bin', name);

/** The tarball's path. */
async function pack(folder: string): Promise<string> {
  await step('npm pack', ['npm', 'pack', '--loglevel=error', '--pack-destination', folder], REPOSITORY);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('npm pack made no tarball');
  return join(folder, tarball);
}

async function lint(tarball: string): Promise<void> {
  await step('publint', [bin('publint'), 'run', tarball, '--strict'], REPOSITORY);
  // The package is ESM only, which `require` takes on every Node that it supports (docs/decisions/0001-esm-only.md);
  // the rule ignored speaks of Nodes that cannot, and the profile leaves out the resolution of TypeScript before
  // `exports`.
  const attw = ['--profile', 'node16', '--ignore-rules', 'cjs-resolves-to-esm', '--no-color', '--no-emoji'];
  await step('attw', [bin('attw'), tarball, ...attw], REPOSITORY);
}

async function install(tarball: string, project: string): Promise<void> {
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'empty', private: true }));
  const types = `@types/node@${devDependencies['@types/node']}`;
  await step('npm install', ['npm', 'install', '--no-audit', '--no-fund', '--loglevel=error', tarball, types], project);
}

async function load(project: string): Promise<void> {
  const names = JSON.stringify(entryPoints);
  const check = `for (const [name, module] of loaded) {
    const names = Object.keys(module).filter((each) => each !== '__esModule');
    if (names.length === 0) throw new Error(name + ' exports nothing');
    console.log(name, names.length, 'exports');
  }
  const { Speicher } = loaded[0][1];
  if (typeof Speicher !== 'function') throw new Error('speicher has no Speicher');`;
  const importing = `const loaded = [];
for (const name of ${names}) loaded.push([name, await import(name)]);
${check}`;
  writeFileSync(join(project, 'load.mjs'), importing);
  writeFileSync(join(project, 'load.cjs'), `const loaded = ${names}.map((name) => [name, require(name)]);\n${check}`);
  await step('import', [process.execPath, 'load.mjs'], project);
  await step('require', [process.execPath, 'load.cjs'], project);
}

/** Compiles a user's file under the resolutions that are in use; the client's types are used, the others touched. */
async function compile(project: string): Promise<void> {
  const lines = entryPoints.map((name, index) => `import * as entry${index} from '${name}';\nvoid entry${index};`);
  const use = `import { Speicher } from 'speicher';
export async function use(): Promise<boolean> {
  const client = new Speicher({ host: '127.0.0.1', port: 14567 });
  const value: unknown = await client.get('foo');
  await client.close();
  return value === undefined;
}
// @ts-expect-error a port is a number
void new Speicher({ port: '14567' });`;
  for (const extension of ['ts', 'mts', 'cts'])
    writeFileSync(join(project, `use.${extension}`), [use, ...lines].join('\n'));
  const strict = ['--strict', '--noEmit', '--target', 'es2022', '--types', 'node'];
  const nodes = ['use.mts', 'use.cts', 'use.ts'];
  const tsc = bin('tsc');
  await step('types under nodenext', [tsc, ...strict, '--module', 'nodenext', ...nodes], project);
  // Before `module: node20` the compiler does not believe that CommonJS may require a module.
  await step('types under node16', [tsc, ...strict, '--module', 'node16', 'use.mts'], project);
  const bundler = ['--module', 'esnext', '--moduleResolution', 'bundler', 'use.ts', 'use.mts'];
  await step('types under bundler', [tsc, ...strict, ...bundler], project);
}

async function command(project: string): Promise<void> {
  const npx = ['npx', '--no-install', 'speicher'];
  await step('npx speicher --help', [...npx, '--help'], project, /serve/);
  await step('npx speicher --version', [...npx, '--version'], project, new RegExp(version.replaceAll('.', '\\.')));
  console.log('- npx speicher serve');
  const server = await startServer([join(project, 'node_modules', '.bin', 'speicher')], project);
  const use = `import { Speicher } from 'speicher';
const client = new Speicher({ host: '${server.host}', port: ${server.port} });
await client.set('foo', 'bar');
console.log(await client.get('foo'), await client.delete('foo'), await client.get('foo'));
await client.close();`;
  writeFileSync(join(project, 'use.mjs'), use);
  let code: number;
  try {
    await step('the client talks to it', [process.execPath, 'use.mjs'], project, /^bar true undefined$/m);
  } finally {
    code = await server.stop();
  }
  if (code !== 0) throw new Error(`the server stopped with status ${code}`);
}

const folder = mkdtempSync(join(tmpdir(), 'speicher-package-'));
const project = join(folder, 'project');
try {
  const tarball = await pack(folder);
  await lint(tarball);
  await install(tarball, project);
  await load(project);
  await compile(project);
  await command(project);
  await step('knip', [bin('knip'), '--no-progress', '--treat-config-hints-as-errors'], REPOSITORY);
  console.log('the package is whole');
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
