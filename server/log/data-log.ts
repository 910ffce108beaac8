/**
 * What keeps a store's items on a disk: recovery at the start, the log or snapshots while it serves, the manifest and
 * the counters. It decides when a reply may leave (`commit`, `whenSafe`); connections ask it through a ReplyGate.
 */
import { SpeicherError } from '../../protocol/index.ts';
import type { Logger } from '../logger.ts';
import type { LoggedStore } from '../store/item-sink.ts';
import { HEAD_BYTES, KIND, makeHead, readHead } from './blocks.ts';
import { ChangeCount } from './change-count.ts';
import type { Disk } from './disk.ts';
import { LogWriter, type OpenLog } from './log-writer.ts';
import { MANIFEST, isOurs, logName, namesOf, replaceManifest, snapshotName, type Manifest } from './manifest.ts';
import { recover, type Progress, type Recovered } from './recovery.ts';
import { writeSnapshot } from './snapshot.ts';
import { rewriteParts } from './unsafe-tail.ts';

/** How changes are kept: in snapshots alone, or in a log that is synced every second or before each reply. */
export type DurabilityMode = 'snapshot' | 'everysec' | 'always';

/** Versions and tokens are reserved so many at a time, and again once half of them are given (DURABLE-4). */
export const COUNTER_BLOCK = 2 ** 24;

/** With `everysec`, so long after the last sync has begun the next one does. */
const SYNC_EVERY_MS = 1000;

/** A log whose disk was full is tried again after so long, and a snapshot that failed. */
const RETRY_FULL_MS = 500;
const RETRY_SNAPSHOT_MS = 30_000;

/** What is told of time while nothing changes: a clock that is set back finds it at the next start. */
const MARK_EVERY_MS = 60_000;

export interface DataLogOptions {
  readonly mode: DurabilityMode;
  /** A log is rewritten once it is as long as the last snapshot and this long at least, in bytes. */
  readonly rewriteBytesMin: number;
  /** With `snapshot`: so long after the last one the next is written, if something has changed. */
  readonly snapshotEveryMs: number;
}

/** What a data log takes from outside, so that simulations can decide it. */
export interface DataLogDependencies {
  readonly disk: Disk;
  readonly store: LoggedStore;
  readonly logger: Logger;
  /** Milliseconds since the Unix epoch; never goes back. */
  readonly nowMs: () => number;
  readonly random32: () => number;
  readonly defer: (call: () => void) => void;
}

/** Figures for STATS. */
export interface DataLogStats {
  readonly state: 'writing' | 'full' | 'failed';
  readonly logBytes: number;
  readonly snapshotBytes: number;
  readonly syncs: number;
  readonly snapshots: number;
  readonly droppedBytes: number;
}

/** The reply must not leave: what it tells of could not be written. */
export const LOST = -1;

export class DataLog {
  readonly #options: DataLogOptions;
  readonly #deps: DataLogDependencies;
  readonly #changes = new ChangeCount();
  #manifest: Manifest;
  #writer: LogWriter | undefined;
  #lastNumber: number;
  #snapshotBytes: number;
  #oldLogBytes: number;
  #snapshots = 0;
  readonly #droppedBytes: number;
  #isDemanded = false;
  #failure: Error | undefined;
  /** Snapshots that SYNC waits for, by their number; with `snapshot` only. */
  #ticket = 1;
  #safeTicket = 0;
  #snapshotWaiters: { ticket: number; done: (error?: Error) => void }[] = [];
  #running: Promise<void> | undefined;
  #manifestQueue: Promise<void> = Promise.resolve();
  #isReserving = false;
  #lastSyncMs: number;
  #lastMarkMs: number;
  #lastRetryMs = 0;
  #nextSnapshotMs: number;
  #retrySnapshotMs = 0;
  #isClosing = false;

  private constructor(options: DataLogOptions, deps: DataLogDependencies, recovered: Recovered) {
    this.#options = options;
    this.#deps = deps;
    this.#manifest = { ...recovered.manifest, logs: [...recovered.logs] };
    this.#lastNumber = Math.max(0, recovered.manifest.snapshot ?? 0, ...recovered.manifest.logs);
    this.#snapshotBytes = recovered.snapshotBytes;
    this.#oldLogBytes = recovered.logBytes;
    this.#droppedBytes = recovered.dropped?.bytes ?? 0;
    this.#lastSyncMs = this.#lastMarkMs = deps.nowMs();
    this.#nextSnapshotMs = this.#lastSyncMs + options.snapshotEveryMs;
  }

  /**
   * Reads the directory into the store. The store is not logged yet: `open` sees to that.
   *
   * @throws SpeicherError `SPEICHER_DATA_CORRUPT`, `SPEICHER_DATA_NEWER`, `SPEICHER_STORAGE`
   */
  static load(disk: Disk, store: LoggedStore, onProgress?: (progress: Progress) => void): Promise<Recovered> {
    return recover(disk, store, onProgress);
  }

  /**
   * Begins to keep what the store is told from now on.
   *
   * @param recovered what `load` has found
   * @throws SpeicherError `SPEICHER_STORAGE`
   */
  static async open(options: DataLogOptions, deps: DataLogDependencies, recovered: Recovered): Promise<DataLog> {
    const log = new DataLog(options, deps, recovered);
    try {
      await log.#begin(recovered);
      return log;
    } catch (error) {
      if (error instanceof SpeicherError) throw error;
      throw new SpeicherError('SPEICHER_STORAGE', 'the data cannot be written', { cause: error });
    }
  }

  async #begin(recovered: Recovered): Promise<void> {
    const { store } = this.#deps;
    // The first file of all is the manifest: a log without one would be taken for damage.
    if (recovered.isNew) await this.#replace({});
    await rewriteParts(this.#deps.disk, recovered.unsafe);
    const lastVersion = recovered.lastVersion + COUNTER_BLOCK;
    const lastToken = recovered.lastToken + COUNTER_BLOCK;
    const reserved = { ...this.#manifest, lastVersion, lastToken };
    if (this.#options.mode === 'snapshot') {
      await this.#replace(reserved);
      store.sink = this.#changes;
      // What a log has that was here before is in a snapshot before anybody is served.
      if (this.#manifest.logs.length > 0) await this.snapshot();
    } else {
      const { open, number } = await this.#createLog();
      this.#writer = new LogWriter(open, recovered.nextSequence, {
        nowMs: this.#deps.nowMs,
        defer: this.#deps.defer,
        onState: (state, cause) => this.#onState(state, cause),
      });
      // The first block tells from where the file goes on, and that all before it is safe.
      if (!this.#writer.mark()) throw this.#writer.cause ?? new Error('the log cannot be written');
      await this.#writer.synced();
      const isFirst = reserved.logs.length === 0;
      const firstSequence = isFirst ? recovered.nextSequence : reserved.firstSequence;
      await this.#replace({ ...reserved, logs: [...reserved.logs, number], firstSequence });
      store.sink = this.#writer;
    }
    await this.#removeRemnants();
  }

  async #createLog(): Promise<{ open: OpenLog; number: number }> {
    const { disk, random32 } = this.#deps;
    const number = ++this.#lastNumber;
    const head = makeHead(KIND.log, number, random32());
    const file = await disk.create(logName(number));
    try {
      await file.write(head, 0);
      await file.sync();
      await disk.syncDirectory();
    } catch (error) {
      await file.close();
      throw error;
    }
    const parsed = readHead(head);
    return { open: { file, headCrc: typeof parsed === 'string' ? 0 : parsed.crc, atBytes: HEAD_BYTES }, number };
  }

  /** One replacement at a time; a failure leaves open which of the two is there, so it is final. */
  #replace(change: Partial<Manifest>): Promise<void> {
    const run = async (): Promise<void> => {
      if (this.#failure) throw this.#failure;
      const next = { ...this.#manifest, ...change };
      await replaceManifest(this.#deps.disk, next);
      this.#manifest = next;
    };
    const done = this.#manifestQueue.then(run);
    this.#manifestQueue = done.catch(() => {});
    return done;
  }

  async #removeRemnants(): Promise<void> {
    const { disk } = this.#deps;
    const kept = new Set([MANIFEST, ...namesOf(this.#manifest)]);
    const remnants = (await disk.list()).filter((name) => isOurs(name) && !kept.has(name));
    for (const name of remnants) await disk.remove(name);
    if (remnants.length > 0) await disk.syncDirectory();
  }

  /** Whether changes are taken: not while there is no space, and never again after a failure. */
  get isAccepting(): boolean {
    if (this.#failure !== undefined || (this.#writer !== undefined && this.#writer.state !== 'writing')) return false;
    // DURABLE-4: what was not reserved is not given.
    const { lastVersion, lastToken } = this.#deps.store;
    return lastVersion < this.#manifest.lastVersion && lastToken < this.#manifest.lastToken;
  }

  stats(): DataLogStats {
    return {
      state: this.#failure === undefined ? (this.#writer?.state ?? 'writing') : 'failed',
      logBytes: this.#oldLogBytes + (this.#writer?.fileBytes ?? 0),
      snapshotBytes: this.#snapshotBytes,
      syncs: this.#writer?.syncs ?? 0,
      snapshots: this.#snapshots,
      droppedBytes: this.#droppedBytes,
    };
  }

  /** SYNC-1: the replies that leave next wait until all that was carried out before is safe. */
  demandSync(): void {
    this.#isDemanded = true;
  }

  /**
   * Writes what has changed; called before replies leave.
   *
   * @returns 0: they may leave now. LOST: never. Else what `whenSafe` wants to know.
   */
  commit(): number {
    const isDemanded = this.#isDemanded;
    this.#isDemanded = false;
    const writer = this.#writer;
    if (writer === undefined) return isDemanded ? this.#demandSnapshot() : 0;
    if (!writer.commit()) return LOST;
    if (writer.state !== 'writing') return isDemanded ? LOST : 0;
    const waits = isDemanded || this.#options.mode === 'always';
    return waits && writer.syncedSequence < writer.writtenSequence ? writer.writtenSequence : 0;
  }

  #demandSnapshot(): number {
    if (this.#failure) return LOST;
    return this.#changes.count === 0 && this.#running === undefined ? 0 : this.#ticket;
  }

  /**
   * Calls back once what `commit` has said is safe from a loss of power, or with why it never will be.
   *
   * @param ticket what `commit` has returned
   */
  whenSafe(ticket: number, done: (error?: Error) => void): void {
    if (this.#writer !== undefined) return this.#writer.whenSynced(ticket, done);
    if (ticket <= this.#safeTicket) return done();
    if (this.#failure) return done(this.#failure);
    this.#snapshotWaiters.push({ ticket, done });
    this.#deps.defer(() => void this.#serveWaiters());
  }

  async #serveWaiters(): Promise<void> {
    if (this.#running !== undefined || this.#snapshotWaiters.length === 0) return;
    try {
      await this.snapshot();
    } catch (error) {
      for (const { done } of this.#snapshotWaiters.splice(0)) done(asError(error));
    }
  }

  /** Does what is due; called several times a second. */
  tick(): void {
    if (this.#isClosing) return;
    const nowMs = this.#deps.nowMs();
    const writer = this.#writer;
    if (writer !== undefined) this.#tickLog(writer, nowMs);
    if (this.#failure !== undefined || this.#running !== undefined || nowMs < this.#retrySnapshotMs) return;
    this.#reserve();
    const isDue =
      writer === undefined
        ? this.#changes.count > 0 && nowMs >= this.#nextSnapshotMs
        : writer.state === 'writing' &&
          this.#oldLogBytes + writer.fileBytes >= Math.max(this.#options.rewriteBytesMin, this.#snapshotBytes);
    if (!isDue) return;
    this.snapshot().catch((error: unknown) => {
      this.#retrySnapshotMs = nowMs + RETRY_SNAPSHOT_MS;
      this.#deps.logger.error({ event: 'snapshot-failed', err: asError(error) }, 'a snapshot could not be written');
    });
  }

  #tickLog(writer: LogWriter, nowMs: number): void {
    // What is evicted without a request is told here.
    writer.commit();
    if (writer.state === 'full' && nowMs - this.#lastRetryMs >= RETRY_FULL_MS) {
      this.#lastRetryMs = nowMs;
      writer.retry();
    }
    if (nowMs - this.#lastMarkMs >= MARK_EVERY_MS && writer.state === 'writing') {
      this.#lastMarkMs = nowMs;
      writer.mark();
    }
    if (nowMs - this.#lastSyncMs < SYNC_EVERY_MS || writer.syncedSequence === writer.writtenSequence) return;
    this.#lastSyncMs = nowMs;
    writer.startSync();
  }

  /** DURABLE-4: what is given is below what the manifest says, always. */
  #reserve(): void {
    const { lastVersion, lastToken } = this.#deps.store;
    const left = Math.min(this.#manifest.lastVersion - lastVersion, this.#manifest.lastToken - lastToken);
    if (this.#isReserving || left > COUNTER_BLOCK / 2) return;
    this.#isReserving = true;
    this.#replace({ lastVersion: lastVersion + COUNTER_BLOCK, lastToken: lastToken + COUNTER_BLOCK })
      .catch((error: unknown) => {
        this.#deps.logger.error({ event: 'manifest-failed', err: asError(error) }, 'the manifest cannot be replaced');
      })
      .finally(() => {
        this.#isReserving = false;
      });
  }

  /**
   * Writes a snapshot of the store; the log begins anew behind it. While one is under way, later calls wait for it.
   *
   * @throws Error if it could not be written; the files that were there before still count
   */
  snapshot(): Promise<void> {
    this.#running ??= this.#snapshot().finally(() => {
      this.#running = undefined;
      if (this.#snapshotWaiters.length > 0) this.#deps.defer(() => void this.#serveWaiters());
    });
    return this.#running;
  }

  async #snapshot(): Promise<void> {
    const { disk, store, nowMs, random32, defer, logger } = this.#deps;
    if (this.#failure) throw this.#failure;
    const writer = this.#writer;
    const log = writer === undefined ? undefined : await this.#nextLog(writer);
    const number = log?.number ?? ++this.#lastNumber;
    const ticket = this.#ticket++;
    const changes = this.#changes.count;
    this.#changes.count = 0;
    let isNamed = false;
    try {
      const written = await writeSnapshot(disk, snapshotName(number), number, store, {
        nowMs,
        nonce: random32(),
        pause: () => new Promise((resolve) => defer(resolve)),
      });
      // What the walk has met must not be safer than the log behind it.
      if (writer !== undefined) {
        if (!writer.commit()) throw writer.cause ?? new Error('the log cannot be written');
        await writer.synced();
      }
      await disk.syncDirectory();
      // Of a replacement that fails it is not known which manifest is there.
      isNamed = true;
      await this.#replace(
        log === undefined
          ? { snapshot: number, logs: [] }
          : { snapshot: number, logs: [number], firstSequence: log.firstSequence },
      );
      this.#snapshotBytes = written.bytes;
      this.#oldLogBytes = 0;
      this.#snapshots++;
      logger.info({ event: 'snapshot', items: written.items, bytes: written.bytes }, 'a snapshot is written');
    } catch (error) {
      this.#changes.count += changes;
      if (!isNamed) await disk.remove(snapshotName(number)).catch(() => {});
      throw error;
    }
    this.#nextSnapshotMs = nowMs() + this.#options.snapshotEveryMs;
    this.#safeTicket = ticket;
    const served = this.#snapshotWaiters.filter((waiter) => waiter.ticket <= ticket);
    this.#snapshotWaiters = this.#snapshotWaiters.filter((waiter) => waiter.ticket > ticket);
    for (const { done } of served) done();
    await this.#removeRemnants();
  }

  /** Begins a new log file and goes on in it. */
  async #nextLog(writer: LogWriter): Promise<{ number: number; firstSequence: number }> {
    const { open, number } = await this.#createLog();
    await this.#replace({ logs: [...this.#manifest.logs, number] });
    if (!writer.commit() || writer.state !== 'writing') {
      await open.file.close();
      throw writer.cause ?? new Error('the log cannot be written');
    }
    this.#oldLogBytes += writer.fileBytes;
    return { number, firstSequence: writer.switchTo(open) };
  }

  #onState(state: 'writing' | 'full' | 'failed', cause: Error | undefined): void {
    if (state === 'failed' && cause !== undefined) return this.#fail(cause);
    const { logger } = this.#deps;
    if (state === 'writing') logger.warn({ event: 'storage-back' }, 'the log can be written again');
    else logger.error({ event: 'storage-full', err: cause }, 'no space for the log: changes are refused');
  }

  #fail(cause: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = cause;
    this.#deps.logger.error({ event: 'storage-failed', err: cause }, 'the storage fails: no more changes are taken');
    for (const { done } of this.#snapshotWaiters.splice(0)) done(cause);
  }

  /**
   * Makes all safe and ends (DURABLE-2).
   *
   * @throws SpeicherError `SPEICHER_STORAGE` if something that was told could not be made safe
   */
  async close(): Promise<void> {
    this.#isClosing = true;
    const { store } = this.#deps;
    try {
      while (this.#running !== undefined) await this.#running.catch(() => {});
      if (this.#writer === undefined) {
        while (this.#changes.count > 0 || this.#snapshotWaiters.length > 0) await this.snapshot();
      } else {
        await this.#closeLog(this.#writer);
      }
      // In order nothing was given that is not known.
      await this.#replace({ lastVersion: store.lastVersion, lastToken: store.lastToken });
    } catch (error) {
      throw new SpeicherError('SPEICHER_STORAGE', 'not everything was made durable', {
        cause: this.#failure ?? error,
      });
    } finally {
      store.sink = undefined;
      await this.#writer?.close();
    }
  }

  async #closeLog(writer: LogWriter): Promise<void> {
    writer.retry();
    const isWritten = writer.commit() && writer.state === 'writing';
    if (!isWritten) throw writer.cause ?? new Error('the log cannot be written');
    await writer.synced();
    writer.mark();
    await writer.synced();
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
