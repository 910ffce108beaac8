/**
 * Cuts a byte stream into frames, however it is fragmented (TRANSPORT-2). A push parser:
 *
 *     decoder.push(chunk);
 *     while (decoder.next() === 'frame') use(decoder.bytes, decoder.start, decoder.end);
 *
 * Its cursors keep one invariant: consumed ≤ parsed ≤ received. A frame that lies whole in a chunk is handed out in
 * place. Of a frame that does not, the part that has come is copied to a buffer of the decoder's own, and the rest is
 * appended to it as it comes. That buffer grows in steps that end at the frame's own size, each a quarter of the next:
 * all growth together moves at most a third of the frame. What is allocated at a time is bounded by four times what has
 * arrived of the frame, whatever length it declares (FRAME-4), the first 16 KiB apart.
 */
import { HEADER_BYTES, JSON_FIRST_BYTE, LENGTH_BYTES, readU32 } from './frame-fields.ts';
import { FRAME_BYTES_CEILING } from './limits.ts';
import type { SpareBuffers } from './spare-buffers.ts';
import { STATUS } from './statuses.ts';

/** `frame`: one is ready. `more`: all that was pushed is used up. `invalid`: a framing error, and the end. */
export type DecoderOutcome = 'frame' | 'more' | 'invalid';

const HELD_BYTES_FIRST = 16 * 1024;
const HELD_GROWTH = 4;
const NO_BYTES = new Uint8Array(0);

export class FrameDecoder {
  /**
   * Longest frame that is accepted, in bytes without its length. It may be changed between frames: a server raises it
   * once a connection has authenticated.
   */
  frameBytesMax: number;
  /** Where the frame that `next` announced lies: `bytes[start]` up to `bytes[end - 1]`, without its length. */
  bytes: Uint8Array = NO_BYTES;
  start = 0;
  end = 0;
  /** After `invalid`: 400 or 413, the status that a framing error is answered with (FRAME-3, FRAME-4). */
  invalidStatus = 0;

  #chunk: Uint8Array = NO_BYTES;
  #at = 0;
  #chunkEnd = 0;
  /** The beginning of a frame of which not all has come yet, with its length field. */
  #held: Uint8Array = NO_BYTES;
  #heldBytes = 0;
  /** A long frame's buffer, while the frame is handed out. */
  #lent: Uint8Array = NO_BYTES;
  readonly #spares: SpareBuffers | undefined;

  /**
   * @param frameBytesMax longest frame that is accepted, in bytes without its length
   * @param spares where the buffers of long frames come from and go to
   */
  constructor(frameBytesMax: number, spares?: SpareBuffers) {
    this.frameBytesMax = frameBytesMax;
    this.#spares = spares;
  }

  /** Whether a frame has begun of which not all has come: what a deadline on unfinished frames watches. */
  get isMidFrame(): boolean {
    return this.#heldBytes > 0;
  }

  /** Whether pushed bytes wait for `next`: true while a consumer has paused between two frames. */
  get hasUnread(): boolean {
    return this.#at < this.#chunkEnd;
  }

  /**
   * Takes the next bytes of the stream: `chunk[start]` up to `chunk[end - 1]`. The chunk is borrowed until `next`
   * returns `more` or `keepUnread` is called, and may be reused then. If the one before is not used up, both are
   * copied. After `invalid` chunks are thrown away.
   */
  push(chunk: Uint8Array, start = 0, end: number = chunk.length): void {
    if (this.invalidStatus !== 0) return;
    if (this.hasUnread) return this.#pushBehind(chunk.subarray(start, end));
    this.#chunk = chunk;
    this.#at = start;
    this.#chunkEnd = end;
  }

  #pushBehind(bytes: Uint8Array): void {
    const unread = this.#chunk.subarray(this.#at, this.#chunkEnd);
    this.#chunk = new Uint8Array(unread.length + bytes.length);
    this.#chunk.set(unread);
    this.#chunk.set(bytes, unread.length);
    this.#at = 0;
    this.#chunkEnd = this.#chunk.length;
  }

  /** Copies what `next` has not come to yet, for a consumer that pauses and whose chunk is reused meanwhile. */
  keepUnread(): void {
    if (!this.hasUnread) return;
    this.#chunk = this.#chunk.slice(this.#at, this.#chunkEnd);
    this.#at = 0;
    this.#chunkEnd = this.#chunk.length;
  }

  /** Looks for the next frame; `bytes`, `start` and `end` hold until the next call. */
  next(): DecoderOutcome {
    if (this.invalidStatus !== 0) return 'invalid';
    if (this.#lent !== NO_BYTES) this.#takeBack();
    return this.#heldBytes > 0 ? this.#nextHeld() : this.#nextInPlace();
  }

  #nextInPlace(): DecoderOutcome {
    const chunk = this.#chunk;
    const at = this.#at;
    const left = this.#chunkEnd - at;
    if (left < LENGTH_BYTES) return this.#holdRest(LENGTH_BYTES);
    const frameBytes = readU32(chunk, at);
    if (!this.#acceptsLength(frameBytes)) return 'invalid';
    const start = at + LENGTH_BYTES;
    if (frameBytes < HEADER_BYTES && left > LENGTH_BYTES && !this.#acceptsShort(chunk[start]!)) return 'invalid';
    if (left < LENGTH_BYTES + frameBytes) return this.#holdRest(LENGTH_BYTES + frameBytes);
    this.#at = start + frameBytes;
    return this.#hand(chunk, start, this.#at);
  }

  #nextHeld(): DecoderOutcome {
    if (this.#heldBytes < LENGTH_BYTES && !this.#hold(LENGTH_BYTES)) return this.#useUp();
    const frameBytes = readU32(this.#held, 0);
    if (!this.#acceptsLength(frameBytes)) return 'invalid';
    if (frameBytes < HEADER_BYTES) {
      if (!this.#hold(LENGTH_BYTES + 1)) return this.#useUp();
      if (!this.#acceptsShort(this.#held[LENGTH_BYTES]!)) return 'invalid';
    }
    if (!this.#hold(LENGTH_BYTES + frameBytes)) return this.#useUp();
    this.#heldBytes = 0;
    const held = this.#held;
    // A buffer that one large frame has made grow is not kept for the small ones behind it.
    if (held.length > HELD_BYTES_FIRST) {
      this.#held = NO_BYTES;
      this.#lent = held;
    }
    return this.#hand(held, LENGTH_BYTES, LENGTH_BYTES + frameBytes);
  }

  #hand(bytes: Uint8Array, start: number, end: number): DecoderOutcome {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    return 'frame';
  }

  #takeBack(): void {
    this.#spares?.giveBack(this.#lent);
    this.#lent = NO_BYTES;
  }

  #acceptsLength(frameBytes: number): boolean {
    if (frameBytes === 0 || frameBytes > FRAME_BYTES_CEILING) return this.#fail(STATUS.BAD_REQUEST); // FRAME-3
    if (frameBytes > this.frameBytesMax) return this.#fail(STATUS.TOO_LARGE); // FRAME-4
    return true;
  }

  /** FRAME-2, FRAME-3: a frame shorter than a header is an envelope or an error. */
  #acceptsShort(firstByte: number): boolean {
    return firstByte === JSON_FIRST_BYTE || this.#fail(STATUS.BAD_REQUEST);
  }

  #fail(status: number): false {
    this.invalidStatus = status;
    this.#held = this.#chunk = this.bytes = NO_BYTES;
    this.#heldBytes = this.#at = this.#chunkEnd = 0;
    return false;
  }

  /** Keeps the beginning of an unfinished frame, so that the chunk may be reused. */
  #holdRest(wantedBytes: number): DecoderOutcome {
    this.#hold(wantedBytes);
    return this.#useUp();
  }

  /** Moves bytes from the chunk until `wantedBytes` are held, or the chunk is used up; tells whether they are. */
  #hold(wantedBytes: number): boolean {
    const takenBytes = Math.min(wantedBytes - this.#heldBytes, this.#chunkEnd - this.#at);
    if (takenBytes > 0) {
      this.#growHeld(this.#heldBytes + takenBytes, wantedBytes);
      this.#held.set(this.#chunk.subarray(this.#at, this.#at + takenBytes), this.#heldBytes);
      this.#heldBytes += takenBytes;
      this.#at += takenBytes;
    }
    return this.#heldBytes >= wantedBytes;
  }

  #growHeld(neededBytes: number, wantedBytes: number): void {
    if (neededBytes <= this.#held.length) return;
    // A spare buffer may be twice as long as was asked for.
    const growth = this.#spares === undefined ? HELD_GROWTH : HELD_GROWTH / 2;
    const sizeBytesMax = Math.max(HELD_BYTES_FIRST, neededBytes * growth);
    let sizeBytes = Math.max(HELD_BYTES_FIRST, wantedBytes);
    while (sizeBytes > sizeBytesMax) sizeBytes = Math.ceil(sizeBytes / growth);
    sizeBytes = Math.max(HELD_BYTES_FIRST, sizeBytes);
    const held = this.#spares?.take(sizeBytes) ?? new Uint8Array(sizeBytes);
    held.set(this.#held.subarray(0, this.#heldBytes));
    this.#spares?.giveBack(this.#held);
    this.#held = held;
  }

  /** Lets the chunk go, and the last frame's buffer with it: an idle connection keeps neither. */
  #useUp(): DecoderOutcome {
    this.#chunk = this.bytes = NO_BYTES;
    this.#at = this.#chunkEnd = this.start = this.end = 0;
    return 'more';
  }
}
