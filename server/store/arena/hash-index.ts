/**
 * Where items are, by the hash of their keys: pairs of hash and location in one typed array, found by linear probing. A
 * table grows by a quarter when four fifths of it are taken, so an entry costs 10 to 12.5 bytes; entries wander to the
 * new table some at a time, and until all have, both are searched.
 *
 * An entry's home is the hash scaled to the table's size, so entries of the old table come in the order of the new one:
 * growth walks through both from front to back.
 */

/** The location of no item. */
export const NO_LOCATION = 0;

/** In an old table: the entry has moved or gone, but those behind it may have been put there because of it. */
const GONE = 0xffff_ffff;

const ENTRIES_MIN = 64;
const LOAD_MAX = 0.8;
const GROWTH = 1.25;

/** It grows so much where it is known that it will be as large, or larger. */
const EXPECTED_GROWTH = 4;

/** What an entry takes just after its table has grown; while entries wander, the old table comes on top. */
export const INDEX_ENTRY_BYTES = Math.ceil((8 * GROWTH) / LOAD_MAX);

/** A table this empty gives way to one that is a half full. */
const LOAD_MIN = 0.2;
const SHRUNK_LOAD = 0.5;

/**
 * How many slots of an old table one operation clears. Five would do to be done before the new table is full, for it
 * has room for a fifth of the old one's slots in new entries; with 64 both tables exist for a twelfth of the time.
 */
export const MOVED_SLOTS_MAX = 64;

const HASH_RANGE = 0x1_0000_0000;

class Table {
  readonly slots: number;
  /** Turns a hash into a slot. */
  readonly scale: number;
  /** The hash at 2 × slot, the location behind it. */
  readonly pairs: Uint32Array;

  constructor(slots: number) {
    this.slots = slots;
    this.scale = slots / HASH_RANGE;
    this.pairs = new Uint32Array(2 * slots);
  }
}

export class HashIndex {
  #table = new Table(ENTRIES_MIN);
  /** The table that entries move from; its slots before `#movedSlots` are done with. */
  #old: Table | undefined;
  #movedSlots = 0;
  #entries = 0;
  #slotsExpected = 0;
  /** Where the last search stood: in which table, at which slot. */
  #found = this.#table;
  #foundSlot = 0;
  #hash = 0;

  get entries(): number {
    return this.#entries;
  }

  /** Bytes of the tables. */
  get tableBytes(): number {
    return this.#table.pairs.byteLength + (this.#old?.pairs.byteLength ?? 0);
  }

  /**
   * Gives the locations of entries that stand side by side, which is a sample by chance: their order is that of hashes.
   *
   * @param at where to begin, from 0 up to, not including, 1
   * @param into is filled as far as there are entries
   * @returns how many there are
   */
  sample(at: number, into: Uint32Array): number {
    // While entries wander, each table has those whose homes lie before or behind a border, about.
    const movedShare = this.#old === undefined ? 1 : this.#movedSlots / this.#old.slots;
    const { pairs, slots } = at <= movedShare || this.#old === undefined ? this.#table : this.#old;
    let found = 0;
    let slot = Math.floor(at * slots);
    for (let looked = 0; looked < slots && found < into.length; looked++) {
      const location = pairs[2 * slot + 1]!;
      if (location !== NO_LOCATION && location !== GONE) into[found++] = location;
      if (++slot === slots) slot = 0;
    }
    return found;
  }

  /** How many slots of an old table have not been looked at yet. */
  get unmovedSlots(): number {
    return this.#old === undefined ? 0 : this.#old.slots - this.#movedSlots;
  }

  /**
   * Fetches the slots around the homes of hashes, and looks there.
   *
   * @param into gets the first location with each hash, or NO_LOCATION; entries that have not wandered are not found
   */
  prefetch(hashes: Uint32Array, count: number, into: Uint32Array): void {
    const { pairs, scale, slots } = this.#table;
    for (let at = 0; at < count; at++) into[at] = pairs[2 * Math.floor(hashes[at]! * scale) + 1]!;
    for (let at = 0; at < count; at++) {
      const hash = hashes[at]!;
      let slot = Math.floor(hash * scale);
      while (pairs[2 * slot] !== hash && pairs[2 * slot + 1] !== NO_LOCATION) if (++slot === slots) slot = 0;
      into[at] = pairs[2 * slot + 1]!;
    }
  }

  /** The first location with this hash, or NO_LOCATION. */
  first(hash: number): number {
    this.#hash = hash;
    return this.#seek(this.#table, Math.floor(hash * this.#table.scale));
  }

  /** The location with the same hash behind the one given last, or NO_LOCATION. */
  next(): number {
    const slot = this.#foundSlot + 1;
    return this.#seek(this.#found, slot === this.#found.slots ? 0 : slot);
  }

  /** Puts in an entry that is not there. */
  add(hash: number, location: number): void {
    this.#moveSome();
    if (this.#old === undefined && this.#entries + 1 > this.#table.slots * LOAD_MAX) {
      const { slots } = this.#table;
      this.#moveTo(Math.max(Math.ceil(slots * GROWTH), Math.min(slots * EXPECTED_GROWTH, this.#slotsExpected)));
    }
    insert(this.#table, hash, location);
    this.#entries++;
  }

  /** Takes out an entry that is there. */
  remove(hash: number, location: number): void {
    this.find(hash, location);
    if (this.#found === this.#table) removeAt(this.#table, this.#foundSlot);
    else this.#found.pairs[2 * this.#foundSlot + 1] = GONE;
    this.#entries--;
    this.#moveSome();
    const { slots } = this.#table;
    if (this.#old === undefined && slots > ENTRIES_MIN && this.#entries < slots * LOAD_MIN) {
      this.#moveTo(Math.max(ENTRIES_MIN, Math.ceil(this.#entries / SHRUNK_LOAD)));
    }
  }

  /** Notes that an item has moved. */
  relocate(hash: number, from: number, to: number): void {
    this.find(hash, from);
    this.#found.pairs[2 * this.#foundSlot + 1] = to;
  }

  /**
   * About so many entries will be there: a table that is empty has room for them at once, and another one grows in
   * longer steps until it has. Only for loading: where the guess is wrong, it is four times too large at most.
   */
  expect(entries: number): void {
    this.#slotsExpected = Math.ceil((entries * GROWTH) / LOAD_MAX);
    if (this.#entries === 0) this.#begin(this.#slotsExpected);
  }

  clear(): void {
    this.#slotsExpected = 0;
    this.#begin(0);
  }

  #begin(slots: number): void {
    this.#table = this.#found = new Table(Math.max(ENTRIES_MIN, slots));
    this.#old = undefined;
    this.#entries = 0;
  }

  /** How many slots would be looked at if every entry were searched for: linear in their number, if hashes are good. */
  probes(): number {
    const { pairs, slots, scale } = this.#table;
    let probes = 0;
    for (let slot = 0; slot < slots; slot++) {
      if (pairs[2 * slot + 1] === NO_LOCATION) continue;
      const home = Math.floor(pairs[2 * slot]! * scale);
      probes += 1 + (slot >= home ? slot - home : slot + slots - home);
    }
    return probes;
  }

  /**
   * Goes to an entry.
   *
   * @throws Error if it is not there: a defect
   */
  find(hash: number, location: number): void {
    let found = this.first(hash);
    while (found !== location) {
      /* c8 ignore next -- only a defect gets here */
      if (found === NO_LOCATION) throw new Error(`no entry for the item at ${location}`);
      found = this.next();
    }
  }

  #seek(table: Table, from: number): number {
    const { pairs, slots } = table;
    const hash = this.#hash;
    for (let slot = from; ;) {
      const location = pairs[2 * slot + 1]!;
      if (location === NO_LOCATION) break;
      if (pairs[2 * slot] === hash && location !== GONE) {
        this.#found = table;
        this.#foundSlot = slot;
        return location;
      }
      if (++slot === slots) slot = 0;
    }
    if (this.#old === undefined || table === this.#old) return NO_LOCATION;
    return this.#seek(this.#old, Math.floor(hash * this.#old.scale));
  }

  #moveTo(slots: number): void {
    this.#old = this.#table;
    this.#table = new Table(slots);
    this.#movedSlots = 0;
  }

  #moveSome(): void {
    const old = this.#old;
    if (old === undefined) return;
    const end = Math.min(this.#movedSlots + MOVED_SLOTS_MAX, old.slots);
    for (let slot = this.#movedSlots; slot < end; slot++) {
      const location = old.pairs[2 * slot + 1]!;
      if (location === NO_LOCATION || location === GONE) continue;
      insert(this.#table, old.pairs[2 * slot]!, location);
      old.pairs[2 * slot + 1] = GONE;
    }
    this.#movedSlots = end;
    if (end < old.slots) return;
    this.#old = undefined;
    this.#found = this.#table;
  }
}

function insert({ pairs, slots, scale }: Table, hash: number, location: number): void {
  let slot = Math.floor(hash * scale);
  while (pairs[2 * slot + 1] !== NO_LOCATION) if (++slot === slots) slot = 0;
  pairs[2 * slot] = hash;
  pairs[2 * slot + 1] = location;
}

/** Empties a slot, and moves up into it what stands behind only because it was taken. */
function removeAt({ pairs, slots, scale }: Table, hole: number): void {
  for (let slot = hole; ;) {
    if (++slot === slots) slot = 0;
    if (pairs[2 * slot + 1] === NO_LOCATION) break;
    const home = Math.floor(pairs[2 * slot]! * scale);
    // An entry may move up to the hole unless its home lies between the two.
    const isHomeBetween = hole <= slot ? hole < home && home <= slot : hole < home || home <= slot;
    if (isHomeBetween) continue;
    pairs[2 * hole] = pairs[2 * slot]!;
    pairs[2 * hole + 1] = pairs[2 * slot + 1]!;
    hole = slot;
  }
  pairs[2 * hole + 1] = NO_LOCATION;
}
