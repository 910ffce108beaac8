/**
 * A disk that does to unsynced data what disks may do. A kill leaves all that was written; a loss of power keeps any of
 * the sectors that were not synced, in no order, tears one in the middle, and forgets what was done to the directory
 * since its last sync. Any call can fail, write less than asked or take its time, as one seed decides.
 */
import { asError } from '../as-error.ts';
import type { Disk, DiskFile } from '../disk.ts';

const SECTOR_BYTES = 64;

/** Random numbers from a seed: mulberry32. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Write {
  readonly at: number;
  readonly bytes: Buffer;
}

/** What a file has; it grows as it is written to. */
class Content {
  #buffer: Buffer;
  #length: number;

  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.#buffer = Buffer.from(bytes);
    this.#length = bytes.length;
  }

  /** Valid until the next write. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  write({ at, bytes }: Write): void {
    const end = at + bytes.length;
    if (end > this.#buffer.length) {
      const grown = Buffer.alloc(2 * end);
      this.#buffer.copy(grown);
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, at);
    this.#length = Math.max(this.#length, end);
  }
}

class Inode {
  /** What reads see. */
  current = new Content();
  /** What is safe. */
  safe = new Content();
  /** What was written since, in order. */
  unsafe: Write[] = [];

  write(bytes: Uint8Array, at: number): void {
    const write = { at, bytes: Buffer.from(bytes) };
    this.current.write(write);
    this.unsafe.push(write);
  }
}

type DirectoryChange = (names: Map<string, Inode>) => void;

/** What a disk asks of the simulation around it. */
export interface SimWorld {
  readonly random: () => number;
  /** Calls after `delayMs` of the simulation's time. */
  later(delayMs: number, call: () => void): void;
  /** Called at every call of the disk; may return a failure's code, or `short` for a write that does half. */
  fault(operation: string, name: string): string | undefined;
  /** The longest that a call takes. */
  readonly slowMs: number;
}

export class SimDisk implements Disk {
  readonly #world: SimWorld;
  #names: Map<string, Inode>;
  #safeNames: Map<string, Inode>;
  #unsafeChanges: DirectoryChange[] = [];
  #isGone = false;

  constructor(world: SimWorld, names = new Map<string, Inode>(), safeNames = new Map<string, Inode>()) {
    this.#world = world;
    this.#names = names;
    this.#safeNames = safeNames;
  }

  /** The process is killed: what it has begun never ends. The next one finds all that was written. */
  kill(world: SimWorld): SimDisk {
    this.#isGone = true;
    const next = new SimDisk(world, this.#names, this.#safeNames);
    next.#unsafeChanges = this.#unsafeChanges;
    return next;
  }

  /** The power is lost. */
  losePower(world: SimWorld): SimDisk {
    this.#isGone = true;
    const { random } = this.#world;
    const names = new Map(this.#safeNames);
    // A file system keeps a beginning of what was done, or any part of it.
    const keepsOrder = random() < 0.5;
    const share = random();
    for (const change of this.#unsafeChanges) {
      if (random() < share) change(names);
      else if (keepsOrder) break;
    }
    for (const inode of new Set(names.values())) {
      inode.safe = survive(inode, random);
      inode.current = new Content(inode.safe.bytes);
      inode.unsafe = [];
    }
    return new SimDisk(world, names, new Map(names));
  }

  /** Everything, as it would be read now. */
  contents(): Map<string, Buffer> {
    return new Map([...this.#names].map(([name, { current }]) => [name, Buffer.from(current.bytes)]));
  }

  /** Puts a file there, safe: for tests that begin with one. */
  plant(name: string, bytes: Uint8Array): void {
    const inode = new Inode();
    inode.current = new Content(bytes);
    inode.safe = new Content(bytes);
    this.#names.set(name, inode);
    this.#safeNames.set(name, inode);
  }

  list(): Promise<string[]> {
    return this.#call('list', '', () => [...this.#names.keys()]);
  }

  create(name: string): Promise<DiskFile> {
    return this.#call('create', name, () => {
      const inode = new Inode();
      this.#change((names) => names.set(name, inode));
      return this.#fileOf(name, inode);
    });
  }

  open(name: string): Promise<DiskFile> {
    return this.#call('open', name, () => this.#fileOf(name, this.#inode(name)));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#call('rename', to, () => {
      const inode = this.#inode(from);
      this.#change((names) => {
        names.delete(from);
        names.set(to, inode);
      });
    });
  }

  remove(name: string): Promise<void> {
    return this.#call('remove', name, () => {
      this.#inode(name);
      this.#change((names) => names.delete(name));
    });
  }

  syncDirectory(): Promise<void> {
    const changes = [...this.#unsafeChanges];
    return this.#call('sync', '.', () => {
      for (const change of changes) change(this.#safeNames);
      this.#unsafeChanges = this.#unsafeChanges.filter((change) => !changes.includes(change));
    });
  }

  #change(change: DirectoryChange): void {
    change(this.#names);
    this.#unsafeChanges.push(change);
  }

  #inode(name: string): Inode {
    const inode = this.#names.get(name);
    if (inode === undefined) throw failure('ENOENT', name);
    return inode;
  }

  #writeNow(name: string, inode: Inode, bytes: Uint8Array, at: number): number {
    if (this.#isGone) throw new Error('a process that was killed writes');
    const fault = this.#world.fault('write', name);
    const written = fault === 'short' ? bytes.subarray(0, Math.ceil(bytes.length / 2)) : bytes;
    if (fault !== undefined && fault !== 'short') throw failure(fault, name);
    inode.write(written, at);
    return written.length;
  }

  #fileOf(name: string, inode: Inode): DiskFile {
    return {
      writeNow: (bytes, at) => this.#writeNow(name, inode, bytes, at),
      writeZerosNow: (sizeBytes, at) => this.#writeNow(name, inode, new Uint8Array(sizeBytes), at),
      // Of a write that fails some may be there.
      write: (bytes, at) => {
        inode.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), at);
        return this.#call('write', name, () => inode.write(bytes, at));
      },
      read: (into, at) =>
        this.#call('read', name, () => {
          const piece = inode.current.bytes.subarray(at, at + into.length);
          into.set(piece);
          return piece.length;
        }),
      sync: () => {
        const writes = [...inode.unsafe];
        const forget = () => {
          inode.unsafe = inode.unsafe.filter((write) => !writes.includes(write));
        };
        return this.#call(
          'sync',
          name,
          () => {
            for (const write of writes) inode.safe.write(write);
            forget();
          },
          // After a sync that failed, the system may believe that there is nothing left to write.
          forget,
        );
      },
      syncNow: () => {
        if (this.#isGone) throw new Error('a process that was killed syncs');
        const fault = this.#world.fault('sync', name);
        if (fault === undefined) for (const write of inode.unsafe) inode.safe.write(write);
        inode.unsafe = [];
        if (fault !== undefined) throw failure(fault, name);
      },
      sizeBytes: () => this.#call('stat', name, () => inode.current.bytes.length),
      close: () => this.#call('close', name, () => {}),
    };
  }

  /** Does something at a moment that the simulation chooses. */
  #call<Result>(operation: string, name: string, run: () => Result, onFault = () => {}): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#isGone) return;
      this.#world.later(this.#world.random() * this.#world.slowMs, () => {
        if (this.#isGone) return;
        const fault = this.#world.fault(operation, name);
        if (fault !== undefined && fault !== 'short') {
          onFault();
          return reject(failure(fault, name));
        }
        try {
          resolve(run());
        } catch (error) {
          reject(asError(error));
        }
      });
    });
  }
}

function failure(code: string, name: string): Error {
  return Object.assign(new Error(`${code}: ${name}`), { code });
}

/** What a file has after a loss of power. */
function survive(inode: Inode, random: () => number): Content {
  const share = random();
  const content = new Content(inode.safe.bytes);
  for (const { at, bytes } of inode.unsafe) {
    for (let start = 0; start < bytes.length;) {
      const end = Math.min(bytes.length, start + SECTOR_BYTES - ((at + start) % SECTOR_BYTES));
      const draw = random();
      const isTorn = random() < 0.1;
      const keptEnd = draw >= share ? start : isTorn ? start + Math.floor(random() * (end - start)) : end;
      if (keptEnd > start) content.write({ at: at + start, bytes: bytes.subarray(start, keptEnd) });
      start = end;
    }
  }
  return content;
}
