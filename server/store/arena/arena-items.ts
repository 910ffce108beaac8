/**
 * The items of an ArenaStore: records in slabs, found through an index, and the books about both. Whatever makes,
 * moves, resizes or removes an item goes through here.
 */
import { KEY_BYTES_CEILING, viewOf } from '../../../protocol/index.ts';
import type { ItemState } from '../item-sink.ts';
import { NEXT_KEYS_MAX, type NextKeys } from '../next-keys.ts';
import type { ArenaOptions, KeyPlace } from './arena-options.ts';
import { assert } from './assert.ts';
import { BLOCK_BYTES, BlockChains } from './block-chains.ts';
import { Eviction } from './eviction.ts';
import { HashIndex, INDEX_ENTRY_BYTES, NO_LOCATION } from './hash-index.ts';
import { ItemWalk } from './item-walk.ts';
import { ItemOrder, type OrderedItems } from './item-order.ts';
import { compare, isSame } from './key-bytes.ts';
import { KeyHashes } from './key-hashes.ts';
import { LEAF_LOCATIONS_MAX, type LocationOrder } from './location-order.ts';
import { MARK, RecordView, isTooLong, marksOf, recordBytes, slotContentBytes } from './record.ts';
import { Slabs, sizeClass } from './slabs.ts';
import { Teller } from './teller.ts';
import { NO_ENTRY, Times } from './times.ts';

export class ArenaItems implements OrderedItems {
  readonly #hashes: KeyHashes;
  readonly #leafKeysMax: number;
  /** How much items may take. */
  readonly maxBytes: number;
  readonly #slabs = new Slabs();
  readonly #chains = new BlockChains(this.#slabs);
  readonly index = new HashIndex();
  readonly times = new Times();
  readonly teller = new Teller(this.times);
  readonly eviction: Eviction;
  /** Kept from the first prefix request on. */
  #order: ItemOrder | undefined;
  /** A walk for a snapshot. */
  #walk: ItemWalk | undefined;
  /** The item that the last call found, made or resized. */
  readonly record = new RecordView(this.#slabs, this.#chains);
  /** An item whose key is compared, while another one is open. */
  readonly #looked = new RecordView(this.#slabs, this.#chains);
  /** An item that is moved, while keys are compared. */
  readonly #source = new RecordView(this.#slabs, this.#chains);
  /** The hash of the key that `find` looked for last. */
  #hash = 0;
  /** Where those are that `prefetch` was told of. */
  readonly #nextLocations = new Uint32Array(NEXT_KEYS_MAX);
  /** An item that is followed while others are evicted, as these may move it. */
  #followed = NO_LOCATION;
  /** The key of the item that is visited, which may be removed meanwhile. */
  readonly visitedKey = new Uint8Array(KEY_BYTES_CEILING);
  visitedKeyBytes = 0;
  /** The greatest version and token that were given. */
  lastVersion = 0;
  lastToken = 0;
  #expired = 0;
  #evicted = 0;

  constructor({ seed, leafKeysMax = LEAF_LOCATIONS_MAX, policy = 'none', maxMemoryBytes = Infinity }: ArenaOptions) {
    this.#hashes = new KeyHashes(seed);
    this.#leafKeysMax = leafKeysMax;
    this.maxBytes = maxMemoryBytes;
    this.eviction = new Eviction(policy, seed[0] ^ seed[1]);
  }

  get size(): number {
    return this.index.entries;
  }

  /** Items removed because they had expired. */
  get expired(): number {
    return this.#expired;
  }

  /** Items removed to make room. */
  get evicted(): number {
    return this.#evicted;
  }

  /** Bytes that items take: slots, blocks, and what is kept beside them. */
  get memoryBytes(): number {
    return this.#slabs.usedBytes + this.#chains.usedBytes + this.#besideBytes();
  }

  /** Of these, what is taken without any item. */
  get emptyBytes(): number {
    return this.#order?.locations.emptyBytes ?? 0;
  }

  /** `memoryBytes` with what is left over in pages. */
  get takenBytes(): number {
    return this.#slabs.pageBytes + this.#besideBytes();
  }

  /** The order of all keys, once `prepareOrder` has said that it is complete. */
  get order(): LocationOrder {
    return this.#order!.locations;
  }

  /**
   * Builds the order of all keys, and removes what has expired: then nearly all that stands in it is there.
   *
   * @param itemsMax how many items to look at
   * @returns whether the order is complete and what had expired is gone
   */
  prepareOrder(itemsMax: number, nowMs: number): boolean {
    this.#order ??= new ItemOrder(this, this.#slabs, this.#leafKeysMax);
    const left = this.#order.build(itemsMax);
    return left > 0 && !this.sweep(left, nowMs);
  }

  /** About so many items will be put, of so many bytes in all: room is made at once. For loading; 0: that is over. */
  expect(items: number, bytes: number): void {
    this.index.expect(items);
    this.#slabs.reserve(Math.min(bytes, this.maxBytes));
  }

  /**
   * Fetches the entries and records of keys: loads that do not wait for each other. All hashes come first, then all
   * entries, then all records, as the processor looks only so far ahead.
   */
  prefetch(keys: NextKeys): void {
    this.#hashes.announce(keys);
    this.index.prefetch(keys.hashes, keys.count, this.#nextLocations);
    this.#slabs.prefetch(this.#nextLocations, keys.count);
  }

  /** Opens the item with a key, if there is one that has not expired; NO_LOCATION if not (EXPIRY-1). */
  find({ keyBytes, keyStart, keyEnd }: KeyPlace, nowMs: number): number {
    const { record } = this;
    const key = viewOf(keyBytes);
    const hash = (this.#hash = this.#hashes.of(keyBytes, keyStart, keyEnd));
    for (let location = this.index.first(hash); location !== NO_LOCATION; location = this.index.next()) {
      record.open(location);
      if (record.valueStart - record.keyStart !== keyEnd - keyStart) continue;
      if (!isSame(record.view, record.keyStart, key, keyStart, keyEnd - keyStart)) continue;
      if (!this.isExpired(nowMs)) return location;
      this.remove(location);
      this.#expired++;
      return NO_LOCATION;
    }
    return NO_LOCATION;
  }

  /**
   * Makes an item with the key that `find` looked for last, and opens it; its value, version and times are to be filled
   * in.
   *
   * @param withEntry whether it is to have an entry in Times
   */
  create(key: KeyPlace, valueBytes: number, tag: number, withEntry: boolean, nowMs: number): void {
    const { keyBytes, keyStart, keyEnd } = key;
    const location = this.#make(keyBytes, keyStart, keyEnd, valueBytes, marksOf(tag, withEntry));
    this.record.tag = tag;
    if (withEntry) this.record.entry = this.times.add(location, nowMs);
    this.index.add(this.#hash, location);
    this.#order?.add(location, keyBytes, keyStart, keyEnd);
  }

  /**
   * Gives the open item room for a value of another size, another tag, and an entry in Times or none. Version, times
   * and an entry that stays are kept. It may be somewhere else then, and is open.
   *
   * @param keptAt where in the new value the old one is to stand; -1 if it is not to be kept
   */
  resize(location: number, valueBytes: number, tag: number, withEntry: boolean, keptAt: number, nowMs: number): void {
    const { record } = this;
    const marks = marksOf(tag, withEntry);
    if (this.#fits(valueBytes, marks)) {
      if (keptAt > 0) record.bytes.copyWithin(record.valueStart + keptAt, record.valueStart, record.valueEnd);
      if (!(record.marks & MARK.APART)) record.setValueBytes(valueBytes);
    } else {
      this.#move(location, valueBytes, marks, keptAt, nowMs);
    }
    record.tag = tag;
  }

  /** Sees to it that the open item has an entry in Times. */
  ensureEntry(location: number, nowMs: number): void {
    const { marks, valueStart, valueEnd, tag } = this.record;
    if (!(marks & MARK.ENTRY)) this.resize(location, valueEnd - valueStart, tag, true, 0, nowMs);
  }

  /** Takes the open item out. */
  remove(location: number): void {
    const { bytes, view, keyStart, valueStart, entry } = this.record;
    this.#order?.remove(location, bytes, keyStart, valueStart);
    this.index.remove(this.#hashes.compute(view, keyStart, valueStart), location);
    if (entry !== NO_ENTRY) this.times.remove(entry);
    this.#release(location);
  }

  /**
   * Evicts one item that is not locked.
   *
   * @param followed an item that must stay; NO_LOCATION if there is none
   * @returns where that is now (NO_LOCATION if there is none), or -1 if nothing could be evicted
   */
  evict(followed: number, nowMs: number): number {
    const { record, eviction } = this;
    const victim = eviction.choose(this.index, record, this.times, followed, nowMs);
    if (victim === NO_LOCATION) return -1;
    record.open(victim);
    if (this.isExpired(nowMs)) {
      this.#expired++;
    } else {
      this.teller.remove(record, nowMs);
      this.#evicted++;
    }
    this.#followed = followed;
    this.remove(victim);
    const where = this.#followed;
    this.#followed = NO_LOCATION;
    return where;
  }

  /** Removes items that have expired, looking at so many; returns whether there may be more. */
  sweep(itemsMax: number, nowMs: number): boolean {
    const left = this.times.advance(itemsMax, nowMs, (entry) => {
      const location = this.times.locationOf(entry);
      this.record.open(location);
      this.remove(location);
      this.#expired++;
    });
    return left === 0;
  }

  /** Begins a walk over all items (LoggedStore). */
  beginWalk(visit: (item: ItemState) => void): void {
    const { times, teller } = this;
    this.#walk = new ItemWalk({ slabs: this.#slabs, chains: this.#chains, times, teller }, visit);
  }

  /** Goes on with it; returns whether it has ended. */
  walk(itemsMax: number, nowMs: number): boolean {
    if (this.#walk?.go(itemsMax, nowMs) === true) this.#walk = undefined;
    return this.#walk === undefined;
  }

  endWalk(): void {
    this.#walk = undefined;
  }

  clear(): void {
    this.#slabs.clear();
    this.#chains.clear();
    this.index.clear();
    this.times.clear();
    this.#order = undefined;
    this.#walk = undefined;
  }

  slotShiftAt(location: number): number {
    return this.#slabs.slotShiftAt(location);
  }

  withKeyAt(location: number, use: (bytes: Uint8Array, start: number, end: number) => void): void {
    const source = this.#source;
    source.open(location);
    use(source.bytes, source.keyStart, source.valueStart);
  }

  compareAt(location: number, bytes: Uint8Array, start: number, end: number): number {
    const looked = this.#looked;
    looked.open(location);
    return compare(looked.view, looked.keyStart, looked.valueStart, viewOf(bytes), start, end);
  }

  compareBehindPrefixAt(location: number, bytes: Uint8Array, start: number, end: number): number {
    const looked = this.#looked;
    looked.open(location);
    const ownEnd = Math.min(looked.valueStart, looked.keyStart + end - start);
    return compare(looked.view, looked.keyStart, ownEnd, viewOf(bytes), start, end) || -1;
  }

  /**
   * Walks over the whole structure.
   *
   * @throws Error if the books about the items are wrong: a defect
   */
  check(): void {
    const { record, times } = this;
    let records = 0;
    let entries = 0;
    let chainBytes = 0;
    for (const [location, sizeClass] of this.#slabs.records()) {
      record.open(location);
      const { view, keyStart, valueStart, valueEnd, entry, marks } = record;
      records++;
      this.index.find(this.#hashes.compute(view, keyStart, valueStart), location);
      if (marks & MARK.APART) {
        const bytesInChain = this.#chains.check(record.chain) * BLOCK_BYTES;
        chainBytes += bytesInChain;
        assert(bytesInChain === valueEnd - keyStart - record.slotContentBytes, `the chain of the item at ${location}`);
      }
      if (entry !== NO_ENTRY) entries++;
      assert(entry === NO_ENTRY || times.locationOf(entry) === location, `the entry of the item at ${location}`);
      assert(sizeClass === this.record.sizeClass, `the class of the item at ${location}`);
    }
    assert(records === this.size, `${records} records and ${this.size} entries of the index`);
    assert(entries === times.size, `${entries} items with times, ${times.size} entries`);
    assert(chainBytes === this.#chains.usedBytes, 'the bytes of chains');
    times.check();
    if (this.#order && this.#order.build(0) > 0) this.#checkOrder(this.order);
  }

  #checkOrder(order: LocationOrder): void {
    order.check();
    let last = new Uint8Array(0);
    let items = 0;
    for (const place = { leafAt: 0, at: 0 }; ; place.at++, items++) {
      const location = order.at(place);
      if (location === NO_LOCATION) break;
      assert(this.compareAt(location, last, 0, last.length) > 0, `the order at ${location}`);
      const { bytes, keyStart, valueStart } = this.#looked;
      last = bytes.slice(keyStart, valueStart);
      this.index.find(this.#hashes.compute(viewOf(last), 0, last.length), location);
    }
    assert(items === this.size, `${items} items in order, ${this.size} in all`);
  }

  #besideBytes(): number {
    const orderBytes = this.#order?.locations.memoryBytes ?? 0;
    return this.#chains.linkBytes + this.index.entries * INDEX_ENTRY_BYTES + this.times.memoryBytes + orderBytes;
  }

  /** Whether the open item has expired. */
  isExpired(nowMs: number): boolean {
    return (this.record.marks & MARK.ENTRY) !== 0 && this.times.isExpired(this.record.entry, nowMs);
  }

  /** Whether the open record's slot or buffer is the one for a value of this size, and its parts are these. */
  #fits(valueBytes: number, marks: number): boolean {
    const { record } = this;
    if ((record.marks & ~MARK.APART) !== marks) return false;
    if (record.marks & MARK.APART) return record.valueEnd - record.valueStart === valueBytes;
    const contentBytes = record.valueStart - record.keyStart + valueBytes;
    return !isTooLong(marks, contentBytes) && sizeClass(recordBytes(marks, contentBytes)) === this.record.sizeClass;
  }

  /** Makes a record with a key, and opens it. */
  #make(keyBytes: Uint8Array, keyStart: number, keyEnd: number, valueBytes: number, marks: number): number {
    const { record } = this;
    const contentBytes = keyEnd - keyStart + valueBytes;
    const isApart = isTooLong(marks, contentBytes);
    const slotBytes = isApart ? slotContentBytes(marks, keyEnd - keyStart, valueBytes) : contentBytes;
    const chain = isApart ? this.#chains.take((contentBytes - slotBytes) / BLOCK_BYTES) : 0;
    const allMarks = isApart ? marks | MARK.APART : marks;
    const location = this.#slabs.take(sizeClass(recordBytes(allMarks, slotBytes)));
    record.begin(location, allMarks, keyEnd - keyStart, valueBytes, chain);
    record.putKey(keyBytes, keyStart, keyEnd);
    return location;
  }

  /** Makes another record for the open item, opens that, and gives the old one back. */
  #move(location: number, valueBytes: number, marks: number, keptAt: number, nowMs: number): void {
    const { record, times } = this;
    // What moves it may be no change that the sink is told all of.
    this.#walk?.visitBeforeMove(location, nowMs);
    const source = this.#source;
    source.open(location);
    if (keptAt >= 0) source.gather();
    const { bytes, view, keyStart, valueStart, valueEnd, entry } = source;
    const moved = this.#make(bytes, keyStart, valueStart, valueBytes, marks);
    record.version = source.version;
    record.createdMs = source.createdMs;
    record.takeAccesses(source);
    if (keptAt >= 0) record.putValue(keptAt, bytes, valueStart, valueEnd);
    if (marks & MARK.ENTRY) {
      if (entry !== NO_ENTRY) times.relocate(entry, moved);
      record.entry = entry === NO_ENTRY ? times.add(moved, nowMs) : entry;
    } else if (entry !== NO_ENTRY) {
      times.remove(entry);
    }
    this.index.relocate(this.#hashes.compute(view, keyStart, valueStart), location, moved);
    this.#order?.relocate(location, moved, bytes, keyStart, valueStart);
    record.open(location);
    // The record that moves into the old one's slot may be the new one.
    record.open(this.#release(location) === moved ? location : moved);
  }

  /**
   * Gives back the open record's slot and chain, which nothing refers to any more.
   *
   * @returns where the record was that lies there now, or NO_LOCATION
   */
  #release(location: number): number {
    const { record } = this;
    if (record.marks & MARK.APART) this.#chains.giveBack(record.chain);
    const from = this.#slabs.giveBack(record.sizeClass, location);
    if (from === NO_LOCATION) return from;
    if (from === this.#followed) this.#followed = location;
    record.open(location);
    const { bytes, view, keyStart, valueStart, entry } = record;
    this.index.relocate(this.#hashes.compute(view, keyStart, valueStart), from, location);
    this.#order?.relocate(from, location, bytes, keyStart, valueStart);
    if (entry !== NO_ENTRY) this.times.relocate(entry, location);
    return from;
  }
}
