/**
 * What the log needs of a disk. It is injected, so that a simulated one can lose, tear and refuse
 * (testing/sim-disk.ts); node-disk.ts is the real one. Names are those of files in one directory.
 */
export interface ReadableFile {
  /**
   * Reads into `into`.
   *
   * @returns how many bytes were read; fewer than `into` has only at the end of the file
   */
  read(into: Uint8Array, at: number): Promise<number>;
  sizeBytes(): Promise<number>;
  close(): Promise<void>;
}

export interface DiskFile extends ReadableFile {
  /**
   * Writes at once, before it returns (write(2)): what is behind a kill is what was written.
   *
   * @param at offset in the file, in bytes
   * @returns how many bytes were written: it may be fewer than there are
   * @throws Error with a `code` such as ENOSPC
   */
  writeNow(bytes: Uint8Array, at: number): number;
  /** The same for so many zeros. */
  writeZerosNow(sizeBytes: number, at: number): number;
  /** The same without holding up anybody else; all bytes are written. */
  write(bytes: Uint8Array, at: number): Promise<void>;
  /** Returns once all that was written before is safe from a loss of power. */
  sync(): Promise<void>;
  /**
   * The same, before it returns.
   *
   * @throws Error with a `code`
   */
  syncNow(): void;
}

/** What whoever only reads needs. */
export interface ReadableDisk {
  /** The names of the files in the directory. */
  list(): Promise<string[]>;
  open(name: string): Promise<ReadableFile>;
}

export interface Disk extends ReadableDisk {
  /** Makes an empty file; one that was there is gone. */
  create(name: string): Promise<DiskFile>;
  open(name: string): Promise<DiskFile>;
  /** Renames a file, in one step, in place of one that may be there. */
  rename(from: string, to: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** Returns once creations, renamings and removals are safe from a loss of power. */
  syncDirectory(): Promise<void>;
}
