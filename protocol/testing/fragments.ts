/** Ways to bring one stream to a decoder (TRANSPORT-2). */
import { FrameDecoder } from '../frame-decoder.ts';
import { toHex } from './vectors.ts';

/** What a decoder made of a stream: `cutPlain` says the same with bytes. */
export interface ReadStream {
  readonly frames: string[];
  readonly outcome: 'end' | 'unfinished' | 'invalid';
  readonly status: number;
}

/**
 * Pushes chunks into a decoder of its own. All of them come at the beginning of the same buffer, which is overwritten
 * as soon as the decoder wants more: whatever it has kept by reference is spoilt.
 */
export function readStream(chunks: readonly Uint8Array[], frameBytesMax: number): ReadStream {
  const decoder = new FrameDecoder(frameBytesMax);
  const shared = new Uint8Array(chunks.reduce((most, { length }) => Math.max(most, length), 0));
  const frames: string[] = [];
  for (const chunk of chunks) {
    shared.set(chunk);
    decoder.push(shared, 0, chunk.length);
    let outcome = decoder.next();
    for (; outcome === 'frame'; outcome = decoder.next()) {
      frames.push(toHex(decoder.bytes, decoder.start, decoder.end));
    }
    if (outcome === 'invalid') return { frames, outcome, status: decoder.invalidStatus };
    shared.fill(0xee);
  }
  return { frames, outcome: decoder.isMidFrame ? 'unfinished' : 'end', status: decoder.invalidStatus };
}

/** Cuts bytes at the given offsets, which ascend. */
export function cutAt(bytes: Uint8Array, offsets: readonly number[]): Uint8Array[] {
  const ends = [...offsets, bytes.length];
  return ends.map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
}

/** Every byte in a chunk of its own. */
export function byteByByte(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
}

const EVERY_OFFSET_BYTES = 1024;
const STRIDE_BYTES = 4099;

/** Every offset in a frame, of a long one those near its ends and some between. */
export function cutOffsets(totalBytes: number): number[] {
  const all = Array.from({ length: totalBytes + 1 }, (_, at) => at);
  const isNearEnd = (at: number): boolean => at < EVERY_OFFSET_BYTES / 8 || at > totalBytes - EVERY_OFFSET_BYTES / 8;
  return totalBytes <= EVERY_OFFSET_BYTES ? all : all.filter((at) => isNearEnd(at) || at % STRIDE_BYTES === 0);
}
