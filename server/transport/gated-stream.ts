/**
 * A stream whose requests are carried out at the end of the turn, and whose replies leave behind all of them. These
 * wait for the log where there is one: written before they leave, and synced where that was asked for. Replies behind
 * one that waits wait with it (TRANSPORT-3); other connections do not. A reply that tells of what could not be written
 * never leaves: the connection is closed, and so the client knows that it knows nothing.
 */
import type { FrameWriter } from '../../protocol/index.ts';
import type { ByteStream, RequestStream, StreamReader } from './byte-stream.ts';
import { Held, type Holder, type LoopTurn } from './loop-turn.ts';
import type { ReplyBox } from './reply-box.ts';

/** Up to this many bytes a copy costs less than a new buffer for the next replies. */
const COPY_BYTES_MAX = 2048;

export class GatedStream implements RequestStream, StreamReader, Holder {
  hasChanged = false;
  readonly peer: string;
  readonly #inner: ByteStream;
  readonly #turn: LoopTurn;
  readonly #writer: FrameWriter;
  #reader: StreamReader | undefined;
  #first: Held | undefined;
  #last: Held | undefined;
  /** One that is settled and has left, for the next: most connections never wait for two. */
  #spare: Held | undefined;
  #heldBytes = 0;
  #isEnding = false;
  #isGone = false;

  /** @param writer is empty between two callbacks, and lends its buffer to what was copied and leaves now */
  constructor(inner: ByteStream, turn: LoopTurn, writer: FrameWriter) {
    this.#inner = inner;
    this.#turn = turn;
    this.#writer = writer;
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
    const reasons = this.#turn.reasonsToWait(this);
    const isCopied = end <= COPY_BYTES_MAX && bytes === this.#writer.bytes;
    // What is long pays for its way alone, and would need a buffer of its own to wait in.
    if (!isCopied && reasons === 0 && this.#first === undefined) return this.#inner.write(bytes, end);
    const box = isCopied ? this.#turn.boxFor(end) : undefined;
    const start = box === undefined ? 0 : box.put(bytes, this.#writer.view, end);
    this.#hold(box === undefined ? bytes : box.bytes, start, start + end, box, reasons);
    return isCopied;
  }

  #hold(bytes: Uint8Array, start: number, end: number, box: ReplyBox | undefined, reasons: number): void {
    const held = this.#spare ?? new Held(this);
    this.#spare = undefined;
    held.hold(bytes, start, end, box, reasons);
    if (this.#last === undefined) this.#first = held;
    else this.#last.next = held;
    this.#last = held;
    this.#heldBytes += end - start;
    this.#turn.hold(held);
  }

  pause(): void {
    this.#inner.pause();
  }

  resume(): void {
    this.#inner.resume();
  }

  end(): void {
    this.#isEnding = true;
    if (this.#first === undefined) this.#inner.end();
  }

  destroy(): void {
    this.#isGone = true;
    this.#forget();
    this.#inner.destroy();
  }

  beginRequests(): void {
    this.#turn.beginFor(this);
  }

  endRequests(): void {
    this.#turn.endFor(this);
  }

  received(bytes: Uint8Array, start: number, end: number): void {
    this.#turn.bring(this, bytes, start, end);
  }

  carryOut(bytes: Uint8Array, start: number, end: number): void {
    this.#reader?.received(bytes, start, end);
  }

  ended(): void {
    this.#turn.carryOut();
    this.#reader?.ended();
  }

  released(bytes: Uint8Array): void {
    this.#reader?.released(bytes);
  }

  drained(): void {
    if (this.#first === undefined) this.#reader?.drained();
  }

  finished(): void {
    this.#reader?.finished();
  }

  closed(error?: Error): void {
    this.#turn.carryOut();
    this.#isGone = true;
    this.#forget();
    this.#reader?.closed(error);
  }

  settle(held: Held, error: Error | undefined): void {
    if (this.#isGone) return;
    if (error !== undefined) return this.lose(error);
    held.isFree = true;
    if (this.#first !== held) return;
    let isTaken = true;
    for (let first: Held | undefined = held; first?.isFree; first = this.#first) {
      this.#first = first.next;
      if (first === this.#last) this.#last = undefined;
      isTaken = this.#send(first);
    }
    // Those behind it may have left too, but the turn has yet to settle them: they cannot be used again.
    held.clear();
    this.#spare = held;
    if (this.#first !== undefined || this.#isGone) return;
    if (this.#isEnding) this.#inner.end();
    else if (isTaken && this.#inner.unsentBytes === 0) this.#reader?.drained();
  }

  /**
   * Sends what was copied from the buffer that all replies are written to: the stream below keeps views of that one,
   * and making one anew takes longer than the copy.
   *
   * @returns whether the stream below has taken all of it
   */
  #send({ bytes, start, end, box }: Held): boolean {
    this.#heldBytes -= end - start;
    if (box === undefined) {
      const isTaken = this.#inner.write(bytes, end);
      if (isTaken) this.#reader?.released(bytes);
      return isTaken;
    }
    const writer = this.#writer;
    writer.put(bytes, start, end, box.view);
    box.release();
    const isTaken = this.#inner.write(writer.bytes, writer.length);
    if (isTaken) writer.clear();
    else writer.detach();
    return isTaken;
  }

  lose(error: Error): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#forget();
    this.#reader?.closed(error);
  }

  #forget(): void {
    for (let held = this.#first; held !== undefined; held = held.next) held.box?.release();
    this.#first = this.#last = undefined;
    this.#heldBytes = 0;
  }
}
