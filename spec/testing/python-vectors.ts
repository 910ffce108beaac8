/** Runs spec/vectors/run.py, and brings its verdicts and the suite's own into one form to compare them. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Case } from '../case.ts';
import { CASES } from '../registry.ts';
import { Runner, shuffledCases } from '../runner.ts';
import { openSession } from '../session.ts';
import { parseAddress } from '../target/address.ts';
import type { Target } from '../target/target.ts';
import { writeVectors } from '../write-vectors.ts';

const OUTPUT_BYTES_MAX = 256 << 20;

export interface VectorsRun {
  /** Where run.py stands. */
  readonly folder: string;
  /** `host:port`. */
  readonly address: string;
  readonly credentials?: string;
  readonly seed: string;
  readonly timeoutScale?: number;
  /** Whether verdicts are compared without how they came about, which may depend on how the server's reads fall. */
  readonly statusAlone?: boolean;
  /** The cases to run; all that are data if left out. */
  readonly only?: readonly Case[];
}

/** What both interpreters must say of a case, by its id. */
export type Verdicts = ReadonlyMap<string, string>;

interface Verdict {
  readonly status: string;
  readonly skip?: string;
  readonly code?: string;
  readonly clause?: string;
  readonly alternatives: readonly string[];
}

/** How it ended, in which way it failed, what form was broken, and which of the permitted alternatives came. */
function inWords({ status, skip = '', code = '', clause = '', alternatives }: Verdict, statusAlone = false): string {
  return statusAlone ? status : [status, skip, code, clause, ...alternatives].filter((word) => word !== '').join(', ');
}

export function hasPython(): boolean {
  return spawnSync('python3', ['--version']).status === 0;
}

export interface PythonRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A new folder with the interpreter and the vectors as the registry has them: that those which are checked in are the
 * same is for a test of its own to say.
 */
export function copyVectors(): string {
  const folder = mkdtempSync(join(tmpdir(), 'vectors-'));
  writeVectors(folder);
  return folder;
}

/** Runs Python's interpreter of the vectors with these arguments. */
export function runPython(folder: string, args: readonly string[]): Promise<PythonRun> {
  const script = join(folder, 'run.py');
  return new Promise((resolve) => {
    execFile('python3', [script, ...args], { maxBuffer: OUTPUT_BYTES_MAX }, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ exitCode, stdout, stderr });
    });
  });
}

/** Python's verdicts. Throws an Error with what it printed if it did not run to its end. */
export async function pythonVerdicts(run: VectorsRun): Promise<Verdicts> {
  const { folder, address, credentials, seed, timeoutScale = 1, only = [] } = run;
  const options = ['--allow-reset', '--json', '--seed', seed, '--timeout-scale', String(timeoutScale)];
  if (credentials !== undefined) options.push('--password', credentials);
  const args = [address, ...options, ...only.flatMap(({ id }) => ['--run', id])];
  const first = await runPython(folder, args);
  // What is silent claims nothing. This suite holds it to these two all the same, and run.py has to be told to.
  const isSilent = first.exitCode === 3 && first.stderr.includes('does not answer HELLO');
  const { stdout, stderr } = isSilent ? await runPython(folder, [...args, '--profiles', 'core,json']) : first;
  const records = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as { record: string }]));
  if (records.at(-1)?.record !== 'summary') throw new Error(`run.py did not come to its end:\n${stderr}`);
  const cases = records.filter(({ record }) => record === 'case') as unknown as (Verdict & { readonly id: string })[];
  return new Map(cases.map((each) => [each.id, inWords(each, run.statusAlone)]));
}

/** The verdicts of this suite on the cases that are data, in the same order and under the same keys. */
export async function suiteVerdicts(run: VectorsRun): Promise<Verdicts> {
  const { address, credentials, seed, timeoutScale = 1, only } = run;
  const target: Target = {
    address: parseAddress(address),
    label: address,
    ...(credentials !== undefined && { credentials }),
    spawned: false,
    output: () => '',
    stop: async () => {},
  };
  const runner = new Runner(await openSession(target, { seed, allowReset: true, timeoutScale }));
  const verdicts = new Map<string, string>();
  for (const each of shuffledCases(CASES, seed)) {
    if (!('steps' in each) || only?.includes(each) === false) continue;
    verdicts.set(each.id, inWords(await runner.run(each), run.statusAlone));
  }
  return verdicts;
}
