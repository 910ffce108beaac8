/**
 * The suite's own builder of requests. It shares nothing with the codec that it judges but the names and numbers of the
 * tables, and it builds malformed frames as willingly as good ones.
 *
 *     length u32 | opcode u8 | flags u8 | key length u16 | id u32 | fields, lowest bit first | key | value
 */
import { FLAG } from '../../protocol/flags.ts';

export interface RequestFields {
  readonly opcode: number;
  readonly id: number;
  /** Flags besides those that the given fields announce. */
  readonly flagBits?: number | undefined;
  readonly ttl?: bigint | undefined;
  readonly version?: bigint | undefined;
  readonly tag?: number | undefined;
  readonly number?: bigint | undefined;
  readonly token?: bigint | undefined;
  readonly key?: Uint8Array | undefined;
  readonly value?: Uint8Array | undefined;
  /** Written in place of the key's real length. */
  readonly keyLength?: number | undefined;
  /** Written in place of the frame's real length. */
  readonly length?: number | undefined;
}

function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt.asUintN(64, value));
  return bytes;
}

/** A length as it stands before a frame. */
export function lengthField(length: number): Buffer {
  return u32(length);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** One request frame with its length field. */
export function buildRequest(request: RequestFields): Buffer {
  let flags = request.flagBits ?? 0;
  const fields: Buffer[] = [];
  const add = (bit: number, bytes: Buffer): void => {
    flags |= bit;
    fields.push(bytes);
  };
  if (request.ttl !== undefined) add(FLAG.TTL, u64(request.ttl));
  if (request.version !== undefined) add(FLAG.VERSION, u64(request.version));
  if (request.tag !== undefined) add(FLAG.TAG, u32(request.tag));
  if (request.number !== undefined) add(FLAG.NUMBER, u64(request.number));
  if (request.token !== undefined) add(FLAG.TOKEN, u64(request.token));
  const key = request.key ?? Buffer.alloc(0);
  const value = request.value ?? Buffer.alloc(0);
  const head = Buffer.alloc(8);
  head[0] = request.opcode;
  head[1] = flags;
  head.writeUInt16BE(request.keyLength ?? key.length, 2);
  head.writeUInt32BE(request.id >>> 0, 4);
  const body = Buffer.concat([head, ...fields, key, value]);
  return Buffer.concat([u32(request.length ?? body.length), body]);
}

/** Any bytes as one frame: a JSON envelope, or a body that is wrong on purpose. */
export function buildFrame(body: Uint8Array): Buffer {
  return Buffer.concat([u32(body.length), body]);
}
