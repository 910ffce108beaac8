import { isUtf8 } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import { ENTRY_HEADER_BYTES, putTextEntry, readEntries } from './entries.ts';
import { FrameWriter } from './frame-writer.ts';
import { cutOffsets } from './testing/fragments.ts';
import { cutEntriesVectors, entriesVectors, fromHex, toHex } from './testing/vectors.ts';

/** Reads until the end or an error, from the middle of other bytes. */
function read(data: Uint8Array): { entries: { key: string; value: string }[]; error: unknown } {
  const bytes = new Uint8Array(data.length + 20);
  bytes.set(data, 10);
  const entries: { key: string; value: string }[] = [];
  try {
    for (const { keyStart, keyEnd, valueStart, valueEnd } of readEntries(bytes, 10, 10 + data.length)) {
      entries.push({ key: toHex(bytes, keyStart, keyEnd), value: toHex(bytes, valueStart, valueEnd) });
    }
  } catch (error) {
    return { entries, error };
  }
  return { entries, error: undefined };
}

const text = (hex: string): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(fromHex(hex));

describe.each(entriesVectors)('entries: $name', ({ hex, entries }) => {
  const bytes = fromHex(hex);

  test('parse', () => {
    expect(read(bytes)).toEqual({ entries, error: undefined });
    expect([...readEntries(bytes)]).toHaveLength(entries.length);
  });

  test('every truncation ends between two entries, or in an error', () => {
    const ends = [0];
    for (const { key, value } of entries) {
      ends.push(ends.at(-1)! + ENTRY_HEADER_BYTES + (key.length + value.length) / 2);
    }
    for (const at of cutOffsets(bytes.length)) {
      const { entries: found, error } = read(bytes.subarray(0, at));
      expect(found).toEqual(entries.slice(0, ends.filter((end) => end <= at).length - 1));
      expect(error instanceof RangeError, `cut off at ${at}`).toBe(!ends.includes(at));
    }
  });
});

const textVectors = entriesVectors.filter(({ entries }) =>
  entries.every(({ key, value }) => isUtf8(fromHex(key)) && isUtf8(fromHex(value))),
);

describe.each(textVectors)('text entries: $name', ({ hex, entries }) => {
  test('generate, whatever stands before and however the buffer grows', () => {
    for (const firstBytes of [1, 4096]) {
      const writer = new FrameWriter(firstBytes);
      writer.u16(0xabcd);
      for (const { key, value } of entries) putTextEntry(writer, text(key), text(value));
      expect(toHex(writer.bytes, 0, writer.length)).toBe(`abcd${hex}`);
    }
  });
});

describe('what is cut off', () => {
  test.each(cutEntriesVectors)('$name', ({ hex }) => {
    expect(read(fromHex(hex)).error).toBeInstanceOf(RangeError);
    expect(() => [...readEntries(fromHex(hex))]).toThrow(/offset \d+ is cut off/);
  });

  test('is named by its offset from the first entry', () => {
    const bytes = fromHex('ffff0001000000026b7676000100000003');
    expect(() => [...readEntries(bytes, 2)]).toThrow('entry at offset 9 is cut off');
    expect(() => [...readEntries(bytes, 2, 16)]).toThrow('entry header at offset 9 is cut off');
  });
});
