/**
 * The order of keys, as leaves of locations, for prefix requests (PREFIX-1, LIST-1, COUNT-1). It keeps no keys: to
 * compare, it asks for those of the items.
 */
import { LOCATIONS_PER_PAGE } from './slabs.ts';

/** Compares keys of items, and knows how far apart they lie. */
export interface LocatedKeys {
  /** Items on the page of a location lie at least 2 to the power of this apart. */
  slotShiftAt(location: number): number;
  /** Below 0, 0 or above 0, as the key of the item stands before, at or behind these bytes. */
  compareAt(location: number, bytes: Uint8Array, start: number, end: number): number;
  /** The same, but a key that begins with the bytes counts as standing before them. */
  compareBehindPrefixAt(location: number, bytes: Uint8Array, start: number, end: number): number;
}

/** The longest leaf; of 128 to 1024, an order of keys in the same form took the least time with this. */
export const LEAF_LOCATIONS_MAX = 256;

/** What a leaf takes beside its locations: the objects around them, measured on Node 20. */
const LEAF_OVERHEAD_BYTES = 200;

/** Where in the order something stands; `at` may be the leaf's length, which is the place behind it. */
export interface Place {
  leafAt: number;
  at: number;
}

interface Leaf {
  /** Its number while it is there, wherever among the leaves it stands. */
  readonly id: number;
  readonly locations: Uint32Array;
  size: number;
}

export class LocationOrder {
  readonly #keys: LocatedKeys;
  readonly #leafMax: number;
  #leaves: Leaf[];
  readonly #leafById: Leaf[] = [];
  readonly #freeIds: number[] = [];
  /** In which leaf each item stands. */
  readonly #leafIds: LeafIds;
  /** Counts what is put in and taken out, and splits and joins: a place that was found before is no longer right. */
  changes = 0;

  /** @param leafMax a multiple of 4; small ones let tests see many leaves with few keys */
  constructor(keys: LocatedKeys, leafMax: number) {
    this.#keys = keys;
    this.#leafMax = leafMax;
    this.#leafIds = new LeafIds(keys);
    this.#leaves = [this.#makeLeaf(new Uint32Array(0))];
  }

  get memoryBytes(): number {
    return this.#leaves.length * this.#leafBytes + this.#leafIds.memoryBytes;
  }

  /** What would be left of that without any item: one leaf, and what is kept for each page. */
  get emptyBytes(): number {
    return this.#leafBytes + this.#leafIds.memoryBytes;
  }

  get #leafBytes(): number {
    return this.#leafMax * 4 + LEAF_OVERHEAD_BYTES;
  }

  /** Puts in an item, whose key is not there. */
  add(location: number, bytes: Uint8Array, start: number, end: number): void {
    const { leafAt, at } = this.lowerBound(bytes, start, end);
    const leaf = this.#leaves[leafAt]!;
    leaf.locations.copyWithin(at + 1, at, leaf.size);
    leaf.locations[at] = location;
    this.#leafIds.set(location, leaf.id);
    leaf.size++;
    this.changes++;
    if (leaf.size === this.#leafMax) this.#split(leafAt);
  }

  /** Takes out an item that is there, with its key. */
  remove(location: number, bytes: Uint8Array, start: number, end: number): void {
    const leaf = this.#leafById[this.#leafIds.get(location)]!;
    const at = indexIn(leaf.locations, leaf.size, location);
    leaf.locations.copyWithin(at, at + 1, leaf.size);
    leaf.size--;
    this.changes++;
    if (leaf.size < this.#leafMax / 4) this.#join(leaf, bytes, start, end);
  }

  /** Notes that an item has moved. */
  relocate(from: number, to: number): void {
    const id = this.#leafIds.get(from);
    const { locations, size } = this.#leafById[id]!;
    locations[indexIn(locations, size, from)] = to;
    this.#leafIds.set(to, id);
  }

  /** The place of the first key that is not before the bytes. */
  lowerBound(bytes: Uint8Array, start: number, end: number): Place {
    const keys = this.#keys;
    return this.#partition((location) => keys.compareAt(location, bytes, start, end) < 0);
  }

  /** The place of the first key behind the bytes. */
  upperBound(bytes: Uint8Array, start: number, end: number): Place {
    const keys = this.#keys;
    return this.#partition((location) => keys.compareAt(location, bytes, start, end) <= 0);
  }

  /** The place of the first key behind all that begin with the bytes. */
  prefixEnd(bytes: Uint8Array, start: number, end: number): Place {
    const keys = this.#keys;
    return this.#partition((location) => keys.compareBehindPrefixAt(location, bytes, start, end) < 0);
  }

  /** The location at a place, which is moved on to the next leaf where its own has ended; 0 behind the last. */
  at(place: Place): number {
    const leaf = this.#leaves[place.leafAt]!;
    if (place.at >= leaf.size) {
      if (place.leafAt + 1 === this.#leaves.length) return 0;
      place.leafAt++;
      place.at = 0;
    }
    return this.#leaves[place.leafAt]!.locations[place.at]!;
  }

  /** How many keys stand between two places. */
  distance(from: Place, to: Place): number {
    let distance = to.at - from.at;
    for (let leafAt = from.leafAt; leafAt < to.leafAt; leafAt++) distance += this.#leaves[leafAt]!.size;
    return distance;
  }

  /** @throws Error if a leaf is out of its bounds: a defect */
  check(): void {
    for (const { size } of this.#leaves) {
      const isLone = this.#leaves.length === 1;
      /* c8 ignore next 3 -- only a defect gets here */
      if (size >= this.#leafMax || (size === 0 && !isLone)) {
        throw new Error(`a leaf of ${size} keys among ${this.#leaves.length}`);
      }
    }
  }

  #makeLeaf(locations: Uint32Array): Leaf {
    const id = this.#freeIds.pop() ?? this.#leafById.length;
    const leaf = { id, locations: new Uint32Array(this.#leafMax), size: locations.length };
    leaf.locations.set(locations);
    this.#leafById[id] = leaf;
    for (const location of locations) this.#leafIds.set(location, id);
    return leaf;
  }

  /** The first place whose key is not before; keys that are stand in front. The last leaf's end, if all are. */
  #partition(isBefore: (location: number) => boolean): Place {
    const leafAt = this.#leafFor(isBefore);
    const { locations, size } = this.#leaves[leafAt]!;
    let at = 0;
    for (let end = size; at < end;) {
      const middle = (at + end) >>> 1;
      if (isBefore(locations[middle]!)) at = middle + 1;
      else end = middle;
    }
    return { leafAt, at };
  }

  #leafFor(isBefore: (location: number) => boolean): number {
    const leaves = this.#leaves;
    let low = 0;
    let high = leaves.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { locations, size } = leaves[middle]!;
      if (isBefore(locations[size - 1]!)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #split(leafAt: number): void {
    const leaf = this.#leaves[leafAt]!;
    const right = this.#makeLeaf(leaf.locations.subarray(this.#leafMax / 2, leaf.size));
    leaf.size = this.#leafMax / 2;
    this.#leaves.splice(leafAt + 1, 0, right);
    this.changes++;
  }

  /**
   * Joins a leaf that has become small with its neighbour, if there is one, and divides them anew if they are long.
   *
   * @param bytes the key that was taken out of it, from `start` up to `end`
   */
  #join(leaf: Leaf, bytes: Uint8Array, start: number, end: number): void {
    if (this.#leaves.length === 1) return;
    const leafAt = this.#leafWithout(leaf, bytes, start, end);
    const leftAt = leafAt === 0 ? 0 : leafAt - 1;
    const left = this.#leaves[leftAt]!;
    const right = this.#leaves[leftAt + 1]!;
    const all = new Uint32Array(left.size + right.size);
    all.set(left.locations.subarray(0, left.size));
    all.set(right.locations.subarray(0, right.size), left.size);
    this.#freeIds.push(left.id, right.id);
    const halves =
      all.length >= (this.#leafMax * 3) / 4
        ? [this.#makeLeaf(all.subarray(0, all.length >>> 1)), this.#makeLeaf(all.subarray(all.length >>> 1))]
        : [this.#makeLeaf(all)];
    this.#leaves.splice(leftAt, 2, ...halves);
    this.changes++;
  }

  /** Where among the leaves one stands that a key was taken out of. */
  #leafWithout(leaf: Leaf, bytes: Uint8Array, start: number, end: number): number {
    const keys = this.#keys;
    // It may have been the leaf's last key: then the search ends at the next leaf.
    const at = this.#leafFor((location) => keys.compareAt(location, bytes, start, end) < 0);
    return this.#leaves[at] === leaf ? at : this.#leaves.indexOf(leaf);
  }
}

/** Of each location the leaf's number, in one array for each page of items: four bytes an item, or a little more. */
class LeafIds {
  readonly #keys: LocatedKeys;
  readonly #pages: (Uint32Array | undefined)[] = [];
  memoryBytes = 0;

  constructor(keys: LocatedKeys) {
    this.#keys = keys;
  }

  get(location: number): number {
    const ids = this.#pages[Math.floor(location / LOCATIONS_PER_PAGE)]!;
    return ids[(location % LOCATIONS_PER_PAGE) >>> this.#keys.slotShiftAt(location)]!;
  }

  set(location: number, id: number): void {
    const page = Math.floor(location / LOCATIONS_PER_PAGE);
    const shift = this.#keys.slotShiftAt(location);
    let ids = this.#pages[page];
    // A page that was given back may have come to another class: nothing of what it had is there any more.
    if (ids === undefined || ids.length !== LOCATIONS_PER_PAGE >>> shift) {
      this.memoryBytes -= ids?.byteLength ?? 0;
      ids = this.#pages[page] = new Uint32Array(LOCATIONS_PER_PAGE >>> shift);
      this.memoryBytes += ids.byteLength;
    }
    ids[(location % LOCATIONS_PER_PAGE) >>> shift] = id;
  }
}

/**
 * The index of a location in a leaf. Numbers that lie side by side are searched faster than keys that lie
 * anywhere, and by a loop faster than by `indexOf`, which costs a call into the runtime.
 */
function indexIn(locations: Uint32Array, size: number, location: number): number {
  for (let at = 0; at < size; at++) if (locations[at] === location) return at;
  return -1;
}
