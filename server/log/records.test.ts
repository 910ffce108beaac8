/** Records as they are written and read: the short way for most items, and what a snapshot says of its length. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { FLAG, FrameWriter, OPCODE, RequestFrame, makeView, putRequest } from '../../protocol/index.ts';
import { ItemState, type ItemSink } from '../store/item-sink.ts';
import { PUT_BYTES_MIN, RecordReader, writeAnyPut, writeCounters, writePut, writePuts } from './records.ts';
import { NO_SINK } from './testing/no-sink.ts';

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
    const views = { keyView: view, valueView: view };
    return Object.assign(new ItemState(), rest, places, views, { valueEnd: keyEnd + value.length });
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

const request = item.chain(({ keyBytes, keyStart, keyEnd, valueBytes, valueStart, valueEnd, tag }) =>
  fc
    .record({ opcode: fc.constantFrom('SET', 'ADD', 'REPLACE'), flags: fc.nat({ max: 15 }) })
    .map(({ opcode, flags }) => {
      const [isQuiet, isDetailed, hasVersion, hasTtl] = [flags & 1, flags & 2, flags & 4, flags & 8];
      return Object.assign(new RequestFrame(), {
        opcode: OPCODE[opcode],
        flags:
          (isQuiet && FLAG.QUIET) |
          (isDetailed && FLAG.DETAIL) |
          (hasVersion && FLAG.VERSION) |
          (hasTtl && FLAG.TTL) |
          (tag && FLAG.TAG),
        id: flags,
        version: 77,
        tag,
        keyBytes,
        keyStart,
        keyEnd,
        valueBytes,
        valueStart,
        valueEnd,
      });
    }),
);

/** What a sink is told by records. */
function toldBy(write: (writer: FrameWriter) => void): { told: unknown[]; records: number; lastVersion: number } {
  const told: unknown[] = [];
  const put = (state: ItemState): void => {
    const { keyBytes, keyStart, keyEnd, valueBytes, valueStart, valueEnd } = state;
    const { tag, version, createdMs, lifeStartMs, lifeMs, token, lockStartMs, lockMs } = state;
    const texts = [
      Buffer.from(keyBytes.subarray(keyStart, keyEnd)).toString('hex'),
      Buffer.from(valueBytes.subarray(valueStart, valueEnd)).toString('hex'),
    ];
    told.push([...texts, tag, version, createdMs, lifeStartMs, lifeMs, token, lockStartMs, lockMs]);
  };
  const writer = new FrameWriter(16);
  write(writer);
  const reader = new RecordReader({ ...NO_SINK, put });
  expect(reader.read(writer.bytes, 0, writer.length)).toBe(true);
  return { told, records: reader.records, lastVersion: reader.lastVersion };
}

test('requests that are copied together make the same items as a put for each, and GETs between them none', () => {
  fc.assert(
    fc.property(
      fc.array(request, { minLength: 1, maxLength: 6 }),
      fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
      fc.nat({ max: 2 ** 53 - 10 }),
      (requests, hasGets, version) => {
        const createdMs = 1_800_000_000_000;
        const input = new FrameWriter(16);
        input.text('before');
        const start = input.length;
        for (const [at, each] of requests.entries()) {
          if (at > 0 && hasGets[at - 1]) putRequest(input, Object.assign(new RequestFrame(), { opcode: OPCODE.GET }));
          putRequest(input, each);
        }
        const together = toldBy((writer) => writePuts(writer, input.bytes, start, input.length, version, createdMs));
        const apart = toldBy((writer) => {
          for (const [
            at,
            { keyBytes, keyStart, keyEnd, tag, valueBytes, valueStart, valueEnd },
          ] of requests.entries()) {
            const item = { keyBytes, keyStart, keyEnd, tag, valueBytes, valueStart, valueEnd };
            writePut(writer, Object.assign(new ItemState(), item, { version: version + at, createdMs }));
          }
        });
        expect(together).toEqual(apart);
        expect(together.records).toBe(requests.length);
      },
    ),
  );
});

/** Whether a copy of a request for the key "key" is read as a record, after a change of its bytes, or cut short. */
function isRecord(change: (bytes: Uint8Array) => unknown, end?: number): boolean {
  const input = new FrameWriter();
  putRequest(input, Object.assign(new RequestFrame(), { opcode: OPCODE.SET, keyBytes: Buffer.from('key'), keyEnd: 3 }));
  change(input.bytes);
  const writer = new FrameWriter();
  writePuts(writer, input.bytes, 0, end ?? input.length, 1, 2);
  return new RecordReader(NO_SINK).read(writer.bytes, 0, writer.length);
}

test('puts of what are no requests are no record', () => {
  expect(isRecord(() => {})).toBe(true);
  // A length that is no header's, or too long or too short; a key that is too long.
  for (const length of [0, 7, 12, 200]) expect(isRecord((bytes) => (bytes[3] = length))).toBe(false);
  expect(isRecord((bytes) => (bytes[7] = 4))).toBe(false);
  for (const end of [0, 1, 4, 11, 14]) expect(isRecord(() => {}, end)).toBe(false);
  // GETs alone are none, and the length of one is looked at too.
  expect(isRecord((bytes) => (bytes[4] = OPCODE.GET))).toBe(false);
  expect(isRecord((bytes) => bytes.set([200, OPCODE.GET], 3))).toBe(false);
});

test('nothing that is put takes fewer bytes than PUT_BYTES_MIN', () => {
  const input = new FrameWriter();
  const requests = 1000;
  for (let left = requests; left > 0; left--) {
    putRequest(input, Object.assign(new RequestFrame(), { opcode: OPCODE.SET, keyBytes: Buffer.from('k'), keyEnd: 1 }));
  }
  const [alone, together] = [new FrameWriter(), new FrameWriter()];
  writePut(alone, Object.assign(new ItemState(), { keyBytes: Buffer.from('k'), keyEnd: 1 }));
  writePuts(together, input.bytes, 0, input.length, 1, 2);
  expect(alone.length).toBeGreaterThan(PUT_BYTES_MIN);
  expect(together.length).toBeGreaterThan(requests * PUT_BYTES_MIN);
  expect(together.length / requests).toBeCloseTo(PUT_BYTES_MIN, 1);
});

test('how many items will come is told, but never more than there can be', () => {
  const told: unknown[] = [];
  const sink: ItemSink = {
    put: () => {},
    touch: () => {},
    remove: () => {},
    reset: () => {},
    counters: (...counters) => told.push(counters),
    expect: (...expected) => told.push(expected),
  };
  const writer = new FrameWriter();
  for (const items of [7, 2 ** 50, undefined]) writeCounters(writer, 5, 6, items);
  const reader = new RecordReader(sink);
  reader.fileBytes = 13_000;
  expect(reader.read(writer.bytes, 0, writer.length)).toBe(true);
  expect(told).toEqual([
    [7, 13_000],
    [5, 6],
    [1000, 13_000],
    [5, 6],
    [5, 6],
  ]);
});
