/**
 * A stream whose replies wait for the log: written before they leave, and synced where that was asked for. Replies
 * behind one that waits wait with it (TRANSPORT-3); other connections do not. A reply that tells of what could not be
 * written never leaves: the connection is closed, and so the client knows that it knows nothing.
 */
import { LOST, type DataLog } from '../log/data-log.ts';
import type { ByteStream, StreamReader } from './byte-stream.ts';

interface Held {
  readonly bytes: Uint8Array;
  readonly end: number;
  isSafe: boolean;
}

export class GatedStream implements ByteStream, StreamReader {
  readonly peer: string;
  readonly #inner: ByteStream;
  readonly #log: DataLog;
  #reader: StreamReader | undefined;
  #held: Held[] = [];
  #heldBytes = 0;
  #isEnding = false;
  #isGone = false;

  constructor(inner: ByteStream, log: DataLog) {
    this.#inner = inner;
    this.#log = log;
    this.peer = inner.peer;
  }

  get unsentBytes(): number {
    return this.#isGone ? 0 : this.#inner.unsentBytes + this.#heldBytes;
  }

  get unsentProgress(): number {
    return this.#inner.unsentProgress + this.#heldBytes;
  }

  open(reader: StreamReader): void {
    this.#reader = reader;
    this.#inner.open(this);
  }

  write(bytes: Uint8Array, end: number): boolean {
    const ticket = this.#log.commit();
    if (ticket === LOST) {
      this.#lose(new Error('the storage fails'));
      return true;
    }
    if (ticket === 0 && this.#held.length === 0) return this.#inner.write(bytes, end);
    const held: Held = { bytes, end, isSafe: ticket === 0 };
    this.#held.push(held);
    this.#heldBytes += end;
    if (ticket !== 0) this.#log.whenSafe(ticket, (error) => this.#settle(held, error));
    return false;
  }

  pause(): void {
    this.#inner.pause();
  }

  resume(): void {
    this.#inner.resume();
  }

  end(): void {
    this.#isEnding = true;
    if (this.#held.length === 0) this.#inner.end();
  }

  destroy(): void {
    this.#isGone = true;
    this.#forget();
    this.#inner.destroy();
  }

  received(bytes: Uint8Array, end: number): void {
    this.#reader?.received(bytes, end);
  }

  ended(): void {
    this.#reader?.ended();
  }

  drained(): void {
    if (this.#held.length === 0) this.#reader?.drained();
  }

  finished(): void {
    this.#reader?.finished();
  }

  closed(error?: Error): void {
    this.#isGone = true;
    this.#forget();
    this.#reader?.closed(error);
  }

  #settle(held: Held, error: Error | undefined): void {
    if (this.#isGone) return;
    if (error !== undefined) return this.#lose(error);
    held.isSafe = true;
    if (this.#held[0] !== held) return;
    let isFree = true;
    while (this.#held[0]?.isSafe) {
      const { bytes, end } = this.#held.shift()!;
      this.#heldBytes -= end;
      isFree = this.#inner.write(bytes, end);
    }
    if (this.#held.length > 0) return;
    if (this.#isEnding) this.#inner.end();
    else if (isFree && this.#inner.unsentBytes === 0) this.#reader?.drained();
  }

  #lose(error: Error): void {
    this.#isGone = true;
    this.#forget();
    this.#reader?.closed(error);
  }

  #forget(): void {
    this.#held = [];
    this.#heldBytes = 0;
  }
}
