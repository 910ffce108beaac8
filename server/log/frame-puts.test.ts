/** Which items are collected into one record, and when it is written. */
import { expect, test } from 'vitest';
import { FrameWriter, LENGTH_BYTES, OPCODE, RequestFrame, putRequest, readU32 } from '../../protocol/index.ts';
import { FramePuts } from './frame-puts.ts';
import { RecordReader } from './records.ts';
import { NO_SINK } from './testing/no-sink.ts';

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
    ...NO_SINK,
    put: ({ keyBytes, keyStart, version, createdMs }) => {
      items.push([String.fromCharCode(keyBytes[keyStart]!), version, createdMs]);
    },
  });
  expect(reader.read(writer.bytes, 0, writer.length)).toBe(true);
  return { recordBytes: writer.length, items };
}

/** Behind a header of its own a record has VERSION and a time once. */
const putsBytes = (count: number): number => LENGTH_BYTES + 8 + 16 + count * STEP;

test('items that follow each other are one record; one alone is one too', () => {
  const three = [0, 1, 2].map((at) => ({ at, version: 7 + at }));
  const items = [
    ['a', 7, 1],
    ['b', 8, 1],
    ['c', 9, 1],
  ];
  expect(collected(three)).toEqual({ recordBytes: putsBytes(3), items });
  expect(collected(three.slice(1, 2))).toEqual({ recordBytes: putsBytes(1), items: [['b', 8, 1]] });
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
  expect(collected(puts, bytesMax)).toEqual({ recordBytes: 2 * putsBytes(1), items });
});

/** A SET for the key a, what lies between, and a SET for the key b: whether both are one record. */
function areOneRecord(between: readonly Partial<RequestFrame>[]): boolean {
  const [input, writer] = [new FrameWriter(), new FrameWriter()];
  const starts: number[] = [];
  const frames = [{ keyBytes: Buffer.from('a') }, ...between, { keyBytes: Buffer.from('b') }];
  for (const frame of frames) {
    starts.push(input.length);
    putRequest(input, Object.assign(new RequestFrame(), { opcode: OPCODE.SET, keyEnd: 1 }, frame));
  }
  const puts = new FramePuts(100_000);
  puts.begin(input.bytes, writer);
  const lastAt = starts.at(-1)!;
  for (const [version, start] of [0, lastAt].entries()) {
    const end = start + LENGTH_BYTES + 8 + 1;
    expect(puts.add(writer, input.bytes, start + LENGTH_BYTES, end, version, 1)).toBe(true);
  }
  puts.begin(undefined, writer);
  const reader = new RecordReader({ ...NO_SINK, put: () => {} });
  expect(reader.read(writer.bytes, 0, writer.length)).toBe(true);
  expect(reader.puts).toBe(2);
  return readU32(writer.bytes, 0) + LENGTH_BYTES === writer.length;
}

test('GETs between two items are copied with them, as long as they are few; nothing else is', () => {
  const get = { opcode: OPCODE.GET, keyBytes: Buffer.alloc(60, 'k'), keyEnd: 60 };
  expect(areOneRecord([])).toBe(true);
  expect(areOneRecord([get])).toBe(true);
  // Such a one was refused.
  expect(areOneRecord([{ ...get, flags: 255 }, get, get])).toBe(true);
  expect(areOneRecord([get, get, get, get])).toBe(false);
  expect(areOneRecord([{ keyBytes: Buffer.from('c') }])).toBe(false);
  expect(areOneRecord([get, { opcode: OPCODE.DELETE, keyBytes: Buffer.from('a') }])).toBe(false);
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
  expect(writer.length).toBe(putsBytes(1));
});
