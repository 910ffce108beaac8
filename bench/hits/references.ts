/** What a cache's hits are held against: exact LRU, and the most that any cache of its size could have had. */
import type { Cache } from './cache.ts';

const NONE = -1;

/** Exact LRU: a full cache drops what was asked for longest ago. A ring of keys, the newest behind the head. */
export class LruCache implements Cache {
  readonly #itemsMax: number;
  /** The neighbours of each key in the ring, NONE for a key that is not there; the last place is the ring's head. */
  readonly #newer: Int32Array;
  readonly #older: Int32Array;
  readonly #head: number;
  #items = 0;

  /**
   * @param itemsMax how many keys it holds
   * @param keys accessed keys are below this
   */
  constructor(itemsMax: number, keys: number) {
    this.#itemsMax = itemsMax;
    this.#newer = new Int32Array(keys + 1).fill(NONE);
    this.#older = new Int32Array(keys + 1).fill(NONE);
    this.#head = keys;
    this.#newer[keys] = this.#older[keys] = keys;
  }

  access(key: number): boolean {
    const isHit = this.#newer[key] !== NONE;
    if (isHit) this.#remove(key);
    else if (this.#items === this.#itemsMax) this.#remove(this.#newer[this.#head]!);
    this.#insert(key);
    return isHit;
  }

  /** The head's older neighbour is the newest key, its newer neighbour the oldest: the ring closes in the head. */
  #insert(key: number): void {
    const newest = this.#older[this.#head]!;
    this.#newer[newest] = key;
    this.#older[key] = newest;
    this.#newer[key] = this.#head;
    this.#older[this.#head] = key;
    this.#items++;
  }

  #remove(key: number): void {
    const newer = this.#newer[key]!;
    const older = this.#older[key]!;
    this.#older[newer] = older;
    this.#newer[older] = newer;
    this.#newer[key] = this.#older[key] = NONE;
    this.#items--;
  }
}

/** A heap of distinct numbers that gives the largest. */
class MaxHeap {
  readonly #numbers: Int32Array;
  #size = 0;

  constructor(sizeMax: number) {
    this.#numbers = new Int32Array(sizeMax);
  }

  /** The largest; NONE if there are none. */
  get largest(): number {
    return this.#size === 0 ? NONE : this.#numbers[0]!;
  }

  push(number: number): void {
    const numbers = this.#numbers;
    let at = this.#size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (numbers[parent]! > number) break;
      numbers[at] = numbers[parent]!;
      at = parent;
    }
    numbers[at] = number;
  }

  pop(): void {
    const numbers = this.#numbers;
    const last = numbers[--this.#size]!;
    let at = 0;
    for (let child = 1; child < this.#size; child = 2 * at + 1) {
      if (child + 1 < this.#size && numbers[child + 1]! > numbers[child]!) child++;
      if (numbers[child]! <= last) break;
      numbers[at] = numbers[child]!;
      at = child;
    }
    numbers[at] = last;
  }
}

/**
 * The optimum (Belady): it knows the trace, drops the key that is asked for again last, and takes in none that would be
 * dropped first. No cache of as many items can have more hits. It has to be given its own trace, in order.
 */
export class OptimalCache implements Cache {
  readonly #itemsMax: number;
  readonly #trace: Uint32Array;
  /** For each access, the place of the next one of the same key; NONE if there is none. */
  readonly #nextUse: Int32Array;
  readonly #isHeld: Uint8Array;
  /** When held keys are asked for again. Places that have gone by stay in it: they are below all others. */
  readonly #uses: MaxHeap;
  #items = 0;
  #at = 0;

  /**
   * @param itemsMax how many keys it holds
   * @param keys accessed keys are below this
   */
  constructor(itemsMax: number, keys: number, trace: Uint32Array) {
    this.#itemsMax = itemsMax;
    this.#trace = trace;
    this.#nextUse = nextUses(trace, keys);
    this.#isHeld = new Uint8Array(keys);
    this.#uses = new MaxHeap(trace.length);
  }

  access(key: number): boolean {
    if (this.#trace[this.#at] !== key) throw new RangeError(`access ${this.#at} is not the trace's`);
    const nextUse = this.#nextUse[this.#at++]!;
    const isHit = this.#isHeld[key] === 1;
    if (isHit) this.#items--;
    this.#isHeld[key] = 0;
    if (nextUse !== NONE && this.#hasPlaceFor(nextUse)) {
      this.#isHeld[key] = 1;
      this.#items++;
      this.#uses.push(nextUse);
    }
    return isHit;
  }

  /** Makes room for a key that is asked for at `nextUse`, if another is asked for later. */
  #hasPlaceFor(nextUse: number): boolean {
    if (this.#items < this.#itemsMax) return true;
    if (this.#uses.largest < nextUse) return false;
    this.#isHeld[this.#trace[this.#uses.largest]!] = 0;
    this.#uses.pop();
    this.#items--;
    return true;
  }
}

function nextUses(trace: Uint32Array, keys: number): Int32Array {
  const next = new Int32Array(trace.length);
  const seenAt = new Int32Array(keys).fill(NONE);
  for (let at = trace.length - 1; at >= 0; at--) {
    const key = trace[at]!;
    next[at] = seenAt[key]!;
    seenAt[key] = at;
  }
  return next;
}
