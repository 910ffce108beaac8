/** The runner behind `npm run tox`: prepares each environment, runs its command, and sums up as tox does. */
import { access, constants, mkdir } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { runCommand, type RunResult } from './run-command.ts';
import type { Environment, Runtime, ToxConfig } from './tox-config.ts';

export interface Outcome {
  readonly name: string;
  readonly status: 'ok' | 'fail' | 'skip';
  /** The exit status of what failed. */
  readonly code?: number;
  /** Why the environment was skipped. */
  readonly reason?: string;
  /** The last lines that an environment printed before it failed. */
  readonly tail?: readonly string[];
  readonly setupMs: number;
  readonly commandMs: number;
}

export interface ToxRun {
  readonly config: ToxConfig;
  /** The repository's folder; commands run there, and runtimes are installed into its `.tox/`. */
  readonly root: string;
  readonly print: (line: string) => void;
}

/**
 * npm's own words for a registry that is out of reach. Any other failure of an installation is a failure, and so is a
 * command of ours that could not connect.
 */
const OFFLINE =
  /npm (?:error|ERR!).*\b(?:E(?:NOTFOUND|AI_AGAIN|CONN(?:REFUSED|RESET)|(?:NET|HOST)UNREACH|TIMEDOUT|NOTCACHED))\b/;

const INSTALL_TIMEOUT_MS = 300_000;

/**
 * Picks environments by name, in the order of the configuration.
 *
 * @throws Error that names the unknown ones and all that there are.
 */
export function selectEnvironments(config: ToxConfig, only: readonly string[], skip: readonly string[]): Environment[] {
  const known = new Set(config.environments.map(({ name }) => name));
  const unknown = [...only, ...skip].filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new Error(`no environment is called ${unknown.join(', ')}; there are: ${[...known].join(', ')}`);
  }
  return config.environments.filter(({ name }) => (only.length === 0 || only.includes(name)) && !skip.includes(name));
}

/** Runs the environments one after the other: two at once would take each other's cores and blur the timeouts. */
export async function runEnvironments(run: ToxRun, environments: readonly Environment[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const environment of environments) outcomes.push(await runEnvironment(run, environment));
  return outcomes;
}

async function runEnvironment(run: ToxRun, environment: Environment): Promise<Outcome> {
  const { name, needs, timeoutMs } = environment;
  const startedAt = performance.now();
  const skip = (reason: string): Outcome => ({ name, status: 'skip', reason, setupMs: since(startedAt), commandMs: 0 });
  const execute = async (command: readonly string[], env: NodeJS.ProcessEnv): Promise<RunResult> => {
    run.print(`${name}: commands: ${command.join(' ')}`);
    return runCommand(command, { cwd: run.root, env, timeoutMs, onLine: (line) => run.print(`${name} | ${line}`) });
  };

  for (const program of needs.programs) {
    if (!(await findProgram(program))) return skip(`the program ${program} is not installed`);
  }
  const prepared = await prepareRuntime(run, environment);
  if (prepared.status === 'skip') return skip(prepared.reason);
  if (prepared.status === 'fail') {
    const { code, tail } = prepared;
    return { name, status: 'fail', code, tail, setupMs: since(startedAt), commandMs: 0 };
  }
  const { runtime, env } = prepared;
  const expand = (command: readonly string[]): string[] =>
    command.flatMap((word) => (word === '{runtime}' ? runtime : [word]));

  for (const command of environment.setup) {
    const { code, tail } = await execute(expand(command), env);
    if (code !== 0) return { name, status: 'fail', code, tail, setupMs: since(startedAt), commandMs: 0 };
  }
  const setupMs = since(startedAt);
  const commandStartedAt = performance.now();
  const { code, tail } = await execute(expand(environment.command), env);
  const commandMs = since(commandStartedAt);
  if (code === 0) return { name, status: 'ok', setupMs, commandMs };
  if (needs.registry && tail.some((line) => OFFLINE.test(line))) return skip('the npm registry is out of reach');
  return { name, status: 'fail', code, tail, setupMs, commandMs };
}

type Prepared =
  | { readonly status: 'ready'; readonly runtime: readonly string[]; readonly env: NodeJS.ProcessEnv }
  | { readonly status: 'skip'; readonly reason: string }
  | { readonly status: 'fail'; readonly code: number; readonly tail: readonly string[] };

async function prepareRuntime(run: ToxRun, environment: Environment): Promise<Prepared> {
  const runtime = run.config.runtimes[environment.runtime];
  if (runtime === undefined) throw new Error(`the runtime ${environment.runtime} is not defined`);
  const { install, binary } = runtime;
  if (install === undefined || binary === undefined) {
    return { status: 'ready', runtime: [process.execPath, ...runtime.args], env: process.env };
  }
  const folder = join(run.root, '.tox', environment.runtime);
  const path = join(folder, binary);
  if (!(await isExecutable(path))) {
    const failure = await installRuntime(run, environment.name, folder, install);
    if (failure !== undefined) return failure;
    if (!(await isExecutable(path))) {
      return { status: 'fail', code: 127, tail: [`${install} was installed, but has no ${binary}`] };
    }
  }
  return { status: 'ready', runtime: [path, ...runtime.args], env: withPath(dirname(path)) };
}

async function installRuntime(
  run: ToxRun,
  name: string,
  folder: string,
  install: NonNullable<Runtime['install']>,
): Promise<Prepared | undefined> {
  await mkdir(folder, { recursive: true });
  // The level is given because `npm -s run tox` would hand on its silence, and with it the reason of a failure.
  const options = ['--no-save', '--no-audit', '--no-fund', '--loglevel=error', '--prefix', folder];
  const command = ['npm', 'install', ...options, install];
  run.print(`${name}: install: ${install}`);
  const { code, tail } = await runCommand(command, {
    cwd: folder,
    timeoutMs: INSTALL_TIMEOUT_MS,
    onLine: (line) => run.print(`${name} | ${line}`),
  });
  if (code === 0) return undefined;
  if (tail.some((line) => OFFLINE.test(line))) return { status: 'skip', reason: 'the npm registry is out of reach' };
  return { status: 'fail', code, tail };
}

/** Programs that a suite starts as `node` are to be the environment's too. */
function withPath(folder: string): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}` };
}

async function findProgram(program: string): Promise<boolean> {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const found = await Promise.all(folders.map((folder) => isExecutable(join(folder, program))));
  return found.includes(true);
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The summary: a line for each environment and one for all. Before them stands once more how each failure ended, since
 * whoever reads a log of thousands of lines begins at its end.
 */
export function summary(outcomes: readonly Outcome[]): string[] {
  const ends = outcomes.flatMap(({ name, tail = [] }) => [
    ...(tail.length === 0 ? [] : [`${name} failed, and printed last:`]),
    ...tail.map((line) => `${name} | ${line}`),
  ]);
  const lines = outcomes.map((outcome) => `  ${outcome.name}: ${verdict(outcome)}`);
  const totalMs = outcomes.reduce((sum, { setupMs, commandMs }) => sum + setupMs + commandMs, 0);
  const failed = outcomes.some(({ status }) => status === 'fail');
  const skipped = outcomes.filter(({ status }) => status === 'skip');
  const but = skipped.length === 0 ? '' : `, skipped: ${skipped.map(({ name }) => name).join(', ')}`;
  return [
    ...ends,
    ...lines,
    `  ${failed ? 'evaluation failed' : 'all that ran passed'}${but} (${seconds(totalMs)} seconds)`,
  ];
}

function verdict({ status, code, reason, setupMs, commandMs }: Outcome): string {
  const parts = `${seconds(setupMs + commandMs)}=setup[${seconds(setupMs)}]+cmd[${seconds(commandMs)}] seconds`;
  if (status === 'ok') return `OK (${parts})`;
  if (status === 'fail') return `FAIL code ${code} (${parts})`;
  return `SKIP ${reason} (${seconds(setupMs)} seconds)`;
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(2);
}

function since(startedAt: number): number {
  return performance.now() - startedAt;
}
