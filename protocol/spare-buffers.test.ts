import { expect, test } from 'vitest';
import { FrameDecoder } from './frame-decoder.ts';
import { HEADER_BYTES } from './frame-fields.ts';
import { FrameWriter } from './frame-writer.ts';
import { SpareBuffers } from './spare-buffers.ts';

const KIB = 1024;
const MIB = KIB * KIB;

test('what is given back is given out again where it is long enough, and less than twice too long', () => {
  const spares = new SpareBuffers(MIB);
  const buffer = spares.take(100_000);
  expect(buffer.length).toBe(128 * KIB);
  spares.giveBack(buffer);
  expect(spares.keptBytes).toBe(128 * KIB);
  expect(spares.take(129 * KIB)).not.toBe(buffer);
  expect(spares.take(64 * KIB)).not.toBe(buffer);
  expect(spares.take(65 * KIB)).toBe(buffer);
  expect(spares.keptBytes).toBe(0);
});

test('no more is kept than may be, and nothing that was made elsewhere', () => {
  const spares = new SpareBuffers(64 * KIB);
  spares.giveBack(new Uint8Array(100_000));
  spares.giveBack(new Uint8Array(0));
  expect(spares.keptBytes).toBe(0);
  for (const buffer of [40 * KIB, 16 * KIB, 1].map((sizeBytes) => spares.take(sizeBytes))) spares.giveBack(buffer);
  expect(spares.keptBytes).toBe(64 * KIB);
});

test('a writer and a decoder of long frames use the same few buffers again, and spoil nothing', () => {
  const spares = new SpareBuffers(4 * MIB);
  const writer = new FrameWriter(16 * KIB, spares);
  const decoder = new FrameDecoder(MIB, spares);
  const seen = new Set<ArrayBufferLike>();
  for (let round = 0; round < 50; round++) {
    const value = new Uint8Array(300_000 + 1000 * round).fill(round);
    writer.begin(1, 0, 0, round);
    writer.put(value);
    writer.finish();
    seen.add(writer.bytes.buffer);
    for (let at = 0; at < writer.length; at += 50_000) {
      decoder.push(writer.bytes.slice(at, Math.min(at + 50_000, writer.length)));
      while (decoder.next() === 'frame') {
        seen.add(decoder.bytes.buffer);
        const body = decoder.bytes.subarray(decoder.start + HEADER_BYTES, decoder.end);
        expect(Buffer.compare(body, value)).toBe(0);
      }
    }
    const { bytes } = writer;
    writer.detach();
    spares.giveBack(bytes);
  }
  expect(seen.size).toBeLessThanOrEqual(4);
});
