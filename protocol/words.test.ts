import { describe, expect, test } from 'vitest';
import { FrameWriter } from './frame-writer.ts';
import { WORD_COPY_BYTES_MAX, copyBytes, copyWords, makeView, viewOf } from './words.ts';

const counting = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => at + 1);

describe('copying by words', () => {
  test('copies so many bytes and no others, as `set` does, whatever the length and the places', () => {
    for (let sizeBytes = 0; sizeBytes <= WORD_COPY_BYTES_MAX + 1; sizeBytes++) {
      for (const [at, start] of [
        [0, 0],
        [1, 2],
        [3, 1],
        [2, 3],
      ] as const) {
        const source = counting(start + sizeBytes + 2);
        const target = Buffer.alloc(at + sizeBytes + 2, 0xee);
        const expected = Buffer.from(target);
        expected.set(source.subarray(start, start + sizeBytes), at);
        const [byWords, either] = [Buffer.from(target), Buffer.from(target)];
        copyWords(makeView(byWords), at, makeView(source), start, start + sizeBytes);
        copyBytes(either, makeView(either), at, source, makeView(source), start, start + sizeBytes);
        expect([byWords, either]).toEqual([expected, expected]);
      }
    }
  });

  test('a writer writes the same with a view of the source and without', () => {
    for (let sizeBytes = 0; sizeBytes <= WORD_COPY_BYTES_MAX + 2; sizeBytes++) {
      const source = counting(sizeBytes + 5);
      const [plain, viewed] = [new FrameWriter(4), new FrameWriter(4)];
      plain.put(source, 3, 3 + sizeBytes);
      viewed.put(source, 3, 3 + sizeBytes, makeView(source));
      expect(viewed.bytes.subarray(0, viewed.length)).toEqual(plain.bytes.subarray(0, plain.length));
    }
  });
});

describe('views', () => {
  test('show the memory of the array that was asked for, from its first byte to its last', () => {
    const whole = counting(100);
    const parts = [whole, whole.subarray(7, 19), counting(3), Buffer.from('pooled')];
    for (const bytes of [...parts, ...parts.toReversed(), ...parts]) {
      const view = viewOf(bytes);
      expect([view.buffer, view.byteOffset, view.byteLength]).toEqual([bytes.buffer, bytes.byteOffset, bytes.length]);
    }
  });

  test('the last one is kept, unless it would hold on to much memory', () => {
    const short = counting(10);
    expect(viewOf(short)).toBe(viewOf(short));
    const long = new Uint8Array(8 * 1024 * 1024);
    expect(viewOf(long)).not.toBe(viewOf(long));
    expect(viewOf(short)).toBe(viewOf(short));
  });
});
