/**
 * Files of the log, as bytes. A log and a snapshot have the same form:
 *
 *     file  = head block*            behind the last block of a log there may be zeros
 *     head  = "SPEICHER" format:u32 kind:u32 number:u32 nonce:u32 crc:u32
 *     block = crc:u32 length:u32 sequence:u64 unsynced:u32 time:f64 records
 *
 * Integers are big-endian. A block's length counts its records alone, its crc everything behind itself, beginning with
 * the crc of the file's head: a block that belongs to another file is none. `sequence` grows by one from block to
 * block, over all log files; a snapshot counts for itself. `unsynced` is how many blocks directly before this one were
 * not known to be synced when it was written. `time` is the server's, in milliseconds since the Unix epoch.
 */
import { crc32 } from 'node:zlib';
import { readU32, readU64, type FrameWriter } from '../../protocol/index.ts';

/** The format of all files. A file that has a greater one is refused; smaller ones are read for ever. */
export const FORMAT = 3;

export const HEAD_BYTES = 28;
export const BLOCK_HEADER_BYTES = 28;

/**
 * A block ends once it has so many bytes; a longer record is a block of its own. So much fits in the processor's nearer
 * caches together with what the store works on. Blocks of 32 KiB cost as much, and blocks of 16 KiB a twentieth of the
 * server's CPU time more, under a load of SETs.
 */
export const BLOCK_BYTES_FULL = 64 * 1024;

export const KIND = { log: 1, snapshot: 2 } as const;
export type FileKind = (typeof KIND)[keyof typeof KIND];

const MAGIC = Buffer.from('SPEICHER', 'latin1');
const CRC_BYTES = 4;
const HEAD_CRC_AT = HEAD_BYTES - CRC_BYTES;
const TIME_AT = 20;

/** Where the length of a block's records stands in its header. */
export const LENGTH_AT = 4;

export interface FileHead {
  readonly format: number;
  readonly kind: FileKind;
  readonly number: number;
  /** What the checksums of the file's blocks begin with. */
  readonly crc: number;
}

/** Why a head cannot be used. */
export type HeadProblem = 'short' | 'damaged' | 'newer';

/**
 * Makes the head of a new file.
 *
 * @param nonce 32 random bits
 */
export function makeHead(kind: FileKind, number: number, nonce: number): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  MAGIC.copy(head);
  head.writeUInt32BE(FORMAT, 8);
  head.writeUInt32BE(kind, 12);
  head.writeUInt32BE(number, 16);
  head.writeUInt32BE(nonce, 20);
  head.writeUInt32BE(crc32(head.subarray(0, HEAD_CRC_AT)), HEAD_CRC_AT);
  return head;
}

/** What the checksums of a file's blocks begin with, given its head as `makeHead` has made it. */
export function headCrcOf(head: Uint8Array): number {
  return readU32(head, HEAD_CRC_AT);
}

/** Reads the head of a file, given the file's first bytes. */
export function readHead(bytes: Uint8Array): FileHead | HeadProblem {
  if (bytes.length < HEAD_BYTES) return 'short';
  if (MAGIC.compare(bytes, 0, MAGIC.length) !== 0) return 'damaged';
  const crc = readU32(bytes, HEAD_CRC_AT);
  if (crc32(bytes.subarray(0, HEAD_CRC_AT)) !== crc) return 'damaged';
  const format = readU32(bytes, 8);
  if (format > FORMAT) return 'newer';
  const kind = readU32(bytes, 12);
  if (kind !== KIND.log && kind !== KIND.snapshot) return 'damaged';
  return { format, kind, number: readU32(bytes, 16), crc };
}

/** Leaves room for the header of the block whose records will be written into an empty `writer`. */
export function beginBlock(writer: FrameWriter): void {
  writer.clear();
  writer.reserve(BLOCK_HEADER_BYTES);
  writer.length = BLOCK_HEADER_BYTES;
}

/**
 * Fills the header in: the block is `writer.bytes[0]` up to `writer.bytes[writer.length - 1]`.
 *
 * @param headCrc of the head of the file that it will be written to
 * @param timeMs milliseconds since the Unix epoch
 */
export function sealBlock(
  writer: FrameWriter,
  headCrc: number,
  sequence: number,
  unsynced: number,
  timeMs: number,
): Uint8Array {
  const endAt = writer.length;
  writer.length = CRC_BYTES;
  writer.u32(endAt - BLOCK_HEADER_BYTES);
  writer.u64(sequence);
  writer.u32(unsynced);
  writer.view.setFloat64(TIME_AT, timeMs);
  writer.length = endAt;
  writer.patchU32(0, crc32(writer.bytes.subarray(CRC_BYTES, endAt), headCrc));
  return writer.bytes.subarray(0, endAt);
}

/** A block's header; one object is filled again for every block. */
export class BlockHeader {
  crc = 0;
  recordBytes = 0;
  sequence = 0;
  unsynced = 0;
  timeMs = 0;

  /** @param at where BLOCK_HEADER_BYTES bytes lie */
  read(bytes: Uint8Array, at: number): void {
    this.crc = readU32(bytes, at);
    this.recordBytes = readU32(bytes, at + LENGTH_AT);
    this.sequence = readU64(bytes, at + 8);
    this.unsynced = readU32(bytes, at + 16);
    this.timeMs = new DataView(bytes.buffer, bytes.byteOffset + at).getFloat64(TIME_AT);
  }
}

/** Whether the block of `sizeBytes` at `at` has the checksum that its first bytes say. */
export function isSealed(bytes: Uint8Array, at: number, sizeBytes: number, headCrc: number): boolean {
  return crc32(bytes.subarray(at + CRC_BYTES, at + sizeBytes), headCrc) === readU32(bytes, at);
}
