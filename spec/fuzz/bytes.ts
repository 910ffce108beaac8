/** Streams of bytes that are almost right: valid requests of which some bytes were changed, lost, doubled or moved. */
import { FLAG } from '../../protocol/flags.ts';
import { get, request, set } from '../actions.ts';
import type { Random } from '../random.ts';
import { Resolver } from '../resolve.ts';
import type { OneExpectation, Piece, Step } from '../step.ts';
import { toHex } from '../wire/bytes.ts';
import { DueReader, type Due } from '../wire/due.ts';
import { isHarmless, isWellFormed, permitted } from './expected.ts';
import { SPACE_START, type Generator, type Place } from './plan.ts';

/** One frame, or what has become of it, in hex. */
export interface Chunk {
  readonly hex: string;
  /** Where it is cut into segments, if it is. */
  readonly cut: number | undefined;
}

const CHUNKS_MAX = 8;
/** Mutations that would reach beyond the fuzzer's keys are drawn again so often; then the frame stays as it was. */
const DRAWS_MAX = 20;
const LENGTH_BYTES = 4;
const HEAD_BYTES = 8;
const FLAGS_AT = 5;

/** Values of a byte and of a number at which programs change their minds. */
const BYTES = [0x00, 0x01, 0x7b, 0x7f, 0x80, 0xfe, 0xff] as const;

type Mutate = (bytes: Buffer, random: Random) => Buffer;

const flipBit: Mutate = (bytes, random) => {
  const at = random.below(bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
  return bytes;
};

const setByte: Mutate = (bytes, random) => {
  bytes[random.below(bytes.length)] = BYTES[random.below(BYTES.length)] ?? 0;
  return bytes;
};

/** The head is where most decisions are made. */
const changeHead: Mutate = (bytes, random) => {
  bytes[random.below(Math.min(bytes.length, 12))] = random.below(256);
  return bytes;
};

const changeLength: Mutate = (bytes, random) => {
  const length = bytes.length - LENGTH_BYTES;
  const lengths = [0, 1, 7, 8, length - 1, length + 1, length * 2, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
  bytes.writeUInt32BE((lengths[random.below(lengths.length)] ?? 0) >>> 0);
  return bytes;
};

const changeKeyLength: Mutate = (bytes, random) => {
  if (bytes.length >= 8) bytes.writeUInt16BE(random.below(2) === 0 ? random.below(64) : random.below(65_536), 6);
  return bytes;
};

const lose: Mutate = (bytes, random) => {
  const at = random.below(bytes.length);
  const count = 1 + random.below(4);
  return fitted(Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + count)]), random);
};

const double: Mutate = (bytes, random) => {
  const at = random.below(bytes.length);
  const end = at + 1 + random.below(12);
  return fitted(Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]), random);
};

const insert: Mutate = (bytes, random) => {
  const at = random.below(bytes.length);
  const more = random.bytes(1 + random.below(8));
  return fitted(Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)]), random);
};

/** Mostly the length is put right again: otherwise everything behind it is lost in one wrong length. */
function fitted(bytes: Buffer, random: Random): Buffer {
  if (bytes.length > LENGTH_BYTES && random.below(4) > 0) bytes.writeUInt32BE(bytes.length - LENGTH_BYTES);
  return bytes;
}

const MUTATIONS: readonly Mutate[] = [
  flipBit,
  setByte,
  changeHead,
  changeHead,
  changeLength,
  changeKeyLength,
  lose,
  double,
  insert,
];

/** What a stream of frames demands, as a server reads it. */
function duesOf(stream: Uint8Array, frameBytesMax: number): { dues: Due[]; reader: DueReader } {
  const reader = new DueReader(frameBytesMax);
  return { dues: reader.push(stream), reader };
}

function isAllowed(bytes: Buffer, place: Place, space: Buffer): boolean {
  return duesOf(bytes, place.frameBytesMax).dues.every((due) => isHarmless(due, space) && !isUncertain(due, place));
}

/** Nobody can tell beforehand whether a well-formed request with QUIET will be answered. */
function isUncertain(due: Due, { profiles }: Place): boolean {
  return due.kind === 'binary' && (due.flags & FLAG.QUIET) !== 0 && isWellFormed(due, profiles);
}

function withoutQuiet(bytes: Buffer): Buffer {
  if (bytes.length > FLAGS_AT && bytes[LENGTH_BYTES] !== 0x7b) bytes[FLAGS_AT] = (bytes[FLAGS_AT] ?? 0) & ~FLAG.QUIET;
  return bytes;
}

function mutated(frame: Buffer, random: Random, place: Place, space: Buffer): Buffer {
  for (let draw = 0; draw < DRAWS_MAX; draw += 1) {
    let bytes: Buffer = Buffer.from(frame);
    for (let count = 1 + random.below(3); count > 0 && bytes.length > 0; count -= 1) {
      const mutate = MUTATIONS[random.below(MUTATIONS.length)];
      if (mutate !== undefined) bytes = mutate(bytes, random);
    }
    if (bytes.length === 0) continue;
    if (isAllowed(bytes, place, space)) return bytes;
    const loud = withoutQuiet(bytes);
    if (isAllowed(loud, place, space)) return loud;
  }
  return frame;
}

/** The steps for a stream: what is sent, in its segments, and what has to come back. */
export function streamSteps(chunks: readonly Chunk[], place: Place): Step[] {
  const { on, profiles } = place;
  const stream = Buffer.concat(chunks.map(({ hex }) => Buffer.from(hex, 'hex')));
  const { dues, reader } = duesOf(stream, place.frameBytesMax);
  // Behind a frame with another length, frames that are harmless as they were drawn have become others.
  const isFit = dues.every((due) => isHarmless(due, regionOf(place)) && !isUncertain(due, place));
  if (stream.length === 0 || !isFit) return [];
  const replies = dues.map((due): Step => ({ recv: permitted(due, profiles), on }));
  if (reader.ended) return endingSteps(stream, replies, on);
  const segments = segmentsOf(chunks);
  const send: Step = { send: [{ hex: toHex(stream) }], on, ...(segments.length > 1 && { segments }) };
  if (!reader.inFrame) return [send, ...replies, { probe: on }];
  return [send, ...replies, { halfClose: on }, { recv: { closed: true }, on }];
}

/**
 * A stream with a framing error or a QUIT. The close may destroy the last reply, so that all others have come before
 * it; that the last one is missing is then no mistake.
 */
function endingSteps(stream: Buffer, replies: readonly Step[], on: string): Step[] {
  let end = 0;
  for (let passed = 1; passed < replies.length; passed += 1) end += LENGTH_BYTES + stream.readUInt32BE(end);
  const closed: OneExpectation = { closed: true };
  const last = replies.slice(-1).map((step): Step => {
    const expect = 'recv' in step ? step.recv : closed;
    return { recv: { anyOf: [...('anyOf' in expect ? expect.anyOf : [expect]), closed] }, on };
  });
  const before: Step[] = end > 0 ? [{ send: [{ hex: toHex(stream.subarray(0, end)) }], on }] : [];
  const rest: Step = { send: [{ hex: toHex(stream.subarray(end)) }], on };
  // A frame too short for a head is an error from its first byte on, but a server may wait for the few that are
  // missing.
  const isWhole =
    stream.readUInt32BE(end) >= HEAD_BYTES || stream.length >= end + LENGTH_BYTES + stream.readUInt32BE(end);
  const finish: Step[] = isWhole ? [] : [{ halfClose: on }];
  return [...before, ...replies.slice(0, -1), rest, ...finish, ...last, { recv: closed, on }];
}

function segmentsOf(chunks: readonly Chunk[]): number[] {
  const sizes: number[] = [];
  let open = 0;
  for (const { hex, cut } of chunks) {
    const size = hex.length / 2;
    if (cut === undefined || cut <= 0 || cut >= size) {
      open += size;
      continue;
    }
    sizes.push(open + cut);
    open = size - cut;
  }
  return open > 0 ? [...sizes, open] : sizes;
}

/** What the keys of all iterations begin with: an iteration's bytes may be sent again in the place of another. */
export function regionOf({ prefix }: Place): Buffer {
  return Buffer.concat([prefix, Buffer.from(SPACE_START)]);
}

function chunkOf(bytes: Buffer, random: Random): Chunk {
  const cut = random.below(3) === 0 ? 1 + random.below(bytes.length) : undefined;
  return { hex: toHex(bytes), cut };
}

/** A generator that mutates frames of a corpus. */
export function mutations(corpus: (space: string) => readonly Piece[]): Generator<Chunk> {
  return {
    draw: (random, place) => {
      const resolver = new Resolver(place.prefix.toString('latin1'), { ...place, keyBytesMax: 0, valueBytesMax: 0 }, 1);
      const pieces = corpus(place.space);
      const count = 1 + random.below(CHUNKS_MAX);
      return Array.from({ length: count }, () => {
        const piece = pieces[random.below(pieces.length)] ?? request('PING');
        const frame = resolver.piece(piece);
        return chunkOf(random.below(2) === 0 ? mutated(frame, random, place, regionOf(place)) : frame, random);
      });
    },
    steps: streamSteps,
    simpler: ({ hex, cut }) => (cut === undefined ? [] : [{ hex, cut: undefined }]),
  };
}

/** Valid requests, of all operations that a server may have, on the keys of an iteration. */
export function binaryCorpus(space: string): Piece[] {
  const [a, b] = [`${space}a`, `${space}ab`];
  return [
    request('PING', undefined, { value: 'ping' }),
    set(a, 'value'),
    set(b, { fill: 300 }),
    get(a),
    request('DELETE', a),
    set(a, 'v', { ttl: 600_000, tag: 7, flags: ['DETAIL'] }),
    get(b, { flags: ['DETAIL'] }),
    request('ADD', b, { value: 'new', tag: 1 }),
    request('REPLACE', a, { value: 'other', version: 3 }),
    request('APPEND', a, { value: 'tail' }),
    request('INCREMENT', b, { number: -5, value: '10' }),
    request('TOUCH', a, { ttl: 900_000 }),
    request('LOCK', a, { ttl: 60_000 }),
    request('UNLOCK', a),
    request('META', a),
    request('COUNT', space),
    request('KEYS', space, { number: 2, value: 'a' }),
    get(space, { flags: ['PREFIX'], number: 3 }),
    set(a, 'all', { flags: ['PREFIX'] }),
    request('DELETE', b, { flags: ['PREFIX'] }),
    request('HELLO'),
    request('STATS'),
    request('QUIT'),
    request(0x30, a, { value: 'x' }),
  ];
}

/** Valid envelopes. */
export function jsonCorpus(space: string): Piece[] {
  const key = `{{${space}a}}`;
  return [
    { json: `{"command":"SET","key":"${key}","value":"text"}` },
    { json: `{"command":"SET","key":"${key}","value":[1,2.50,{"a":null,"b":[true,"\\n"]}]}` },
    { json: `{ "key" : "${key}" , "command" : "SET" , "value" : -1.5e10 , "other" : {} }` },
    { json: `{"command":"GET","key":"${key}"}` },
    { json: `{"command":"DEL","key":"${key}"}` },
    set(`${space}a`, '{"a":'),
    request('PING', undefined, { value: '{}' }),
  ];
}
