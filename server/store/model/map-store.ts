/**
 * The model of a store: a Map of items, and operations that follow sections 4 and 5 line by line. No server keeps its
 * items in it. Tests hold the server's store against it, so it puts being obviously right above all.
 *
 * Checks come in the order of STATUS-2: 413, 404, 409, 423, 422. Where there is no item, APPEND would make no value and
 * so none that is too large: that is 404. Each operation reads the clock once, and all that it does happens at that
 * moment (CONSISTENT-1, CONSISTENT-2).
 */
import { FLAG, STATUS, readDecimal, type ReplyFrame, type RequestFrame } from '../../../protocol/index.ts';
import { decimal, has, replyCount, replyNumber, replyToken } from '../exchange.ts';
import type { ItemMeta, ListPage, Store, StoreOptions, StoreStats } from '../store.ts';
import { concat, keyOf, latin1, replyDetail, valueOf } from './item-bytes.ts';
import { ItemTable } from './item-table.ts';
import { LoggedTable } from './logged-table.ts';
import { isLockedAgainst, mayWrite, orMinusOne, sumOf } from './item-rules.ts';
import type { LoggedStore } from '../item-sink.ts';
import { leftMs, lockOf, spanFrom, type Item } from './item.ts';
import { SortedKeys, type KeyOrder } from './key-order.ts';

/** Makes an empty model, whose order of keys is the fast one. */
export function createMapStore(options: StoreOptions): Store {
  return new MapStore(options, new SortedKeys());
}

export class MapStore implements Store {
  readonly logged: LoggedStore;
  readonly #options: StoreOptions;
  readonly #table: ItemTable;
  #hits = 0;
  #misses = 0;

  /** @param order an empty one; it is the store's alone from now on */
  constructor(options: StoreOptions, order: KeyOrder) {
    this.#options = options;
    this.#table = new ItemTable(order);
    this.logged = new LoggedTable(this.#table);
  }

  get(request: RequestFrame, reply: ReplyFrame): void {
    const nowMs = this.#options.clock.nowMs();
    const item = this.#table.find(keyOf(request), nowMs);
    if (item === undefined) {
      this.#misses++;
      reply.status = STATUS.NOT_FOUND;
      return;
    }
    this.#hits++;
    if (has(request, FLAG.TTL)) {
      if (!mayWrite(item, request, reply, nowMs)) return; // LOCK-3
      this.#table.setExpiry(item, request.ttlMs, nowMs); // GET-3
      this.#table.tellTouch(item);
    }
    item.accessedMs = nowMs;
    reply.setValue(item.value);
    if (item.tag !== 0) {
      reply.flags |= FLAG.TAG;
      reply.tag = item.tag;
    }
    replyDetail(item, request, reply);
    if (has(request, FLAG.DETAIL) && item.life.lengthMs !== Infinity) {
      reply.flags |= FLAG.TTL; // GET-2
      reply.ttlMs = leftMs(item.life, nowMs);
    }
  }

  set(request: RequestFrame, reply: ReplyFrame): void {
    const nowMs = this.#options.clock.nowMs();
    const item = this.#table.find(keyOf(request), nowMs);
    // VERSION-2: with a VERSION there has to be an item.
    if (item === undefined && !has(request, FLAG.VERSION)) this.#create(request, reply, nowMs);
    else this.#replace(item, request, reply, nowMs);
  }

  add(request: RequestFrame, reply: ReplyFrame): void {
    const nowMs = this.#options.clock.nowMs();
    if (this.#table.find(keyOf(request), nowMs) === undefined) this.#create(request, reply, nowMs);
    else reply.status = STATUS.CONFLICT; // ADD-1
  }

  replace(request: RequestFrame, reply: ReplyFrame): void {
    const nowMs = this.#options.clock.nowMs();
    this.#replace(this.#table.find(keyOf(request), nowMs), request, reply, nowMs); // REPLACE-1
  }

  append(request: RequestFrame, reply: ReplyFrame): void {
    this.#extend(request, reply, (old, added) => [old, added]);
  }

  prepend(request: RequestFrame, reply: ReplyFrame): void {
    this.#extend(request, reply, (old, added) => [added, old]);
  }

  delete(request: RequestFrame, reply: ReplyFrame): void {
    const nowMs = this.#options.clock.nowMs();
    const item = this.#table.find(keyOf(request), nowMs);
    if (mayWrite(item, request, reply, nowMs)) this.#remove(item); // DELETE-1
  }

  increment(request: RequestFrame, reply: ReplyFrame): void {
    const nowMs = this.#options.clock.nowMs();
    const key = keyOf(request);
    const item = this.#table.find(key, nowMs);
    const initial = readDecimal(request.valueBytes, request.valueStart, request.valueEnd);
    if (item === undefined && initial !== undefined && !has(request, FLAG.VERSION)) {
      const made = this.#table.add({ key, value: decimal(initial), tag: 0, version: ++this.#table.lastVersion }, nowMs);
      this.#table.setExpiry(made, request.ttlMs, nowMs);
      this.#table.tellPut(made);
      replyNumber(reply, initial); // INCREMENT-3
      replyDetail(made, request, reply);
    } else if (mayWrite(item, request, reply, nowMs)) {
      const sum = sumOf(item, request);
      if (sum === undefined) {
        reply.status = STATUS.NOT_A_NUMBER; // INCREMENT-2
        return;
      }
      this.#write(item, decimal(sum), nowMs); // INCREMENT-1, INCREMENT-4
      this.#table.tellPut(item);
      replyNumber(reply, sum);
      replyDetail(item, request, reply);
    }
  }

  touch(request: RequestFrame, reply: ReplyFrame): void {
    const nowMs = this.#options.clock.nowMs();
    const item = this.#table.find(keyOf(request), nowMs);
    if (mayWrite(item, request, reply, nowMs)) this.#touch(item, request, nowMs);
  }

  lock(request: RequestFrame, reply: ReplyFrame): void {
    const nowMs = this.#options.clock.nowMs();
    const item = this.#table.find(keyOf(request), nowMs);
    if (item === undefined) {
      reply.status = STATUS.NOT_FOUND;
    } else if (isLockedAgainst(item, request, nowMs)) {
      reply.status = STATUS.LOCKED; // LOCK-2
    } else {
      const token = lockOf(item, nowMs)?.token ?? ++this.#table.lastToken;
      this.#setLock(item, { token, span: spanFrom(nowMs, request.ttlMs) });
      replyToken(reply, token); // LOCK-1
    }
  }

  unlock(request: RequestFrame, reply: ReplyFrame): void {
    const nowMs = this.#options.clock.nowMs();
    const item = this.#table.find(keyOf(request), nowMs);
    if (item === undefined) reply.status = STATUS.NOT_FOUND;
    else if (has(request, FLAG.TOKEN) && isLockedAgainst(item, request, nowMs)) reply.status = STATUS.LOCKED;
    else this.#setLock(item, undefined); // LOCK-5
  }

  count(request: RequestFrame, reply: ReplyFrame): void {
    replyNumber(reply, BigInt(this.#table.count(keyOf(request), this.#options.clock.nowMs()))); // COUNT-1
  }

  setPrefix(request: RequestFrame, reply: ReplyFrame): void {
    const value = valueOf(request);
    this.#changeEach(request, reply, (item, nowMs) => {
      this.#overwrite(item, value, request, nowMs);
      return true;
    });
  }

  deletePrefix(request: RequestFrame, reply: ReplyFrame): void {
    this.#changeEach(request, reply, (item) => {
      this.#remove(item);
      return true;
    });
  }

  incrementPrefix(request: RequestFrame, reply: ReplyFrame): void {
    this.#changeEach(request, reply, (item, nowMs) => {
      const sum = sumOf(item, request);
      if (sum === undefined) return false; // PREFIX-3
      this.#write(item, decimal(sum), nowMs);
      this.#table.tellPut(item);
      return true;
    });
  }

  touchPrefix(request: RequestFrame, reply: ReplyFrame): void {
    this.#changeEach(request, reply, (item, nowMs) => {
      this.#touch(item, request, nowMs);
      return true;
    });
  }

  lockPrefix(request: RequestFrame, reply: ReplyFrame): void {
    const token = this.#table.lastToken + 1;
    this.#changeEach(request, reply, (item, nowMs) => {
      this.#setLock(item, { token, span: spanFrom(nowMs, request.ttlMs) });
      return true;
    });
    if (reply.status !== STATUS.OK) return;
    this.#table.lastToken = token;
    replyToken(reply, token); // PREFIX-4
  }

  unlockPrefix(request: RequestFrame, reply: ReplyFrame): void {
    const nowMs = this.#options.clock.nowMs();
    let counted = 0;
    for (const item of this.#table.matching(keyOf(request), nowMs)) {
      if (has(request, FLAG.TOKEN) && lockOf(item, nowMs)?.token !== request.token) continue;
      this.#setLock(item, undefined);
      counted++; // PREFIX-4
    }
    replyCount(reply, counted);
  }

  list(request: RequestFrame, reply: ReplyFrame, page: ListPage): void {
    const nowMs = this.#options.clock.nowMs();
    const itemsMax = has(request, FLAG.NUMBER) ? request.number : Infinity; // LIST-2
    const after = latin1(request.valueBytes, request.valueStart, request.valueEnd); // LIST-3
    let listed = 0;
    // A page has room for the first item, whatever its size: HELLO-1 makes frames large enough.
    for (const { key, value } of this.#table.matching(keyOf(request), nowMs, after)) {
      const keyBytes = Buffer.from(key, 'latin1');
      if (listed >= itemsMax || !page.add(keyBytes, 0, keyBytes.length, value, 0, value.length)) {
        reply.status = STATUS.PARTIAL; // LIST-3
        break;
      }
      listed++;
    }
    if (listed === 0)
      reply.status = STATUS.NOT_FOUND; // PREFIX-1, LIST-1
    else replyNumber(reply, BigInt(listed));
  }

  reset(): void {
    this.#table.clear(); // RESET-1
    this.#table.sink?.reset();
  }

  meta(request: RequestFrame): ItemMeta | undefined {
    const nowMs = this.#options.clock.nowMs();
    const item = this.#table.find(keyOf(request), nowMs);
    if (item === undefined) return undefined;
    const { value, tag, version, createdMs, accessedMs, life } = item;
    const lock = lockOf(item, nowMs);
    return {
      sizeBytes: value.length,
      tag,
      version,
      createdMs,
      accessedMs,
      ttlMs: orMinusOne(life.lengthMs),
      leftMs: orMinusOne(leftMs(life, nowMs)),
      lockMs: lock === undefined ? 0 : orMinusOne(leftMs(lock.span, nowMs)),
    };
  }

  sweep(itemsMax: number): boolean {
    this.#table.sweep(itemsMax, this.#options.clock.nowMs());
    return false;
  }

  /** `items` and `memoryBytes` include items that have expired, until an operation or `sweep` meets them. */
  stats(): StoreStats {
    const { size: items, memoryBytes, expired } = this.#table;
    return { items, memoryBytes, hits: this.#hits, misses: this.#misses, expired, evictions: 0 };
  }

  /** SET-1 where there is no such item. */
  #create(request: RequestFrame, reply: ReplyFrame, nowMs: number): void {
    const { tag, ttlMs } = request;
    const version = ++this.#table.lastVersion; // VERSION-1
    const item = this.#table.add({ key: keyOf(request), value: valueOf(request), tag, version }, nowMs);
    this.#table.setExpiry(item, ttlMs, nowMs);
    this.#table.tellPut(item);
    replyDetail(item, request, reply);
  }

  /** SET-1 where there is such an item, REPLACE-1. */
  #replace(item: Item | undefined, request: RequestFrame, reply: ReplyFrame, nowMs: number): void {
    if (!mayWrite(item, request, reply, nowMs)) return;
    this.#overwrite(item, valueOf(request), request, nowMs);
    replyDetail(item, request, reply);
  }

  /** APPEND-1. */
  #extend(
    request: RequestFrame,
    reply: ReplyFrame,
    arrange: (old: Uint8Array, added: Uint8Array) => Uint8Array[],
  ): void {
    const nowMs = this.#options.clock.nowMs();
    const item = this.#table.find(keyOf(request), nowMs);
    const addedBytes = request.valueEnd - request.valueStart;
    if (item !== undefined && item.value.length + addedBytes > this.#options.valueBytesMax) {
      reply.status = STATUS.TOO_LARGE; // KEY-3
    } else if (mayWrite(item, request, reply, nowMs)) {
      this.#write(item, concat(arrange(item.value, valueOf(request))), nowMs);
      this.#table.tellPut(item);
      replyDetail(item, request, reply);
    }
  }

  /** Carries out a prefix request on each match that is not locked against it (PREFIX-2, PREFIX-3). */
  #changeEach(request: RequestFrame, reply: ReplyFrame, change: (item: Item, nowMs: number) => boolean): void {
    const nowMs = this.#options.clock.nowMs();
    let changed = 0;
    for (const item of this.#table.matching(keyOf(request), nowMs)) {
      if (!isLockedAgainst(item, request, nowMs) && change(item, nowMs)) changed++;
    }
    replyCount(reply, changed);
  }

  /** Makes of an item what SET makes of it; its lock stays (LOCK-3). */
  #overwrite(item: Item, value: Uint8Array, request: RequestFrame, nowMs: number): void {
    this.#write(item, value, nowMs);
    item.tag = request.tag;
    item.createdMs = nowMs;
    this.#table.setExpiry(item, request.ttlMs, nowMs);
    this.#table.tellPut(item);
  }

  /** Gives an item another value and with it another version (VERSION-1); all else stays. */
  #write(item: Item, value: Uint8Array, nowMs: number): void {
    this.#table.setValue(item, value);
    item.version = ++this.#table.lastVersion;
    item.accessedMs = nowMs;
  }

  /** TOUCH-1. */
  #touch(item: Item, request: RequestFrame, nowMs: number): void {
    this.#table.setExpiry(item, request.ttlMs, nowMs);
    item.accessedMs = nowMs;
    this.#table.tellTouch(item);
  }

  #setLock(item: Item, lock: Item['lock']): void {
    item.lock = lock;
    this.#table.tellTouch(item);
  }

  #remove(item: Item): void {
    this.#table.remove(item);
    this.#table.tellRemove(item);
  }
}
