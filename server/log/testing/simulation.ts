/**
 * A server, its clock, its disk and its clients, all from one seed: the same seed does the same again. Clients change
 * items, replies leave when the log says so, snapshots are written meanwhile; then the process is killed or the power
 * is lost, and what a new one reads is held against what had been promised:
 *
 * - it is the state after some beginning of all changes: nothing is missing in between, nothing is half there (with
 *   snapshots alone that holds for each item by itself);
 * - after a kill it has every change that was written before its reply;
 * - after a loss of power it has every change that was reported safe, with `everysec` all older than a second and the
 *   syncs in flight;
 * - versions and tokens go on behind every one that was given; the time is not before one that was told of.
 */
import { FLAG, FrameWriter, LENGTH_BYTES, OPCODE, RequestFrame, putRequest } from '../../../protocol/index.ts';
import { silentLogger } from '../../logger.ts';
import { DataLog, LOST } from '../data-log.ts';
import type { DurabilityMode } from '../data-log-options.ts';
import { ModelStore } from './model-store.ts';
import { SimDisk, seededRandom, type SimWorld } from './sim-disk.ts';

const KEYS = 6;
const TICK_MS = 100;
const START_MS = 1_800_000_000_000;
const EVENTS_MAX = 20_000;

/** As much as the requests of one read take at most. */
const INPUT_BYTES = 4096;

/** What a seed decides of a run before it begins. */
interface Plan {
  readonly mode: DurabilityMode;
  readonly slowMs: number;
  /** How likely a call of the disk fails. */
  readonly faultShare: number;
  readonly rewriteBytesMin: number;
  readonly zerosAheadBytes: number;
  readonly clientEveryMs: number;
}

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly call: () => void;
}

/** What a run has come to. */
export interface Run {
  readonly events: number;
  readonly nowMs: number;
  readonly version: number;
  readonly state: string;
}

/** What became of a start. */
interface Outcome {
  log?: DataLog;
  trouble?: unknown;
}

/** What was promised of the changes of one process's life. */
interface Promises {
  /** So many changes are there after a kill. */
  written: number;
  /** So many are there after a loss of power, because somebody was told. */
  safe: number;
  /** When each change was written; what is not there was not. */
  readonly writtenAtMs: number[];
}

class Simulation implements SimWorld {
  readonly random: () => number;
  readonly slowMs: number;
  readonly #plan: Plan;
  #events: Event[] = [];
  #order = 0;
  #nowMs = START_MS;
  #elapsedMs = 0;
  #faultsAllowed = false;
  #life = 0;
  #disk: SimDisk;
  /** The state after so many changes: the items as a text. */
  #states = [new ModelStore().fingerprint()];
  #promises: Promises = { written: 0, safe: 0, writtenAtMs: [] };
  /** Whether power was lost since the data were read last, and when the process ended first since. */
  #power: 'kept' | 'lost' = 'kept';
  #crashedMs: number | undefined;
  #greatestVersion = 0;
  #greatestToken = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.#plan = drawPlan(this.random);
    this.slowMs = this.#plan.slowMs;
    this.#disk = new SimDisk(this);
  }

  later(delayMs: number, call: () => void): void {
    this.#events.push({ atMs: this.#nowMs + delayMs, order: this.#order++, call });
  }

  fault(operation: string): string | undefined {
    if (!this.#faultsAllowed || this.random() >= this.#plan.faultShare) return undefined;
    if (operation === 'write') return this.#pick(['short', 'ENOSPC', 'EIO']);
    return operation === 'sync' ? 'EIO' : this.#pick(['EIO', 'ENOSPC']);
  }

  #pick<Value>(values: readonly Value[]): Value {
    return values[Math.floor(this.random() * values.length)]!;
  }

  /** @throws Error that says what was promised and not kept */
  async run(lives: number): Promise<Run> {
    for (let life = 0; life < lives; life++) await this.#live(life);
    return { events: this.#order, nowMs: this.#nowMs, version: this.#greatestVersion, state: this.#states.at(-1)! };
  }

  async #live(life: number): Promise<void> {
    const store = new ModelStore();
    this.#life = life;
    this.#faultsAllowed = false;
    // Now and then the process is gone before it has come up.
    const crashAtMs = this.#nowMs + 6000 * this.random() ** 2;
    const outcome: Outcome = {};
    void this.#bringUp(store, life, outcome);
    let ended = false;
    while (this.#nowMs < crashAtMs && outcome.trouble === undefined && !ended) {
      await this.#step(crashAtMs);
      const { log } = outcome;
      if (log !== undefined && this.random() < 0.002) {
        ended = true;
        await this.#stop(log, store);
      }
    }
    if (outcome.trouble !== undefined) throw new Error('the start failed', { cause: outcome.trouble });
    this.#crash(ended);
    await settle();
  }

  async #bringUp(store: ModelStore, life: number, outcome: Outcome): Promise<void> {
    try {
      outcome.log = await this.#start(store, life);
    } catch (error) {
      outcome.trouble = error;
      return;
    }
    this.#faultsAllowed = this.#plan.faultShare > 0;
    this.#serve(outcome.log, store, life);
  }

  /** Recovery, and what it must have found. */
  async #start(store: ModelStore, life: number): Promise<DataLog> {
    const recovered = await DataLog.load(this.#disk, store);
    this.#judge(store, recovered.lastTimeMs, life);
    const log = await DataLog.open(
      {
        mode: this.#plan.mode,
        rewriteBytesMin: this.#plan.rewriteBytesMin,
        snapshotEveryMs: 700,
        retrySnapshotMs: 300,
        zerosAheadBytes: this.#plan.zerosAheadBytes,
      },
      {
        disk: this.#disk,
        store,
        logger: silentLogger,
        nowMs: () => this.#nowMs,
        // Syncs that are done at once take no time of the simulation; it is said of some that they took long.
        elapsedMs: () => (this.#elapsedMs += this.random() < 0.1 ? 10 : 0),
        random32: () => Math.floor(this.random() * 2 ** 32),
        defer: (call) => this.later(this.random(), call),
      },
      recovered,
    );
    // What was read is safe by now, whatever was promised of it before.
    this.#states = [store.fingerprint()];
    this.#promises = { written: 0, safe: 0, writtenAtMs: [] };
    this.#crashedMs = undefined;
    return log;
  }

  #judge(store: ModelStore, lastTimeMs: number, life: number): void {
    const { written, safe } = this.#promises;
    const floor = this.#power === 'kept' ? written : Math.max(safe, this.#agedChanges());
    const found = store.fingerprint();
    const isFuzzy = this.#plan.mode === 'snapshot' && eachKeyIsOf(this.#states.slice(safe), found);
    const index = isFuzzy ? safe : this.#states.lastIndexOf(found);
    if (index < floor) {
      const what = index < 0 ? 'no state that there ever was' : `the state after ${index} changes`;
      throw new Error(
        `${JSON.stringify(this.#plan)}, life ${life}, power ${this.#power}: ${what}, and ${floor} of ${this.#states.length - 1} were promised`,
      );
    }
    // Until the log is open what was read is not safe: power that is lost first may bring back an older snapshot. With
    // snapshots alone each item may be of a moment of its own, so what was found is one more state that there was.
    if (isFuzzy) this.#states.push(found);
    else this.#states.length = index + 1;
    this.#power = 'kept';
    this.#promises = { written: index, safe, writtenAtMs: this.#promises.writtenAtMs.slice(0, index) };
    if (store.lastVersion < this.#greatestVersion) throw new Error(`versions go back behind ${this.#greatestVersion}`);
    if (store.lastToken < this.#greatestToken) throw new Error(`tokens go back behind ${this.#greatestToken}`);
    if (lastTimeMs > this.#nowMs) throw new Error('the time is one that never was');
  }

  /** With `everysec`: changes that a loss of power may not take away any more. */
  #agedChanges(): number {
    if (this.#plan.mode !== 'everysec' || this.#plan.faultShare > 0) return 0;
    // A sync of a log that goes on in another file syncs two, and may wait for the one before.
    const ageMs = 1000 + TICK_MS + 4 * this.slowMs + 4;
    return this.#promises.writtenAtMs.filter((atMs) => atMs <= (this.#crashedMs ?? 0) - ageMs).length;
  }

  #serve(log: DataLog, store: ModelStore, life: number): void {
    const tick = () => {
      if (this.#life !== life) return;
      log.tick();
      this.later(TICK_MS, tick);
    };
    const client = () => {
      if (this.#life !== life) return;
      this.#request(log, store);
      this.later(this.#plan.clientEveryMs * this.random() * 2, client);
    };
    this.later(TICK_MS, tick);
    this.later(0, client);
  }

  /** One read's worth of requests, and their replies. */
  #request(log: DataLog, store: ModelStore): void {
    if (log.isAccepting) {
      const input = new FrameWriter(INPUT_BYTES);
      log.input = input.bytes;
      for (let left = 1 + Math.floor(this.random() * 5); left > 0; left--) {
        this.#change(store, input);
        this.#states.push(store.fingerprint());
      }
      log.input = undefined;
      // The next read would lie there.
      input.bytes.fill(0xee);
    }
    const promises = this.#promises;
    const changes = this.#states.length - 1;
    if (this.random() < 0.1) log.demandSync();
    const ticket = log.commit(log.takeDemand());
    if (ticket === LOST) return;
    if (!log.isAccepting) return;
    if (this.#plan.mode !== 'snapshot') {
      promises.written = changes;
      while (promises.writtenAtMs.length < changes) promises.writtenAtMs.push(this.#nowMs);
    }
    if (ticket === 0) {
      if (this.#plan.mode === 'always') promises.safe = Math.max(promises.safe, changes);
      return;
    }
    log.whenSafe(ticket, (error) => {
      if (error !== undefined || this.#promises !== promises) return;
      promises.safe = Math.max(promises.safe, changes);
      promises.written = Math.max(promises.written, changes);
    });
  }

  #change(store: ModelStore, input: FrameWriter): void {
    const key = `k${Math.floor(this.random() * KEYS)}`;
    const draw = this.random();
    const lifeMs = 1 + Math.floor(this.random() * 10_000);
    if (draw < 0.6) {
      // Blocks that end with zeros are no ends of logs.
      const value = (this.random() < 0.2 ? '\0' : 'v').repeat(Math.floor(this.random() ** 3 * 300));
      this.#set(store, input, key, `${this.#states.length}${value}`, lifeMs);
    } else if (draw < 0.75) store.delete(key);
    else if (draw < 0.85) store.expire(key, lifeMs, this.#nowMs);
    else if (draw < 0.98) store.lock(key, this.random() < 0.5 ? Infinity : lifeMs, this.#nowMs);
    else store.clear();
    this.#greatestVersion = Math.max(this.#greatestVersion, store.lastVersion);
    this.#greatestToken = Math.max(this.#greatestToken, store.lastToken);
  }

  /** A SET; its frame is put into the input, but for some as if they had been too long for it. */
  #set(store: ModelStore, input: FrameWriter, key: string, value: string, lifeMs: number): void {
    const draw = this.random();
    const more = draw < 0.3 ? { tag: 7, lifeMs } : draw < 0.6 ? { tag: 9 } : {};
    if (this.random() < 0.1) return void store.set(key, value, this.#nowMs, more);
    const request = new RequestFrame();
    request.opcode = [OPCODE.SET, OPCODE.ADD, OPCODE.REPLACE][Math.floor(this.random() * 3)]!;
    request.flags = ('tag' in more ? FLAG.TAG : 0) | ('lifeMs' in more ? FLAG.TTL : 0);
    Object.assign(request, { tag: more.tag, ttlMs: more.lifeMs, keyBytes: Buffer.from(key), keyEnd: key.length });
    Object.assign(request, { valueBytes: Buffer.from(value), valueEnd: value.length });
    // One that was refused has come before it, or a GET, which may have been, too.
    const before = this.random();
    if (before < 0.2) putRequest(input, request);
    else if (before < 0.4) putRequest(input, Object.assign(new RequestFrame(), { opcode: OPCODE.GET }));
    const start = input.length + LENGTH_BYTES;
    putRequest(input, request);
    store.set(key, value, this.#nowMs, more, { bytes: input.bytes, start, end: input.length });
  }

  /** An orderly end: all that there is must be there again. */
  async #stop(log: DataLog, store: ModelStore): Promise<void> {
    this.#life = -1;
    const last = store.fingerprint();
    const outcome = { isOver: false, hasFailed: false };
    log.close().then(
      () => Object.assign(outcome, { isOver: true }),
      () => Object.assign(outcome, { isOver: true, hasFailed: true }),
    );
    for (let steps = 0; !outcome.isOver; steps++) {
      if (steps > EVENTS_MAX) throw new Error('the log does not close');
      await this.#step(Infinity);
    }
    if (outcome.hasFailed) return;
    this.#states.push(last);
    this.#promises.written = this.#promises.safe = this.#states.length - 1;
  }

  #crash(isStopped: boolean): void {
    this.#life = -1;
    this.#events = [];
    this.#faultsAllowed = false;
    const isPowerLost = this.random() < 0.5;
    this.#disk = isPowerLost ? this.#disk.losePower(this) : this.#disk.kill(this);
    // Several may come before anybody has read what the first one left.
    this.#crashedMs ??= this.#nowMs;
    if (isPowerLost) this.#power = 'lost';
    // Whoever stopped in order and did not reach the end may find the directory at a later start; time goes on.
    this.#nowMs += isStopped ? 1 : this.random() * 1000;
  }

  /** The next event; time goes on to it. */
  async #step(endMs: number): Promise<void> {
    let first: Event | undefined;
    for (const event of this.#events) {
      if (first === undefined || event.atMs < first.atMs || (event.atMs === first.atMs && event.order < first.order)) {
        first = event;
      }
    }
    if (first === undefined || first.atMs > endMs) {
      this.#nowMs = Math.min(endMs, first?.atMs ?? this.#nowMs + TICK_MS);
      if (endMs === Infinity && first === undefined) throw new Error('nothing will ever happen');
      return;
    }
    this.#events.splice(this.#events.indexOf(first), 1);
    this.#nowMs = Math.max(this.#nowMs, first.atMs);
    first.call();
    await settle();
  }
}

/** Snapshots alone promise of each item that it is as it was at some moment after what is safe. */
function eachKeyIsOf(states: readonly string[], found: string): boolean {
  const maps = states.map(itemsOf);
  const items = itemsOf(found);
  const keys = new Set([...items.keys(), ...maps.flatMap((map) => [...map.keys()])]);
  return [...keys].every((key) => maps.some((map) => map.get(key) === items.get(key)));
}

function itemsOf(fingerprint: string): Map<string, string> {
  const entries = JSON.parse(fingerprint) as [string, ...unknown[]][];
  return new Map(entries.map(([key, ...item]) => [key, JSON.stringify(item)]));
}

function drawPlan(random: () => number): Plan {
  const modes: readonly DurabilityMode[] = ['always', 'always', 'everysec', 'everysec', 'snapshot'];
  return {
    mode: modes[Math.floor(random() * modes.length)]!,
    slowMs: [0.5, 5, 50, 400][Math.floor(random() * 4)]!,
    faultShare: random() < 0.3 ? 0.01 : 0,
    rewriteBytesMin: [500, 5000, 1_000_000][Math.floor(random() * 3)]!,
    zerosAheadBytes: [0, 300, 3000][Math.floor(random() * 3)]!,
    clientEveryMs: [10, 40, 150][Math.floor(random() * 3)]!,
  };
}

/** All that follows from an event without the disk's doing is done behind it. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/**
 * Runs one seed.
 *
 * @param lives how often the process is started and ended
 * @returns what is the same whenever the seed is
 * @throws Error that names the seed and what was promised and not kept
 */
export async function simulate(seed: number, lives = 4): Promise<Run> {
  try {
    return await new Simulation(seed).run(lives);
  } catch (error) {
    throw new Error(`seed ${seed}: ${describe(error)}`, { cause: error });
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${describe(error.cause)}` : error.message;
}
