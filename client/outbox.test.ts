import { expect, test } from 'vitest';
import { FLAG, OPCODE, readRequest, RequestFrame } from '../protocol/index.ts';
import { BATCH_BYTES, measure, Outbox, type FrameRange } from './outbox.ts';
import { readDone } from './replies.ts';
import { Request } from './request.ts';

function put(outbox: Outbox, key: string, value: string | Uint8Array): FrameRange {
  const request = new Request(OPCODE.SET, readDone).key(key).ttl(5).bareValue(value);
  const frameBytes = measure(request);
  const range = outbox.put(request, frameBytes);
  expect(range.end - range.start).toBe(frameBytes);
  return range;
}

function read({ bytes, start, end }: FrameRange) {
  const request = new RequestFrame();
  expect(readRequest(request, bytes, start + 4, end)).toBe(true);
  const textOf = (from: number, to: number) => Buffer.from(bytes.subarray(from, to)).toString();
  return {
    flags: request.flags,
    key: textOf(request.keyStart, request.keyEnd),
    value: textOf(request.valueStart, request.valueEnd),
  };
}

test('frames lie one behind the other until a batch is full, and every frame is what was put', () => {
  const outbox = new Outbox();
  const texts = Array.from({ length: 300 }, (_, index) => 'ж'.repeat(index * 7));
  const ranges = texts.map((text, index) => put(outbox, `ключ ${index}`, text));
  expect(ranges[1]).toMatchObject({ bytes: ranges[0]!.bytes, start: ranges[0]!.end });
  expect(Math.max(...ranges.map(({ end }) => end))).toBeLessThanOrEqual(BATCH_BYTES);
  expect(new Set(ranges.map(({ bytes }) => bytes)).size).toBeGreaterThan(5);
  expect(ranges.map(read)).toEqual(texts.map((value, index) => ({ flags: FLAG.TTL, key: `ключ ${index}`, value })));
});

test.each([
  ['text', 'x'.repeat(1_000_000)],
  ['text beyond ASCII', 'ж'.repeat(500_000)],
  ['bytes', new Uint8Array(1_000_000).fill(0x78)],
])('a large frame of %s has a buffer of its own, exactly as long as it is', (_, value) => {
  const outbox = new Outbox();
  const range = put(outbox, 'k', value);
  expect(range.start).toBe(0);
  expect(range.bytes.length).toBe(range.end);
  expect(read(range).value).toBe(Buffer.from(value as string).toString());
});

test('a buffer is used again only if it is free', () => {
  const outbox = new Outbox();
  const first = put(outbox, 'a', '1');
  outbox.recycle(true);
  const second = put(outbox, 'b', '2');
  expect([second.bytes === first.bytes, second.start]).toEqual([true, 0]);
  outbox.recycle(false);
  const third = put(outbox, 'c', '3');
  expect(third.bytes === second.bytes).toBe(false);
  expect(read(second).key).toBe('b');
});
