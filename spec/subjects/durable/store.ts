/**
 * Items in memory and in a file, to try the durability cases out on. A record of the file is
 *
 *     u32 length of the rest | u8 kind | u32 TAG | f64 expiry | f64 TTL | f64 version | u16 key length | key | value
 *
 * where a kind is the first letter of `item`, `delete`, `reset` or `block`, and the version of a block is how far
 * counters are reserved. With a defect the store is wrong in one way.
 */
import { closeSync, fsyncSync, openSync, readFileSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** What a store, or the server over it, may do otherwise. The first three are legal. */
const DEFECTS = [
  'none',
  /** What was not synced may be lost, versions included, which the contract only advises against. */
  'writes-at-sync',
  'noisy-output',
  'ack-before-write',
  'resurrected-delete',
  'resurrected-reset',
  'torn-tail-served',
  'versions-start-anew',
  'clock-stops-while-down',
  'tags-are-forgotten',
  'sync-does-nothing',
  'prefix-in-halves',
  'ends-without-answering',
  'ends-by-the-signal',
  'ends-with-status-1',
  'ignores-sigterm',
  'loses-all-when-it-stops',
] as const;

export type Defect = (typeof DEFECTS)[number];

export function isDefect(text: string): text is Defect {
  return (DEFECTS as readonly string[]).includes(text);
}

export interface Item {
  readonly value: string;
  readonly tag: number;
  /** On the system's clock; 0: never. */
  readonly expiresMs: number;
  /** As it was asked for. */
  readonly ttlMs: number;
  readonly version: number;
}

/** How many counters are reserved at a time, so that none is given again. */
const BLOCK = 1000;
const LENGTH_BYTES = 4;
const KEY_AT = 31;
const LATE_MS = 200;
const TORN_MS = 4;
const NOTHING: Item = { value: '', tag: 0, expiresMs: 0, ttlMs: 0, version: 0 };

type Kind = 'i' | 'd' | 'r' | 'b';

function record(kind: Kind, key: string, { value, tag, expiresMs, ttlMs, version }: Item): Buffer {
  const head = Buffer.alloc(LENGTH_BYTES + KEY_AT);
  head.write(kind, 4, 'latin1');
  head.writeUInt32BE(tag, 5);
  head.writeDoubleBE(expiresMs, 9);
  head.writeDoubleBE(ttlMs, 17);
  head.writeDoubleBE(version, 25);
  head.writeUInt16BE(key.length, 33);
  const bytes = Buffer.concat([head, Buffer.from(key + value, 'latin1')]);
  bytes.writeUInt32BE(bytes.length - LENGTH_BYTES);
  return bytes;
}

/** Blocks the process, in which somebody may kill it meanwhile. */
export function stall(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

export class DurableStore {
  readonly items = new Map<string, Item>();
  readonly #file: number;
  readonly #path: string;
  readonly #defect: Defect;
  #writtenBytes = 0;
  #counter = 0;
  #block = 0;
  #waiting: Buffer[] = [];

  constructor(dataPath: string, defect: Defect) {
    this.#path = join(dataPath, 'log');
    this.#defect = defect;
    this.#file = openSync(this.#path, 'a+');
    const bytes = readFileSync(this.#path);
    while (this.#writtenBytes + LENGTH_BYTES <= bytes.length) {
      const end = this.#writtenBytes + LENGTH_BYTES + bytes.readUInt32BE(this.#writtenBytes);
      if (end > bytes.length && defect !== 'torn-tail-served') break;
      this.#recover(bytes.subarray(this.#writtenBytes + LENGTH_BYTES, end));
      this.#writtenBytes = Math.min(end, bytes.length);
    }
    // What a kill cut off must not stand before what is written next.
    truncateSync(this.#path, this.#writtenBytes);
    const living = [...this.items.values()].map(({ version }) => version);
    this.#counter = defect === 'versions-start-anew' ? Math.max(0, ...living) : this.#block;
  }

  #recover(bytes: Buffer): void {
    if (bytes.length < KEY_AT) return;
    const kind = bytes.toString('latin1', 0, 1);
    const ttlMs = bytes.readDoubleBE(13);
    const version = bytes.readDoubleBE(21);
    const keyEnd = KEY_AT + bytes.readUInt16BE(29);
    const key = bytes.toString('latin1', KEY_AT, keyEnd);
    if (kind === 'b') this.#block = version;
    if (kind === 'r') this.items.clear();
    if (kind === 'd') this.items.delete(key);
    if (kind !== 'i') return;
    const startsAnew = this.#defect === 'clock-stops-while-down' && ttlMs > 0;
    this.items.set(key, {
      value: bytes.toString('latin1', keyEnd),
      tag: this.#defect === 'tags-are-forgotten' ? 0 : bytes.readUInt32BE(1),
      expiresMs: startsAnew ? Date.now() + ttlMs : bytes.readDoubleBE(5),
      ttlMs,
      version,
    });
  }

  /** A number above all that were given: a version or a token. */
  next(): number {
    this.#counter += 1;
    // A store that writes at a SYNC has nowhere to keep a reservation that outlives a kill before it.
    if (this.#defect === 'writes-at-sync') this.#append(record('b', '', { ...NOTHING, version: this.#counter }));
    else if (this.#counter > this.#block) {
      this.#block = this.#counter + BLOCK;
      this.#append(record('b', '', { ...NOTHING, version: this.#block }));
    }
    return this.#counter;
  }

  get(key: string): Item | undefined {
    const item = this.items.get(key);
    return item !== undefined && item.expiresMs > 0 && item.expiresMs <= Date.now() ? undefined : item;
  }

  set(key: string, item: Item): void {
    this.items.set(key, item);
    const bytes = record('i', key, item);
    if (this.#defect !== 'torn-tail-served') return this.#append(bytes);
    const half = bytes.length - (item.value.length >> 1);
    this.#append(bytes.subarray(0, half));
    // So long that a kill under load meets the half record nearly always, and hardly ever a whole one.
    stall(TORN_MS);
    this.#append(bytes.subarray(half));
  }

  delete(key: string): void {
    this.items.delete(key);
    if (this.#defect !== 'resurrected-delete') this.#append(record('d', key, NOTHING));
  }

  reset(): void {
    this.items.clear();
    if (this.#defect !== 'resurrected-reset') this.#append(record('r', '', NOTHING));
  }

  #append(bytes: Buffer): void {
    if (this.#defect === 'writes-at-sync') this.#waiting.push(bytes);
    else if (this.#defect !== 'ack-before-write') this.#write(bytes);
    else if (this.#waiting.push(bytes) === 1) setTimeout(() => this.#writeWaiting(), LATE_MS);
  }

  #write(bytes: Buffer): void {
    writeSync(this.#file, bytes);
    this.#writtenBytes += bytes.length;
  }

  #writeWaiting(): void {
    for (const bytes of this.#waiting.splice(0)) this.#write(bytes);
  }

  /** Notes how far the file is safe: what is behind it, a loss of power that is brought about takes away. */
  sync(): void {
    if (this.#defect === 'writes-at-sync') this.#writeWaiting();
    if (this.#defect === 'sync-does-nothing') return;
    fsyncSync(this.#file);
    writeFileSync(`${this.#path}.safe`, String(this.#writtenBytes));
  }

  close(): void {
    this.#writeWaiting();
    if (this.#defect === 'loses-all-when-it-stops') truncateSync(this.#path, 0);
    closeSync(this.#file);
  }
}

/** Takes away from a directory what was not made safe. */
export function loseUnsafe(dataPath: string): void {
  const path = join(dataPath, 'log');
  let safe = 0;
  try {
    safe = Number(readFileSync(`${path}.safe`, 'utf8'));
  } catch {
    // Nothing ever was.
  }
  truncateSync(path, safe);
}
