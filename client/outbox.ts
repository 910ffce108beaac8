/**
 * The buffers in which requests are written when they are made. Frames lie one behind the other, so that those of one
 * turn of the event loop leave in one write; a large one gets a buffer of its own, exactly as long as it is. Either way
 * the caller's bytes are copied once, at the call: afterwards the caller may change them.
 */
import { Buffer } from 'node:buffer';
import { FIELD_BYTES_BY_FLAGS, FrameWriter, HEADER_BYTES, LENGTH_BYTES, putRequest } from '../protocol/index.ts';
import { encodeKey, keyScratch } from './keys.ts';
import type { Request } from './request.ts';

/** Size of a batch's buffer, and so the most that leaves in one write, large frames apart. */
export const BATCH_BYTES = 64 * 1024;

/** Frames above this get a buffer of their own. */
const SHARED_FRAME_BYTES_MAX = 16 * 1024;

export interface FrameRange {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/**
 * Puts a request's key into its bytes and tells how long its frame will be. What is measured must be put at once, as
 * the bytes of all keys share one place.
 *
 * @throws TypeError, RangeError if the key is no key
 */
export function measure(request: Request<unknown>): number {
  const { flags, givenKey, givenValue } = request;
  if (givenKey !== undefined) {
    request.keyBytes = keyScratch;
    request.keyEnd = encodeKey(givenKey);
  }
  const valueBytes = typeof givenValue === 'string' ? Buffer.byteLength(givenValue) : (givenValue?.length ?? 0);
  return LENGTH_BYTES + HEADER_BYTES + FIELD_BYTES_BY_FLAGS[flags]! + request.keyEnd + valueBytes;
}

export class Outbox {
  readonly #shared = new FrameWriter(BATCH_BYTES);

  /**
   * Writes a request's frame.
   *
   * @param frameBytes what `measure` has told
   */
  put(request: Request<unknown>, frameBytes: number): FrameRange {
    if (frameBytes > SHARED_FRAME_BYTES_MAX) return putFrame(new FrameWriter(frameBytes), request);
    if (this.#shared.length + frameBytes > BATCH_BYTES) this.#shared.detach();
    return putFrame(this.#shared, request);
  }

  /**
   * Goes on at the beginning of a buffer, to be called when no frame waits any more.
   *
   * @param isFree whether the socket is done with what was written
   */
  recycle(isFree: boolean): void {
    if (isFree) this.#shared.clear();
    else this.#shared.detach();
  }
}

function putFrame(writer: FrameWriter, request: Request<unknown>): FrameRange {
  const start = writer.length;
  const value = request.givenValue;
  if (value instanceof Uint8Array) {
    request.valueBytes = value;
    request.valueEnd = value.length;
  }
  putRequest(writer, request);
  if (typeof value === 'string') {
    writer.text(value);
    writer.finish();
  }
  return { bytes: writer.bytes, start, end: writer.length };
}
