/**
 * The items of a MapStore: a Map, the order of its keys beside it, and the books about both. Whatever adds, removes or
 * resizes an item goes through here, and nobody outside meets an expired one (EXPIRY-1).
 */
import { latin1 } from './item-bytes.ts';
import { ItemState, type ItemSink } from '../item-sink.ts';
import { isExpired, spanFrom, type Item } from './item.ts';
import type { KeyOrder } from './key-order.ts';

/**
 * What an item takes on the heap and in buffers beside the bytes of its key and its value: the object, its times, the
 * heads of byte array and string, its places in the Map and in the order. Rounded up from 461 to 477 bytes, measured on
 * Node 20 with up to a million items of 0 to 1024 bytes; what the garbage collector holds in reserve comes on top.
 */
export const ITEM_OVERHEAD_BYTES = 480;

/** What of an item is given from outside; the rest follows. */
export type ItemContent = Pick<Item, 'key' | 'value' | 'tag' | 'version'>;

export class ItemTable {
  /** Where changes go that are told (item-sink.ts). */
  sink: ItemSink | undefined;
  /** The greatest version and token that were given. */
  lastVersion = 0;
  lastToken = 0;
  readonly #state = new ItemState();
  readonly #items = new Map<string, Item>();
  readonly #order: KeyOrder;
  #memoryBytes = 0;
  #expired = 0;
  /** How many items have a time of expiry. */
  #mortal = 0;
  /** Where `sweep` goes on. */
  #swept = this.#items.values();

  constructor(order: KeyOrder) {
    this.#order = order;
  }

  /** Items in the table, with those that have expired and were not met since. */
  get size(): number {
    return this.#items.size;
  }

  get memoryBytes(): number {
    return this.#memoryBytes;
  }

  /** Items removed because they had expired. */
  get expired(): number {
    return this.#expired;
  }

  /** The item with this key, if there is one. */
  find(key: string, nowMs: number): Item | undefined {
    const item = this.#items.get(key);
    return item === undefined || this.#buryIfExpired(item, nowMs) ? undefined : item;
  }

  /**
   * The items whose keys start with `prefix` and are greater than `after`, in ascending byte order. The one given last
   * may be removed before the next is asked for.
   */
  *matching(prefix: string, nowMs: number, after = ''): Generator<Item, void> {
    for (const key of this.#order.from(prefix, after)) {
      const item = this.find(key, nowMs);
      if (item !== undefined) yield item;
    }
  }

  /** How many items' keys start with `prefix`. */
  count(prefix: string, nowMs: number): number {
    // Where nothing can expire, the keys need not be looked at one by one.
    if (this.#mortal === 0) return this.#order.count(prefix);
    let count = 0;
    for (const item of this.matching(prefix, nowMs)) if (item) count++;
    return count;
  }

  /** Puts in a new item, unlocked and never expiring; there must be none with its key. */
  add(content: ItemContent, nowMs: number): Item {
    const { key, value, tag, version } = content;
    const life = spanFrom(nowMs, 0);
    const item = { key, value, tag, version, createdMs: nowMs, accessedMs: nowMs, life, lock: undefined };
    this.#items.set(key, item);
    this.#order.add(key);
    this.#memoryBytes += sizeBytesOf(item);
    return item;
  }

  remove(item: Item): void {
    this.#items.delete(item.key);
    this.#order.delete(item.key);
    this.#memoryBytes -= sizeBytesOf(item);
    if (isMortal(item)) this.#mortal--;
  }

  setValue(item: Item, value: Uint8Array): void {
    this.#memoryBytes += value.length - item.value.length;
    item.value = value;
  }

  /** TOUCH-1: sets the expiry; a `ttlMs` of 0 is none. */
  setExpiry(item: Item, ttlMs: number, nowMs: number): void {
    if (isMortal(item)) this.#mortal--;
    item.life = spanFrom(nowMs, ttlMs);
    if (isMortal(item)) this.#mortal++;
  }

  /** Tells the sink what an item is now. */
  tellPut(item: Item): void {
    this.sink?.put(fillState(this.#state, item));
  }

  /** Tells the sink of an item's times and lock. */
  tellTouch(item: Item): void {
    this.sink?.touch(fillState(this.#state, item));
  }

  /** Tells the sink that an item is gone. */
  tellRemove(item: Item): void {
    this.sink?.remove(fillState(this.#state, item));
  }

  /** Makes an item what a log says, whatever there was under its key; the bytes are copied. */
  restore(state: ItemState): void {
    const { tag, version, createdMs } = state;
    const key = keyOf(state);
    const value = state.valueBytes.slice(state.valueStart, state.valueEnd);
    let item = this.#items.get(key);
    if (item === undefined) {
      item = this.add({ key, value, tag, version }, createdMs);
    } else {
      this.setValue(item, value);
      item.tag = tag;
      item.version = version;
    }
    item.createdMs = item.accessedMs = createdMs;
    this.#restoreTimes(item, state);
  }

  /** Gives an item the times and the lock that a log says; there may be no such item. */
  restoreTimes(state: ItemState): void {
    const item = this.#items.get(keyOf(state));
    if (item !== undefined) this.#restoreTimes(item, state);
  }

  /** Removes an item; there may be none. */
  removeKey(state: ItemState): void {
    const item = this.#items.get(keyOf(state));
    if (item !== undefined) this.remove(item);
  }

  #restoreTimes(item: Item, { lifeStartMs, lifeMs, token, lockStartMs, lockMs }: ItemState): void {
    if (isMortal(item)) this.#mortal--;
    item.life = { startMs: lifeStartMs, lengthMs: lifeMs };
    if (isMortal(item)) this.#mortal++;
    item.lock = token === 0 ? undefined : { token, span: { startMs: lockStartMs, lengthMs: lockMs } };
  }

  /** Every item, whether it has expired or not, as the sink would be told of it. */
  *states(): Generator<ItemState, void> {
    for (const item of this.#items.values()) yield fillState(this.#state, item);
  }

  clear(): void {
    this.#items.clear();
    this.#order.clear();
    this.#memoryBytes = 0;
    this.#mortal = 0;
  }

  /** Looks at up to `itemsMax` items, at each at most once, behind those of the last call, and removes the expired. */
  sweep(itemsMax: number, nowMs: number): void {
    for (let left = Math.min(itemsMax, this.#items.size); left > 0; left--) {
      let next = this.#swept.next();
      if (next.done) {
        this.#swept = this.#items.values();
        next = this.#swept.next();
      }
      if (!next.done) this.#buryIfExpired(next.value, nowMs);
    }
  }

  #buryIfExpired(item: Item, nowMs: number): boolean {
    if (!isExpired(item, nowMs)) return false;
    this.remove(item);
    this.#expired++;
    return true;
  }
}

function keyOf({ keyBytes, keyStart, keyEnd }: ItemState): string {
  return latin1(keyBytes, keyStart, keyEnd);
}

function fillState(state: ItemState, item: Item): ItemState {
  const { value, tag, version, createdMs, life, lock } = item;
  state.keyBytes = Buffer.from(item.key, 'latin1');
  state.keyStart = 0;
  state.keyEnd = state.keyBytes.length;
  state.valueBytes = value;
  state.valueStart = 0;
  state.valueEnd = value.length;
  state.tag = tag;
  state.version = version;
  state.createdMs = createdMs;
  state.lifeStartMs = life.startMs;
  state.lifeMs = life.lengthMs;
  state.token = lock?.token ?? 0;
  state.lockStartMs = lock?.span.startMs ?? 0;
  state.lockMs = lock?.span.lengthMs ?? Infinity;
  return state;
}

function isMortal(item: Item): boolean {
  return item.life.lengthMs !== Infinity;
}

function sizeBytesOf(item: Item): number {
  return item.key.length + item.value.length + ITEM_OVERHEAD_BYTES;
}
