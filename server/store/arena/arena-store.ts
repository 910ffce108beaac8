/**
 * The server's store: the operations of sections 4 and 5 on ArenaItems. It does what the model does (`../model/`), and
 * makes no object for an item or a plain request; random operations hold the two against each other.
 *
 * Checks come in the order of STATUS-2: 413, 404, 409, 423, 422. Each operation reads the clock once, and all that it
 * does happens at that moment (CONSISTENT-1, CONSISTENT-2).
 */
import { FLAG, STATUS, readDecimal, type ReplyFrame, type RequestFrame } from '../../../protocol/index.ts';
import { decimal, has, replyNumber, replyToken } from '../exchange.ts';
import type { LoggedStore } from '../item-sink.ts';
import type { NextKeys } from '../next-keys.ts';
import { Progress } from '../progress.ts';
import type { ItemMeta, ListPage, Store, StoreOptions, StoreStats } from '../store.ts';
import { ArenaItems } from './arena-items.ts';
import type { ArenaOptions } from './arena-options.ts';
import { NO_LOCATION } from './hash-index.ts';
import { LoggedItems } from './logged-items.ts';
import {
  isLockedAgainst,
  lengthOf,
  lifeLeftMs,
  lifeLengthMs,
  mayWrite,
  metaOfOpen,
  outOfMemory,
  removeLock,
  replyVersion,
  setExpiry,
  setLock,
  sumOf,
  tokenOf,
} from './open-item.ts';
import { CHANGE, changeAll, changeMatches, countMatches, listMatches } from './prefix-requests.ts';
import { evictExcess, growthBytes, makeRoom, newItemBytes } from './room.ts';
import { NO_ENTRY } from './times.ts';

const inOneGo = (): Progress => new Progress(Infinity);

export class ArenaStore implements Store {
  readonly #options: StoreOptions;
  readonly #items: ArenaItems;
  /** What a log needs of the store. */
  readonly logged: LoggedStore;
  readonly prefetch = (keys: NextKeys): void => this.#items.prefetch(keys);
  #hits = 0;
  #misses = 0;

  constructor(options: StoreOptions & ArenaOptions) {
    this.#options = options;
    this.#items = new ArenaItems(options);
    this.logged = new LoggedItems(this.#items, options.clock);
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
      if (!setExpiry(items, location, request.ttlMs, nowMs)) return outOfMemory(reply); // GET-3
      items.teller.touch(items.record, nowMs);
    }
    items.record.access(nowMs);
    items.record.gather();
    reply.setValue(items.record.bytes, items.record.valueStart, items.record.valueEnd, items.record.view);
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
    if (!mayWrite(items, location, request, reply, nowMs)) return;
    items.teller.remove(items.record, nowMs);
    items.remove(location); // DELETE-1
  }

  increment(request: RequestFrame, reply: ReplyFrame): void {
    const nowMs = this.#options.clock.nowMs();
    const items = this.#items;
    const location = items.find(request, nowMs);
    const initial = readDecimal(request.valueBytes, request.valueStart, request.valueEnd);
    if (location === NO_LOCATION && initial !== undefined && !has(request, FLAG.VERSION)) {
      const text = decimal(initial);
      if (!this.#make(request, text, reply, nowMs)) return;
      replyNumber(reply, initial); // INCREMENT-3
      replyVersion(items, request, reply);
    } else if (mayWrite(items, location, request, reply, nowMs)) {
      const sum = sumOf(items, request);
      if (sum === undefined) {
        reply.status = STATUS.NOT_A_NUMBER; // INCREMENT-2
      } else if (this.#setNumber(location, sum, nowMs)) {
        replyNumber(reply, sum); // INCREMENT-1, INCREMENT-4
        replyVersion(items, request, reply);
      } else {
        outOfMemory(reply);
      }
    }
  }

  touch(request: RequestFrame, reply: ReplyFrame): void {
    const nowMs = this.#options.clock.nowMs();
    const location = this.#items.find(request, nowMs);
    const isAllowed = mayWrite(this.#items, location, request, reply, nowMs);
    if (isAllowed && !this.#touch(location, request, nowMs)) outOfMemory(reply);
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
      const token = tokenOf(items, nowMs) || items.lastToken + 1;
      if (!setLock(items, location, token, request.ttlMs, nowMs)) return outOfMemory(reply);
      items.lastToken = Math.max(items.lastToken, token);
      items.teller.touch(items.record, nowMs);
      replyToken(reply, token); // LOCK-1
    }
  }

  unlock(request: RequestFrame, reply: ReplyFrame): void {
    const nowMs = this.#options.clock.nowMs();
    const location = this.#items.find(request, nowMs);
    if (location === NO_LOCATION) reply.status = STATUS.NOT_FOUND;
    else if (has(request, FLAG.TOKEN) && isLockedAgainst(this.#items, request, nowMs)) reply.status = STATUS.LOCKED;
    else this.#unlock(nowMs); // LOCK-5
  }

  count(request: RequestFrame, reply: ReplyFrame, progress = inOneGo()): void {
    countMatches(this.#items, request, reply, progress, this.#options.clock.nowMs());
  }

  setPrefix(request: RequestFrame, reply: ReplyFrame, progress = inOneGo()): void {
    const nowMs = this.#options.clock.nowMs();
    changeMatches(this.#items, request, reply, progress, nowMs, (location) =>
      this.#overwrite(location, request, nowMs) ? CHANGE.CHANGED : CHANGE.NONE,
    );
  }

  deletePrefix(request: RequestFrame, reply: ReplyFrame, progress = inOneGo()): void {
    const nowMs = this.#options.clock.nowMs();
    const items = this.#items;
    changeMatches(items, request, reply, progress, nowMs, (location) => {
      items.teller.remove(items.record, nowMs);
      items.remove(location);
      return CHANGE.REMOVED;
    });
  }

  incrementPrefix(request: RequestFrame, reply: ReplyFrame, progress = inOneGo()): void {
    const nowMs = this.#options.clock.nowMs();
    changeMatches(this.#items, request, reply, progress, nowMs, (location) => {
      const sum = sumOf(this.#items, request);
      return sum !== undefined && this.#setNumber(location, sum, nowMs) ? CHANGE.CHANGED : CHANGE.NONE; // PREFIX-3
    });
  }

  touchPrefix(request: RequestFrame, reply: ReplyFrame, progress = inOneGo()): void {
    const nowMs = this.#options.clock.nowMs();
    changeMatches(this.#items, request, reply, progress, nowMs, (location) =>
      this.#touch(location, request, nowMs) ? CHANGE.CHANGED : CHANGE.NONE,
    );
  }

  lockPrefix(request: RequestFrame, reply: ReplyFrame, progress = inOneGo()): void {
    const nowMs = this.#options.clock.nowMs();
    const items = this.#items;
    let { token } = progress;
    changeAll(items, request, reply, progress, nowMs, (location) => {
      if (tokenOf(items, nowMs) !== 0) return CHANGE.NONE;
      // Given with the first lock and not before: until then another request may be given one.
      const given = token || items.lastToken + 1;
      if (!setLock(items, location, given, request.ttlMs, nowMs)) return CHANGE.NONE;
      items.lastToken = Math.max(items.lastToken, given);
      token = progress.token = given;
      items.teller.touch(items.record, nowMs);
      return CHANGE.CHANGED;
    });
    if (!progress.isUnfinished && reply.status === STATUS.OK) replyToken(reply, token); // PREFIX-4
  }

  unlockPrefix(request: RequestFrame, reply: ReplyFrame, progress = inOneGo()): void {
    const nowMs = this.#options.clock.nowMs();
    const items = this.#items;
    changeAll(items, request, reply, progress, nowMs, () => {
      const token = tokenOf(items, nowMs);
      if (has(request, FLAG.TOKEN) && (token === 0 || token !== request.token)) return CHANGE.NONE;
      this.#unlock(nowMs);
      return CHANGE.CHANGED; // PREFIX-4
    });
  }

  list(request: RequestFrame, reply: ReplyFrame, page: ListPage, progress = inOneGo()): void {
    listMatches(this.#items, request, reply, page, progress, this.#options.clock.nowMs());
  }

  reset(): void {
    this.#items.clear(); // RESET-1
    this.#items.teller.sink?.reset();
  }

  meta(request: RequestFrame): ItemMeta | undefined {
    const nowMs = this.#options.clock.nowMs();
    return this.#items.find(request, nowMs) === NO_LOCATION ? undefined : metaOfOpen(this.#items, nowMs);
  }

  sweep(itemsMax: number): boolean {
    const nowMs = this.#options.clock.nowMs();
    return evictExcess(this.#items, itemsMax, nowMs) || this.#items.sweep(itemsMax, nowMs);
  }

  get isMakingRoom(): boolean {
    return this.#items.eviction.isUnfinished;
  }

  /** `items` and `memoryBytes` include items that have expired, until an operation or `sweep` meets them. */
  stats(): StoreStats {
    const { size: items, memoryBytes, expired, evicted: evictions } = this.#items;
    return { items, memoryBytes, hits: this.#hits, misses: this.#misses, expired, evictions };
  }

  /** Bytes that the store holds for its items, with the rests of pages. */
  get takenBytes(): number {
    return this.#items.takenBytes;
  }

  /** How many slots of the index a search for every key would look at. */
  get probes(): number {
    return this.#items.index.probes();
  }

  /** @throws Error if the structure is not what it should be: a defect */
  check(): void {
    this.#items.check();
  }

  /** SET-1 where there is no such item. */
  #create(request: RequestFrame, reply: ReplyFrame, nowMs: number): void {
    if (this.#make(request, undefined, reply, nowMs)) replyVersion(this.#items, request, reply);
  }

  /**
   * Makes the item of the request that `find` did not find, with expiry as the request says.
   *
   * @param text the value, and there is no tag; undefined: both are as the request says
   */
  #make(request: RequestFrame, text: Uint8Array | undefined, reply: ReplyFrame, nowMs: number): boolean {
    const items = this.#items;
    const bytes = text ?? request.valueBytes;
    const start = text === undefined ? request.valueStart : 0;
    const end = text?.length ?? request.valueEnd;
    const tag = text === undefined ? request.tag : 0;
    const lengthMs = lengthOf(request.ttlMs);
    const isMortal = lengthMs !== Infinity;
    const addedBytes = newItemBytes(request.keyEnd - request.keyStart, end - start, tag, isMortal);
    if (makeRoom(items, NO_LOCATION, addedBytes, nowMs) < 0) {
      outOfMemory(reply);
      return false;
    }
    items.create(request, end - start, tag, isMortal, nowMs);
    items.record.putValue(0, bytes, start, end);
    items.record.createdMs = nowMs;
    if (isMortal) items.times.setLife(items.record.entry, nowMs, lengthMs);
    this.#written(nowMs, text === undefined ? request : undefined);
    return true;
  }

  /** SET-1 where there is such an item, REPLACE-1. */
  #replace(location: number, request: RequestFrame, reply: ReplyFrame, nowMs: number): void {
    if (!mayWrite(this.#items, location, request, reply, nowMs)) return;
    if (!this.#overwrite(location, request, nowMs)) outOfMemory(reply);
    else replyVersion(this.#items, request, reply);
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
      const { entry, tag } = items.record;
      const sizeBytes = oldBytes + addedBytes;
      const hasRoom = this.#resize(location, sizeBytes, tag, entry !== NO_ENTRY, isInFront ? addedBytes : 0, nowMs);
      if (!hasRoom) return outOfMemory(reply);
      items.record.putValue(isInFront ? 0 : oldBytes, valueBytes, valueStart, valueEnd);
      this.#written(nowMs);
      replyVersion(items, request, reply);
    }
  }

  /** Makes of the open item what SET makes of it; its lock stays (LOCK-3). Returns false if there is no room. */
  #overwrite(location: number, request: RequestFrame, nowMs: number): boolean {
    const items = this.#items;
    const { valueBytes, valueStart, valueEnd, tag } = request;
    const lengthMs = lengthOf(request.ttlMs);
    const needsEntry = lengthMs !== Infinity || tokenOf(items, nowMs) !== 0;
    if (!this.#resize(location, valueEnd - valueStart, tag, needsEntry, -1, nowMs)) return false;
    items.record.putValue(0, valueBytes, valueStart, valueEnd);
    items.record.createdMs = nowMs;
    if (needsEntry) items.times.setLife(items.record.entry, nowMs, lengthMs);
    this.#written(nowMs, request);
    return true;
  }

  /** INCREMENT-4: gives the open item another value, and leaves tag and expiry. Returns false if there is no room. */
  #setNumber(location: number, number: bigint, nowMs: number): boolean {
    const items = this.#items;
    const text = decimal(number);
    const hasEntry = items.record.entry !== NO_ENTRY;
    if (!this.#resize(location, text.length, items.record.tag, hasEntry, -1, nowMs)) return false;
    items.record.putValue(0, text, 0, text.length);
    this.#written(nowMs);
    return true;
  }

  /** Another value is another version (VERSION-1); `request` is what it was given by, if as a whole. */
  #written(nowMs: number, request?: RequestFrame): void {
    const items = this.#items;
    items.record.version = ++items.lastVersion;
    items.record.access(nowMs);
    items.teller.put(items.record, nowMs, request);
  }

  /** TOUCH-1. Returns false if there is no room. */
  #touch(location: number, request: RequestFrame, nowMs: number): boolean {
    if (!setExpiry(this.#items, location, request.ttlMs, nowMs)) return false;
    this.#items.record.access(nowMs);
    this.#items.teller.touch(this.#items.record, nowMs);
    return true;
  }

  /** LOCK-5. */
  #unlock(nowMs: number): void {
    removeLock(this.#items);
    this.#items.teller.touch(this.#items.record, nowMs);
  }

  /** Gives the open item room for another value (ArenaItems.resize). Returns false if there is none. */
  #resize(location: number, valueBytes: number, tag: number, withEntry: boolean, keptAt: number, nowMs: number) {
    const items = this.#items;
    const where = makeRoom(items, location, growthBytes(items, valueBytes, tag, withEntry), nowMs);
    if (where >= 0) items.resize(where, valueBytes, tag, withEntry, keptAt, nowMs);
    return where >= 0;
  }
}
