/** The locks of items, by numbers that Times keeps: chunks of numbers, so that a million locks are no objects. */
import { leftMs } from './time-left.ts';

/** The number of no lock. */
export const NO_LOCK = 0;

const CHUNK_SHIFT = 12;
const CHUNK_LOCKS = 2 ** CHUNK_SHIFT;
const CHUNK_MASK = CHUNK_LOCKS - 1;

/** The token; of a number that is free, the next free one. */
const TOKEN = 0;
const START = 1;
/** Infinity: until it is unlocked. */
const LENGTH = 2;
const NUMBERS = 3;

/** What a lock takes. */
export const LOCK_BYTES = NUMBERS * 8;

export class Locks {
  #numbers: Float64Array[] = [];
  /** How many numbers were given out, those that are free again too; there is no lock 0. */
  #used = 1;
  #firstFree = NO_LOCK;
  #size = 0;

  get memoryBytes(): number {
    return this.#size * LOCK_BYTES;
  }

  /** Makes a lock, which is to be set. */
  add(): number {
    this.#size++;
    if (this.#firstFree !== NO_LOCK) {
      const lock = this.#firstFree;
      this.#firstFree = this.#get(lock, TOKEN);
      return lock;
    }
    const lock = this.#used++;
    if (lock >>> CHUNK_SHIFT === this.#numbers.length) this.#numbers.push(new Float64Array(CHUNK_LOCKS * NUMBERS));
    return lock;
  }

  remove(lock: number): void {
    this.#put(lock, TOKEN, this.#firstFree);
    this.#firstFree = lock;
    this.#size--;
  }

  set(lock: number, token: number, startMs: number, lengthMs: number): void {
    this.#put(lock, TOKEN, token);
    this.#put(lock, START, startMs);
    this.#put(lock, LENGTH, lengthMs);
  }

  token(lock: number): number {
    return this.#get(lock, TOKEN);
  }

  startMs(lock: number): number {
    return this.#get(lock, START);
  }

  lengthMs(lock: number): number {
    return this.#get(lock, LENGTH);
  }

  /** What is left of it; 0 once it is over, Infinity if it is without end. */
  leftMs(lock: number, nowMs: number): number {
    return leftMs(this.#get(lock, START), this.#get(lock, LENGTH), nowMs);
  }

  clear(): void {
    this.#numbers = [];
    this.#used = 1;
    this.#firstFree = NO_LOCK;
    this.#size = 0;
  }

  /** @throws Error if free numbers and locks are not all that was given out: a defect */
  check(): void {
    let free = 0;
    for (let lock = this.#firstFree; lock !== NO_LOCK; lock = this.#get(lock, TOKEN)) free++;
    /* c8 ignore next -- only a defect gets here */
    if (free + this.#size !== this.#used - 1) throw new Error(`${this.#size} locks and ${free} free of ${this.#used}`);
  }

  #get(lock: number, at: number): number {
    return this.#numbers[lock >>> CHUNK_SHIFT]![(lock & CHUNK_MASK) * NUMBERS + at]!;
  }

  #put(lock: number, at: number, value: number): void {
    this.#numbers[lock >>> CHUNK_SHIFT]![(lock & CHUNK_MASK) * NUMBERS + at] = value;
  }
}
