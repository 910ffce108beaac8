/** Which items are collected into one record, and when it is written. */
import { expect, test } from 'vitest';
import { FrameWriter, LENGTH_BYTES, OPCODE, RequestFrame, putRequest } from '../../protocol/index.ts';
import { FramePuts } from './frame-puts.ts';
import { RecordReader } from './records.ts';

const VALUE_BYTES = 10;
const FRAME_BYTES = 8 + 1 + VALUE_BYTES;
const STEP = LENGTH_BYTES + FRAME_BYTES;

/** Three requests for the keys a, b and c. */
function threeRequests(): FrameWriter {
  const input = new FrameWriter();
  for (const key of 'abc') {
    const keyBytes = Buffer.from(key);
    const value = { valueBytes: Buffer.alloc(VALUE_BYTES, key), valueEnd: VALUE_BYTES };
    putRequest(input, Object.assign(new RequestFrame(), { opcode: OPCODE.SET, keyBytes, keyEnd: 1, ...value }));
  }
  return input;
}

interface Put {
  /** Which of the three. */
  readonly at: number;
  readonly version: number;
  readonly createdMs?: number;
}

/** How many bytes of records the puts made, and what these say. */
function collected(all: readonly Put[], bytesMax = 1000): { recordBytes: number; items: unknown[] } {
  const input = threeRequests();
  const writer = new FrameWriter();
  const puts = new FramePuts(bytesMax);
  puts.begin(input.bytes, writer);
  for (const { at, version, createdMs = 1 } of all) {
    const start = at * STEP + LENGTH_BYTES;
    expect(puts.add(writer, input.bytes, start, start + FRAME_BYTES, version, createdMs)).toBe(true);
  }
  puts.begin(undefined, writer);
  // The next read lies where these have lain.
  input.bytes.fill(0xee);
  const items: unknown[] = [];
  const reader = new RecordReader({
    put: ({ keyBytes, keyStart, version, createdMs }) => {
      items.push([String.fromCharCode(keyBytes[keyStart]!), version, createdMs]);
    },
    touch: () => {},
    remove: () => {},
    reset: () => {},
    counters: () => {},
  });
  expect(reader.read(writer.bytes, 0, writer.length)).toBe(true);
  return { recordBytes: writer.length, items };
}

/** A put has VERSION and a time; `puts` has them once, with a header of its own. */
const PUT_BYTES = STEP + 16;
const putsBytes = (count: number): number => LENGTH_BYTES + 8 + 16 + count * STEP;

test('items that follow each other are one record; one alone is a put', () => {
  const three = [0, 1, 2].map((at) => ({ at, version: 7 + at }));
  const items = [
    ['a', 7, 1],
    ['b', 8, 1],
    ['c', 9, 1],
  ];
  expect(collected(three)).toEqual({ recordBytes: putsBytes(3), items });
  expect(collected(three.slice(1, 2))).toEqual({ recordBytes: PUT_BYTES, items: [['b', 8, 1]] });
});

test.each<[string, Put[], number?]>([
  [
    'another request between them',
    [
      { at: 0, version: 7 },
      { at: 2, version: 8 },
    ],
  ],
  [
    'a version between them',
    [
      { at: 0, version: 7 },
      { at: 1, version: 9 },
    ],
  ],
  [
    'another time',
    [
      { at: 0, version: 7 },
      { at: 1, version: 8, createdMs: 2 },
    ],
  ],
  [
    'more bytes than are collected',
    [
      { at: 0, version: 7 },
      { at: 1, version: 8 },
    ],
    2 * STEP - 1,
  ],
])('%s: two records', (_, puts, bytesMax) => {
  const items = puts.map(({ at, version, createdMs = 1 }) => ['abc'[at], version, createdMs]);
  expect(collected(puts, bytesMax)).toEqual({ recordBytes: 2 * PUT_BYTES, items });
});

test('what does not lie in the input, or has another length in front of it, is not collected', () => {
  const input = threeRequests();
  const writer = new FrameWriter();
  const puts = new FramePuts(1000);
  const add = (bytes: Uint8Array, start: number, end: number): boolean => puts.add(writer, bytes, start, end, 1, 1);
  expect(add(input.bytes, LENGTH_BYTES, STEP)).toBe(false);
  puts.begin(input.bytes, writer);
  expect(add(threeRequests().bytes, LENGTH_BYTES, STEP)).toBe(false);
  expect(add(input.bytes, 0, FRAME_BYTES)).toBe(false);
  expect(add(input.bytes, LENGTH_BYTES, STEP - 1)).toBe(false);
  expect(add(input.bytes, LENGTH_BYTES, STEP)).toBe(true);
  puts.begin(undefined, writer);
  expect(add(input.bytes, LENGTH_BYTES, STEP)).toBe(false);
  expect(writer.length).toBe(PUT_BYTES);
});
