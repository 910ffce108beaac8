/** A directory of the machine as a `Disk`. */
import { fdatasyncSync, mkdirSync, writeSync, writevSync } from 'node:fs';
import { open, readdir, rename, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Disk, DiskFile } from './disk.ts';

/** Data belong to the server's user alone. */
const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;

/** Zeros are written from the same few: more of them would push others out of the processor's caches. */
const ZEROS = new Uint8Array(4096);

/** Whoever is told that a call has failed wants to know of which file; the system knows only where it was opened. */
function named(error: unknown, path: string): unknown {
  if (error instanceof Error && !error.message.includes(path)) error.message += ` '${path}'`;
  return error;
}

class NodeFile implements DiskFile {
  readonly #handle: FileHandle;
  readonly #path: string;
  readonly #fail = (error: unknown): never => {
    throw named(error, this.#path);
  };

  constructor(handle: FileHandle, path: string) {
    this.#handle = handle;
    this.#path = path;
  }

  writeNow(bytes: Uint8Array, at: number): number {
    try {
      return writeSync(this.#handle.fd, bytes, 0, bytes.length, at);
    } catch (error) {
      throw named(error, this.#path);
    }
  }

  writeZerosNow(sizeBytes: number, at: number): number {
    const pieces = Array.from({ length: Math.floor(sizeBytes / ZEROS.length) }, () => ZEROS);
    pieces.push(ZEROS.subarray(0, sizeBytes % ZEROS.length));
    return writevSync(this.#handle.fd, pieces, at);
  }

  async write(bytes: Uint8Array, at: number): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const writing = this.#handle.write(bytes, done, bytes.length - done, at + done);
      const { bytesWritten } = await writing.catch(this.#fail);
      done += bytesWritten;
    }
  }

  async read(into: Uint8Array, at: number): Promise<number> {
    let done = 0;
    while (done < into.length) {
      const { bytesRead } = await this.#handle.read(into, done, into.length - done, at + done).catch(this.#fail);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return done;
  }

  sync(): Promise<void> {
    return this.#handle.datasync().catch(this.#fail);
  }

  syncNow(): void {
    try {
      fdatasyncSync(this.#handle.fd);
    } catch (error) {
      throw named(error, this.#path);
    }
  }

  async sizeBytes(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

async function openFile(path: string, access: string): Promise<NodeFile> {
  return new NodeFile(await open(path, access, FILE_MODE), path);
}

/**
 * Makes the directory, if it is not there, and a `Disk` of it.
 *
 * @throws Error with a `code` if it cannot be made
 */
export function openNodeDisk(directory: string): Disk {
  mkdirSync(directory, { recursive: true, mode: DIRECTORY_MODE });
  return nodeDisk(directory);
}

/**
 * A directory that is there as a `Disk`.
 *
 * @param access `r` where files that are there are only read, and the right to read them is to suffice
 */
export function nodeDisk(directory: string, access: 'r' | 'r+' = 'r+'): Disk {
  return {
    list: () => readdir(directory),
    create: (name) => openFile(join(directory, name), 'w+'),
    open: (name) => openFile(join(directory, name), access),
    rename: (from, to) => rename(join(directory, from), join(directory, to)),
    remove: (name) => unlink(join(directory, name)),
    syncDirectory: async () => {
      const handle = await open(directory, 'r');
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
  };
}
