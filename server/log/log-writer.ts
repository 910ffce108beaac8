/**
 * Writes changes to the log, a block for all that a turn of the event loop brought (blocks.ts), and syncs in groups:
 * one sync serves all that was written before it began.
 *
 *     writing ⇄ full       no space: what is not written is kept, and tried again
 *     any     → failed     a write failed otherwise, or a sync: final
 *
 * A sync that failed is final because the system may have forgotten what it could not write, and says so only once.
 */
import { FrameWriter } from '../../protocol/index.ts';
import type { ItemSink, ItemState } from '../store/item-sink.ts';
import { asError } from './as-error.ts';
import { BLOCK_BYTES_FULL, BLOCK_HEADER_BYTES, beginBlock, sealBlock } from './blocks.ts';
import type { DiskFile } from './disk.ts';
import { FramePuts } from './frame-puts.ts';
import { writeCounters, writePut, writeRemove, writeReset, writeTouch } from './records.ts';
import { SyncPace } from './sync-pace.ts';
import { Waiters, type Done } from './waiters.ts';

export type WriterState = 'writing' | 'full' | 'failed';

/** Errors after which there may be space again. */
const FULL_CODES: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);

/** What a write that failed so leaves: where there is no space there may be some again. */
export function stateAfter(cause: Error): WriterState {
  return FULL_CODES.has(Reflect.get(cause, 'code')) ? 'full' : 'failed';
}

const BUFFER_BYTES = 2 * BLOCK_BYTES_FULL;

/** A buffer that was needed for a long value is not kept. */
const BUFFER_BYTES_KEPT = 1024 * 1024;

/** A log file that is written to, with the checksum of its head. */
export interface OpenLog {
  readonly file: DiskFile;
  readonly headCrc: number;
  /** Where the next block goes, in bytes. */
  readonly atBytes: number;
}

/** More than so many bytes take long on any disk: they are not synced at once. */
const AT_ONCE_BYTES_MAX = 256 * 1024;

export interface LogWriterOptions {
  readonly nowMs: () => number;
  readonly elapsedMs: () => number;
  /**
   * So many bytes behind the log are filled with zeros ahead of it, at most; 0: none. Where a file does not grow, a
   * sync has only the data to write, and not the file's length; and the system keeps what was written in one long piece
   * in a few large pages, whatever is written over it in small ones.
   */
  readonly zerosAheadBytes: number;
  /** Calls later, once what has come in together has been carried out. */
  readonly defer: (call: () => void) => void;
  /** Called at every change of state. */
  readonly onState: (state: WriterState, cause: Error | undefined) => void;
}

export class LogWriter implements ItemSink {
  state: WriterState = 'writing';
  /** Why the state is not `writing`. */
  cause: Error | undefined;
  /** The sequences of the last block that was written, and of the last that is known to be synced. */
  writtenSequence: number;
  syncedSequence: number;
  /** Syncs that have been done. */
  syncs = 0;
  readonly #options: LogWriterOptions;
  readonly #writer = new FrameWriter(BUFFER_BYTES);
  #log: OpenLog;
  #atBytes: number;
  /** Up to where the file is known to be synced. */
  #syncedToBytes: number;
  /** Up to where there are zeros behind the log. */
  #zerosTo = 0;
  /** Files before this one that have something unsynced. */
  #before: DiskFile[] = [];
  readonly #waiters = new Waiters();
  readonly #pace = new SyncPace();
  #isSyncing = false;
  #isSyncPlanned = false;
  #hasNew = false;
  /** How many changes were told: it tells whether there was one between two moments. */
  told = 0;
  readonly #puts = new FramePuts(BLOCK_BYTES_FULL);

  /** @param nextSequence of the first block that will be written */
  constructor(log: OpenLog, nextSequence: number, options: LogWriterOptions) {
    this.#options = options;
    this.#log = log;
    this.#atBytes = this.#syncedToBytes = log.atBytes;
    this.writtenSequence = this.syncedSequence = nextSequence - 1;
    beginBlock(this.#writer);
  }

  /** Bytes that the current file has. */
  get fileBytes(): number {
    return this.#atBytes;
  }

  /** Whether something was told since the last call of `commit`, written by now or not. */
  get hasNew(): boolean {
    return this.#hasNew;
  }

  /** Requests are carried out now that lie in these bytes, which stay as they are until the next call. */
  set input(bytes: Uint8Array | undefined) {
    this.#puts.begin(bytes, this.#writer);
  }

  put(item: ItemState): void {
    this.#puts.writeTo(this.#writer);
    writePut(this.#writer, item);
    this.#told();
  }

  putFrame(bytes: Uint8Array, start: number, end: number, version: number, createdMs: number): boolean {
    if (!this.#puts.add(this.#writer, bytes, start, end, version, createdMs)) return false;
    this.#told();
    return true;
  }

  touch(item: ItemState): void {
    this.#puts.writeTo(this.#writer);
    writeTouch(this.#writer, item);
    this.#told();
  }

  remove(item: ItemState): void {
    this.#puts.writeTo(this.#writer);
    writeRemove(this.#writer, item);
    this.#told();
  }

  reset(): void {
    this.#puts.writeTo(this.#writer);
    writeReset(this.#writer);
    this.#told();
  }

  counters(lastVersion: number, lastToken: number): void {
    this.#puts.writeTo(this.#writer);
    writeCounters(this.#writer, lastVersion, lastToken);
    this.#told();
  }

  /** Much is not held in memory as a whole; whether it could be written `commit` tells in the end. */
  #told(): void {
    this.#hasNew = true;
    this.told++;
    if (this.#writer.length >= BLOCK_BYTES_FULL && this.state !== 'full') this.#write();
  }

  /**
   * Writes what was told since the last call: it survives a kill from now on. Only whoever answers for all of it calls
   * this; others call `flush`, which leaves it to be asked here whether it could be written.
   *
   * @returns false if any of it could not be written
   */
  commit(): boolean {
    if (!this.#hasNew) return true;
    this.#hasNew = false;
    return this.flush();
  }

  /**
   * Writes what has not been written yet.
   *
   * @returns false if there is something that could not be
   */
  flush(): boolean {
    this.#puts.writeTo(this.#writer);
    return this.#writer.length === BLOCK_HEADER_BYTES ? this.state === 'writing' : this.#write();
  }

  /** Tries again what found no space. */
  retry(): void {
    if (this.state === 'full') this.#write();
  }

  /** Writes a block even if there is nothing to write: it tells that all before it was synced, and the time. */
  mark(): boolean {
    return this.#write();
  }

  #write(): boolean {
    this.#puts.writeTo(this.#writer);
    if (this.state === 'failed') return this.#forget();
    const { nowMs } = this.#options;
    const sequence = this.writtenSequence + 1;
    const unsynced = this.writtenSequence - this.syncedSequence;
    const block = sealBlock(this.#writer, this.#log.headCrc, sequence, unsynced, nowMs());
    try {
      for (let done = 0; done < block.length;) {
        const writtenBytes = this.#log.file.writeNow(done === 0 ? block : block.subarray(done), this.#atBytes + done);
        if (writtenBytes === 0) throw new Error('nothing was written');
        done += writtenBytes;
      }
    } catch (error) {
      this.#fail(error);
      return false;
    }
    this.#atBytes += block.length;
    this.writtenSequence = sequence;
    if (block.length > BUFFER_BYTES_KEPT) this.#writer.detach();
    beginBlock(this.#writer);
    if (this.state === 'full') this.#become('writing', undefined);
    this.#writeZeros();
    return true;
  }

  /**
   * Once fewer than half of the zeros are left, they are filled up to a multiple of that: pieces that begin and end so
   * lie in the largest pages. What cannot be written of them is not missed: the file grows then.
   */
  #writeZeros(): void {
    const { zerosAheadBytes } = this.#options;
    const pieceBytes = Math.ceil(zerosAheadBytes / 2);
    if (pieceBytes === 0 || this.#zerosTo - this.#atBytes >= pieceBytes) return;
    const from = Math.max(this.#zerosTo, this.#atBytes);
    const to = Math.floor((this.#atBytes + zerosAheadBytes) / pieceBytes) * pieceBytes;
    try {
      this.#zerosTo = from + this.#log.file.writeZerosNow(to - from, from);
    } catch {
      this.#zerosTo = from;
    }
  }

  /** What can never be written is not kept. */
  #forget(): false {
    beginBlock(this.#writer);
    return false;
  }

  #fail(error: unknown): void {
    const cause = asError(error);
    this.#become(stateAfter(cause), cause);
  }

  #become(state: WriterState, cause: Error | undefined): void {
    if (this.state === 'failed' || this.state === state) return;
    this.state = state;
    this.cause = cause;
    if (state === 'failed') this.#waiters.fail(cause);
    this.#options.onState(state, cause);
  }

  /** Calls back once every block up to this one is safe from a loss of power, or with why it never will be. */
  whenSynced(sequence: number, done: Done): void {
    if (sequence <= this.syncedSequence) return done();
    if (this.state === 'failed') return done(this.cause);
    this.#waiters.add(sequence, done);
    this.#planSync();
  }

  /** The same as a promise. */
  synced(sequence: number = this.writtenSequence): Promise<void> {
    return new Promise((resolve, reject) => {
      this.whenSynced(sequence, (error) => (error === undefined ? resolve() : reject(error)));
    });
  }

  /** Begins a sync if there is something to sync and none is under way. */
  startSync(): void {
    if (this.#isSyncing || this.state === 'failed' || this.syncedSequence === this.writtenSequence) return;
    this.#isSyncing = true;
    void this.#sync();
  }

  /**
   * Syncs before it returns if that has been quick of late and is not for much; if not, `whenSynced` has to be asked.
   *
   * @returns false if the sync failed
   */
  syncAtOnce(): boolean {
    const { elapsedMs } = this.#options;
    if (this.syncedSequence === this.writtenSequence || this.#isSyncing || this.#before.length > 0) return true;
    if (this.#atBytes - this.#syncedToBytes > AT_ONCE_BYTES_MAX || !this.#pace.nextAtOnce()) return true;
    const begunMs = elapsedMs();
    try {
      this.#log.file.syncNow();
    } catch (error) {
      this.#become('failed', asError(error));
      return false;
    }
    this.#pace.took(elapsedMs() - begunMs);
    this.#syncedToBytes = this.#atBytes;
    this.#serve(this.writtenSequence);
    return true;
  }

  /** What comes in together is synced together. */
  #planSync(): void {
    if (this.#isSyncing || this.#isSyncPlanned) return;
    this.#isSyncPlanned = true;
    this.#options.defer(() => {
      this.#isSyncPlanned = false;
      this.startSync();
    });
  }

  async #sync(): Promise<void> {
    const sequence = this.writtenSequence;
    const before = this.#before.splice(0);
    const { file } = this.#log;
    const toBytes = this.#atBytes;
    try {
      for (const each of before) {
        await each.sync();
        await each.close();
      }
      await file.sync();
    } catch (error) {
      this.#isSyncing = false;
      this.#become('failed', asError(error));
      return;
    }
    this.#isSyncing = false;
    if (this.state === 'failed') return;
    if (file === this.#log.file) this.#syncedToBytes = toBytes;
    this.#serve(sequence);
    if (!this.#waiters.isEmpty) this.#planSync();
  }

  /** All blocks up to this one are synced. */
  #serve(sequence: number): void {
    this.syncs++;
    this.syncedSequence = sequence;
    this.#waiters.serve(sequence);
  }

  /**
   * Goes on in another file, which has its head and is named by the manifest.
   *
   * @returns the sequence of the first block in it
   */
  switchTo(log: OpenLog): number {
    this.#before.push(this.#log.file);
    this.#log = log;
    this.#atBytes = this.#syncedToBytes = log.atBytes;
    this.#zerosTo = 0;
    return this.writtenSequence + 1;
  }

  /** Closes the files; nothing is written or synced any more. */
  async close(): Promise<void> {
    this.state = 'failed';
    this.cause ??= new Error('the log is closed');
    // Whoever still waits was not served by the last sync.
    this.#waiters.fail(this.cause);
    for (const file of [...this.#before, this.#log.file]) await file.close();
  }
}
