/**
 * The buffers in which requests are written when they are made. Frames lie one behind the other, so that those of one
 * turn of the event loop leave in one write; a large one gets a buffer of its own, exactly as long as it is. Either way
 * the caller's bytes are copied once, at the call: afterwards the caller may change them.
 */
import { Buffer } from 'node:buffer';
import {
  FIELD_BYTES_BY_FLAGS,
  FrameWriter,
  HEADER_BYTES,
  KEY_BYTES_CEILING,
  LENGTH_BYTES,
  putRequest,
} from '../protocol/index.ts';
import { encodeKey, keyScratch } from './keys.ts';
import type { Request } from './request.ts';

/** Size of a batch's buffer, and so the most that leaves in one write, large frames apart. */
export const BATCH_BYTES = 64 * 1024;

/** Frames above this get a buffer of their own. */
const SHARED_FRAME_BYTES_MAX = 16 * 1024;

/** Up to this many UTF-16 units a string's bytes are estimated, as three each, and not counted. */
const ESTIMATED_UNITS_MAX = 1024;

export interface FrameRange {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** An upper bound for the size of a request's frame; close to it for all but short strings. */
export function frameBytesMax({ flags, givenKey, givenValue }: Request<unknown>): number {
  const headBytes = LENGTH_BYTES + HEADER_BYTES + FIELD_BYTES_BY_FLAGS[flags]!;
  return headBytes + Math.min(sizeBytesMax(givenKey), KEY_BYTES_CEILING) + sizeBytesMax(givenValue);
}

function sizeBytesMax(content: string | Uint8Array | undefined): number {
  if (typeof content !== 'string') return content?.length ?? 0;
  return content.length <= ESTIMATED_UNITS_MAX ? content.length * 3 : Buffer.byteLength(content);
}

export class Outbox {
  readonly #shared = new FrameWriter(BATCH_BYTES);

  /**
   * Writes a request's frame.
   *
   * @param boundBytes its `frameBytesMax`
   * @throws TypeError, RangeError if the key is no key
   */
  put(request: Request<unknown>, boundBytes: number): FrameRange {
    setKey(request);
    if (boundBytes > SHARED_FRAME_BYTES_MAX) return putFrame(new FrameWriter(boundBytes), request);
    if (this.#shared.length + boundBytes > BATCH_BYTES) this.#shared.detach();
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

function setKey(request: Request<unknown>): void {
  if (request.givenKey === undefined) return;
  request.keyBytes = keyScratch;
  request.keyEnd = encodeKey(request.givenKey);
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
    putText(writer, value);
    writer.finish();
  }
  return { bytes: writer.bytes, start, end: writer.length };
}

/** Unlike `FrameWriter.text` this does not reserve three bytes for each unit of a long text: its size is known. */
function putText(writer: FrameWriter, text: string): void {
  if (text.length <= ESTIMATED_UNITS_MAX) {
    writer.text(text);
    return;
  }
  const { buffer, byteOffset, byteLength } = writer.bytes;
  writer.length += Buffer.from(buffer, byteOffset, byteLength).write(text, writer.length);
}
