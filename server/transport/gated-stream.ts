/**
 * A stream whose replies wait for the log: written before they leave, and synced where that was asked for. Replies
 * behind one that waits wait with it (TRANSPORT-3); other connections do not. A reply that tells of what could not be
 * written never leaves: the connection is closed, and so the client knows that it knows nothing.
 */
import type { FrameWriter } from '../../protocol/index.ts';
import type { ByteStream, StreamReader } from './byte-stream.ts';
import type { Held, LogTurn } from './log-turn.ts';

/** Up to this many bytes a copy costs less than a new buffer for the next replies. */
const COPY_BYTES_MAX = 2048;

export class GatedStream implements ByteStream, StreamReader {
  readonly peer: string;
  readonly #inner: ByteStream;
  readonly #turn: LogTurn;
  readonly #writer: FrameWriter;
  readonly #onSettled = (held: Held, error: Error | undefined): void => this.#settle(held, error);
  #reader: StreamReader | undefined;
  #held: Held[] = [];
  #heldBytes = 0;
  #isEnding = false;
  #isGone = false;

  /** @param writer is empty between two callbacks, and lends its buffer to what was copied and leaves now */
  constructor(inner: ByteStream, turn: LogTurn, writer: FrameWriter) {
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
    const reason = this.#turn.reasonToWait();
    if (reason === undefined && this.#held.length === 0) return this.#inner.write(bytes, end);
    const writer = this.#writer;
    const box = end <= COPY_BYTES_MAX && bytes === writer.bytes ? this.#turn.boxFor(end) : undefined;
    const start = box === undefined ? 0 : box.put(bytes, writer.view, end);
    const held: Held = {
      bytes: box === undefined ? bytes : box.bytes,
      start,
      end: start + end,
      box,
      isDemanded: reason?.isDemanded ?? false,
      isChange: reason?.isChange ?? false,
      isSafe: reason === undefined,
      settle: this.#onSettled,
    };
    this.#held.push(held);
    this.#heldBytes += end;
    if (reason !== undefined) this.#turn.hold(held);
    return box !== undefined;
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
    this.#turn.input = bytes;
    try {
      this.#reader?.received(bytes, end);
    } finally {
      this.#turn.input = undefined;
    }
  }

  ended(): void {
    this.#reader?.ended();
  }

  released(bytes: Uint8Array): void {
    this.#reader?.released(bytes);
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
      isFree = this.#send(this.#held.shift()!);
    }
    if (this.#held.length > 0) return;
    if (this.#isEnding) this.#inner.end();
    else if (isFree && this.#inner.unsentBytes === 0) this.#reader?.drained();
  }

  /**
   * Sends what was copied from the buffer that all replies are written to: the stream below keeps views of that one,
   * and making one anew takes longer than the copy.
   */
  #send({ bytes, start, end, box }: Held): boolean {
    this.#heldBytes -= end - start;
    if (box === undefined) {
      const isFree = this.#inner.write(bytes, end);
      if (isFree) this.#reader?.released(bytes);
      return isFree;
    }
    const writer = this.#writer;
    writer.put(bytes, start, end, box.view);
    box.release();
    const isFree = this.#inner.write(writer.bytes, writer.length);
    if (isFree) writer.clear();
    else writer.detach();
    return isFree;
  }

  #lose(error: Error): void {
    this.#isGone = true;
    this.#forget();
    this.#reader?.closed(error);
  }

  #forget(): void {
    for (const { box } of this.#held) box?.release();
    this.#held = [];
    this.#heldBytes = 0;
  }
}
