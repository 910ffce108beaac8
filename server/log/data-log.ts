/**
 * What keeps a store's items on a disk: recovery at the start, the log or snapshots while it serves, the manifest and
 * the counters. It decides when a reply may leave (`commit`, `whenSafe`); connections ask it through a GatedStream.
 */
import { SpeicherError } from '../../protocol/index.ts';
import type { LoggedStore } from '../store/item-sink.ts';
import { asError } from './as-error.ts';
import { ChangeCount } from './change-count.ts';
import { DataFiles, reservedBehind, type BegunLog } from './data-files.ts';
import type { Disk } from './disk.ts';
import {
  LOGS_AT_START_MAX,
  MARK_EVERY_MS,
  RETRY_FULL_MS,
  RETRY_SNAPSHOT_MS,
  SYNC_EVERY_MS,
  ZEROS_AHEAD_BYTES,
} from './data-log-options.ts';
import type { DataLogDependencies, DataLogOptions, DataLogStats } from './data-log-options.ts';
import { LogWriter, stateAfter, type WriterState } from './log-writer.ts';
import { snapshotName } from './manifest.ts';
import { recover, type Progress, type Recovered } from './recovery.ts';
import { RewritePolicy } from './rewrite-policy.ts';
import { writeSnapshot } from './snapshot.ts';
import { rewriteParts } from './unsafe-tail.ts';
import { Waiters, type Done } from './waiters.ts';

/** The reply must not leave: what it tells of could not be written. */
export const LOST = -1;

export class DataLog {
  readonly #options: DataLogOptions;
  readonly #deps: DataLogDependencies;
  readonly #changes = new ChangeCount();
  readonly #files: DataFiles;
  #writer: LogWriter | undefined;
  readonly #rewriting: RewritePolicy;
  #snapshots = 0;
  readonly #droppedBytes: number;
  #isDemanded = false;
  #failure: Error | undefined;
  /** The snapshots that SYNC waits for are numbered; with `snapshot` only. */
  #ticket = 1;
  #safeTicket = 0;
  readonly #waiters = new Waiters();
  #running: Promise<void> | undefined;
  #begun: BegunLog | undefined;
  /** Why the last snapshot could not be written; undefined: it could. */
  #snapshotFailure: Error | undefined;
  #lastSyncMs: number;
  #lastMarkMs: number;
  #lastRetryMs = 0;
  #nextSnapshotMs: number;
  #retrySnapshotMs = 0;
  #isClosing = false;

  private constructor(options: DataLogOptions, deps: DataLogDependencies, recovered: Recovered) {
    this.#options = options;
    this.#deps = deps;
    this.#files = new DataFiles(deps.disk, deps.random32, recovered);
    this.#rewriting = new RewritePolicy(options.rewriteBytesMin, recovered);
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
    // The first file of all is the manifest: a log without one would be taken for damage. Where a process was killed
    // behind the renaming, the manifest is there, but a loss of power could take it and leave what is made now.
    if (recovered.isNew) await this.#files.replace({});
    else await this.#deps.disk.syncDirectory();
    await rewriteParts(this.#deps.disk, recovered.unsafe);
    const reserved = { ...this.#files.manifest, ...reservedBehind(recovered) };
    if (this.#options.mode === 'snapshot') {
      await this.#files.replace(reserved);
      store.sink = this.#changes;
      // What a log has that was here before is in a snapshot before anybody is served.
      if (this.#files.manifest.logs.length > 0) await this.snapshot();
    } else {
      const { open, number } = await this.#files.createLog();
      this.#writer = new LogWriter(open, recovered.nextSequence, {
        nowMs: this.#deps.nowMs,
        elapsedMs: this.#deps.elapsedMs,
        zerosAheadBytes: this.#options.zerosAheadBytes ?? ZEROS_AHEAD_BYTES,
        defer: this.#deps.defer,
        onState: (state, cause) => this.#onState(state, cause),
      });
      // The first block tells from where the file goes on, and that all before it is safe.
      if (!this.#writer.mark()) throw this.#writer.cause ?? new Error('the log cannot be written');
      await this.#writer.synced();
      const isFirst = reserved.logs.length === 0;
      const firstSequence = isFirst ? recovered.nextSequence : reserved.firstSequence;
      await this.#files.replace({ ...reserved, logs: [...reserved.logs, number], firstSequence });
      store.sink = this.#writer;
    }
    await this.#files.removeRemnants();
    if (this.#files.manifest.logs.length > LOGS_AT_START_MAX) await this.#rewrite();
  }

  /** Whether changes are taken: not while there is no space, and never again after a failure. */
  get isAccepting(): boolean {
    if (this.#failure !== undefined || (this.#writer !== undefined && this.#writer.state !== 'writing')) return false;
    // DURABLE-4: what was not reserved is not given.
    const { lastVersion, lastToken } = this.#deps.store;
    return lastVersion < this.#files.lastVersion && lastToken < this.#files.lastToken;
  }

  get #state(): WriterState {
    if (this.#failure !== undefined) return 'failed';
    if (this.#writer !== undefined) return this.#writer.state;
    // Without a log changes are taken all the same, and the next snapshot may be written.
    return this.#snapshotFailure === undefined ? 'writing' : stateAfter(this.#snapshotFailure);
  }

  stats(): DataLogStats {
    return {
      state: this.#state,
      logBytes: this.#rewriting.oldLogBytes + (this.#writer?.fileBytes ?? 0),
      snapshotBytes: this.#rewriting.snapshotBytes,
      syncs: this.#writer?.syncs ?? 0,
      snapshots: this.#snapshots,
      droppedBytes: this.#droppedBytes,
    };
  }

  /** SYNC-1: the replies that leave next wait until all that was carried out before is safe. */
  demandSync(): void {
    this.#isDemanded = true;
  }

  /** Whether `demandSync` was called since this was asked last. */
  takeDemand(): boolean {
    const isDemanded = this.#isDemanded;
    this.#isDemanded = false;
    return isDemanded;
  }

  /** How many changes the log was told: it tells whether there was one between two moments. */
  get told(): number {
    return this.#writer?.told ?? 0;
  }

  /** Whether replies may leave without `commit`: nothing has changed that they could tell of and that may be lost. */
  get isSettled(): boolean {
    const writer = this.#writer;
    if (writer === undefined) return true;
    return !writer.hasNew && (this.#options.mode !== 'always' || writer.syncedSequence === writer.writtenSequence);
  }

  /** Requests are carried out now that lie in these bytes, which stay as they are until the next call. */
  set input(bytes: Uint8Array | undefined) {
    if (this.#writer !== undefined) this.#writer.input = bytes;
  }

  /**
   * Writes what has changed; called before replies leave.
   *
   * @param isDemanded whether they wait until all that was carried out before is safe, whatever the mode is
   * @returns 0: they may leave now. LOST: never. Else what `whenSafe` wants to know.
   */
  commit(isDemanded = false): number {
    const writer = this.#writer;
    if (writer === undefined) return isDemanded ? this.#demandSnapshot() : 0;
    if (!writer.commit()) return LOST;
    if (writer.state !== 'writing') return isDemanded ? LOST : 0;
    const isAlways = this.#options.mode === 'always';
    if (isAlways && !writer.syncAtOnce()) return LOST;
    const isRewriting = this.#running !== undefined;
    // At a gigabyte a second the next tick is far away.
    if (!isRewriting && this.#rewriting.isTooLong(writer.fileBytes)) this.#rewriteIfDue(this.#deps.nowMs());
    const waits = isDemanded || isAlways || (isRewriting && this.#rewriting.isOutrun(writer.fileBytes));
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
  whenSafe(ticket: number, done: Done): void {
    if (this.#writer !== undefined) return this.#writer.whenSynced(ticket, done);
    if (ticket <= this.#safeTicket) return done();
    if (this.#failure) return done(this.#failure);
    this.#waiters.add(ticket, done);
    this.#deps.defer(() => void this.#serveWaiters());
  }

  async #serveWaiters(): Promise<void> {
    if (this.#running !== undefined || this.#waiters.isEmpty) return;
    // Who waits for it is told by it.
    await this.snapshot().catch(() => {});
  }

  /** Does what is due; called several times a second. */
  tick(): void {
    if (this.#isClosing) return;
    const nowMs = this.#deps.nowMs();
    const writer = this.#writer;
    if (writer !== undefined) this.#tickLog(writer, nowMs);
    if (this.#failure !== undefined) return;
    this.#files.reserveBehind(this.#deps.store).catch((error: unknown) => {
      this.#deps.logger.error({ event: 'manifest-failed', err: asError(error) }, 'the manifest cannot be replaced');
    });
    this.#rewriteIfDue(nowMs);
  }

  #rewriteIfDue(nowMs: number): void {
    if (this.#isClosing || this.#failure !== undefined || this.#running !== undefined) return;
    const writer = this.#writer;
    const isDue =
      writer === undefined
        ? this.#changes.count > 0 && nowMs >= this.#nextSnapshotMs
        : writer.state === 'writing' && this.#rewriting.isDue(writer.fileBytes, this.#files.manifest.logs.length);
    if (isDue && nowMs >= this.#retrySnapshotMs) void this.#rewrite();
  }

  /** Writes a snapshot that nobody waits for: one that fails is tried again later. */
  async #rewrite(): Promise<void> {
    try {
      await this.snapshot();
    } catch {
      this.#retrySnapshotMs = this.#deps.nowMs() + (this.#options.retrySnapshotMs ?? RETRY_SNAPSHOT_MS);
    }
  }

  #tickLog(writer: LogWriter, nowMs: number): void {
    // What is evicted without a request, and what had no reply, is written here.
    if (writer.state === 'writing') writer.flush();
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

  /**
   * Writes a snapshot of the store; the log begins anew behind it. While one is under way, later calls wait for it.
   *
   * @throws Error if it could not be written; the files that were there before still count
   */
  snapshot(): Promise<void> {
    this.#running ??= this.#snapshot().finally(() => {
      this.#running = undefined;
      if (!this.#waiters.isEmpty) this.#deps.defer(() => void this.#serveWaiters());
    });
    return this.#running;
  }

  async #snapshot(): Promise<void> {
    const { disk, store, nowMs, random32, defer, logger } = this.#deps;
    if (this.#failure) throw this.#failure;
    const writer = this.#writer;
    const log = writer === undefined ? undefined : await this.#nextLog(writer);
    // Who has lost the manifest knows by its number where a snapshot belongs.
    const number = log?.number ?? this.#files.nextNumber();
    const ticket = this.#ticket++;
    const changes = this.#changes.count;
    this.#changes.count = 0;
    let isNamed = false;
    try {
      const written = await writeSnapshot(disk, snapshotName(number), number, store, {
        nowMs,
        nonce: random32(),
        loggedBytes: () => writer?.fileBytes ?? 0,
        pause: () => new Promise((resolve) => defer(resolve)),
      });
      // What the walk has met must not be safer than the log behind it.
      if (writer !== undefined) {
        if (!writer.flush()) throw writer.cause ?? new Error('the log cannot be written');
        await writer.synced();
      }
      await disk.syncDirectory();
      // Of a replacement that fails it is not known which manifest is there: no file of this name may be written anew.
      isNamed = true;
      this.#begun = undefined;
      await this.#files.replace(
        log === undefined
          ? // Without logs the sequence of blocks begins anew.
            { snapshot: number, logs: [], safeSequence: 0 }
          : { snapshot: number, logs: [number], firstSequence: log.firstSequence },
      );
      this.#rewriting.rewritten(written.bytes);
      this.#snapshots++;
      this.#snapshotFailure = undefined;
      logger.info({ event: 'snapshot', items: written.items, bytes: written.bytes }, 'a snapshot is written');
    } catch (error) {
      this.#changes.count += changes;
      this.#snapshotFailure = asError(error);
      logger.error({ event: 'snapshot-failed', err: this.#snapshotFailure }, 'a snapshot could not be written');
      this.#waiters.fail(this.#snapshotFailure, ticket);
      if (!isNamed) await disk.remove(snapshotName(number)).catch(() => {});
      throw error;
    }
    this.#nextSnapshotMs = nowMs() + this.#options.snapshotEveryMs;
    this.#safeTicket = ticket;
    this.#waiters.serve(ticket);
    await this.#files.removeRemnants();
  }

  /** Goes on in a new log file, unless that was done for a snapshot that then could not be written. */
  async #nextLog(writer: LogWriter): Promise<BegunLog> {
    if (this.#begun !== undefined) return this.#begun;
    this.#begun = await this.#files.nextLog(writer);
    this.#rewriting.switched(this.#begun.leftBytes);
    return this.#begun;
  }

  #onState(state: WriterState, cause: Error | undefined): void {
    if (state === 'failed' && cause !== undefined) return this.#fail(cause);
    const { logger } = this.#deps;
    if (state === 'writing') logger.warn({ event: 'storage-back' }, 'the log can be written again');
    else logger.error({ event: 'storage-full', err: cause }, 'no space for the log: changes are refused');
  }

  #fail(cause: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = cause;
    this.#deps.logger.error({ event: 'storage-failed', err: cause }, 'the storage fails: no more changes are taken');
    this.#waiters.fail(cause);
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
        while (this.#changes.count > 0 || !this.#waiters.isEmpty) await this.snapshot();
      } else {
        await this.#closeLog(this.#writer);
      }
      // In order nothing was given that is not known.
      const { lastVersion, lastToken } = store;
      const safeSequence = this.#writer?.syncedSequence ?? 0;
      await this.#files.replace({ lastVersion, lastToken, safeSequence });
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
    if (!writer.flush()) throw writer.cause ?? new Error('the log cannot be written');
    await writer.synced();
    writer.mark();
    await writer.synced();
  }
}
