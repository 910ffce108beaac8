/**
 * `npm run coverage`: which lines of protocol/ and server/ the unit suite and the conformance suite reach, in the
 * servers that they spawn too (a process writes its counts when it exits by itself, as a server does on SIGTERM). A gap
 * that has to stay is explained at its place: `c8 ignore next -- reason`.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { countLines, hasOnlyTypes, type FileReport } from './coverage-lines.ts';
import { remapCoverage, type ProcessCoverage } from './remap-coverage.ts';
import { readText, REPOSITORY, writtenFiles } from './repository.ts';

const FOLDERS = ['protocol', 'server'];
const LINES_PERCENT_MIN = 95;

const scratch = join(REPOSITORY, '.tox', 'coverage');
const raw = join(scratch, 'raw');
const remapped = join(scratch, 'remapped');

/** The files whose lines count: neither tests nor what only helps them. */
function measuredFiles(): string[] {
  return FOLDERS.flatMap((folder) => writtenFiles(folder)).filter(
    (path) => path.endsWith('.ts') && !/\.test\.ts$|\/testing\//.test(path),
  );
}

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): number {
  const options = { cwd: REPOSITORY, env: { ...process.env, ...env }, stdio: 'inherit' } as const;
  return spawnSync(process.execPath, args, options).status ?? 1;
}

function remapAll(files: ReadonlySet<string>): void {
  for (const name of readdirSync(raw)) {
    const coverage = JSON.parse(readFileSync(join(raw, name), 'utf8')) as ProcessCoverage;
    const wanted = remapCoverage(coverage, (path) => files.has(relative(REPOSITORY, path)));
    if (wanted.result.length > 0) writeFileSync(join(remapped, name), JSON.stringify(wanted));
    rmSync(join(raw, name));
  }
}

function report(): Map<string, FileReport> {
  const c8 = join('node_modules', 'c8', 'bin', 'c8.js');
  const include = [...FOLDERS.flatMap((folder) => ['--include', `${folder}/**`]), '--exclude', '**/testing/**'];
  const output = ['--reporter', 'text', '--reporter', 'json', '--reports-dir', scratch];
  const status = run([c8, 'report', '--temp-directory', remapped, ...output, ...include]);
  if (status !== 0) throw new Error(`c8 ended with status ${status}`);
  const files = JSON.parse(readFileSync(join(scratch, 'coverage-final.json'), 'utf8')) as Record<string, FileReport>;
  return new Map(Object.entries(files).map(([path, file]) => [relative(REPOSITORY, path), file]));
}

/** Prints each folder's share and returns whether all are high enough. */
function judge(files: readonly string[], reports: ReadonlyMap<string, FileReport>): boolean {
  const unloaded = files.filter((path) => !reports.has(path) && !hasOnlyTypes(path, readText(path)));
  for (const path of unloaded) console.log(`${path} was never loaded`);
  const shares = FOLDERS.map((folder) => {
    const counts = files.flatMap((path) => {
      const file = reports.get(path);
      if (!path.startsWith(`${folder}/`) || file === undefined) return [];
      const count = countLines(path, readText(path), file);
      for (const line of count.missed) console.log(`not reached, and no reason given: ${path}:${line}`);
      return [count];
    });
    const code = counts.reduce((sum, count) => sum + count.code, 0);
    const reached = counts.reduce((sum, count) => sum + count.reached, 0);
    const percent = code === 0 ? 0 : (100 * reached) / code;
    console.log(`${folder}/: ${percent.toFixed(2)} % of ${code} lines of code (at least ${LINES_PERCENT_MIN} %)`);
    return percent;
  });
  return unloaded.length === 0 && shares.every((percent) => percent >= LINES_PERCENT_MIN);
}

rmSync(scratch, { recursive: true, force: true });
mkdirSync(raw, { recursive: true });
mkdirSync(remapped, { recursive: true });
const vitest = join('node_modules', 'vitest', 'vitest.mjs');
const suites = ['--project', 'unit', '--project', 'spec'];
const status = run([vitest, 'run', '--config', 'scripts/vitest-coverage.config.ts', ...suites], {
  NODE_V8_COVERAGE: raw,
});
const files = measuredFiles();
remapAll(new Set(files));
const enough = judge(files, report());
if (status !== 0) console.log(`the suites failed with status ${status}`);
process.exitCode = status === 0 && enough ? 0 : 1;
