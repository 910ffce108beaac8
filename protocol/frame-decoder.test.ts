import * as fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { FrameDecoder } from './frame-decoder.ts';
import { LENGTH_BYTES } from './frame-fields.ts';
import { byteByByte, cutAt, cutOffsets, readStream } from './testing/fragments.ts';
import { cutPlain } from './testing/plain-codec.ts';
import { fromHex, streamVectors, toHex } from './testing/vectors.ts';

const KIB = 1024;

/** A frame: its length, and as many bytes as that says. */
function frameOf(rest: Uint8Array): Uint8Array {
  const frame = new Uint8Array(4 + rest.length);
  new DataView(frame.buffer).setUint32(0, rest.length);
  frame.set(rest, 4);
  return frame;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => Array.from(part)));
}

/** What the twin makes of a stream, in the words of `readStream`. */
function expected(stream: Uint8Array, frameBytesMax: number) {
  const { frames, ...end } = cutPlain(stream, frameBytesMax);
  return { ...end, frames: frames.map((frame) => toHex(frame)) };
}

describe.each(streamVectors)('stream: $name', ({ hex, frameBytesMax, frames, outcome, status = 0 }) => {
  const stream = fromHex(hex);
  const result = { frames: frames.map((frame) => frame.slice(8)), outcome, status };

  test('whole, and as the twin reads it', () => {
    expect(readStream([stream], frameBytesMax)).toEqual(result);
    expect(expected(stream, frameBytesMax)).toEqual(result);
  });

  test('byte by byte', () => {
    expect(readStream(byteByByte(stream), frameBytesMax)).toEqual(result);
  });

  test('in every two chunks', () => {
    for (const at of cutOffsets(stream.length)) {
      expect(readStream(cutAt(stream, [at]), frameBytesMax), `cut at ${at}`).toEqual(result);
    }
  });

  test('every truncation', () => {
    for (const at of cutOffsets(stream.length)) {
      const part = stream.subarray(0, at);
      expect(readStream([part], frameBytesMax), `cut off at ${at}`).toEqual(expected(part, frameBytesMax));
    }
  });
});

const bytes = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength });

describe('any fragmentation', () => {
  const frame = fc.oneof(
    { weight: 8, arbitrary: bytes(8, 60) },
    { weight: 3, arbitrary: bytes(0, 20).map((rest) => Uint8Array.of(0x7b, ...rest)) },
    { weight: 1, arbitrary: fc.integer({ min: 8, max: 40 * KIB }).map((size) => new Uint8Array(size).fill(size)) },
  );
  const ending = fc.oneof(fc.constant(new Uint8Array(0)), bytes(0, 12));
  const stream = fc
    .tuple(fc.array(frame, { maxLength: 8 }), ending)
    .map(([frames, end]) => concat([...frames.map(frameOf), end]));

  test('yields the same frames (TRANSPORT-2)', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 20 }), fc.integer({ min: 8, max: 60 * KIB }), (...drawn) => {
        const [whole, cuts, frameBytesMax] = drawn;
        const offsets = cuts.map((cut) => cut % (whole.length + 1)).toSorted((a, b) => a - b);
        expect(readStream(cutAt(whole, offsets), frameBytesMax)).toEqual(expected(whole, frameBytesMax));
      }),
      { numRuns: 150 },
    );
  });

  test('of bytes that are no frames yields what the twin says', () => {
    fc.assert(
      fc.property(bytes(0, 40), fc.array(fc.nat(40), { maxLength: 4 }), (noise, cuts) => {
        // Leading zeros make lengths small enough that some bytes are frames.
        const stream = Uint8Array.of(0, 0, 0, ...noise);
        const offsets = cuts.map((cut) => cut % (stream.length + 1)).toSorted((a, b) => a - b);
        expect(readStream(cutAt(stream, offsets), 64)).toEqual(expected(stream, 64));
      }),
      { numRuns: 2000 },
    );
  });
});

/** Counts what is allocated, and copied into it, while it stands in the place of Uint8Array. */
function meter() {
  const seen = { allocatedBytes: 0, largestBytes: 0, copiedBytes: 0 };
  class Metered extends Uint8Array {
    constructor(...args: [number] | [ArrayBuffer, number?, number?]) {
      super(...(args as [ArrayBuffer, number?, number?]));
      if (typeof args[0] !== 'number') return;
      seen.allocatedBytes += args[0];
      seen.largestBytes = Math.max(seen.largestBytes, args[0]);
    }
    override set(source: ArrayLike<number>, offset?: number): void {
      seen.copiedBytes += source.length;
      super.set(source, offset);
    }
  }
  return { seen, Metered };
}

describe('memory', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  const sizes = [17 * KIB, 65 * KIB, 100 * KIB, 257 * KIB, KIB * KIB, KIB * KIB + 1];
  const chunkSizes = [1000, 16 * KIB, 64 * KIB];

  test.each(sizes)('is bounded by what has arrived while a frame of %i bytes trickles in', (size) => {
    for (const chunkBytes of chunkSizes) {
      const { seen, Metered } = meter();
      const frame = frameOf(new Uint8Array(size));
      const decoder = new FrameDecoder(KIB * KIB + 1);
      vi.stubGlobal('Uint8Array', Metered);
      let arrivedBytes = 0;
      for (; arrivedBytes + chunkBytes < frame.length; arrivedBytes += chunkBytes) {
        decoder.push(frame.subarray(arrivedBytes, arrivedBytes + chunkBytes));
        expect(decoder.next()).toBe('more');
        expect(seen.largestBytes).toBeLessThanOrEqual(Math.max(16 * KIB, 4 * (arrivedBytes + chunkBytes)));
        expect(seen.largestBytes).toBeLessThanOrEqual(frame.length);
      }
      decoder.push(frame.subarray(arrivedBytes));
      expect(decoder.next()).toBe('frame');
      vi.unstubAllGlobals();
      expect(toHex(decoder.bytes, decoder.start, decoder.end)).toBe(toHex(frame, 4));
      // Each byte once, and growth moves a third of the frame and the first buffer at most.
      expect(seen.copiedBytes).toBeLessThanOrEqual((frame.length * 4) / 3 + 16 * KIB);
    }
  });

  test('is not taken for a length alone, whatever it declares (FRAME-4)', () => {
    const { seen, Metered } = meter();
    const decoder = new FrameDecoder(0x7fff_ffff);
    const beginning = Uint8Array.of(0x7f, 0xff, 0xff, 0xff, 2);
    vi.stubGlobal('Uint8Array', Metered);
    decoder.push(beginning);
    expect(decoder.next()).toBe('more');
    expect(seen.allocatedBytes).toBe(16 * KIB);
  });

  test('is not taken for a frame that lies whole in a chunk', () => {
    const { seen, Metered } = meter();
    const decoder = new FrameDecoder(KIB);
    const chunk = concat([frameOf(new Uint8Array(8)), frameOf(new Uint8Array(99))]);
    vi.stubGlobal('Uint8Array', Metered);
    decoder.push(chunk);
    expect([decoder.next(), decoder.start, decoder.end]).toEqual(['frame', 4, 12]);
    expect(decoder.bytes).toBe(chunk);
    expect([decoder.next(), decoder.start, decoder.end]).toEqual(['frame', 16, 115]);
    expect(decoder.bytes).toBe(chunk);
    expect(decoder.next()).toBe('more');
    expect(seen).toEqual({ allocatedBytes: 0, largestBytes: 0, copiedBytes: 0 });
  });

  test('of one buffer serves all small frames that come in pieces', () => {
    const { seen, Metered } = meter();
    const decoder = new FrameDecoder(KIB);
    const frame = frameOf(new Uint8Array(100));
    vi.stubGlobal('Uint8Array', Metered);
    for (let round = 0; round < 50; round++) {
      decoder.push(frame.subarray(0, 30));
      expect(decoder.next()).toBe('more');
      decoder.push(frame.subarray(30));
      expect(decoder.next()).toBe('frame');
      expect(decoder.next()).toBe('more');
    }
    expect(seen.allocatedBytes).toBe(16 * KIB);
  });

  test('of a large frame does not serve the small ones behind it', () => {
    const decoder = new FrameDecoder(KIB * KIB);
    for (const size of [100 * KIB, 100]) {
      const outcomes = cutAt(frameOf(new Uint8Array(size)), [50]).map((chunk) => {
        decoder.push(chunk);
        return decoder.next();
      });
      expect(outcomes).toEqual(['more', 'frame']);
      expect(decoder.end - decoder.start).toBe(size);
    }
    expect(decoder.bytes).toHaveLength(16 * KIB);
  });

  test('of a frame is let go with the next call', () => {
    const decoder = new FrameDecoder(KIB * KIB);
    const frame = frameOf(new Uint8Array(100 * KIB));
    for (const chunks of [[frame], cutAt(frame, [50 * KIB])]) {
      const outcomes = chunks.flatMap((chunk) => {
        decoder.push(chunk);
        return [decoder.next(), decoder.next()];
      });
      expect(outcomes.slice(-2)).toEqual(['frame', 'more']);
      expect(decoder.bytes).toHaveLength(0);
    }
  });
});

describe('a decoder', () => {
  const frame = frameOf(Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 1));

  test.each([
    ['length 0', Uint8Array.of(0, 0, 0, 0), 400],
    ['a length above max-frame', Uint8Array.of(0, 1, 0, 0), 413],
  ])('has failed for good after %s', (_what, error, status) => {
    for (const chunks of [[concat([error, frame])], [error.subarray(0, 2), concat([error.subarray(2), frame])]]) {
      const decoder = new FrameDecoder(KIB);
      for (const chunk of chunks) {
        decoder.push(chunk);
        decoder.next();
      }
      for (let again = 0; again < 3; again++) {
        expect(decoder.next()).toBe('invalid');
        expect(decoder.invalidStatus).toBe(status);
        expect([decoder.isMidFrame, decoder.hasUnread]).toEqual([false, false]);
        // What still arrives before the connection is closed is thrown away.
        decoder.push(frame);
      }
    }
  });

  test('takes a new limit between frames', () => {
    const decoder = new FrameDecoder(8);
    const large = frameOf(new Uint8Array(100));
    decoder.push(concat([frame, large]));
    expect(decoder.next()).toBe('frame');
    decoder.frameBytesMax = 100;
    expect(decoder.next()).toBe('frame');
    expect(decoder.end - decoder.start).toBe(100);
    expect(decoder.next()).toBe('more');
    decoder.frameBytesMax = 99;
    decoder.push(large.subarray(0, 4));
    expect(decoder.next()).toBe('invalid');
    expect(decoder.invalidStatus).toBe(413);
  });

  test('applies a lower limit to a frame that has begun', () => {
    const decoder = new FrameDecoder(100);
    decoder.push(frameOf(new Uint8Array(100)).subarray(0, 50));
    expect(decoder.next()).toBe('more');
    decoder.frameBytesMax = 99;
    decoder.push(new Uint8Array(1));
    expect(decoder.next()).toBe('invalid');
  });

  test('tells whether a frame has begun, and whether bytes wait', () => {
    const decoder = new FrameDecoder(KIB);
    const state = () => [decoder.isMidFrame, decoder.hasUnread];
    expect(decoder.next()).toBe('more');
    expect(state()).toEqual([false, false]);
    decoder.push(concat([frame, frame, frame.subarray(0, 1)]));
    expect(state()).toEqual([false, true]);
    expect(decoder.next()).toBe('frame');
    expect(state()).toEqual([false, true]);
    expect(decoder.next()).toBe('frame');
    expect(state()).toEqual([false, true]);
    expect(decoder.next()).toBe('more');
    expect(state()).toEqual([true, false]);
    decoder.push(frame.subarray(1));
    expect(state()).toEqual([true, true]);
    expect(decoder.next()).toBe('frame');
    expect(state()).toEqual([false, false]);
    expect(decoder.next()).toBe('more');
  });

  test('takes an empty chunk', () => {
    const decoder = new FrameDecoder(KIB);
    for (const part of [frame.subarray(0, 5), frame.subarray(0, 0), frame.subarray(5)]) {
      expect(decoder.next()).toBe('more');
      decoder.push(part);
    }
    expect(decoder.next()).toBe('frame');
  });

  test('takes a part of a chunk', () => {
    const decoder = new FrameDecoder(KIB);
    const chunk = concat([Uint8Array.of(0xee, 0xee), frame, Uint8Array.of(0xee)]);
    decoder.push(chunk, 2, chunk.length - 1);
    expect(decoder.next()).toBe('frame');
    expect([decoder.start, decoder.end]).toEqual([2 + LENGTH_BYTES, chunk.length - 1]);
    expect(decoder.next()).toBe('more');
  });

  test('puts a chunk that comes before the last is used up behind that, and keeps neither from being reused', () => {
    const decoder = new FrameDecoder(KIB);
    const frames = [1, 2, 3, 4].map((byte) => frameOf(new Uint8Array(20).fill(byte)));
    const [first, second] = [concat(frames.slice(0, 2)), concat([Uint8Array.of(0xee), ...frames.slice(2)])];
    const read: string[] = [];
    const next = (): string => {
      const outcome = decoder.next();
      if (outcome === 'frame') read.push(toHex(decoder.bytes, decoder.start - LENGTH_BYTES, decoder.end));
      return outcome;
    };
    decoder.push(first);
    expect(next()).toBe('frame');
    decoder.push(second, 1);
    first.fill(0xee);
    second.fill(0xee);
    while (next() === 'frame');
    expect(read).toEqual(frames.map((each) => toHex(each, 0, each.length)));
    expect(decoder.hasUnread).toBe(false);
  });

  test('keeps what is unread when the chunk is to be reused, and of a frame that has begun both parts', () => {
    const decoder = new FrameDecoder(KIB);
    const read = () => toHex(decoder.bytes, decoder.start, decoder.end);
    const frames = [1, 2, 3].map((byte) => frameOf(new Uint8Array(20).fill(byte)));
    const chunk = concat([...frames, Uint8Array.of(0, 0)]);
    const end = chunk.length - 10;
    decoder.push(chunk, 0, end);
    expect(decoder.next()).toBe('frame');
    for (let round = 0; round < 2; round++) decoder.keepUnread();
    chunk.fill(0xee);
    expect([decoder.next(), read()]).toEqual(['frame', toHex(frames[1]!, 4)]);
    decoder.keepUnread();
    expect([decoder.next(), decoder.hasUnread, decoder.isMidFrame]).toEqual(['more', false, true]);
    decoder.keepUnread();
    decoder.push(frames[2]!.subarray(-8));
    expect([decoder.next(), read()]).toEqual(['frame', toHex(frames[2]!, 4)]);
    expect(decoder.next()).toBe('more');
  });
});
