/** Records as they are written and read: the short way for most items, and what a snapshot says of its length. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameWriter, makeView } from '../../protocol/index.ts';
import { ItemState, type ItemSink } from '../store/item-sink.ts';
import { PUT_BYTES_MIN, RecordReader, writeAnyPut, writeCounters, writePut } from './records.ts';

const item = fc
  .record({
    key: fc.uint8Array({ minLength: 1, maxLength: 300 }),
    value: fc.uint8Array({ maxLength: 300 }),
    before: fc.nat({ max: 20 }),
    tag: fc.oneof(fc.constant(0), fc.nat({ max: 2 ** 32 - 1 })),
    version: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    createdMs: fc.oneof(
      fc.constant(1_800_000_000_000),
      fc.double({ noNaN: true }).map((ms) => ms + 0),
    ),
  })
  .map(({ key, value, before, ...rest }) => {
    const bytes = new Uint8Array([...new Uint8Array(before), ...key, ...value, 99]);
    const keyEnd = before + key.length;
    const view = makeView(bytes);
    const places = { keyBytes: bytes, keyStart: before, keyEnd, valueBytes: bytes, valueStart: keyEnd };
    return Object.assign(new ItemState(), rest, places, { view, valueEnd: keyEnd + value.length });
  });

test('what is written the short way is what any item is written as', () => {
  fc.assert(
    fc.property(fc.array(item, { minLength: 1 }), (items) => {
      const [short, any] = [new FrameWriter(16), new FrameWriter(16)];
      for (const each of items) {
        writePut(short, each);
        writeAnyPut(any, each);
      }
      expect(Buffer.from(short.bytes.subarray(0, short.length))).toEqual(
        Buffer.from(any.bytes.subarray(0, any.length)),
      );
    }),
  );
});

test('no put is shorter than PUT_BYTES_MIN', () => {
  const writer = new FrameWriter();
  writePut(writer, Object.assign(new ItemState(), { keyBytes: Buffer.from('k'), keyEnd: 1 }));
  expect(writer.length).toBe(PUT_BYTES_MIN);
});

test('how many items will come is told, but never more than there can be', () => {
  const told: unknown[] = [];
  const sink: ItemSink = {
    put: () => {},
    touch: () => {},
    remove: () => {},
    reset: () => {},
    counters: (...counters) => told.push(counters),
    expect: (items) => told.push(items),
  };
  const writer = new FrameWriter();
  for (const items of [7, 2 ** 50, undefined]) writeCounters(writer, 5, 6, items);
  const reader = new RecordReader(sink);
  reader.putsMax = 1000;
  expect(reader.read(writer.bytes, 0, writer.length)).toBe(true);
  expect(told).toEqual([7, [5, 6], 1000, [5, 6], [5, 6]]);
});
