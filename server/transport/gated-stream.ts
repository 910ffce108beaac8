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
    const isCopied = end <= COPY_BYTES_MAX;
    const { isDemanded = false, isChange = false } = reason ?? {};
    const held: Held = {
      bytes: isCopied ? copyOf(bytes, end) : bytes,
      end,
      isDemanded,
      isChange,
      isSafe: reason === undefined,
      settle: this.#onSettled,
    };
    this.#held.push(held);
    this.#heldBytes += end;
    if (reason !== undefined) this.#turn.hold(held);
    return isCopied;
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
      const { bytes, end } = this.#held.shift()!;
      this.#heldBytes -= end;
      isFree = this.#send(bytes, end);
    }
    if (this.#held.length > 0) return;
    if (this.#isEnding) this.#inner.end();
    else if (isFree && this.#inner.unsentBytes === 0) this.#reader?.drained();
  }

  /**
   * Sends what was copied from the buffer that all replies are written to: the stream below keeps views of that one,
   * and making one anew takes longer than the copy.
   */
  #send(bytes: Uint8Array, end: number): boolean {
    if (end > COPY_BYTES_MAX) {
      const isFree = this.#inner.write(bytes, end);
      if (isFree) this.#reader?.released(bytes);
      return isFree;
    }
    const writer = this.#writer;
    writer.put(bytes, 0, end);
    const isFree = this.#inner.write(writer.bytes, end);
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
    this.#held = [];
    this.#heldBytes = 0;
  }
}

function copyOf(bytes: Uint8Array, end: number): Uint8Array {
  const copied = Buffer.allocUnsafe(end);
  copied.set(end === bytes.length ? bytes : bytes.subarray(0, end));
  return copied;
}
