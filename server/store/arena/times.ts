/**
 * What few items have: a time of expiry, or a lock. Such an item has an entry here, whose number it keeps, and a number
 * stays what it is wherever the item moves. Entries that expire stand in a heap, the next one to expire on top.
 */
import { leftMs, type Lock } from '../item.ts';

/** The number of no entry. */
export const NO_ENTRY = 0;

const ENTRIES_MIN = 64;

export class Times {
  #locations = new Uint32Array(ENTRIES_MIN);
  #startMs = new Float64Array(ENTRIES_MIN);
  /** Infinity: never expires. */
  #lengthMs = new Float64Array(ENTRIES_MIN);
  /** Where in the heap an entry stands; 0: not in it. */
  #heapAt = new Uint32Array(ENTRIES_MIN);
  /** Numbers of entries, from 1 on: those at 2n and 2n + 1 do not expire before the one at n. */
  #heap = new Uint32Array(ENTRIES_MIN);
  #heapSize = 0;
  /** How many numbers were given out, those that are free again too. */
  #used = 1;
  #free: number[] = [];
  /** By number of entry. They are few, so they may be objects. */
  readonly locks = new Map<number, Lock>();

  /** How many entries there are. */
  get size(): number {
    return this.#used - 1 - this.#free.length;
  }

  /** How many of them expire. */
  get mortal(): number {
    return this.#heapSize;
  }

  get memoryBytes(): number {
    return this.#locations.length * (3 * 4 + 2 * 8);
  }

  /** Makes an entry that never expires. */
  add(location: number, nowMs: number): number {
    const entry = this.#free.pop() ?? this.#used++;
    if (entry === this.#locations.length) this.#grow();
    this.#locations[entry] = location;
    this.#startMs[entry] = nowMs;
    this.#lengthMs[entry] = Infinity;
    this.#heapAt[entry] = 0;
    return entry;
  }

  remove(entry: number): void {
    this.#leaveHeap(entry);
    this.locks.delete(entry);
    this.#free.push(entry);
  }

  locationOf(entry: number): number {
    return this.#locations[entry]!;
  }

  relocate(entry: number, location: number): void {
    this.#locations[entry] = location;
  }

  /** Begins a new time to live; Infinity is without end. */
  setLife(entry: number, startMs: number, lengthMs: number): void {
    this.#leaveHeap(entry);
    this.#startMs[entry] = startMs;
    this.#lengthMs[entry] = lengthMs;
    if (lengthMs === Infinity) return;
    this.#heapSize++;
    this.#put(entry, this.#heapSize);
    this.#rise(entry);
  }

  lengthMs(entry: number): number {
    return this.#lengthMs[entry]!;
  }

  /** Milliseconds until an entry expires; 0 once it has, Infinity if it never does. */
  leftMs(entry: number, nowMs: number): number {
    return leftMs({ startMs: this.#startMs[entry]!, lengthMs: this.#lengthMs[entry]! }, nowMs);
  }

  isExpired(entry: number, nowMs: number): boolean {
    return this.#lengthMs[entry]! - (nowMs - this.#startMs[entry]!) <= 0;
  }

  /** An entry that has expired, or NO_ENTRY. */
  nextExpired(nowMs: number): number {
    return this.#heapSize > 0 && this.isExpired(this.#heap[1]!, nowMs) ? this.#heap[1]! : NO_ENTRY;
  }

  clear(): void {
    this.#locations = new Uint32Array(ENTRIES_MIN);
    this.#startMs = new Float64Array(ENTRIES_MIN);
    this.#lengthMs = new Float64Array(ENTRIES_MIN);
    this.#heapAt = new Uint32Array(ENTRIES_MIN);
    this.#heap = new Uint32Array(ENTRIES_MIN);
    this.#heapSize = 0;
    this.#used = 1;
    this.#free = [];
    this.locks.clear();
  }

  /** @throws Error if the heap is out of order: a defect */
  check(): void {
    for (let at = 1; at <= this.#heapSize; at++) {
      const entry = this.#heap[at]!;
      const parent = this.#heap[at >>> 1]!;
      /* c8 ignore next 3 -- only a defect gets here */
      if (this.#heapAt[entry] !== at || (at > 1 && this.#endMs(parent) > this.#endMs(entry))) {
        throw new Error(`the heap of times is out of order at ${at}`);
      }
    }
  }

  /** Not exact where the sum is above 2^53: good enough to tell which of two comes first. */
  #endMs(entry: number): number {
    return this.#startMs[entry]! + this.#lengthMs[entry]!;
  }

  #put(entry: number, at: number): void {
    this.#heap[at] = entry;
    this.#heapAt[entry] = at;
  }

  #leaveHeap(entry: number): void {
    const at = this.#heapAt[entry]!;
    if (at === 0) return;
    this.#heapAt[entry] = 0;
    const last = this.#heap[this.#heapSize--]!;
    if (last === entry) return;
    this.#put(last, at);
    this.#rise(last);
    this.#sink(last);
  }

  #rise(entry: number): void {
    const endMs = this.#endMs(entry);
    let at = this.#heapAt[entry]!;
    for (; at > 1; at >>>= 1) {
      const parent = this.#heap[at >>> 1]!;
      if (this.#endMs(parent) <= endMs) break;
      this.#put(parent, at);
    }
    this.#put(entry, at);
  }

  #sink(entry: number): void {
    const endMs = this.#endMs(entry);
    let at = this.#heapAt[entry]!;
    for (let child = 2 * at; child <= this.#heapSize; child = 2 * at) {
      if (child < this.#heapSize && this.#endMs(this.#heap[child + 1]!) < this.#endMs(this.#heap[child]!)) child++;
      const below = this.#heap[child]!;
      if (this.#endMs(below) >= endMs) break;
      this.#put(below, at);
      at = child;
    }
    this.#put(entry, at);
  }

  #grow(): void {
    this.#locations = grown(this.#locations, new Uint32Array(2 * this.#locations.length));
    this.#startMs = grown(this.#startMs, new Float64Array(2 * this.#startMs.length));
    this.#lengthMs = grown(this.#lengthMs, new Float64Array(2 * this.#lengthMs.length));
    this.#heapAt = grown(this.#heapAt, new Uint32Array(2 * this.#heapAt.length));
    this.#heap = grown(this.#heap, new Uint32Array(2 * this.#heap.length));
  }
}

function grown<Numbers extends Uint32Array | Float64Array>(from: Numbers, into: Numbers): Numbers {
  into.set(from);
  return into;
}
