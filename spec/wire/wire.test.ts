import { describe, expect, test } from 'vitest';
import { OPCODE } from '../../protocol/operations.ts';
import { parseAddress } from '../target/address.ts';
import { annotate, rawLine } from './annotate.ts';
import { fromHex, showBytes } from './bytes.ts';
import { DueReader, type Due } from './due.ts';
import { parseEntries } from './entries.ts';
import { buildFrame, buildRequest, type RequestFields } from './request.ts';
import { parseReply, ReplyReader, type BinaryReply } from './reply.ts';
import { shapeProblem } from './shape.ts';

const text = (value: string): Buffer => Buffer.from(value);

/** Section 10, literally: what the builder is given, the request's bytes and the reply's. */
const EXAMPLES: readonly (readonly [string, RequestFields, string, string])[] = [
  [
    'SET foo bar',
    { opcode: OPCODE.SET, id: 1, key: text('foo'), value: text('bar') },
    '0000000e 11 00 0003 00000001 666f6f 626172',
    '00000008 91 00 00c8 00000001',
  ],
  [
    'GET foo',
    { opcode: OPCODE.GET, id: 2, key: text('foo') },
    '0000000b 10 00 0003 00000002 666f6f',
    '0000000b 90 00 00c8 00000002 626172',
  ],
  [
    'GET nope',
    { opcode: OPCODE.GET, id: 3, key: text('nope') },
    '0000000c 10 00 0004 00000003 6e6f7065',
    '00000008 90 00 0194 00000003',
  ],
  [
    'SET foo 1, TTL 5 s',
    { opcode: OPCODE.SET, id: 4, ttl: 5000n, key: text('foo'), value: text('1') },
    '00000014 11 01 0003 00000004 0000000000001388 666f6f 31',
    '00000008 91 00 00c8 00000004',
  ],
  [
    'INCREMENT foo by 2',
    { opcode: OPCODE.INCREMENT, id: 5, number: 2n, key: text('foo') },
    '00000013 17 08 0003 00000005 0000000000000002 666f6f',
    '00000010 97 08 00c8 00000005 0000000000000003',
  ],
  [
    'SET fox x, TAG 7',
    { opcode: OPCODE.SET, id: 6, tag: 7, key: text('fox'), value: text('x') },
    '00000010 11 04 0003 00000006 00000007 666f78 78',
    '00000008 91 00 00c8 00000006',
  ],
  [
    'GET fox DETAIL',
    { opcode: OPCODE.GET, id: 7, flagBits: 0x20, key: text('fox') },
    '0000000b 10 20 0003 00000007 666f78',
    '00000015 90 06 00c8 00000007 0000000000000004 00000007 78',
  ],
  [
    'KEYS fo, at most 1',
    { opcode: OPCODE.KEYS, id: 8, number: 1n, key: text('fo') },
    '00000012 22 08 0002 00000008 0000000000000001 666f',
    '00000019 a2 08 00ce 00000008 0000000000000001 0003 00000000 666f6f',
  ],
  [
    'DELETE prefix fo',
    { opcode: OPCODE.DELETE, id: 9, flagBits: 0x40, key: text('fo') },
    '0000000a 16 40 0002 00000009 666f',
    '00000010 96 08 00c8 00000009 0000000000000002',
  ],
];

function dueOf(bytes: Buffer, frameBytesMax = 4096): Due {
  const [due, ...more] = new DueReader(frameBytesMax).push(bytes);
  expect(more).toEqual([]);
  if (due === undefined) throw new Error('no request in these bytes');
  return due;
}

function binary(hex: string): BinaryReply {
  const reply = parseReply(fromHex(hex));
  if (reply.kind !== 'binary') throw new Error('not binary');
  return reply;
}

function readAll(chunks: readonly Buffer[]): (number | string)[] {
  const reader = new ReplyReader(4096);
  return chunks.flatMap((chunk) => reader.push(chunk)).map((each) => (each.kind === 'binary' ? each.id : each.kind));
}

describe('section 10', () => {
  test.each(EXAMPLES)('%s is built, read and judged', (_, fields, request, reply) => {
    expect(buildRequest(fields).toString('hex')).toBe(fromHex(request).toString('hex'));
    const due = dueOf(fromHex(request));
    expect(due).toMatchObject({ kind: 'binary', opcode: fields.opcode, id: fields.id, fits: true });
    expect(shapeProblem(due, parseReply(fromHex(reply)))).toBeUndefined();
  });

  test('the fields of a reply are read in the order of their flags', () => {
    expect(binary(EXAMPLES[6]?.[3] ?? '')).toMatchObject({ status: 200, id: 7, fields: { version: 4n, tag: 7n } });
    expect(binary(EXAMPLES[4]?.[3] ?? '').fields).toEqual({ number: 3n });
  });

  test('the framing error and the envelope', () => {
    const framing = dueOf(fromHex('00000000'));
    expect(framing).toEqual({ kind: 'framing', status: 400 });
    expect(shapeProblem(framing, binary('00000008 80 00 0190 00000000'))).toBeUndefined();
    const request = '0000001d 7b22636f6d6d616e64223a22474554222c226b6579223a22666f6f227d';
    expect(buildFrame(text('{"command":"GET","key":"foo"}')).toString('hex')).toBe(fromHex(request).toString('hex'));
    const reply = parseReply(fromHex('00000013 7b227374617475735f636f6465223a3430347d'));
    expect(reply).toMatchObject({ kind: 'json', status: 404 });
    expect(shapeProblem(dueOf(fromHex(request)), reply)).toBeUndefined();
  });
});

describe('the reply reader', () => {
  const stream = fromHex(EXAMPLES.map(([, , , reply]) => reply).join(''));

  test('gives the same for every split in two and for single bytes', () => {
    const whole = readAll([stream]);
    expect(whole).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (let at = 0; at <= stream.length; at += 1) {
      expect(readAll([stream.subarray(0, at), stream.subarray(at)])).toEqual(whole);
    }
    expect(readAll([...stream].map((byte) => Buffer.from([byte])))).toEqual(whole);
  });

  test('keeps the offset of each frame', () => {
    const offsets = new ReplyReader(4096).push(stream).map(({ offset }) => offset);
    expect(offsets.slice(0, 3)).toEqual([0, 12, 27]);
  });

  test.each([
    ['a length of 0', '00000000', 0],
    ['a length above max-frame', '00001001', 0],
    ['a length with the top bit', '00000008 91 00 00c8 00000001 80000000', 12],
    ['another protocol', Buffer.from('HTTP/1.1 400 Bad Request').toString('hex'), 0],
  ])('%s is garbage, once and for good', (_, hex, offset) => {
    const reader = new ReplyReader(4096);
    expect(reader.push(fromHex(hex)).at(-1)).toMatchObject({ kind: 'garbage', offset });
    expect(reader.push(stream)).toEqual([]);
    expect(reader.bufferedBytes).toBeLessThan(64);
  });

  test('survives any bytes as a frame', () => {
    for (const hex of ['', '7b', '7b7d', '7b22', 'ff', '91ff00c800000001', '7bff', 'ff'.repeat(40)]) {
      const reply = parseReply(buildFrame(fromHex(hex)));
      expect(reply.problem).toBeTypeOf('string');
    }
  });

  test('a nesting that would exhaust the stack is only malformed', () => {
    const reply = parseReply(buildFrame(text(`{"value":${'['.repeat(1_000_000)}`)));
    expect(reply.problem).toContain('deeper');
  });
});

describe('what is due', () => {
  test('nothing behind QUIT, nothing behind a framing error', () => {
    const ping = buildRequest({ opcode: OPCODE.PING, id: 1 });
    for (const end of [buildRequest({ opcode: OPCODE.QUIT, id: 2 }), fromHex('80000000'), fromHex('00000003 100000')]) {
      const reader = new DueReader(4096);
      expect(reader.push(Buffer.concat([ping, end, ping]))).toHaveLength(2);
      expect(reader.ended).toBe(true);
    }
  });

  test('a refused QUIT ends nothing', () => {
    const reader = new DueReader(4096);
    reader.push(buildRequest({ opcode: OPCODE.QUIT, id: 2, value: text('x') }));
    expect(reader.ended).toBe(false);
  });

  test('half a frame is known as such', () => {
    const reader = new DueReader(4096);
    expect(reader.push(buildRequest({ opcode: OPCODE.PING, id: 1 }).subarray(0, 7))).toEqual([]);
    expect(reader.inFrame).toBe(true);
    expect(dueOf(fromHex('00001001'))).toEqual({ kind: 'framing', status: 413 });
  });
});

describe('the form of replies', () => {
  const GET = '0000000b 10 00 0003 00000002 666f6f';
  const LIST = '00000012 22 08 0002 00000008 0000000000000001 666f';

  test.each([
    ['another id', GET, '00000008 90 00 00c8 00000003', 'FRAME-5'],
    ['the request opcode', GET, '00000008 10 00 00c8 00000002', 'FRAME-5'],
    ['an unknown status', GET, '00000008 90 00 00c9 00000002', 'STATUS-1'],
    ['a field that was not asked for', GET, '00000010 90 02 00c8 00000002 0000000000000001', 'FRAME-6'],
    ['a TAG of 0', GET, '0000000c 90 04 00c8 00000002 00000000', 'GET-1'],
    ['a field in an error', GET, '00000010 90 08 0194 00000002 0000000000000001', 'FRAME-11'],
    ['an explanation that is no UTF-8', GET, '00000009 90 00 0194 00000002 ff', 'FRAME-11'],
    ['a reply with QUIET', GET, '00000008 90 80 00c8 00000002', 'FRAME-6'],
    ['a field that does not fit', GET, '0000000a 90 04 00c8 00000002 0000', 'FRAME-6'],
    ['206 for one item', GET, '00000008 90 00 00ce 00000002', 'STATUS-1'],
    ['SET without QUIET kept', '0000000c 11 80 0003 00000001 666f6f 62', '00000008 91 00 00c8 00000001', 'FRAME-10'],
    ['a miss in spite of QUIET', '0000000b 10 80 0003 00000002 666f6f', '00000008 90 00 0194 00000002', 'FRAME-10'],
    ['no VERSION with DETAIL', '0000000b 10 20 0003 00000002 666f6f', '00000008 90 00 00c8 00000002', 'VERSION-3'],
    ['another value than PING sent', '00000009 02 00 0000 00000001 61', '00000009 82 00 00c8 00000001 62', 'PING-1'],
    ['a value for SET', '0000000c 11 00 0003 00000001 666f6f 62', '00000009 91 00 00c8 00000001 62', 'FRAME-6'],
    ['a wrong count', LIST, '00000019 a2 08 00ce 00000008 0000000000000002 0003 00000000 666f6f', 'LIST-1'],
    ['a strange key', LIST, '00000019 a2 08 00ce 00000008 0000000000000001 0003 00000000 676f6f', 'LIST-1'],
    ['broken entries', LIST, '00000018 a2 08 00ce 00000008 0000000000000001 0003 00000000 666f', 'ENTRY-1'],
    [
      'too many entries',
      LIST,
      '00000022 a2 08 00ce 00000008 0000000000000002 0003 00000000 666f6f 0003 00000000 666f70',
      'LIST-2',
    ],
    [
      'a descending list',
      '0000000a 22 00 0002 00000008 666f',
      '00000022 a2 08 00c8 00000008 0000000000000002 0003 00000000 666f70 0003 00000000 666f6f',
      'LIST-1',
    ],
    ['JSON for binary', GET, '00000013 7b227374617475735f636f6465223a3430347d', 'JSON-5'],
  ])('%s is seen', (_, request, reply, clause) => {
    expect(shapeProblem(dueOf(fromHex(request)), parseReply(fromHex(reply)))).toMatchObject({ clause });
  });
});

test('entries are read without trust', () => {
  expect(parseEntries(fromHex('0001 00000002 61 6262')).entries).toMatchObject([{ key: text('a'), value: text('bb') }]);
  expect(parseEntries(fromHex('0001 00000002 61 62')).problem).toContain('1 bytes too long');
  expect(parseEntries(fromHex('0001 ffffffff 61')).problem).toContain('too long');
  expect(parseEntries(fromHex('000100')).problem).toContain('3 bytes behind');
  expect(parseEntries(Buffer.alloc(0))).toEqual({ entries: [] });
});

describe('the annotator', () => {
  test('names every part of a request and of its reply', () => {
    expect(annotate(fromHex(EXAMPLES[3]?.[2] ?? ''), 'sent').map((line) => line.replace(/ +/g, ' '))).toEqual([
      '0000 00 00 00 14 length 20',
      '0004 11 01 00 03 SET, flags TTL, key length 3',
      '0008 00 00 00 04 id 4',
      '000c 00 00 00 00 00 00 13 88 TTL 5000',
      '0014 66 6f 6f key "foo"',
      '0017 31 value "1"',
    ]);
    expect(annotate(fromHex(EXAMPLES[6]?.[3] ?? ''), 'received').join('\n')).toMatch(
      /reply to GET, flags VERSION TAG, status 200 OK[^]*VERSION 4[^]*TAG 7[^]*value "x"/,
    );
  });

  test('shows what is incomplete or malformed', () => {
    expect(annotate(fromHex('0000'), 'sent')[0]).toContain('part of a length');
    expect(annotate(fromHex('0000000e 1100'), 'sent')[0]).toContain('12 bytes of it did not come');
    expect(annotate(fromHex('80000000 0102'), 'sent')[1]).toContain('behind a framing error');
    expect(annotate(fromHex('0000000a 1101 0003 00000001 0000'), 'sent').join()).toContain('does not fit');
  });

  test('bytes and the line for the shell', () => {
    expect(showBytes(text('a"b'))).toBe('"a\\"b"');
    expect(showBytes(fromHex('00ff'))).toBe('hex 00ff');
    expect(showBytes(Buffer.alloc(99, 0x61))).toContain('(99 bytes)');
    expect(raw('[::1]:1')).toBe('xxd -r -p <<< 00000000 | nc -q1 ::1 1 | xxd');
    expect(raw('unix:/run/s')).toBe('xxd -r -p <<< 00000000 | nc -q1 -U /run/s | xxd');
    expect(raw('tls://h:1')).toContain('openssl s_client -quiet -connect h:1');
  });
});

/** The line for the shell that sends a length of 0 to an address. */
function raw(address: string): string {
  return rawLine(fromHex('00000000'), parseAddress(address));
}
