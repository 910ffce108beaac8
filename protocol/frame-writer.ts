/**
 * Writes frames, one behind the other, into one growing buffer: reserve, fill, patch the length back in. A server puts
 * all replies to what one read brought into it and hands them to the transport together (TRANSPORT-6).
 */
import { HEADER_BYTES, LENGTH_BYTES } from './frame-fields.ts';
import type { SpareBuffers } from './spare-buffers.ts';
import { copyBytes, makeView } from './words.ts';

/** Below this many bytes a loop is faster than a call of `set`, which has to make a view first. */
const LOOP_COPY_BYTES_MAX = 32;
const U32_RANGE = 0x1_0000_0000;
const encoder = new TextEncoder();

export class FrameWriter {
  /** What was written lies in `bytes[0]` up to `bytes[length - 1]`. Growth replaces the buffer. */
  bytes: Uint8Array;
  /** The same memory. */
  view: DataView;
  length = 0;
  #frameAt = 0;
  readonly #firstBytes: number;
  readonly #spares: SpareBuffers | undefined;

  /**
   * @param firstBytes size of the buffer at the beginning and after `detach`
   * @param spares where buffers come from, and go to when they are grown out of; a detached one is the transport's
   */
  constructor(firstBytes = 16 * 1024, spares?: SpareBuffers) {
    this.#firstBytes = firstBytes;
    this.#spares = spares;
    this.bytes = this.#makeBuffer(firstBytes);
    this.view = makeView(this.bytes);
  }

  /**
   * Begins a frame and writes its header; the length is put in by `finish`.
   *
   * @param opcode as on the wire, in a reply with the high bit
   * @param keyBytesOrStatus a request's key length in bytes, a reply's status
   */
  begin(opcode: number, flags: number, keyBytesOrStatus: number, id: number): void {
    this.reserve(LENGTH_BYTES + HEADER_BYTES);
    this.#frameAt = this.length;
    const at = this.length + LENGTH_BYTES;
    this.view.setInt32(at, (opcode << 24) | (flags << 16) | (keyBytesOrStatus & 0xffff));
    this.view.setInt32(at + 4, id);
    this.length = at + HEADER_BYTES;
  }

  /** Begins a frame without a header, such as a JSON envelope (FRAME-2). */
  beginBare(): void {
    this.#frameAt = this.length;
    this.u32(0);
  }

  /** Ends the frame that was begun last: patches its length in (FRAME-1). */
  finish(): void {
    this.patchU32(this.#frameAt, this.frameBytes);
  }

  /** Forgets the frame that was begun last, as if it had not been. */
  abandon(): void {
    this.length = this.#frameAt;
  }

  /** How many bytes the frame that was begun last has by now, without its length. */
  get frameBytes(): number {
    return this.length - this.#frameAt - LENGTH_BYTES;
  }

  u16(value: number): void {
    this.reserve(2);
    this.view.setInt16(this.length, value);
    this.length += 2;
  }

  u32(value: number): void {
    this.reserve(4);
    this.patchU32(this.length, value);
    this.length += 4;
  }

  /** @param value an integer between 0 and 2^53 − 1 */
  u64(value: number): void {
    this.u32(Math.floor(value / U32_RANGE));
    this.u32(value >>> 0);
  }

  /** @param value an integer between −2^63 and 2^63 − 1 */
  i64(value: bigint): void {
    this.u32(Number(BigInt.asIntN(32, value >> 32n)));
    this.u32(Number(BigInt.asUintN(32, value)));
  }

  /**
   * Copies `source[start]` up to `source[end - 1]`.
   *
   * @param sourceView the source's memory, if there is a view of it at hand
   */
  put(source: Uint8Array, start = 0, end: number = source.length, sourceView?: DataView): void {
    const sizeBytes = end - start;
    this.reserve(sizeBytes);
    if (sourceView !== undefined) {
      copyBytes(this.bytes, this.view, this.length, source, sourceView, start, end);
    } else if (sizeBytes > LOOP_COPY_BYTES_MAX) {
      this.bytes.set(source.subarray(start, end), this.length);
    } else {
      for (let from = start, to = this.length; from < end;) this.bytes[to++] = source[from++]!;
    }
    this.length += sizeBytes;
  }

  /** Writes a string as UTF-8; a lone surrogate, which has no such form, becomes U+FFFD. */
  text(value: string): void {
    const { read, written } = encoder.encodeInto(value, this.bytes.subarray(this.length));
    this.length += written;
    // Only now is it known that room was wanting. What is left is encoded apart, and takes no more than it needs.
    if (read < value.length) this.put(encoder.encode(value.slice(read)));
  }

  /** Overwrites four bytes that were written before, at offset `at`. */
  patchU32(at: number, value: number): void {
    this.view.setInt32(at, value);
  }

  /** Overwrites eight bytes that were written before, at offset `at`; `value` as for `i64`. */
  patchI64(at: number, value: bigint): void {
    this.patchU32(at, Number(BigInt.asIntN(32, value >> 32n)));
    this.patchU32(at + 4, Number(BigInt.asUintN(32, value)));
  }

  /** Sees to it that `sizeBytes` more fit in the buffer. */
  reserve(sizeBytes: number): void {
    const neededBytes = this.length + sizeBytes;
    if (neededBytes <= this.bytes.length) return;
    const grown = this.#makeBuffer(Math.max(neededBytes, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.#spares?.giveBack(this.bytes);
    this.bytes = grown;
    this.view = makeView(grown);
  }

  /** Forgets what was written and goes on in the same buffer: when the transport is done with it. */
  clear(): void {
    this.length = 0;
  }

  /** Forgets what was written and goes on in a new buffer: when the transport still holds the old one. */
  detach(): void {
    this.length = 0;
    this.bytes = this.#makeBuffer(this.#firstBytes);
    this.view = makeView(this.bytes);
  }

  #makeBuffer(sizeBytes: number): Uint8Array {
    return this.#spares?.take(sizeBytes) ?? new Uint8Array(sizeBytes);
  }
}
