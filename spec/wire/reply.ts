/**
 * The suite's own reader of replies. It expects the worst: lengths that lie, garbage for ever, ends in mid-frame. It
 * never throws and never keeps more than one reply of the permitted size; after a malformed frame it has failed for
 * good.
 */
import { FLAGS, type FlagName } from '../../protocol/flags.ts';
import { decodeUtf8, showBytes } from './bytes.ts';
import { member, parseJson, type JsonNode } from './json.ts';

export interface ReplyFields {
  ttl?: bigint;
  version?: bigint;
  tag?: bigint;
  number?: bigint;
  token?: bigint;
}

export interface BinaryReply {
  readonly kind: 'binary';
  /** The whole frame with its length field. */
  readonly bytes: Buffer;
  /** Where the frame starts in everything that the connection received. */
  readonly offset: number;
  readonly opcode: number;
  readonly flags: number;
  readonly status: number;
  readonly id: number;
  readonly fields: ReplyFields;
  readonly value: Buffer;
  /** What is wrong with the frame itself. */
  readonly problem?: string;
}

export interface JsonReply {
  readonly kind: 'json';
  readonly bytes: Buffer;
  readonly offset: number;
  readonly text: string;
  readonly status: number | undefined;
  readonly document?: JsonNode;
  readonly value?: JsonNode;
  readonly problem?: string;
}

export type Reply = BinaryReply | JsonReply;

export interface Garbage {
  readonly kind: 'garbage';
  readonly offset: number;
  readonly problem: string;
}

const LENGTH_BYTES = 4;
const HEAD_BYTES = 8;
const JSON_BRACE = 0x7b;

/** Takes chunks as they come and gives frames; `garbage` is the last thing that it ever gives. */
export class ReplyReader {
  #chunks: Buffer[] = [];
  #buffered = 0;
  #offset = 0;
  #failed = false;
  readonly #replyBytesMax: number;

  /** @param replyBytesMax the largest `length` that a reply may have, in bytes (FRAME-12). */
  constructor(replyBytesMax: number) {
    this.#replyBytesMax = replyBytesMax;
  }

  /** Bytes of a frame that is not complete yet. */
  get bufferedBytes(): number {
    return this.#buffered;
  }

  push(chunk: Buffer): (Reply | Garbage)[] {
    if (this.#failed) return [];
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    const found: (Reply | Garbage)[] = [];
    for (;;) {
      if (this.#buffered < LENGTH_BYTES) return found;
      const length = this.#peek(LENGTH_BYTES).readUInt32BE(0);
      const problem = this.#lengthProblem(length);
      if (problem !== undefined) {
        this.#failed = true;
        this.#chunks = [];
        found.push({ kind: 'garbage', offset: this.#offset, problem });
        return found;
      }
      const total = LENGTH_BYTES + length;
      if (this.#buffered < total) return found;
      const bytes = this.#take(total);
      found.push(parseReply(bytes, this.#offset));
      this.#offset += total;
    }
  }

  #lengthProblem(length: number): string | undefined {
    if (length === 0) return 'a reply of length 0';
    if (length > this.#replyBytesMax) {
      return `a reply's length is ${length}, above max-frame = ${this.#replyBytesMax} (FRAME-12)`;
    }
    return undefined;
  }

  #joined(): Buffer {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  #peek(count: number): Buffer {
    const first = this.#chunks[0];
    return (first !== undefined && first.length >= count ? first : this.#joined()).subarray(0, count);
  }

  #take(count: number): Buffer {
    const all = this.#joined();
    this.#buffered -= count;
    this.#chunks = this.#buffered > 0 ? [all.subarray(count)] : [];
    return all.subarray(0, count);
  }
}

/** Reads one whole frame as a reply. */
export function parseReply(bytes: Buffer, offset = 0): Reply {
  return bytes[LENGTH_BYTES] === JSON_BRACE ? parseJsonReply(bytes, offset) : parseBinaryReply(bytes, offset);
}

function parseJsonReply(bytes: Buffer, offset: number): JsonReply {
  const body = bytes.subarray(LENGTH_BYTES);
  const text = decodeUtf8(body);
  const base = { kind: 'json', bytes, offset, text: text ?? '', status: undefined } as const;
  if (text === undefined) return { ...base, problem: `the envelope is no UTF-8: ${showBytes(body)}` };
  try {
    const document = parseJson(text);
    const code = member(document, 'status_code');
    const value = member(document, 'value');
    const known = { ...base, document, ...(value && { value }) };
    if (code?.type !== 'number' || !/^[1-9][0-9]{2}$/.test(code.literal)) {
      return { ...known, problem: `status_code is no integer in ${showBytes(body)}` };
    }
    return { ...known, status: Number(code.literal) };
  } catch (error) {
    return { ...base, problem: `the envelope is no JSON: ${String(error)}` };
  }
}

function parseBinaryReply(bytes: Buffer, offset: number): BinaryReply {
  const length = bytes.length - LENGTH_BYTES;
  if (length < HEAD_BYTES) {
    const nothing = { opcode: 0, flags: 0, status: 0, id: 0, fields: {}, value: bytes.subarray(bytes.length) };
    return { kind: 'binary', bytes, offset, ...nothing, problem: `a binary reply of ${length} bytes` };
  }
  const flags = bytes.readUInt8(5);
  const fields: ReplyFields = {};
  let at = LENGTH_BYTES + HEAD_BYTES;
  let problem: string | undefined;
  for (const name of Object.keys(FLAGS) as FlagName[]) {
    const { bit, fieldBytes, inReplies } = FLAGS[name];
    if ((flags & bit) === 0) continue;
    if (!inReplies) problem ??= `a reply with the flag ${name} (FRAME-6)`;
    if (at + fieldBytes > bytes.length) {
      problem ??= `the field ${name} does not fit in the reply (FRAME-6)`;
      break;
    }
    readField(bytes, at, name, fields);
    at += fieldBytes;
  }
  return {
    kind: 'binary',
    bytes,
    offset,
    opcode: bytes.readUInt8(4),
    flags,
    status: bytes.readUInt16BE(6),
    id: bytes.readUInt32BE(8),
    fields,
    value: bytes.subarray(Math.min(at, bytes.length)),
    ...(problem !== undefined && { problem }),
  };
}

function readField(bytes: Buffer, at: number, name: FlagName, fields: ReplyFields): void {
  if (name === 'TTL') fields.ttl = bytes.readBigUInt64BE(at);
  else if (name === 'VERSION') fields.version = bytes.readBigUInt64BE(at);
  else if (name === 'TAG') fields.tag = BigInt(bytes.readUInt32BE(at));
  else if (name === 'NUMBER') fields.number = bytes.readBigInt64BE(at);
  else if (name === 'TOKEN') fields.token = bytes.readBigUInt64BE(at);
}
