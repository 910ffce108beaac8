/**
 * The fast store: the operations of sections 4 and 5 on ArenaItems. It does what MapStore does, line by line, and makes
 * no object for an item or a plain request; random operations hold the two against each other.
 *
 * Checks come in the order of STATUS-2: 413, 404, 409, 423, 422. Each operation reads the clock once, and all that it
 * does happens at that moment (CONSISTENT-1, CONSISTENT-2).
 */
import { FLAG, STATUS, readDecimal, type ReplyFrame, type RequestFrame } from '../../../protocol/index.ts';
import { decimal, has, replyCount, replyNumber, replyToken } from '../exchange.ts';
import { leftMs } from '../item.ts';
import type { ItemMeta, ListPage, Store, StoreOptions, StoreStats } from '../store.ts';
import { ArenaItems, type ArenaOptions } from './arena-items.ts';
import { NO_LOCATION } from './hash-index.ts';
import { copy } from './key-bytes.ts';
import {
  isLockedAgainst,
  lengthOf,
  lifeLeftMs,
  lifeLengthMs,
  lockOf,
  mayWrite,
  orMinusOne,
  removeLock,
  replyVersion,
  setExpiry,
  setLock,
  sumOf,
} from './open-item.ts';
import { NO_ENTRY } from './times.ts';

export class ArenaStore implements Store {
  readonly #options: StoreOptions;
  readonly #items: ArenaItems;
  #lastVersion = 0;
  #lastToken = 0;
  #hits = 0;
  #misses = 0;

  constructor(options: StoreOptions & ArenaOptions) {
    this.#options = options;
    this.#items = new ArenaItems(options);
  }

  get(request: RequestFrame, reply: ReplyFrame): void {
    const nowMs = this.#options.clock.nowMs();
    const items = this.#items;
    const location = items.find(request, nowMs);
    if (location === NO_LOCATION) {
      this.#misses++;
      reply.status = STATUS.NOT_FOUND;
      return;
    }
    this.#hits++;
    if (has(request, FLAG.TTL)) {
      if (!mayWrite(items, location, request, reply, nowMs)) return; // LOCK-3
      setExpiry(items, location, request.ttlMs, nowMs); // GET-3
    }
    items.record.accessedMs = nowMs;
    reply.setValue(items.record.bytes, items.record.valueStart, items.record.valueEnd);
    const tag = items.record.tag;
    if (tag !== 0) {
      reply.flags |= FLAG.TAG;
      reply.tag = tag;
    }
    if (!has(request, FLAG.DETAIL)) return;
    replyVersion(items, request, reply);
    if (lifeLengthMs(items) !== Infinity) {
      reply.flags |= FLAG.TTL; // GET-2
      reply.ttlMs = lifeLeftMs(items, nowMs);
    }
  }

  set(request: RequestFrame, reply: ReplyFrame): void {
    const nowMs = this.#options.clock.nowMs();
    const items = this.#items;
    const location = items.find(request, nowMs);
    // VERSION-2: with a VERSION there has to be an item.
    if (location === NO_LOCATION && !has(request, FLAG.VERSION)) this.#create(request, reply, nowMs);
    else this.#replace(location, request, reply, nowMs);
  }

  add(request: RequestFrame, reply: ReplyFrame): void {
    const nowMs = this.#options.clock.nowMs();
    if (this.#items.find(request, nowMs) === NO_LOCATION) this.#create(request, reply, nowMs);
    else reply.status = STATUS.CONFLICT; // ADD-1
  }

  replace(request: RequestFrame, reply: ReplyFrame): void {
    const nowMs = this.#options.clock.nowMs();
    this.#replace(this.#items.find(request, nowMs), request, reply, nowMs); // REPLACE-1
  }

  append(request: RequestFrame, reply: ReplyFrame): void {
    this.#extend(request, reply, false);
  }

  prepend(request: RequestFrame, reply: ReplyFrame): void {
    this.#extend(request, reply, true);
  }

  delete(request: RequestFrame, reply: ReplyFrame): void {
    const nowMs = this.#options.clock.nowMs();
    const items = this.#items;
    const location = items.find(request, nowMs);
    if (mayWrite(items, location, request, reply, nowMs)) items.remove(location); // DELETE-1
  }

  increment(request: RequestFrame, reply: ReplyFrame): void {
    const nowMs = this.#options.clock.nowMs();
    const items = this.#items;
    const location = items.find(request, nowMs);
    const initial = readDecimal(request.valueBytes, request.valueStart, request.valueEnd);
    if (location === NO_LOCATION && initial !== undefined && !has(request, FLAG.VERSION)) {
      const text = decimal(initial);
      this.#make(request, text, 0, text.length, 0, nowMs);
      replyNumber(reply, initial); // INCREMENT-3
      replyVersion(items, request, reply);
    } else if (mayWrite(items, location, request, reply, nowMs)) {
      const sum = sumOf(items, request);
      if (sum === undefined) {
        reply.status = STATUS.NOT_A_NUMBER; // INCREMENT-2
        return;
      }
      this.#setNumber(location, sum, nowMs); // INCREMENT-1, INCREMENT-4
      replyNumber(reply, sum);
      replyVersion(items, request, reply);
    }
  }

  touch(request: RequestFrame, reply: ReplyFrame): void {
    const nowMs = this.#options.clock.nowMs();
    const items = this.#items;
    const location = items.find(request, nowMs);
    if (mayWrite(items, location, request, reply, nowMs)) this.#touch(location, request, nowMs);
  }

  lock(request: RequestFrame, reply: ReplyFrame): void {
    const nowMs = this.#options.clock.nowMs();
    const items = this.#items;
    const location = items.find(request, nowMs);
    if (location === NO_LOCATION) {
      reply.status = STATUS.NOT_FOUND;
    } else if (isLockedAgainst(items, request, nowMs)) {
      reply.status = STATUS.LOCKED; // LOCK-2
    } else {
      const token = lockOf(items, nowMs)?.token ?? ++this.#lastToken;
      setLock(items, location, token, request.ttlMs, nowMs);
      replyToken(reply, token); // LOCK-1
    }
  }

  unlock(request: RequestFrame, reply: ReplyFrame): void {
    const nowMs = this.#options.clock.nowMs();
    const items = this.#items;
    const location = items.find(request, nowMs);
    if (location === NO_LOCATION) reply.status = STATUS.NOT_FOUND;
    else if (has(request, FLAG.TOKEN) && isLockedAgainst(items, request, nowMs)) reply.status = STATUS.LOCKED;
    else removeLock(items); // LOCK-5
  }

  count({ keyBytes, keyStart, keyEnd }: RequestFrame, reply: ReplyFrame): void {
    const nowMs = this.#options.clock.nowMs();
    const items = this.#items;
    const { order, times } = items;
    if (times.nextExpired(nowMs) === NO_ENTRY) {
      // Where nothing has expired, the keys need not be looked at one by one.
      const start = order.lowerBound(keyBytes, keyStart, keyEnd);
      const end = order.prefixEnd(keyBytes, keyStart, keyEnd);
      replyNumber(reply, BigInt(order.distance(start, end))); // COUNT-1
      return;
    }
    let count = 0;
    items.eachMatch(keyBytes, keyStart, keyEnd, nowMs, () => {
      count++;
      return true;
    });
    replyNumber(reply, BigInt(count));
  }

  setPrefix(request: RequestFrame, reply: ReplyFrame): void {
    this.#changeEach(request, reply, (location, nowMs) => {
      this.#overwrite(location, request, nowMs);
      return true;
    });
  }

  deletePrefix(request: RequestFrame, reply: ReplyFrame): void {
    this.#changeEach(request, reply, (location) => {
      this.#items.remove(location);
      return true;
    });
  }

  incrementPrefix(request: RequestFrame, reply: ReplyFrame): void {
    this.#changeEach(request, reply, (location, nowMs) => {
      const sum = sumOf(this.#items, request);
      if (sum === undefined) return false; // PREFIX-3
      this.#setNumber(location, sum, nowMs);
      return true;
    });
  }

  touchPrefix(request: RequestFrame, reply: ReplyFrame): void {
    this.#changeEach(request, reply, (location, nowMs) => {
      this.#touch(location, request, nowMs);
      return true;
    });
  }

  lockPrefix(request: RequestFrame, reply: ReplyFrame): void {
    const token = this.#lastToken + 1;
    this.#changeEach(request, reply, (location, nowMs) => {
      setLock(this.#items, location, token, request.ttlMs, nowMs);
      return true;
    });
    if (reply.status !== STATUS.OK) return;
    this.#lastToken = token;
    replyToken(reply, token); // PREFIX-4
  }

  unlockPrefix(request: RequestFrame, reply: ReplyFrame): void {
    const nowMs = this.#options.clock.nowMs();
    const items = this.#items;
    const { keyBytes, keyStart, keyEnd } = request;
    let counted = 0;
    items.eachMatch(keyBytes, keyStart, keyEnd, nowMs, () => {
      if (has(request, FLAG.TOKEN) && lockOf(items, nowMs)?.token !== request.token) return true;
      removeLock(items);
      counted++; // PREFIX-4
      return true;
    });
    replyCount(reply, counted);
  }

  list(request: RequestFrame, reply: ReplyFrame, page: ListPage): void {
    const nowMs = this.#options.clock.nowMs();
    const items = this.#items;
    const itemsMax = has(request, FLAG.NUMBER) ? request.number : Infinity; // LIST-2
    const { keyBytes, keyStart, keyEnd } = request;
    let listed = 0;
    // A page has room for the first item, whatever its size: HELLO-1 makes frames large enough.
    items.eachMatch(
      keyBytes,
      keyStart,
      keyEnd,
      nowMs,
      () => {
        const { bytes, keyStart, valueStart, valueEnd } = items.record;
        if (listed >= itemsMax || !page.add(bytes, keyStart, valueStart, bytes, valueStart, valueEnd)) {
          reply.status = STATUS.PARTIAL; // LIST-3
          return false;
        }
        listed++;
        return true;
      },
      request,
    );
    if (listed === 0)
      reply.status = STATUS.NOT_FOUND; // PREFIX-1, LIST-1
    else replyNumber(reply, BigInt(listed));
  }

  reset(): void {
    this.#items.clear(); // RESET-1
  }

  meta(request: RequestFrame): ItemMeta | undefined {
    const nowMs = this.#options.clock.nowMs();
    const items = this.#items;
    if (items.find(request, nowMs) === NO_LOCATION) return undefined;
    const lock = lockOf(items, nowMs);
    return {
      sizeBytes: items.record.valueEnd - items.record.valueStart,
      tag: items.record.tag,
      version: items.record.version,
      createdMs: items.record.createdMs,
      accessedMs: items.record.accessedMs,
      ttlMs: orMinusOne(lifeLengthMs(items)),
      leftMs: orMinusOne(lifeLeftMs(items, nowMs)),
      lockMs: lock === undefined ? 0 : orMinusOne(leftMs(lock.span, nowMs)),
    };
  }

  sweep(itemsMax: number): void {
    this.#items.sweep(itemsMax, this.#options.clock.nowMs());
  }

  /** `items` and `memoryBytes` include items that have expired, until an operation or `sweep` meets them. */
  stats(): StoreStats {
    const { size: items, memoryBytes, expired } = this.#items;
    return { items, memoryBytes, hits: this.#hits, misses: this.#misses, expired, evictions: 0 };
  }

  /** Bytes that the store holds for its items, with the rests of pages. */
  get takenBytes(): number {
    return this.#items.takenBytes;
  }

  /** How many slots of the index a search for every key would look at: a few for each, whatever the keys. */
  get probes(): number {
    return this.#items.probes;
  }

  /** @throws Error if the structure is not what it should be: a defect */
  check(): void {
    this.#items.check();
  }

  /** SET-1 where there is no such item. */
  #create(request: RequestFrame, reply: ReplyFrame, nowMs: number): void {
    const { valueBytes, valueStart, valueEnd, tag } = request;
    this.#make(request, valueBytes, valueStart, valueEnd, tag, nowMs);
    replyVersion(this.#items, request, reply);
  }

  /** Makes the item of the request that `find` did not find: value and tag as given, expiry as the request says. */
  #make(request: RequestFrame, bytes: Uint8Array, start: number, end: number, tag: number, nowMs: number): void {
    const items = this.#items;
    const lengthMs = lengthOf(request.ttlMs);
    const isMortal = lengthMs !== Infinity;
    items.create(request, end - start, tag, isMortal, nowMs);
    copy(items.record.bytes, items.record.valueStart, bytes, start, end);
    items.record.version = ++this.#lastVersion; // VERSION-1
    items.record.createdMs = nowMs;
    items.record.accessedMs = nowMs;
    if (isMortal) items.times.setLife(items.record.entry, nowMs, lengthMs);
  }

  /** SET-1 where there is such an item, REPLACE-1. */
  #replace(location: number, request: RequestFrame, reply: ReplyFrame, nowMs: number): void {
    if (!mayWrite(this.#items, location, request, reply, nowMs)) return;
    this.#overwrite(location, request, nowMs);
    replyVersion(this.#items, request, reply);
  }

  /** APPEND-1. */
  #extend(request: RequestFrame, reply: ReplyFrame, isInFront: boolean): void {
    const nowMs = this.#options.clock.nowMs();
    const items = this.#items;
    const location = items.find(request, nowMs);
    const { valueBytes, valueStart, valueEnd } = request;
    const addedBytes = valueEnd - valueStart;
    const oldBytes = items.record.valueEnd - items.record.valueStart;
    if (location !== NO_LOCATION && oldBytes + addedBytes > this.#options.valueBytesMax) {
      reply.status = STATUS.TOO_LARGE; // KEY-3
    } else if (mayWrite(items, location, request, reply, nowMs)) {
      const keptAt = isInFront ? addedBytes : 0;
      items.resize(location, oldBytes + addedBytes, items.record.tag, items.record.entry !== NO_ENTRY, keptAt, nowMs);
      copy(items.record.bytes, items.record.valueStart + (isInFront ? 0 : oldBytes), valueBytes, valueStart, valueEnd);
      this.#written(nowMs);
      replyVersion(items, request, reply);
    }
  }

  /** Makes of the open item what SET makes of it; its lock stays (LOCK-3). */
  #overwrite(location: number, request: RequestFrame, nowMs: number): void {
    const items = this.#items;
    const { valueBytes, valueStart, valueEnd, tag } = request;
    const lengthMs = lengthOf(request.ttlMs);
    const needsEntry = lengthMs !== Infinity || lockOf(items, nowMs) !== undefined;
    items.resize(location, valueEnd - valueStart, tag, needsEntry, -1, nowMs);
    copy(items.record.bytes, items.record.valueStart, valueBytes, valueStart, valueEnd);
    this.#written(nowMs);
    items.record.createdMs = nowMs;
    if (needsEntry) items.times.setLife(items.record.entry, nowMs, lengthMs);
  }

  /** INCREMENT-4: gives the open item another value, and leaves tag and expiry. */
  #setNumber(location: number, number: bigint, nowMs: number): void {
    const items = this.#items;
    const text = decimal(number);
    items.resize(location, text.length, items.record.tag, items.record.entry !== NO_ENTRY, -1, nowMs);
    copy(items.record.bytes, items.record.valueStart, text, 0, text.length);
    this.#written(nowMs);
  }

  /** Another value is another version (VERSION-1). */
  #written(nowMs: number): void {
    this.#items.record.version = ++this.#lastVersion;
    this.#items.record.accessedMs = nowMs;
  }

  /** TOUCH-1. */
  #touch(location: number, request: RequestFrame, nowMs: number): void {
    setExpiry(this.#items, location, request.ttlMs, nowMs);
    this.#items.record.accessedMs = nowMs;
  }

  /** Carries out a prefix request on each match that is not locked against it (PREFIX-2, PREFIX-3). */
  #changeEach(request: RequestFrame, reply: ReplyFrame, change: (location: number, nowMs: number) => boolean): void {
    const nowMs = this.#options.clock.nowMs();
    const { keyBytes, keyStart, keyEnd } = request;
    let changed = 0;
    this.#items.eachMatch(keyBytes, keyStart, keyEnd, nowMs, (location) => {
      if (!isLockedAgainst(this.#items, request, nowMs) && change(location, nowMs)) changed++;
      return true;
    });
    replyCount(reply, changed);
  }
}
