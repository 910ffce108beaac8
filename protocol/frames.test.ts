import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FLAG, FLAGS, flagBits, flagNames, type FlagName } from './flags.ts';
import { FrameFields, readU64 } from './frame-fields.ts';
import { FrameWriter } from './frame-writer.ts';
import { putReply, putRequest, readReply, readRequest, ReplyFrame, RequestFrame } from './frames.ts';
import { COUNTER_MAX, I64_MAX, I64_MIN } from './limits.ts';
import { byteByByte, cutAt, cutOffsets, readStream } from './testing/fragments.ts';
import { readPlain, type PlainFrame } from './testing/plain-codec.ts';
import {
  exampleConnections,
  fromHex,
  malformedReplyVectors,
  malformedRequestVectors,
  refusedRequestVectors,
  replyVectors,
  requestVectors,
  toHex,
  type VectorFields,
} from './testing/vectors.ts';

const FRAME_BYTES_MAX = 0x7fff_ffff;
const HEADER_END = 12;

/** The bytes in the middle of others, where a reader must look only between `start` and `end`. */
function embed(frame: Uint8Array): { bytes: Uint8Array; start: number; end: number } {
  const bytes = new Uint8Array(frame.length + 40).fill(0xff);
  bytes.set(frame, 20);
  return { bytes, start: 24, end: 20 + frame.length };
}

function parseRequest(frame: Uint8Array): RequestFrame | undefined {
  const { bytes, start, end } = embed(frame);
  const into = dirty(new RequestFrame());
  return readRequest(into, bytes, start, end) ? into : undefined;
}

function parseReply(frame: Uint8Array): ReplyFrame | undefined {
  const { bytes, start, end } = embed(frame);
  const into = dirty(new ReplyFrame());
  return readReply(into, bytes, start, end) ? into : undefined;
}

/** Views are filled again for every frame: nothing of the frame before may shine through. */
function dirty<Frame extends FrameFields>(frame: Frame): Frame {
  return Object.assign(frame, { flags: 0xff, id: 99, ttlMs: 99, version: 99, tag: 99, number: 99n, token: 99 });
}

/** A frame as the vectors and the twin are compared with it; absent fields have their neutral value. */
function requestParts(request: RequestFrame) {
  return {
    ...fieldParts(request),
    opcode: request.opcode,
    key: toHex(request.keyBytes, request.keyStart, request.keyEnd),
    value: toHex(request.valueBytes, request.valueStart, request.valueEnd),
  };
}

function replyParts(reply: ReplyFrame) {
  return {
    ...fieldParts(reply),
    opcode: reply.opcode,
    status: reply.status,
    value: toHex(reply.valueBytes, reply.valueStart, reply.valueEnd),
  };
}

function fieldParts({ flags, id, ttlMs, version, tag, number, token }: FrameFields) {
  return { flags, id, ttlMs, version, tag, number, token };
}

/** The numbers of a vector's or the twin's fields, as views hold them. */
function numbers(fields: VectorFields) {
  const { ttlMs = 0, version = 0, tag = 0, number = 0, token = 0 } = fields;
  return {
    ttlMs: Number(ttlMs),
    version: Number(version),
    tag: Number(tag),
    number: BigInt(number),
    token: Number(token),
  };
}

/** Whether a double keeps all u64 fields, so that they can be written again. */
function isExact({ fields }: { fields: VectorFields }): boolean {
  return [fields.ttlMs, fields.version, fields.token].every((each) => BigInt(each ?? 0) <= COUNTER_MAX);
}

function twinRequestParts(frame: Uint8Array) {
  const twin = readPlain(frame.subarray(4), 'request');
  return twin && { ...twinFields(twin), opcode: twin.opcode, key: toHex(twin.key), value: toHex(twin.value) };
}

function twinReplyParts(frame: Uint8Array) {
  const twin = readPlain(frame.subarray(4), 'reply');
  if (twin === undefined || twin.opcode < 0x80) return undefined;
  return {
    ...twinFields(twin),
    opcode: twin.opcode - 0x80,
    status: twin.keyLengthOrStatus,
    value: toHex(twin.value),
  };
}

function twinFields({ flags, id, ttlMs, version, tag, number, token }: PlainFrame) {
  return { flags, id, ttlMs: Number(ttlMs), version: Number(version), tag, number, token: Number(token) };
}

function written(put: (writer: FrameWriter) => void): string {
  const writer = new FrameWriter(1);
  put(writer);
  return toHex(writer.bytes, 0, writer.length);
}

/** Convention 19: what every vector goes through on its way to a reader. */
function expectAnyFragmentation(frame: Uint8Array): void {
  const whole = { frames: [toHex(frame, 4)], outcome: 'end', status: 0 };
  expect(readStream(byteByByte(frame), FRAME_BYTES_MAX)).toEqual(whole);
  for (const at of cutOffsets(frame.length)) {
    expect(readStream(cutAt(frame, [at]), FRAME_BYTES_MAX), `cut at ${at}`).toEqual(whole);
    const rest = { frames: [], outcome: at === 0 ? 'end' : 'unfinished', status: 0 };
    const cutOff = at === frame.length ? whole : rest;
    expect(readStream([frame.subarray(0, at)], FRAME_BYTES_MAX), `cut off at ${at}`).toEqual(cutOff);
  }
}

describe.each(requestVectors)('request: $name', ({ hex, opcode, flags, id, fields, key, value }) => {
  const frame = fromHex(hex);
  const parts = { ...numbers(fields), opcode, flags: flagBits(flags as FlagName[]), id, key, value };

  test('parse', () => {
    expect(requestParts(parseRequest(frame)!)).toEqual(parts);
    expect(flagNames(parts.flags)).toEqual(flags);
  });

  test('in any fragmentation', () => {
    expectAnyFragmentation(frame);
  });

  test('a frame that ends early reads as its twin', () => {
    for (const at of cutOffsets(frame.length).filter((each) => each >= HEADER_END)) {
      const part = frame.subarray(0, at);
      const read = parseRequest(part);
      expect(read && requestParts(read), `ends at ${at}`).toEqual(twinRequestParts(part));
    }
  });
});

describe.each(requestVectors.filter(isExact))('request: $name', ({ hex, opcode, flags, id, fields, key, value }) => {
  test('generate', () => {
    const keyBytes = fromHex(key);
    const valueBytes = fromHex(value);
    const ends = { keyBytes, keyEnd: keyBytes.length, valueBytes, valueEnd: valueBytes.length };
    const request = Object.assign(new RequestFrame(), numbers(fields), ends, {
      opcode,
      id,
      flags: flagBits(flags as FlagName[]),
    });
    expect(written((writer) => putRequest(writer, request))).toBe(hex);
  });

  test('mirror', () => {
    expect(written((writer) => putRequest(writer, parseRequest(fromHex(hex))!))).toBe(hex);
  });
});

describe.each(replyVectors)('reply: $name', ({ hex, opcode, status, flags, id, fields, value }) => {
  const frame = fromHex(hex);
  const parts = { ...numbers(fields), opcode, status, flags: flagBits(flags as FlagName[]), id, value };

  test('parse', () => {
    expect(replyParts(parseReply(frame)!)).toEqual(parts);
    expect(flagNames(parts.flags)).toEqual(flags);
  });

  test('in any fragmentation', () => {
    expectAnyFragmentation(frame);
  });

  test('a frame that ends early reads as its twin', () => {
    for (const at of cutOffsets(frame.length).filter((each) => each >= HEADER_END)) {
      const part = frame.subarray(0, at);
      const read = parseReply(part);
      expect(read && replyParts(read), `ends at ${at}`).toEqual(twinReplyParts(part));
    }
  });
});

describe.each(replyVectors.filter(isExact))('reply: $name', ({ hex, opcode, status, flags, id, fields, value }) => {
  test('generate', () => {
    const reply = Object.assign(new ReplyFrame(), numbers(fields), {
      opcode,
      status,
      id,
      flags: flagBits(flags as FlagName[]),
    });
    reply.setValue(fromHex(value));
    expect(written((writer) => putReply(writer, reply))).toBe(hex);
  });

  test('mirror', () => {
    expect(written((writer) => putReply(writer, parseReply(fromHex(hex))!))).toBe(hex);
  });
});

describe('requests that get an error', () => {
  test.each(malformedRequestVectors)('$name does not fit, and can be answered (FRAME-7)', ({ hex, opcode, id }) => {
    const { bytes, start, end } = embed(fromHex(hex));
    const request = new RequestFrame();
    expect(readRequest(request, bytes, start, end)).toBe(false);
    expect([request.opcode, request.id]).toEqual([opcode, id]);
    expectAnyFragmentation(fromHex(hex));
  });

  test.each(refusedRequestVectors)('$name fits', ({ hex, opcode, id }) => {
    const request = parseRequest(fromHex(hex))!;
    expect([request.opcode, request.id]).toEqual([opcode, id]);
    expect(requestParts(request)).toEqual(twinRequestParts(fromHex(hex)));
  });
});

describe('section 10', () => {
  const steps = exampleConnections[0]!.steps.filter(({ closes }) => !closes);

  test.each(steps)('$name', ({ request, reply }) => {
    expect(written((writer) => putRequest(writer, parseRequest(fromHex(request))!))).toBe(request);
    expect(written((writer) => putReply(writer, parseReply(fromHex(reply))!))).toBe(reply);
    expect(requestParts(parseRequest(fromHex(request))!).opcode).toBe(replyParts(parseReply(fromHex(reply))!).opcode);
    expectAnyFragmentation(fromHex(request));
    expectAnyFragmentation(fromHex(reply));
  });
});

describe('what is no reply', () => {
  test.each(malformedReplyVectors)('$name', ({ hex }) => {
    expect(parseReply(fromHex(hex))).toBeUndefined();
    expect(twinReplyParts(fromHex(hex))).toBeUndefined();
  });
});

describe('random frames', () => {
  /** Key lengths near what is there, so that many frames fit and many do not. */
  const noise = fc
    .tuple(fc.nat(255), fc.nat(255), fc.nat(40), fc.uint8Array({ minLength: 4, maxLength: 100, size: 'max' }))
    .map(([opcode, flags, keyLength, tail]) => Uint8Array.of(0, 0, 0, 0, opcode, flags, 0, keyLength, ...tail));

  test('read as their twins', () => {
    let fitting = 0;
    const property = fc.property(noise, (frame) => {
      const request = parseRequest(frame);
      const reply = parseReply(frame);
      if (request) fitting++;
      expect(request && requestParts(request)).toEqual(twinRequestParts(frame));
      expect(reply && replyParts(reply)).toEqual(twinReplyParts(frame));
    });
    fc.assert(property, { numRuns: 3000 });
    expect(fitting).toBeGreaterThan(300);
    expect(fitting).toBeLessThan(2700);
  });

  test('come back as they were written', () => {
    const u64 = fc.oneof(fc.maxSafeNat(), fc.constantFrom(0, 1, 0xffff_ffff, 0x1_0000_0000, COUNTER_MAX));
    const u32 = fc.nat(0xffff_ffff);
    const parts = fc.record({
      opcode: fc.nat(0x7f),
      flags: fc.nat(255),
      id: u32,
      ttlMs: u64,
      version: u64,
      tag: u32,
      number: fc.bigInt(I64_MIN, I64_MAX),
      token: u64,
      key: fc.uint8Array({ maxLength: 50 }),
      value: fc.uint8Array({ maxLength: 50 }),
    });
    const property = fc.property(parts, ({ key, value, ...rest }) => {
      const request = Object.assign(new RequestFrame(), rest, { keyBytes: key, keyEnd: key.length });
      Object.assign(request, { valueBytes: value, valueEnd: value.length });
      const read = parseRequest(fromHex(written((writer) => putRequest(writer, request))))!;
      const kept = Object.fromEntries(
        (['ttlMs', 'version', 'tag', 'number', 'token'] as const).map((field, index) => {
          const announced = (rest.flags & (1 << index)) !== 0;
          return [field, announced ? rest[field] : field === 'number' ? 0n : 0];
        }),
      );
      const { opcode, flags, id } = rest;
      expect(requestParts(read)).toEqual({ opcode, flags, id, ...kept, key: toHex(key), value: toHex(value) });
    });
    fc.assert(property, { numRuns: 500 });
  });
});

describe('a reply', () => {
  test('is cleared to a 200 of the same request', () => {
    const reply = dirty(new ReplyFrame());
    reply.opcode = 0x10;
    reply.setValue(Uint8Array.of(1, 2, 3), 1, 2);
    expect([reply.valueStart, reply.valueEnd]).toEqual([1, 2]);
    reply.clear();
    expect(written((writer) => putReply(writer, reply))).toBe('00000008900000c800000063');
  });
});

describe('numbers', () => {
  test('above 2^53 − 1 never come out as one below', () => {
    const above = fc.bigInt(2n ** 53n, 2n ** 64n - 1n);
    fc.assert(
      fc.property(above, (value) => {
        const bytes = new Uint8Array(8);
        new DataView(bytes.buffer).setBigUint64(0, value);
        expect(readU64(bytes, 0)).toBe(Number(value));
        expect(readU64(bytes, 0)).toBeGreaterThan(COUNTER_MAX);
      }),
    );
  });

  test('have one neutral value where no flag announces them', () => {
    const request = parseRequest(Uint8Array.of(0, 0, 0, 8, 0x10, FLAG.DETAIL, 0, 0, 0, 0, 0, 1))!;
    expect(fieldParts(request)).toEqual({ ...fieldParts(new FrameFields()), flags: FLAGS.DETAIL.bit, id: 1 });
  });
});
