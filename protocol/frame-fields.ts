/**
 * Where a frame's parts lie in its bytes, for requests and replies alike. Views are made once and filled again for
 * every frame, and hold offsets rather than copies: a server reads hundreds of thousands of frames a second.
 *
 *     frame   = length:u32 rest                      length counts every byte of rest        FRAME-1
 *     rest    = json | binary                        json begins with 7b                     FRAME-2
 *     binary  = opcode:u8 flags:u8 (key length | status):u16 id:u32 fields [key] value
 *     fields  = those that flags announce, lowest bit first                                  FRAME-6
 *
 * All integers are big-endian. Offsets named `start` point at the opcode, behind the length.
 */
import { FIELD_BYTES_BY_FLAGS, FLAG } from './flags.ts';

/** Bytes of the length that stands before every frame. */
export const LENGTH_BYTES = 4;

/** Bytes between the length and the fields of a binary frame; no binary frame is shorter (FRAME-3). */
export const HEADER_BYTES = 8;

/** FRAME-2: a frame that begins with this byte is a JSON envelope. */
export const JSON_FIRST_BYTE = 0x7b;

const U32_RANGE = 0x1_0000_0000;

/** Reads a u16 at `at`; the caller has checked that it lies within `bytes`. */
export function readU16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

/** Reads a u32 at `at`; the caller has checked that it lies within `bytes`. */
export function readU32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/**
 * Reads a u64 at `at` as a double. Up to 2^53 − 1 it is exact; anything above comes out as 2^53 or more, and so never
 * equals a version or a token (VERSION-1, LOCK-1).
 */
export function readU64(bytes: Uint8Array, at: number): number {
  return readU32(bytes, at) * U32_RANGE + readU32(bytes, at + 4);
}

/** Reads an i64 at `at`, exactly. */
export function readI64(bytes: Uint8Array, at: number): bigint {
  return (BigInt(readU32(bytes, at) | 0) << 32n) | BigInt(readU32(bytes, at + 4));
}

/** The fields that both kinds of frame may carry; one that its flag does not announce keeps its neutral value. */
export class FrameFields {
  flags = 0;
  id = 0;
  /** TTL in milliseconds; 0 if absent. */
  ttlMs = 0;
  /** VERSION; 0, which no item has, if absent. */
  version = 0;
  /** TAG; 0 if absent. */
  tag = 0;
  /** NUMBER; 0 if absent. */
  number = 0n;
  /** TOKEN; 0, which no lock has, if absent. */
  token = 0;
}

/**
 * Reads the fields that `into.flags` announces.
 *
 * @param at where the first field begins; the caller has checked that all of them lie within `bytes`
 * @returns where the fields end
 */
export function readFields(into: FrameFields, bytes: Uint8Array, at: number): number {
  const flags = into.flags;
  into.ttlMs = into.version = into.tag = into.token = 0;
  into.number = 0n;
  if (FIELD_BYTES_BY_FLAGS[flags] === 0) return at;
  if (flags & FLAG.TTL) {
    into.ttlMs = readU64(bytes, at);
    at += 8;
  }
  if (flags & FLAG.VERSION) {
    into.version = readU64(bytes, at);
    at += 8;
  }
  if (flags & FLAG.TAG) {
    into.tag = readU32(bytes, at);
    at += 4;
  }
  if (flags & FLAG.NUMBER) {
    into.number = readI64(bytes, at);
    at += 8;
  }
  if (flags & FLAG.TOKEN) {
    into.token = readU64(bytes, at);
    at += 8;
  }
  return at;
}
