/** Frames: their length, ids, opcodes, and what does not fit (section 2). */
import { operationName } from '../../protocol/operations.ts';
import { ask, BAD, del, found, framingError, get, MISS, OK, recv, refused, request, send, set } from '../actions.ts';
import { area, type Case } from '../case.ts';
import type { Step } from '../step.ts';

const frame = area({ profile: 'core' });
const hex = (text: string): { hex: string } => ({ hex: text });

const JSON_BRACE = 0x7b;
const UNASSIGNED = Array.from({ length: 256 }, (_, opcode) => opcode).filter(
  (opcode) => operationName(opcode) === undefined && opcode !== JSON_BRACE,
);

/** For each stream on a connection of its own: the error, and then the close. */
function framingErrors(streams: readonly string[], status: 400 | 413): Step[] {
  return streams.flatMap((stream, index) => [
    send([hex(stream)], `c${index}`),
    recv(framingError(status), `c${index}`),
  ]);
}

const lengths: readonly Case[] = [
  frame({
    id: 'frame.length-counts-what-follows',
    clauses: ['FRAME-1', 'FRAME-2'],
    why: 'A length that counts itself, or leaves out the head, puts every following frame out of step.',
    steps: [
      ask({ hex: '00000008 02 00 0000 00000001' }, { status: 200, value: '' }),
      ask({ hex: '0000000b 02 00 0000 00000002 616263' }, { status: 200, value: 'abc' }),
      send([{ hex: '00000009 02 00 0000 00000003 78' }, { hex: '00000009 02 00 0000 00000004 79' }]),
      recv({ status: 200, value: 'x' }),
      recv({ status: 200, value: 'y' }),
    ],
  }),
  frame({
    id: 'frame.length-of-zero-closes',
    clauses: ['FRAME-3'],
    kills: ['I10'],
    why: 'A server that waits for more, or takes an empty frame for a request, stays out of step for ever.',
    steps: framingErrors(['00000000'], 400),
  }),
  frame({
    id: 'frame.length-with-the-top-bit-closes',
    clauses: ['FRAME-3'],
    kills: ['I10'],
    why: 'A length read as signed is negative here: allocations fail, or the reader runs backwards.',
    steps: framingErrors(['80000000', 'ffffffff', '80000008 02 00 0000 00000001', 'fffffff8'], 400),
  }),
  frame({
    id: 'frame.shorter-than-its-head-closes',
    clauses: ['FRAME-3', 'FRAME-2'],
    why: 'A parser that reads a head of eight bytes from a shorter frame reads the next frame, or memory.',
    steps: framingErrors(
      Array.from(
        { length: 7 },
        (_, index) => `${(index + 1).toString(16).padStart(8, '0')} ${'02000000000000'.slice(0, 2 * index + 2)}`,
      ),
      400,
    ),
  }),
  frame({
    id: 'frame.above-max-frame-is-refused-at-its-length',
    clauses: ['FRAME-4'],
    kills: ['I10'],
    why: 'A server that waits for the announced bytes, or allocates them, is brought down by four bytes.',
    steps: [send([{ lengthAt: 'max-frame', plus: 1 }]), recv(framingError(413))],
  }),
  frame({
    id: 'frame.length-of-2-gib-is-refused',
    clauses: ['FRAME-4'],
    kills: ['I10'],
    why: 'Two gibibytes, announced and never sent, must cost a server nothing.',
    steps: framingErrors(['7fffffff', '7fffffff 11 00 0003 00000001 666f6f'], 413),
  }),
  frame({
    id: 'frame.of-max-frame-bytes-is-read-whole',
    clauses: ['FRAME-4', 'KEY-3'],
    needs: ['small-limits'],
    why: 'An off-by-one in the limit refuses what HELLO promised, or cuts the frame and loses step.',
    steps: [
      ask(request('PING', undefined, { value: { limit: 'max-frame', plus: -8 } }), {
        anyOf: [
          { as: 'the value is above max-value', status: 413 },
          { as: 'max-value reaches so far', status: 200 },
        ],
      }),
    ],
  }),
  frame({
    id: 'frame.replies-come-before-the-framing-error',
    clauses: ['FRAME-3', 'TRANSPORT-3'],
    why: 'A server that closes as soon as it sees the bad frame loses the replies to good requests before it.',
    steps: [
      send([
        request('PING', undefined, { value: 'one' }),
        request('PING', undefined, { value: 'two' }),
        hex('00000000'),
      ]),
      recv({ status: 200, value: 'one' }),
      recv({ status: 200, value: 'two' }),
      recv(framingError(400)),
    ],
  }),
  frame({
    id: 'frame.nothing-behind-a-framing-error-is-carried-out',
    clauses: ['TRANSPORT-3', 'FRAME-3'],
    why: 'After a framing error nobody knows where frames begin: guessing runs data as commands.',
    steps: [
      ask(set('before', '1')),
      send([hex('00000000'), set('behind', '2')]),
      recv(framingError(400)),
      ask(get('before'), found('1'), 'b'),
      ask(get('behind'), MISS, 'b'),
    ],
  }),
  frame({
    id: 'frame.framing-error-harms-no-other-connection',
    clauses: ['TRANSPORT-5', 'FRAME-3'],
    why: 'One client with a bug must not end the service for all the others.',
    steps: [
      ask(set('a', '1'), OK, 'good'),
      ...framingErrors(['00000000', 'ffffffff', '00000001 00'], 400),
      ask(get('a'), found('1'), 'good'),
    ],
  }),
];

const heads: readonly Case[] = [
  frame({
    id: 'frame.ids-are-echoed',
    clauses: ['FRAME-5'],
    why: 'Clients match replies by id; a server that gives ids a meaning, or reads them as signed, breaks some.',
    steps: [0, 1, 0x7b, 0x7fffffff, 0x80000000, 0xffffffff, 0x7b226122, 0].map((id) =>
      ask(request('PING', undefined, { id, value: `id ${id}` }), { status: 200, value: `id ${id}` }),
    ),
  }),
  frame({
    id: 'frame.one-id-for-many-requests',
    clauses: ['FRAME-5', 'TRANSPORT-3'],
    why: 'A server that keeps requests by id loses one when a client uses an id again.',
    steps: [
      send(['a', 'b', 'c'].map((value) => request('PING', undefined, { id: 7, value }))),
      ...['a', 'b', 'c'].map((value) => recv({ status: 200, value })),
    ],
  }),
  frame({
    id: 'frame.unknown-opcodes-get-405',
    clauses: ['FRAME-8', 'FRAME-5'],
    why: 'New clients find out with a 405 what an old server lacks; a close or a 400 tells them something else.',
    steps: UNASSIGNED.map((op) => ask(request(op), { status: 405 })),
  }),
  frame({
    id: 'frame.unknown-opcode-with-flags-key-and-value-gets-405',
    clauses: ['FRAME-8'],
    why: 'A future operation comes with fields of its own: the answer is still "unknown", not "malformed".',
    steps: [
      ask(request(0x30, 'k', { value: 'v', ttl: 1, version: 1, tag: 1, number: 1, token: 1, flags: ['DETAIL'] }), {
        status: 405,
      }),
      ask(request(0x00, 'k', { value: 'v' }), { status: 405 }),
      ask(request(0x7f, undefined, { flags: ['QUIET', 'PREFIX'] }), { status: 405 }),
    ],
  }),
  frame({
    id: 'frame.unknown-opcode-that-does-not-fit',
    clauses: ['FRAME-8', 'FRAME-7'],
    why: 'Both errors are true; the connection has to stay in step whichever is told.',
    steps: [
      ask(request(0x30, undefined, { keyLength: 9, value: 'short' }), {
        anyOf: [
          { as: 'unknown opcode', status: 405 },
          { as: 'malformed', status: 400 },
        ],
      }),
    ],
  }),
];

const fitting: readonly Case[] = [
  frame({
    id: 'frame.key-longer-than-the-frame-gets-400',
    clauses: ['FRAME-7'],
    why: 'A key length that is trusted reads into the next frame, which may be another client’s secret.',
    steps: [
      ...refused(request('SET', undefined, { keyLength: 5, value: 'abcd' })),
      ...refused(request('GET', undefined, { keyLength: 0xffff, value: 'abcd' })),
      ...refused(request('DELETE', undefined, { keyLength: 1 })),
    ],
  }),
  frame({
    id: 'frame.key-that-just-fits-is-taken',
    clauses: ['FRAME-7', 'SET-1'],
    why: 'The positive control: an off-by-one in the check would refuse a SET of an empty value.',
    steps: [ask(set('k', '')), ask(get('k'), found(''))],
  }),
  frame({
    id: 'frame.fields-longer-than-the-frame-get-400',
    clauses: ['FRAME-7'],
    profile: 'standard',
    why: 'Fields that are read without a check take key bytes for a TTL, or run out of the buffer.',
    steps: [
      ...refused(request('SET', undefined, { flags: ['TTL'], keyLength: 1, value: '1234567' })),
      ...refused(request('SET', undefined, { flags: ['TTL', 'VERSION', 'TAG', 'TOKEN'] })),
      ...refused(request('INCREMENT', undefined, { flags: ['NUMBER'], value: '1234567' })),
      ...refused(request('TOUCH', undefined, { flags: ['TTL'] })),
    ],
  }),
  frame({
    id: 'frame.key-behind-the-fields-does-not-fit',
    clauses: ['FRAME-7'],
    profile: 'standard',
    why: 'The sum of fields and key has to be checked, not each alone.',
    steps: [...refused(request('SET', undefined, { ttl: 1000, keyLength: 8, value: '1234567' }))],
  }),
  frame({
    id: 'frame.fields-come-lowest-bit-first',
    clauses: ['FRAME-6', 'GET-2'],
    profile: 'standard',
    why: 'Fields read in another order take a TTL for a TAG: sessions that never die.',
    steps: [
      ask(set('k', 'v', { ttl: 600_000, tag: 0x01020304, flags: ['DETAIL'] }), { status: 200, save: { v: 'version' } }),
      ask(
        get('k', { flags: ['DETAIL'] }),
        found('v', { tag: 0x01020304, version: { ref: 'v' }, ttl: { min: 500_000, max: 600_000 } }),
      ),
      ask(set('k', 'w', { ttl: 60_000, version: { ref: 'v' }, tag: 0xffffffff, flags: ['DETAIL'] }), {
        status: 200,
        version: { above: 'v' },
      }),
      ask(
        get('k', { flags: ['DETAIL'] }),
        found('w', { tag: 0xffffffff, version: { above: 'v' }, ttl: { min: 1000, max: 60_000 } }),
      ),
    ],
  }),
  frame({
    id: 'frame.errors-carry-no-fields',
    clauses: ['FRAME-11'],
    profile: 'standard',
    why: 'A client that reads fields by the flags would take an explanation for a version.',
    steps: [
      ask(get('none', { flags: ['DETAIL'] }), MISS),
      ask(set('k', 'text', { tag: 9 })),
      ask(request('INCREMENT', 'k', { number: 1, flags: ['DETAIL'] }), { status: 422 }),
      ask(request('ADD', 'k', { value: 'x', flags: ['DETAIL'] }), { status: 409 }),
      ask(set('k', 'x', { version: 0, flags: ['DETAIL'] }), { status: 409 }),
    ],
  }),
  frame({
    id: 'frame.good-requests-around-bad-ones',
    clauses: ['FRAME-7', 'FRAME-8', 'TRANSPORT-3'],
    why: 'A refused frame must be skipped by exactly its length: one byte more or less and the next one is garbage.',
    steps: [
      send([
        set('k', '1'),
        request(0x30, 'k', { value: 'x' }),
        get('k'),
        request('GET', undefined, { keyLength: 99, value: 'abc' }),
        get('k'),
        request('GET'),
        del('k'),
      ]),
      recv(OK),
      recv({ status: 405 }),
      recv(found('1')),
      recv(BAD),
      recv(found('1')),
      recv(BAD),
      recv(OK),
    ],
  }),
];

export const frameCases: readonly Case[] = [...lengths, ...heads, ...fitting];
