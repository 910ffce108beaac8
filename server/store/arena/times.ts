/**
 * What few items have: a time of expiry, or a lock. Such an item has an entry here, whose number it keeps, and a number
 * stays what it is wherever the item moves.
 *
 * Entries that expire hang in a timer wheel: each level has 256 lists, those of level 0 are 8 ms long, those of the
 * next 256 times as long. To hang an entry in or take it out costs the same however many there are, and time goes on in
 * slices: when a list of a higher level is due its entries are handed down some at a time. Whether an item has expired
 * is always asked of its own time, which is exact; the wheel only tells where to look.
 */
import { NO_LOCK, Locks } from './locks.ts';
import { leftMs } from './time-left.ts';

/** The number of no entry. */
export const NO_ENTRY = 0;

const TICK_MS = 8;
const LEVELS = 5;
const LISTS_PER_LEVEL = 256;
/** How many ticks a list of each level is long. */
const TICKS_OF_LIST: readonly number[] = Array.from({ length: LEVELS }, (_, level) => LISTS_PER_LEVEL ** level);

/** Entries lie in chunks: to make room for more of them copies nothing. */
const CHUNK_SHIFT = 13;
const CHUNK_ENTRIES = 2 ** CHUNK_SHIFT;
const CHUNK_MASK = CHUNK_ENTRIES - 1;

/** The words of an entry; one that is free keeps the number of the next free one as its successor. */
const LOCATION = 0;
const NEXT = 1;
/** The entry before; in the first of a list, the list's number with IS_FIRST; 0 in one that hangs in no list. */
const PREVIOUS = 2;
const LOCK = 3;
const WORDS = 4;
const IS_FIRST = 0x8000_0000;

const START = 0;
/** Infinity: never expires. */
const LENGTH = 1;
const NUMBERS = 2;

/** What an entry takes. */
export const ENTRY_BYTES = WORDS * 4 + NUMBERS * 8;

export class Times {
  #words: Uint32Array[] = [];
  #numbers: Float64Array[] = [];
  /** How many numbers were given out, those that are free again too; there is no entry 0. */
  #used = 1;
  #firstFree = NO_ENTRY;
  #size = 0;
  #mortal = 0;
  readonly #locks = new Locks();
  /** The first entry of each list. */
  readonly #lists = new Uint32Array(LEVELS * LISTS_PER_LEVEL);
  /** Ticks count from the first present that is heard of: what ended before it hangs in the first list. */
  #originMs = Number.NaN;
  /** All lists before this tick are empty. */
  #tick = 0;

  /** How many entries there are. */
  get size(): number {
    return this.#size;
  }

  /** How many of them expire. */
  get mortal(): number {
    return this.#mortal;
  }

  get memoryBytes(): number {
    return this.#size * ENTRY_BYTES + this.#locks.memoryBytes;
  }

  /** Makes an entry that never expires. */
  add(location: number, nowMs: number): number {
    if (Number.isNaN(this.#originMs)) this.#originMs = nowMs;
    let entry = this.#firstFree;
    if (entry === NO_ENTRY) {
      entry = this.#used++;
      if (entry >>> CHUNK_SHIFT === this.#words.length) {
        this.#words.push(new Uint32Array(CHUNK_ENTRIES * WORDS));
        this.#numbers.push(new Float64Array(CHUNK_ENTRIES * NUMBERS));
      }
    } else {
      this.#firstFree = this.#word(entry, NEXT);
    }
    this.#size++;
    this.#setWord(entry, LOCATION, location);
    this.#setWord(entry, NEXT, NO_ENTRY);
    this.#setWord(entry, PREVIOUS, 0);
    this.#setWord(entry, LOCK, NO_LOCK);
    this.#setNumber(entry, START, nowMs);
    this.#setNumber(entry, LENGTH, Infinity);
    return entry;
  }

  remove(entry: number): void {
    this.#takeOut(entry);
    this.unlock(entry);
    this.#setWord(entry, NEXT, this.#firstFree);
    this.#firstFree = entry;
    this.#size--;
  }

  locationOf(entry: number): number {
    return this.#word(entry, LOCATION);
  }

  relocate(entry: number, location: number): void {
    this.#setWord(entry, LOCATION, location);
  }

  /** Begins a new time to live; Infinity is without end. */
  setLife(entry: number, startMs: number, lengthMs: number): void {
    this.#takeOut(entry);
    this.#setNumber(entry, START, startMs);
    this.#setNumber(entry, LENGTH, lengthMs);
    if (lengthMs !== Infinity) this.#hangIn(entry);
  }

  startMs(entry: number): number {
    return this.#number(entry, START);
  }

  lengthMs(entry: number): number {
    return this.#number(entry, LENGTH);
  }

  /** Milliseconds until an entry expires; 0 once it has, Infinity if it never does. */
  leftMs(entry: number, nowMs: number): number {
    return leftMs(this.#number(entry, START), this.#number(entry, LENGTH), nowMs);
  }

  isExpired(entry: number, nowMs: number): boolean {
    return this.#number(entry, LENGTH) - (nowMs - this.#number(entry, START)) <= 0;
  }

  /** Locks an entry, or sets its lock anew; a length of Infinity is without end. */
  lock(entry: number, token: number, startMs: number, lengthMs: number): void {
    let lock = this.#word(entry, LOCK);
    if (lock === NO_LOCK) this.#setWord(entry, LOCK, (lock = this.#locks.add()));
    this.#locks.set(lock, token, startMs, lengthMs);
  }

  unlock(entry: number): void {
    const lock = this.#word(entry, LOCK);
    if (lock === NO_LOCK) return;
    this.#locks.remove(lock);
    this.#setWord(entry, LOCK, NO_LOCK);
  }

  /** The token of an entry's lock; 0 if it has none now. */
  token(entry: number, nowMs: number): number {
    const lock = this.#word(entry, LOCK);
    return lock === NO_LOCK || this.#locks.leftMs(lock, nowMs) === 0 ? 0 : this.#locks.token(lock);
  }

  /** What is left of an entry's lock; 0 if it has none now, Infinity if it is without end. */
  lockLeftMs(entry: number, nowMs: number): number {
    const lock = this.#word(entry, LOCK);
    return lock === NO_LOCK ? 0 : this.#locks.leftMs(lock, nowMs);
  }

  lockStartMs(entry: number): number {
    return this.#locks.startMs(this.#word(entry, LOCK));
  }

  lockLengthMs(entry: number): number {
    return this.#locks.lengthMs(this.#word(entry, LOCK));
  }

  /**
   * Goes on with time.
   *
   * @param entriesMax how many entries to hand down or to expire
   * @param expire called with an entry that has expired; it has to remove it
   * @returns how many more it might have been: 0 if there may be more that have expired
   */
  advance(entriesMax: number, nowMs: number, expire: (entry: number) => void): number {
    let left = entriesMax;
    const nowTick = this.#tickOf(nowMs);
    for (;;) {
      left = this.#handDown(left);
      if (left <= 0) return 0;
      const list = this.#tick % LISTS_PER_LEVEL;
      if (this.#tick >= nowTick) return this.#expireOfPresent(list, left, nowMs, expire);
      for (let entry = this.#lists[list]!; entry !== NO_ENTRY && left > 0; entry = this.#lists[list]!, left--) {
        if (this.isExpired(entry, nowMs)) {
          expire(entry);
        } else {
          this.#takeOut(entry);
          this.#hangIn(entry, this.#tick + 1);
        }
      }
      if (this.#lists[list] !== NO_ENTRY) return 0;
      this.#tick = Math.min(nowTick, this.#nextTick());
    }
  }

  /** The present tick is not over: of its entries some have expired, and the others are passed over at each call. */
  #expireOfPresent(list: number, entriesMax: number, nowMs: number, expire: (entry: number) => void): number {
    let left = entriesMax;
    for (let entry = this.#lists[list]!, next; entry !== NO_ENTRY && left > 0; entry = next) {
      next = this.#word(entry, NEXT);
      if (!this.isExpired(entry, nowMs)) continue;
      expire(entry);
      left--;
    }
    return left;
  }

  clear(): void {
    this.#words = [];
    this.#numbers = [];
    this.#used = 1;
    this.#firstFree = NO_ENTRY;
    this.#size = this.#mortal = 0;
    this.#locks.clear();
    this.#lists.fill(NO_ENTRY);
  }

  /** @throws Error if a list is broken, or an entry hangs where it would be found too late: a defect */
  check(): void {
    let mortal = 0;
    for (const [list, first] of this.#lists.entries()) {
      for (let entry = first, previous = (IS_FIRST | list) >>> 0; entry !== NO_ENTRY; entry = this.#word(entry, NEXT)) {
        /* c8 ignore next 3 -- only a defect gets here */
        if (this.#word(entry, PREVIOUS) !== previous || this.#isTooLate(entry, list)) {
          throw new Error(`the wheel of times is wrong at ${list}`);
        }
        mortal++;
        previous = entry;
      }
    }
    /* c8 ignore next -- only a defect gets here */
    if (mortal !== this.#mortal) throw new Error(`${mortal} entries in the wheel of ${this.#mortal}`);
    this.#locks.check();
  }

  /** Whether an entry's list is handed down, or looked at, only after the tick in which it expires. */
  #isTooLate(entry: number, list: number): boolean {
    const level = Math.floor(list / LISTS_PER_LEVEL);
    const ticks = TICKS_OF_LIST[level]!;
    const listNow = Math.floor(this.#tick / ticks);
    const ahead = (list - (listNow % LISTS_PER_LEVEL) + LISTS_PER_LEVEL) % LISTS_PER_LEVEL;
    return (listNow + ahead) * ticks > Math.max(this.#endTick(entry) + 1, this.#tick);
  }

  #tickOf(nowMs: number): number {
    if (Number.isNaN(this.#originMs)) this.#originMs = nowMs;
    return Math.max(0, Math.floor((nowMs - this.#originMs) / TICK_MS));
  }

  /** The tick in which an entry ends, or the one before: a sum of its times would not be exact, a sum of ticks is. */
  #endTick(entry: number): number {
    const startTick = Math.floor((this.#number(entry, START) - this.#originMs) / TICK_MS);
    return startTick + Math.floor(this.#number(entry, LENGTH) / TICK_MS);
  }

  /** The next tick at which a list is due; Infinity if all are empty. */
  #nextTick(): number {
    let nextTick = Infinity;
    for (let level = 0; level < LEVELS; level++) {
      const ticks = TICKS_OF_LIST[level]!;
      const listNow = Math.floor(this.#tick / ticks);
      for (let ahead = 1; ahead < LISTS_PER_LEVEL; ahead++) {
        if (this.#lists[level * LISTS_PER_LEVEL + ((listNow + ahead) % LISTS_PER_LEVEL)] === NO_ENTRY) continue;
        nextTick = Math.min(nextTick, (listNow + ahead) * ticks);
        break;
      }
    }
    return nextTick;
  }

  /** Hands down the lists that begin with the present tick; returns how many more entries may be looked at. */
  #handDown(entriesMax: number): number {
    let left = entriesMax;
    for (let level = LEVELS - 1; level > 0; level--) {
      const ticks = TICKS_OF_LIST[level]!;
      if (this.#tick % ticks !== 0) continue;
      const list = level * LISTS_PER_LEVEL + ((this.#tick / ticks) % LISTS_PER_LEVEL);
      for (let entry = this.#lists[list]!; entry !== NO_ENTRY && left > 0; entry = this.#lists[list]!, left--) {
        this.#takeOut(entry);
        this.#hangIn(entry);
      }
    }
    return left;
  }

  /** @param soonestTick no list of an earlier tick is to be hung in */
  #hangIn(entry: number, soonestTick = this.#tick): void {
    const endTick = Math.max(this.#endTick(entry), soonestTick);
    let level = 0;
    let ahead = endTick - this.#tick;
    while (level < LEVELS - 1 && ahead >= LISTS_PER_LEVEL) {
      level++;
      ahead = Math.floor(endTick / TICKS_OF_LIST[level]!) - Math.floor(this.#tick / TICKS_OF_LIST[level]!);
    }
    // What ends behind the last list hangs in that, and is hung in again when it is due.
    const listAt = Math.floor(this.#tick / TICKS_OF_LIST[level]!) + Math.min(ahead, LISTS_PER_LEVEL - 1);
    const list = level * LISTS_PER_LEVEL + (listAt % LISTS_PER_LEVEL);
    const next = this.#lists[list]!;
    this.#setWord(entry, NEXT, next);
    this.#setWord(entry, PREVIOUS, IS_FIRST | list);
    if (next !== NO_ENTRY) this.#setWord(next, PREVIOUS, entry);
    this.#lists[list] = entry;
    this.#mortal++;
  }

  #takeOut(entry: number): void {
    const previous = this.#word(entry, PREVIOUS);
    if (previous === 0) return;
    const next = this.#word(entry, NEXT);
    if (next !== NO_ENTRY) this.#setWord(next, PREVIOUS, previous);
    if (previous >= IS_FIRST) this.#lists[previous - IS_FIRST] = next;
    else this.#setWord(previous, NEXT, next);
    this.#setWord(entry, PREVIOUS, 0);
    this.#mortal--;
  }

  #word(entry: number, at: number): number {
    return this.#words[entry >>> CHUNK_SHIFT]![(entry & CHUNK_MASK) * WORDS + at]!;
  }

  #setWord(entry: number, at: number, value: number): void {
    this.#words[entry >>> CHUNK_SHIFT]![(entry & CHUNK_MASK) * WORDS + at] = value;
  }

  #number(entry: number, at: number): number {
    return this.#numbers[entry >>> CHUNK_SHIFT]![(entry & CHUNK_MASK) * NUMBERS + at]!;
  }

  #setNumber(entry: number, at: number, value: number): void {
    this.#numbers[entry >>> CHUNK_SHIFT]![(entry & CHUNK_MASK) * NUMBERS + at] = value;
  }
}
