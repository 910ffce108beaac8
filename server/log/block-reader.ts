/**
 * Reads a file block by block, from large pieces, in place:
 *
 *     for (;;) {
 *       const outcome = reader.next();
 *       if (outcome === 'more') await reader.fill();
 *       else if (outcome === 'block') use(reader.bytes, reader.recordsStart, reader.recordsEnd);
 *       else break;
 *     }
 */
import { readU32 } from '../../protocol/index.ts';
import { BLOCK_HEADER_BYTES, BlockHeader, HEAD_BYTES, KIND, LENGTH_AT, isSealed, readHead } from './blocks.ts';
import type { FileHead, HeadProblem } from './blocks.ts';
import type { ReadableDisk, ReadableFile } from './disk.ts';

/** `more`: call `fill`. `bad`: what lies at `at` is no block. `end`: the file ends behind a block, zeros apart. */
export type BlockOutcome = 'block' | 'more' | 'bad' | 'end';

/** Pieces in which a file is read. */
const PIECE_BYTES = 2 * 1024 * 1024;

/** Pieces in which the zeros at the end of a log are looked for. */
const ZEROS_PIECE_BYTES = 64 * 1024;

/** How long a file is, and from where on it has nothing but zeros, in bytes. */
export interface FileExtent {
  readonly sizeBytes: number;
  readonly zerosAt: number;
}

/** Looks at a file from its end on. */
export async function extentOf(file: ReadableFile): Promise<FileExtent> {
  const sizeBytes = await file.sizeBytes();
  const piece = new Uint8Array(Math.min(sizeBytes, ZEROS_PIECE_BYTES));
  let zerosAt = sizeBytes;
  while (zerosAt > 0) {
    const from = Math.max(0, zerosAt - piece.length);
    const readBytes = await file.read(piece.subarray(0, zerosAt - from), from);
    const last = piece.subarray(0, readBytes).findLastIndex((byte) => byte !== 0);
    if (last >= 0) return { sizeBytes, zerosAt: from + last + 1 };
    zerosAt = from;
  }
  return { sizeBytes, zerosAt };
}

/** A file in which zeros are what they are. */
async function wholeOf(file: ReadableFile): Promise<FileExtent> {
  const sizeBytes = await file.sizeBytes();
  return { sizeBytes, zerosAt: sizeBytes };
}

export class BlockReader {
  readonly name: string;
  readonly head: FileHead | HeadProblem;
  readonly sizeBytes: number;
  /** From here on a log has nothing but zeros, which may be the last block's or were written ahead (LogWriter). */
  readonly zerosAt: number;
  readonly header = new BlockHeader();
  /** What has been read of the file: the bytes from `#base` on. */
  bytes = new Uint8Array(0);
  /** Where the records of the block lie that `next` announced, in `bytes`. */
  recordsStart = 0;
  recordsEnd = 0;
  /** Offset in the file of the next block, or of what is none. */
  at = HEAD_BYTES;
  readonly #file: ReadableFile;
  readonly #headCrc: number;
  #base = 0;
  #neededBytes = 0;

  private constructor(
    name: string,
    file: ReadableFile,
    { sizeBytes, zerosAt }: FileExtent,
    head: FileHead | HeadProblem,
  ) {
    this.name = name;
    this.#file = file;
    this.sizeBytes = sizeBytes;
    this.zerosAt = zerosAt;
    this.head = head;
    this.#headCrc = typeof head === 'string' ? 0 : head.crc;
  }

  /** Opens a file and reads its head. */
  static async open(disk: ReadableDisk, name: string): Promise<BlockReader> {
    const file = await disk.open(name);
    try {
      const first = new Uint8Array(HEAD_BYTES);
      const readBytes = await file.read(first, 0);
      const head = readHead(first.subarray(0, readBytes));
      const isLog = typeof head === 'object' && head.kind === KIND.log;
      return new BlockReader(name, file, isLog ? await extentOf(file) : await wholeOf(file), head);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** Where the file ends, or where the zeros behind its last block begin once that was read. */
  get endBytes(): number {
    return Math.max(this.at, this.zerosAt);
  }

  /** Goes on to the next block. After `bad` it goes nowhere by itself. */
  next(): BlockOutcome {
    const leftBytes = this.sizeBytes - this.at;
    if (leftBytes === 0 || this.at >= this.zerosAt) return 'end';
    if (leftBytes < BLOCK_HEADER_BYTES) return 'bad';
    if (!this.#has(BLOCK_HEADER_BYTES)) return 'more';
    const start = this.at - this.#base;
    this.header.read(this.bytes, start);
    const blockBytes = BLOCK_HEADER_BYTES + this.header.recordBytes;
    if (blockBytes > leftBytes) return 'bad';
    if (!this.#has(blockBytes)) return 'more';
    if (!isSealed(this.bytes, start, blockBytes, this.#headCrc)) return 'bad';
    this.recordsStart = start + BLOCK_HEADER_BYTES;
    this.recordsEnd = start + blockBytes;
    this.at += blockBytes;
    return 'block';
  }

  /** Reads what `next` wants. */
  async fill(): Promise<void> {
    const wantedBytes = Math.max(this.#neededBytes, Math.min(PIECE_BYTES, this.sizeBytes - this.at));
    const into = wantedBytes > this.bytes.length ? new Uint8Array(wantedBytes) : this.bytes;
    const readBytes = await this.#file.read(into, this.at);
    // A file that has become shorter meanwhile reads as zeros, which are no block.
    into.fill(0, readBytes);
    this.bytes = into;
    this.#base = this.at;
  }

  /**
   * Looks behind something bad for the next block, byte by byte, and moves there: `next` will announce it.
   *
   * @param sequenceMin what its sequence is at least
   * @returns whether there is one
   */
  async seek(sequenceMin: number): Promise<boolean> {
    // No file has more blocks than fit in it, so a greater sequence is chance.
    const sequenceMax = sequenceMin + this.sizeBytes / BLOCK_HEADER_BYTES;
    const header = new BlockHeader();
    while (this.sizeBytes - ++this.at >= BLOCK_HEADER_BYTES) {
      if (!this.#has(BLOCK_HEADER_BYTES)) await this.fill();
      const recordBytes = readU32(this.bytes, this.at - this.#base + LENGTH_AT);
      if (recordBytes > this.sizeBytes - this.at - BLOCK_HEADER_BYTES) continue;
      header.read(this.bytes, this.at - this.#base);
      const { sequence, unsynced } = header;
      if (sequence < sequenceMin || sequence > sequenceMax || unsynced > sequence) continue;
      if (!this.#has(BLOCK_HEADER_BYTES + recordBytes)) await this.fill();
      const start = this.at - this.#base;
      if (isSealed(this.bytes, start, BLOCK_HEADER_BYTES + recordBytes, this.#headCrc)) return true;
    }
    this.at = this.sizeBytes;
    return false;
  }

  #has(wantedBytes: number): boolean {
    this.#neededBytes = wantedBytes;
    return this.at >= this.#base && this.at + wantedBytes <= this.#base + this.bytes.length;
  }
}
