/** One run: look at the server, prepare the keys, measure, and remove the keys again. */
import { randomBytes } from 'node:crypto';
import type { Speicher } from '../../client/index.ts';
import type { Settings } from '../../client/options.ts';
import { errorOfReply, malformedReply } from '../../client/replies.ts';
import { OPERATIONS, SpeicherError, STATUS } from '../../protocol/index.ts';
import { drive } from './drive.ts';
import { Lane } from './lane.ts';
import { BENCH_OPERATIONS } from './operations.ts';
import type { BenchOptions } from './options.ts';
import { Recorder } from './recorder.ts';
import { keyPrefix, keyText, RequestMaker, spacesOf } from './requests.ts';
import { ClosedLoop, OpenLoop, type Schedule } from './schedule.ts';

/** While keys are prepared, so many requests are on their way on a connection, and about so many bytes. */
const PREPARING_WINDOW_MAX = 64;
const PREPARING_BYTES_MAX = 256 * 1024;
/** Connections that are opened at a time. */
const OPENED_AT_ONCE = 100;
/** Keys that are removed one by one go in so many calls at a time. */
const REMOVED_AT_ONCE = 1000;

export interface RunResult {
  readonly runPrefix: string;
  /** Name and version of the server, as it says in HELLO. */
  readonly server: string;
  readonly recorder: Recorder;
  readonly seconds: number;
  /** Due in an open loop by the end of the run, and not sent. */
  readonly unsent: number;
  readonly isInterrupted: boolean;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** CPU time of this process while it measured. */
  readonly cpuSeconds: number;
}

/** What is going on, for whoever shows it. */
export type Progress =
  | { readonly phase: 'preparing' | 'removing'; readonly done: number; readonly of: number }
  | { readonly phase: 'measuring'; readonly startMs: number; readonly recorder: Recorder };

export interface RunContext {
  readonly settings: Settings;
  /** A client with the same settings, for what is not measured. */
  readonly client: Speicher;
  /** Ends the measuring early. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: () => Progress) => void;
}

/**
 * Carries out one run.
 *
 * @returns undefined if it was interrupted before anything was measured
 * @throws SpeicherError SPEICHER_OPTION if the server does not take what the options ask for; any other if a connection
 *   fails, or what comes back is not the protocol
 */
export async function runBench(options: BenchOptions, context: RunContext): Promise<RunResult | undefined> {
  const { client, settings } = context;
  const hello = await client.hello();
  const runPrefix = `bench:${randomBytes(4).toString('hex')}:`;
  const profiles = hello.profiles.split(' ');
  checkServer(options, profiles, hello);
  const maker = new RequestMaker(options, runPrefix);
  const lanes = await openLanes(options.connections, settings);
  let failure: unknown;
  try {
    await prepare(lanes, options, maker, context);
    if (context.signal.aborted) return undefined;
    return { runPrefix, server: hello.server, ...(await measure(lanes, options, maker, context)) };
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    for (const lane of lanes) lane.close();
    if (!options.keep) await removeKeys(options, runPrefix, profiles, context, failure);
  }
}

/** Opens the connections, some at a time; if one fails, none stays open. */
async function openLanes(count: number, settings: Settings): Promise<Lane[]> {
  const lanes: Lane[] = [];
  while (lanes.length < count) {
    const size = Math.min(OPENED_AT_ONCE, count - lanes.length);
    const tried = await Promise.allSettled(Array.from({ length: size }, () => Lane.open(settings)));
    for (const each of tried) if (each.status === 'fulfilled') lanes.push(each.value);
    const failed = tried.find((each) => each.status === 'rejected');
    if (failed === undefined) continue;
    for (const lane of lanes) lane.close();
    throw failed.reason;
  }
  return lanes;
}

/** Says before anything is stored what the server would refuse. */
function checkServer(
  { mix, valueBytes }: BenchOptions,
  profiles: readonly string[],
  { 'max-value': valueBytesMax }: Awaited<ReturnType<Speicher['hello']>>,
): void {
  for (const { name } of mix) {
    const { profile } = OPERATIONS[BENCH_OPERATIONS[name].operation];
    if (profiles.includes(profile)) continue;
    throw new SpeicherError('SPEICHER_OPTION', `--operations: the server offers no ${name} (profile ${profile})`);
  }
  if (valueBytes.max > valueBytesMax) {
    throw new SpeicherError(
      'SPEICHER_OPTION',
      `--value-size: the server takes values of ${valueBytesMax} bytes at most`,
    );
  }
}

/** Stores every key that the operations may be for. */
async function prepare(
  lanes: readonly Lane[],
  { mix, keys, valueBytes }: BenchOptions,
  maker: RequestMaker,
  { settings, signal, onProgress }: RunContext,
): Promise<void> {
  const spaces = spacesOf(mix.map(({ name }) => name));
  const count = keys * spaces.length;
  const schedule = new ClosedLoop(performance.now(), count);
  const stop = (): void => schedule.stop(performance.now());
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  let sent = 0;
  let done = 0;
  onProgress(() => ({ phase: 'preparing', done, of: count }));
  const phase = {
    schedule,
    window: Math.max(1, Math.min(PREPARING_WINDOW_MAX, Math.floor(PREPARING_BYTES_MAX / (valueBytes.max + 1)))),
    put(writer: Parameters<RequestMaker['putFirst']>[0], id: number): number {
      maker.putFirst(writer, id, spaces[Math.floor(sent / keys)]!, sent % keys);
      sent += 1;
      return 0;
    },
    onReply(_kind: number, reply: Parameters<typeof errorOfReply>[0]): void {
      if (reply.status !== STATUS.OK) throw errorOfReply(reply);
      done += 1;
    },
  };
  await drive(lanes, phase, settings.timeoutMs);
  signal.removeEventListener('abort', stop);
}

function scheduleOf({ ratePerSecond, requests, durationMs }: BenchOptions, startMs: number): Schedule {
  return ratePerSecond === undefined
    ? new ClosedLoop(startMs, requests, durationMs)
    : new OpenLoop(startMs, ratePerSecond, requests, durationMs);
}

async function measure(
  lanes: readonly Lane[],
  options: BenchOptions,
  maker: RequestMaker,
  { settings, signal, onProgress }: RunContext,
): Promise<Omit<RunResult, 'runPrefix' | 'server'>> {
  const recorder = new Recorder(maker.names);
  const kindOfGet = maker.names.indexOf('get');
  const before = { sent: sumOf(lanes, 'sentBytes'), received: sumOf(lanes, 'receivedBytes'), cpu: process.cpuUsage() };
  const startMs = performance.now();
  const schedule = scheduleOf(options, startMs);
  signal.addEventListener('abort', () => schedule.stop(performance.now()), { once: true });
  onProgress(() => ({ phase: 'measuring', startMs, recorder }));
  const phase = {
    schedule,
    window: options.pipeline,
    put: maker.putNext.bind(maker),
    onReply(kind: number, reply: Parameters<RequestMaker['isStoredValue']>[0], latencyMs: number): void {
      if (kind === kindOfGet && reply.status === STATUS.OK && !maker.isStoredValue(reply)) {
        throw malformedReply('GET gave a value that was not stored');
      }
      recorder.record(kind, reply.status, latencyMs);
    },
  };
  const endMs = await drive(lanes, phase, settings.timeoutMs);
  const { user, system } = process.cpuUsage(before.cpu);
  return {
    recorder,
    seconds: (endMs - startMs) / 1000,
    unsent: schedule instanceof OpenLoop ? schedule.unsent : 0,
    isInterrupted: signal.aborted,
    sentBytes: sumOf(lanes, 'sentBytes') - before.sent,
    receivedBytes: sumOf(lanes, 'receivedBytes') - before.received,
    cpuSeconds: (user + system) / 1e6,
  };
}

function sumOf(lanes: readonly Lane[], name: 'sentBytes' | 'receivedBytes'): number {
  return lanes.reduce((sum, lane) => sum + lane[name], 0);
}

/**
 * Removes the run's keys: by one request where the server has prefixes, else one by one.
 *
 * @param failure what the run failed of: if the keys cannot be removed then, that is the error to be told
 */
async function removeKeys(
  { mix, keys }: BenchOptions,
  runPrefix: string,
  profiles: readonly string[],
  { client, onProgress }: RunContext,
  failure: unknown,
): Promise<void> {
  const spaces = spacesOf(mix.map(({ name }) => name));
  const count = keys * spaces.length;
  let done = 0;
  onProgress(() => ({ phase: 'removing', done, of: count }));
  try {
    for (const space of spaces) {
      if (profiles.includes('prefix')) {
        await client.deletePrefix(keyPrefix(runPrefix, space));
        done += keys;
        continue;
      }
      for (let first = 0; first < keys; first += REMOVED_AT_ONCE) {
        const size = Math.min(REMOVED_AT_ONCE, keys - first);
        await Promise.all(
          Array.from({ length: size }, (_, at) => client.delete(keyText(runPrefix, space, first + at))),
        );
        done += size;
      }
    }
  } catch (cause) {
    const told = failure ?? cause;
    const code = told instanceof SpeicherError ? told.code : 'SPEICHER_CONNECTION_LOST';
    throw new SpeicherError(code, `keys under ${runPrefix} may be left on the server`, { cause: told });
  }
}
