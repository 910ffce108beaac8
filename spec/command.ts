/** From the command line's texts to a run: what each option may be, and the exit code for what goes wrong. */
import { readFileSync } from 'node:fs';
import { NotReadyError } from './doctor/doctor.ts';
import { losePowerBy } from './durability/lose-power.ts';
import { JOBS_MAX, NothingSelectedError } from './run.ts';
import { SPEC_EXIT } from './score.ts';
import { readProfiles } from './selection.ts';
import type { DurabilityOptions, FuzzOptions, SessionOptions } from './session.ts';
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
  readonly fuzzIterations?: string | undefined;
  readonly fuzzFirst?: string | undefined;
  readonly findings?: string | undefined;
  readonly kills?: string | undefined;
  readonly losePower?: string | undefined;
}

const SEED = /^[A-Za-z0-9._-]{1,64}$/;
const TIMEOUT_SCALE_MAX = 100;

/** A million iterations take hours; what is more is a slip of the keyboard. */
const FUZZ_ITERATIONS_MAX = 1_000_000;
const KILLS_MAX = 10_000;

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

function wholeNumberOf(name: string, text: string, min: number, max: number): number {
  const isRight = (value: number): boolean => Number.isInteger(value) && value >= min && value <= max;
  return numberOf(name, text, isRight, `a whole number from ${min} to ${max}`);
}

function readFuzz({ fuzzIterations, fuzzFirst, findings }: RunTexts): FuzzOptions {
  if (findings === '') throw new UsageError('--findings must name a directory');
  return {
    ...(fuzzIterations !== undefined && {
      iterations: wholeNumberOf('--fuzz-iterations', fuzzIterations, 1, FUZZ_ITERATIONS_MAX),
    }),
    ...(fuzzFirst !== undefined && { first: wholeNumberOf('--fuzz-first', fuzzFirst, 0, FUZZ_ITERATIONS_MAX) }),
    ...(findings !== undefined && { findingsPath: findings }),
  };
}

function readDurability({ spawn, kills, losePower }: RunTexts): DurabilityOptions {
  const needsSpawn = kills === undefined ? '--lose-power' : '--kills';
  if (spawn === undefined && (kills ?? losePower) !== undefined) {
    throw new UsageError(`${needsSpawn} takes a server that --spawn starts: no other is killed`);
  }
  return {
    ...(kills !== undefined && { kills: wholeNumberOf('--kills', kills, 1, KILLS_MAX) }),
    ...(losePower !== undefined && { losePower: losePowerBy(commandOf('--lose-power', losePower)) }),
  };
}

/** The session's options, checked. */
export function readSession(texts: RunTexts): SessionOptions {
  const { seed, profiles, timeoutScale, allowReset } = texts;
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
    fuzz: readFuzz(texts),
    durability: readDurability(texts),
  };
}

export function readJobs(text: string | undefined): number {
  return text === undefined ? JOBS_MAX : wholeNumberOf('--jobs', text, 1, JOBS_MAX);
}

/** Checks that there is one target, and its address or command, without touching it. */
export function checkTarget({ target, spawn }: RunTexts): void {
  if ((target === undefined) === (spawn === undefined)) {
    throw new UsageError('name a TARGET such as 127.0.0.1:14567, or a command with --spawn, and not both');
  }
  if (target !== undefined) checkAddress(target);
  else commandOf('--spawn', spawn ?? '');
}

function commandOf(option: string, text: string): string[] {
  try {
    return splitCommand(text);
  } catch (cause) {
    throw new UsageError(`${option}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** Attaches to the target, or starts it. */
export async function openTarget(texts: RunTexts): Promise<Target | SpawnedTarget> {
  checkTarget(texts);
  const { target, spawn, password } = texts;
  if (target !== undefined) return attach(target, password);
  const credentials = password === undefined ? {} : { credentials: password };
  return spawnTarget({ command: commandOf('--spawn', spawn ?? ''), group: true, ...credentials });
}

function quoted(text: string): string {
  return /^[\w@%+=:,./{}-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** The command that repeats a run, without what it selects and writes. A password is left to the environment. */
export function repeatCommand(texts: RunTexts): string {
  const { target, spawn, password, profiles, timeoutScale, allowReset, expectedFailures } = texts;
  const { fuzzIterations, fuzzFirst, kills, losePower } = texts;
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
    ...(fuzzIterations === undefined ? [] : [`--fuzz-iterations ${fuzzIterations}`]),
    ...(fuzzFirst === undefined ? [] : [`--fuzz-first ${fuzzFirst}`]),
    ...(kills === undefined ? [] : [`--kills ${kills}`]),
    ...(losePower === undefined ? [] : [`--lose-power ${quoted(losePower)}`]),
  ];
  return parts.join(' ');
}
