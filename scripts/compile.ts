/** JavaScript from the sources, by plain tsc, and what the code reads at run time beside it. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { bundleCommand } from './bundle.ts';
import { REPOSITORY, writtenFiles } from './repository.ts';

/** What tsc compiles, as tsconfig.build.json and tsconfig.tests.json include it. */
const COMPILED = /^(?:protocol|server|client|spec|cli|testing)\/.*(?<!\.test)\.ts$/;

/** Read at run time: the contract that `spec` quotes, the vectors, and tables in JSON. */
const COPIED = /^(?:protocol|server|client|spec|cli)\/.*\.(?:md|json|py|html|css|js)$/;

/** What else decides on the outcome. */
const SETTINGS = [
  'package-lock.json',
  'scripts/bundle.ts',
  'scripts/compile.ts',
  'tsconfig.json',
  'tsconfig.build.json',
  'tsconfig.tests.json',
];

/** Where builds for tests lie, each under the digest of what it was made from. */
const TEST_BUILDS = join(REPOSITORY, '.tox', 'compiled');

/** How long a build of other sources stays: longer than a run of tests takes. */
const KEPT_MS = 3_600_000;

/**
 * Compiles into a folder, which is emptied first.
 *
 * @param folder absolute, or relative to the repository
 * @param project says what is compiled
 * @returns whether the sources could be compiled; what is wrong with them has been printed
 */
export function build(folder: string, project = 'tsconfig.build.json'): boolean {
  const outDir = resolve(REPOSITORY, folder);
  rmSync(outDir, { recursive: true, force: true });
  const tsc = join(REPOSITORY, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = [tsc, '-p', project, '--outDir', outDir];
  const { status } = spawnSync(process.execPath, args, { cwd: REPOSITORY, stdio: 'inherit' });
  if (status !== 0) return false;
  for (const path of writtenFiles().filter((file) => COPIED.test(file))) {
    const target = join(outDir, path);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(join(REPOSITORY, path), target);
  }
  chmodSync(join(outDir, 'cli', 'main.js'), 0o755);
  return true;
}

function digestOfSources(): string {
  const hash = createHash('sha256');
  for (const path of [...writtenFiles().filter((file) => COMPILED.test(file) || COPIED.test(file)), ...SETTINGS]) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(REPOSITORY, path)))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}

/** Removes the builds of other sources, and what a run that was killed has left; another run may still use new ones. */
function removeOld(): void {
  for (const path of readdirSync(TEST_BUILDS).map((name) => join(TEST_BUILDS, name))) {
    if (statSync(path).mtimeMs < Date.now() - KEPT_MS) rmSync(path, { recursive: true, force: true });
  }
}

/**
 * The compiled command for tests: that of an earlier run if nothing has changed since, else a new one.
 *
 * @returns the path of its main module
 * @throws Error if the sources cannot be compiled
 */
export async function compiledMain(): Promise<string> {
  const name = digestOfSources();
  const folder = join(TEST_BUILDS, name);
  if (!existsSync(folder)) {
    mkdirSync(TEST_BUILDS, { recursive: true });
    removeOld();
    const scratch = mkdtempSync(join(TEST_BUILDS, 'new-'));
    if (!build(scratch, 'tsconfig.tests.json'))
      throw new Error('the sources cannot be compiled, and the tests need the command');
    await bundleCommand(scratch);
    // A folder appears whole or not at all, so that a run that is killed leaves nothing that looks like a build.
    try {
      renameSync(scratch, folder);
    } catch (error) {
      // Another run has made the same one meanwhile.
      rmSync(scratch, { recursive: true });
      if (!existsSync(folder)) throw error;
    }
  }
  return join(folder, 'cli', 'main.js');
}
