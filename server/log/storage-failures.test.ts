/** A disk that refuses one call, each in turn: what was acknowledged is there all the same, and STATS says what is. */
import { expect, test } from 'vitest';
import { silentLogger, type Logger } from '../logger.ts';
import { LOST, type DataLog } from './data-log.ts';
import type { DurabilityMode } from './data-log-options.ts';
import { recover } from './recovery.ts';
import { ModelStore } from './testing/model-store.ts';
import { calmWorld, openLog } from './testing/open-log.ts';
import { SimDisk, type SimWorld } from './testing/sim-disk.ts';

const CHANGES = 14;
const SNAPSHOT_AT = 6;
const TICK_MS = 100;

/** What a disk does at its calls from now on; undefined: what it should. */
type Fault = (operation: string, name: string) => string | undefined;

class Bench {
  fault: Fault = () => undefined;
  nowMs = 1_800_000_000_000;
  readonly store = new ModelStore();
  readonly disk: SimDisk;
  /** The state after so many changes, and how many of them were acknowledged. */
  readonly states = [this.store.fingerprint()];
  acknowledged = 0;
  readonly events: unknown[] = [];

  constructor() {
    this.disk = new SimDisk(this.world());
  }

  world(): SimWorld {
    return calmWorld({ fault: (operation, name) => this.fault(operation, name) });
  }

  async open(mode: DurabilityMode): Promise<DataLog> {
    const note = (fields: { event: unknown }): void => void this.events.push(fields.event);
    const logger: Logger = { ...silentLogger, warn: note, error: note };
    return openLog(this.disk, this.store, { mode, logger, nowMs: () => this.nowMs });
  }

  /** One change and its reply, which may have to wait; a change is refused where the log says so. */
  async change(log: DataLog, isDemanded: boolean): Promise<'acknowledged' | 'lost' | 'refused'> {
    if (!log.isAccepting) return 'refused';
    this.store.set(`k${this.states.length % 4}`, `value ${this.states.length}`, this.nowMs);
    this.states.push(this.store.fingerprint());
    const count = this.states.length - 1;
    const ticket = log.commit(isDemanded);
    if (ticket === LOST) return 'lost';
    const failure = await new Promise<Error | undefined>((resolve) => {
      if (ticket === 0) resolve(undefined);
      else log.whenSafe(ticket, resolve);
    });
    if (failure !== undefined) return 'lost';
    this.acknowledged = count;
    return 'acknowledged';
  }

  tick(log: DataLog): void {
    this.nowMs += TICK_MS;
    log.tick();
  }
}

/** Fails call number `failing` of those from now on; tells which it was. */
function failOnce(bench: Bench, failing: number, code: string): { call: string | undefined } {
  const failed: { call: string | undefined } = { call: undefined };
  let calls = 0;
  bench.fault = (operation, name) => {
    if (code === 'short' && operation !== 'write') return undefined;
    if (++calls !== failing) return undefined;
    failed.call = `${operation} ${name}`;
    return code;
  };
  return failed;
}

interface Outcome {
  /** Which call failed; undefined: there were not so many. */
  readonly call: string | undefined;
  /** What was not as promised. */
  readonly broken: readonly string[];
}

/** Changes, a snapshot amid them, and the end. */
async function runOnce(mode: DurabilityMode, failing: number, code: string): Promise<Outcome> {
  const bench = new Bench();
  const log = await bench.open(mode);
  const failed = failOnce(bench, failing, code);
  const broken: string[] = [];
  const demand = (isRight: boolean, what: string): void => {
    if (!isRight) broken.push(`call ${failing}, ${failed.call}: ${what}`);
  };
  let hasFailed = false;
  for (let number = 0; number < CHANGES; number++) {
    const outcome = await bench.change(log, number % 4 === 3);
    const { state } = log.stats();
    // What is lost or refused is so for a reason that everybody can see, and `failed` is for good.
    demand(outcome === 'acknowledged' || state !== 'writing', `${outcome} while the log is writing`);
    demand(!hasFailed || (outcome === 'refused' && state === 'failed'), `${outcome}, ${state} behind a failure`);
    hasFailed = state === 'failed';
    if (number === SNAPSHOT_AT) await log.snapshot().catch(() => {});
    bench.tick(log);
  }
  const { acknowledged } = bench;
  const isClosed = await log.close().then(
    () => true,
    () => false,
  );
  demand(!hasFailed || !isClosed, 'closed in order behind a failure');
  bench.fault = () => undefined;
  // With `always` and behind an end in order the power may be lost too.
  const isSafe = mode === 'always' || isClosed;
  const left = isSafe ? bench.disk.losePower(bench.world()) : bench.disk.kill(bench.world());
  const again = new ModelStore();
  await recover(left, again);
  const found = bench.states.lastIndexOf(again.fingerprint());
  const promised = isClosed ? bench.states.length - 1 : acknowledged;
  demand(found >= promised, `the state after ${found} changes, and ${promised} were promised`);
  return { call: failed.call, broken };
}

test.each(
  (['everysec', 'always'] as const).flatMap((mode) => ['EIO', 'ENOSPC', 'short'].map((code) => [mode, code] as const)),
)('with %s and %s at any call, what was acknowledged is there, and no more is once it failed', async (mode, code) => {
  const failed = new Set<string>();
  let failing = 1;
  for (; ; failing++) {
    const { call, broken } = await runOnce(mode, failing, code);
    expect(broken).toEqual([]);
    if (call === undefined) break;
    failed.add(call);
  }
  // Otherwise it was not the log, a snapshot and the manifest that failed.
  expect([...failed]).toEqual(expect.arrayContaining(['write log-1', 'write snapshot-2', 'write manifest.next']));
  expect(failing).toBeGreaterThan(code === 'short' ? 10 : 30);
});

test('a disk that is full refuses changes, keeps what it could not write, and is tried again until there is room', async () => {
  const bench = new Bench();
  const log = await bench.open('everysec');
  expect(await bench.change(log, false)).toBe('acknowledged');
  bench.fault = (operation) => (operation === 'write' ? 'ENOSPC' : undefined);
  expect(await bench.change(log, false)).toBe('lost');
  expect(await bench.change(log, false)).toBe('refused');
  expect(log.stats().state).toBe('full');
  for (let ticks = 0; ticks < 20; ticks++) bench.tick(log);
  expect(log.stats().state).toBe('full');
  expect(bench.events).toEqual(['storage-full']);
  bench.fault = () => undefined;
  for (let ticks = 0; ticks < 6; ticks++) bench.tick(log);
  expect(log.stats().state).toBe('writing');
  expect(bench.events).toEqual(['storage-full', 'storage-back']);
  expect(await bench.change(log, true)).toBe('acknowledged');
  const again = new ModelStore();
  await recover(bench.disk.losePower(bench.world()), again);
  expect(again.fingerprint()).toBe(bench.states.at(-1));
});

test('a sync that failed is final, though the next one would succeed', async () => {
  const bench = new Bench();
  const log = await bench.open('always');
  expect(await bench.change(log, false)).toBe('acknowledged');
  bench.fault = (operation) => (operation === 'sync' ? 'EIO' : undefined);
  expect(await bench.change(log, false)).toBe('lost');
  bench.fault = () => undefined;
  for (let ticks = 0; ticks < 50; ticks++) bench.tick(log);
  expect(await bench.change(log, false)).toBe('refused');
  expect(log.stats().state).toBe('failed');
  expect(bench.events).toEqual(['storage-failed']);
  await expect(log.close()).rejects.toMatchObject({ code: 'SPEICHER_STORAGE' });
});

test.each(['ENOSPC', 'EIO'])('a snapshot that ends with %s is told of, and changes go on', async (code) => {
  const bench = new Bench();
  const log = await bench.open('snapshot');
  expect(await bench.change(log, true)).toBe('acknowledged');
  bench.fault = (operation) => (operation === 'write' ? code : undefined);
  expect(await bench.change(log, true)).toBe('lost');
  expect(log.stats().state).toBe(code === 'EIO' ? 'failed' : 'full');
  expect(bench.events).toEqual(['snapshot-failed']);
  expect(await bench.change(log, false)).toBe('acknowledged');
  bench.fault = () => undefined;
  expect(await bench.change(log, true)).toBe('acknowledged');
  expect(log.stats().state).toBe('writing');
});
