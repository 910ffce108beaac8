/**
 * Where the blocks begin that are not known to be synced. After a sync that failed, the system may hold what never
 * reached the disk and believe that there is nothing left to write: reading it back proves nothing, and syncing it does
 * nothing. So the next start writes that part anew, the same bytes in the same places, before it syncs.
 */
import type { Disk } from './disk.ts';

const PIECE_BYTES = 1024 * 1024;

export interface UnsafePart {
  readonly name: string;
  readonly fromBytes: number;
  readonly toBytes: number;
}

export class UnsafeTail {
  /** The files, in order, with where the blocks end that count. */
  readonly #names: string[] = [];
  readonly #ends: number[] = [];
  /** Of each block that is not known to be synced: sequence, file and offset. Those before `#first` are known. */
  #sequences: number[] = [];
  #files: number[] = [];
  #offsets: number[] = [];
  #first = 0;

  beginFile(name: string): void {
    this.#names.push(name);
    this.#ends.push(0);
  }

  /** Takes a block that counts, of the file that was begun last. */
  add(sequence: number, unsynced: number, startBytes: number, endBytes: number): void {
    const file = this.#names.length - 1;
    this.#ends[file] = endBytes;
    this.#sequences.push(sequence);
    this.#files.push(file);
    this.#offsets.push(startBytes);
    while (this.#sequences[this.#first]! < sequence - unsynced) this.#first++;
    if (this.#first < 1024 || this.#first < this.#sequences.length / 2) return;
    this.#sequences = this.#sequences.slice(this.#first);
    this.#files = this.#files.slice(this.#first);
    this.#offsets = this.#offsets.slice(this.#first);
    this.#first = 0;
  }

  /** The parts of files that are not known to be synced. */
  parts(): UnsafePart[] {
    const parts: UnsafePart[] = [];
    for (let at = this.#first; at < this.#sequences.length; at++) {
      const file = this.#files[at]!;
      if (at > this.#first && file === this.#files[at - 1]) continue;
      parts.push({ name: this.#names[file]!, fromBytes: this.#offsets[at]!, toBytes: this.#ends[file]! });
    }
    return parts;
  }
}

/** Writes parts of files anew and syncs them. */
export async function rewriteParts(disk: Disk, parts: readonly UnsafePart[]): Promise<void> {
  for (const { name, fromBytes, toBytes } of parts) {
    const file = await disk.open(name);
    try {
      for (let at = fromBytes; at < toBytes; at += PIECE_BYTES) {
        const piece = new Uint8Array(Math.min(PIECE_BYTES, toBytes - at));
        if ((await file.read(piece, at)) < piece.length) throw new Error(`${name} has become shorter`);
        await file.write(piece, at);
      }
      await file.sync();
    } finally {
      await file.close();
    }
  }
}
