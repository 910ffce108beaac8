/** From the command line's texts to a run: what each option may be, and the exit code for what goes wrong. */
import { readFileSync } from 'node:fs';
import { NotReadyError } from './doctor/doctor.ts';
import { JOBS_MAX, NothingSelectedError } from './run.ts';
import { SPEC_EXIT } from './score.ts';
import { readProfiles } from './selection.ts';
import type { SessionOptions } from './session.ts';
import { parseAddress } from './target/address.ts';
import { NotStartedError, spawnTarget, type SpawnedTarget } from './target/spawned.ts';
import { splitCommand } from './target/split-command.ts';
import { attach, type Target } from './target/target.ts';
import { UsageError } from './usage.ts';

/** The options of a run as they were written. */
export interface RunTexts {
  readonly target?: string | undefined;
  readonly spawn?: string | undefined;
  readonly password?: string | undefined;
  readonly profiles?: string | undefined;
  readonly run?: readonly string[] | undefined;
  readonly skip?: readonly string[] | undefined;
  readonly seed?: string | undefined;
  readonly timeoutScale?: string | undefined;
  readonly expectedFailures?: string | undefined;
  readonly allowReset?: boolean | undefined;
  readonly jobs?: string | undefined;
}

const SEED = /^[A-Za-z0-9._-]{1,64}$/;
const TIMEOUT_SCALE_MAX = 100;

/** The exit code of `speicher spec` for an error; what nobody foresaw is a defect of the suite. */
export function exitCodeFor(error: unknown): number {
  if (error instanceof UsageError) return SPEC_EXIT.usage;
  if (error instanceof NotReadyError || error instanceof NotStartedError) return SPEC_EXIT.notReady;
  return error instanceof NothingSelectedError ? SPEC_EXIT.nothingSelected : SPEC_EXIT.undecided;
}

function numberOf(name: string, text: string, isRight: (value: number) => boolean, range: string): number {
  const value = /^[0-9]+(?:\.[0-9]+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!isRight(value)) throw new UsageError(`${name} must be ${range}, not ${text}`);
  return value;
}

/** The text of a file. Throws a UsageError if it cannot be read. */
export function readTextFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

/** Throws a UsageError that shows the forms of an address. */
export function checkAddress(text: string): string {
  try {
    parseAddress(text);
    return text;
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** Throws a UsageError if there are no user and password. */
export function checkPassword(text: string | undefined): string | undefined {
  if (text !== undefined && !text.includes(':')) throw new UsageError('--password must be USER:PASSWORD');
  return text;
}

/** The session's options, checked. */
export function readSession({ seed, profiles, timeoutScale, allowReset }: RunTexts): SessionOptions {
  if (seed !== undefined && !SEED.test(seed)) {
    throw new UsageError(`--seed must be 1 to 64 letters, digits, dots, dashes or underscores, not ${seed}`);
  }
  const isScale = (value: number): boolean => value > 0 && value <= TIMEOUT_SCALE_MAX;
  return {
    ...(seed !== undefined && { seed }),
    ...(profiles !== undefined && { profiles: readProfiles(profiles) }),
    ...(timeoutScale !== undefined && {
      timeoutScale: numberOf('--timeout-scale', timeoutScale, isScale, `above 0 and at most ${TIMEOUT_SCALE_MAX}`),
    }),
    allowReset: allowReset === true,
  };
}

export function readJobs(text: string | undefined): number {
  return text === undefined ? JOBS_MAX : numberOf('--jobs', text, isJobs, `a whole number from 1 to ${JOBS_MAX}`);
}

function isJobs(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= JOBS_MAX;
}

/** Checks that there is one target, and its address or command, without touching it. */
export function checkTarget({ target, spawn }: RunTexts): void {
  if ((target === undefined) === (spawn === undefined)) {
    throw new UsageError('name a TARGET such as 127.0.0.1:14567, or a command with --spawn, and not both');
  }
  if (target !== undefined) checkAddress(target);
  else commandOf(spawn ?? '');
}

function commandOf(text: string): string[] {
  try {
    return splitCommand(text);
  } catch (cause) {
    throw new UsageError(`--spawn: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** Attaches to the target, or starts it. */
export async function openTarget(texts: RunTexts): Promise<Target | SpawnedTarget> {
  checkTarget(texts);
  const { target, spawn, password } = texts;
  if (target !== undefined) return attach(target, password);
  const credentials = password === undefined ? {} : { credentials: password };
  return spawnTarget({ command: commandOf(spawn ?? ''), group: true, ...credentials });
}

function quoted(text: string): string {
  return /^[\w@%+=:,./{}-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** The command that repeats a run, without what it selects and writes. A password is left to the environment. */
export function repeatCommand(texts: RunTexts): string {
  const { target, spawn, password, profiles, timeoutScale, allowReset, expectedFailures } = texts;
  const secret = password?.slice(password.indexOf(':') + 1) ?? '';
  const shown = spawn === undefined || secret === '' ? spawn : spawn.replaceAll(secret, '***');
  const parts = [
    'speicher spec',
    ...(target === undefined ? [] : [quoted(target)]),
    ...(shown === undefined ? [] : [`--spawn ${quoted(shown)}`]),
    ...(password === undefined ? [] : ['--password "$SPEICHER_PASSWORD"']),
    ...(profiles === undefined ? [] : [`--profiles ${quoted(profiles)}`]),
    ...(timeoutScale === undefined ? [] : [`--timeout-scale ${timeoutScale}`]),
    ...(expectedFailures === undefined ? [] : [`--expected-failures ${quoted(expectedFailures)}`]),
    ...(allowReset === true ? ['--allow-reset'] : []),
  ];
  return parts.join(' ');
}
