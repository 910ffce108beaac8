/**
 * What every store of items can do. A dialect fills a request, the store carries it out and fills the reply, the
 * dialect renders it. Requests come with their shape checked: section 4's flags, keys and values, numbers in range,
 * sizes within the limits. A store knows nothing of connections, opcodes and frames.
 *
 * Each operation reads of the request `keyBytes[keyStart…keyEnd)`, `valueBytes[valueStart…valueEnd)`, `flags` (whether
 * TTL, VERSION, TAG, NUMBER, TOKEN and DETAIL are there) and the fields; it copies what it keeps. It sets the reply's
 * `status`, and on success the fields that `flags` then announces and the value; the value is valid until the next
 * operation. A reply comes in as a 200 without fields (`ReplyFrame.clear`), and with an error it stays without. An
 * operation that ends in an error has changed nothing (STATUS-3).
 */
import type { ReplyFrame, RequestFrame } from '../../protocol/index.ts';
import type { LoggedStore } from './item-sink.ts';
import type { NextKeys } from './next-keys.ts';
import type { Progress } from './progress.ts';

/** Where a listing's items go. */
export interface ListPage {
  /**
   * Takes an item, in ascending byte order of keys.
   *
   * @returns false if there is no room for it: the listing ends before this item
   */
  add(
    keyBytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    valueBytes: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): boolean;
}

/** What META tells of an item (META-1). */
export interface ItemMeta {
  readonly sizeBytes: number;
  readonly tag: number;
  readonly version: number;
  readonly createdMs: number;
  readonly accessedMs: number;
  /** As last set; -1: never expires. */
  readonly ttlMs: number;
  /** Until expiry; -1: never. */
  readonly leftMs: number;
  /** What is left of the lock; 0: none, -1: without end. */
  readonly lockMs: number;
}

/** Counters since the start, for STATS (STATS-1). */
export interface StoreStats {
  readonly items: number;
  /** Bytes taken by items: keys, values and what the store keeps beside them. */
  readonly memoryBytes: number;
  /** GETs of one key that found an item. */
  readonly hits: number;
  /** GETs of one key that found none. */
  readonly misses: number;
  /** Items removed because their TTL had passed. */
  readonly expired: number;
  /** Items removed to make room. */
  readonly evictions: number;
}

type Operation = (request: RequestFrame, reply: ReplyFrame) => void;

/**
 * A prefix request takes effect on each item by itself (CONSISTENT-2), so it may be carried out in slices: as long as
 * `progress.isUnfinished` afterwards, the same request is to be handed in again, with the same progress. Without one
 * it is carried out in one go.
 */
type SlicedOperation = (request: RequestFrame, reply: ReplyFrame, progress?: Progress) => void;

export interface Store {
  /** The same items as a log sees them; undefined: this store cannot be logged. */
  readonly logged?: LoggedStore;
  /**
   * Fetches what is kept of keys that requests are about to name into the processor's caches. It changes nothing.
   *
   * @param keys may be held on to: they are cleared before their bytes change
   */
  readonly prefetch?: (keys: NextKeys) => void;
  /** GET-1 to GET-3. */
  readonly get: Operation;
  /** SET-1. */
  readonly set: Operation;
  /** ADD-1. */
  readonly add: Operation;
  /** REPLACE-1. */
  readonly replace: Operation;
  /** APPEND-1, KEY-3. */
  readonly append: Operation;
  /** APPEND-1, KEY-3. */
  readonly prepend: Operation;
  /** DELETE-1. */
  readonly delete: Operation;
  /** INCREMENT-1 to INCREMENT-4; a value, if there is one, is a decimal i64. */
  readonly increment: Operation;
  /** TOUCH-1. */
  readonly touch: Operation;
  /** LOCK-1, LOCK-2. */
  readonly lock: Operation;
  /** LOCK-5. */
  readonly unlock: Operation;
  /** COUNT-1. */
  readonly count: SlicedOperation;
  /** PREFIX-2, PREFIX-3. */
  readonly setPrefix: SlicedOperation;
  readonly deletePrefix: SlicedOperation;
  readonly incrementPrefix: SlicedOperation;
  readonly touchPrefix: SlicedOperation;
  /** PREFIX-4. */
  readonly lockPrefix: SlicedOperation;
  readonly unlockPrefix: SlicedOperation;
  /** RESET-1. */
  readonly reset: Operation;
  /**
   * PREFIX-1, LIST-1 to LIST-3: items whose keys start with the key and are greater than the value, at most NUMBER of
   * them, given to `page` in the last slice. Whether values are sent is the page's business.
   */
  list(request: RequestFrame, reply: ReplyFrame, page: ListPage, progress?: Progress): void;
  /** META-1; undefined if there is no such item. Does not count as an access. */
  meta(request: RequestFrame): ItemMeta | undefined;
  /**
   * Whether the last operation, if it ended with 507, has begun to make room: the same request, handed in again, goes
   * on with that. Another 507 without it is final.
   */
  readonly isMakingRoom?: boolean;
  /**
   * Removes expired items, and evicts where items take more than they may, looking at a bounded number of items and
   * going on at the next call where it ended.
   *
   * @param itemsMax how many items to look at
   * @returns whether there may be more that have expired
   */
  sweep(itemsMax: number): boolean;
  stats(): StoreStats;
}

/** What a store is made with. */
export interface StoreOptions {
  readonly clock: { nowMs(): number };
  /** KEY-3: longest value that APPEND and PREPEND may make, in bytes. */
  readonly valueBytesMax: number;
}
