/** What the operations ask and do of the item that is open: its times, its lock, its number. */
import {
  COUNTER_MAX,
  FLAG,
  STATUS,
  isI64,
  readDecimal,
  type ReplyFrame,
  type RequestFrame,
} from '../../../protocol/index.ts';
import { has } from '../exchange.ts';
import type { ItemMeta } from '../store.ts';
import type { ArenaItems } from './arena-items.ts';
import { NO_LOCATION } from './hash-index.ts';
import { makeRoomForEntry } from './room.ts';
import { NO_ENTRY } from './times.ts';

/** The longest decimal i64: what is longer need not be gathered to know that it is none. */
const DECIMAL_BYTES_MAX = `${-(2n ** 63n)}`.length;

/** A time to live as Times keeps it: 0, and anything above 2^53 − 1, is without end (EXPIRY-2). */
export function lengthOf(ttlMs: number): number {
  return ttlMs === 0 || ttlMs > COUNTER_MAX ? Infinity : ttlMs;
}

/** The time that the item was given to live; Infinity if it never expires. */
export function lifeLengthMs({ record, times }: ArenaItems): number {
  const { entry } = record;
  return entry === NO_ENTRY ? Infinity : times.lengthMs(entry);
}

/** What is left of it; Infinity if the item never expires. */
export function lifeLeftMs({ record, times }: ArenaItems, nowMs: number): number {
  const { entry } = record;
  return entry === NO_ENTRY ? Infinity : times.leftMs(entry, nowMs);
}

/** TOUCH-1: sets the expiry; a `ttlMs` of 0 is none. Returns false if there is no room for it. */
export function setExpiry(items: ArenaItems, location: number, ttlMs: number, nowMs: number): boolean {
  const lengthMs = lengthOf(ttlMs);
  if (items.record.entry === NO_ENTRY) {
    if (lengthMs === Infinity) return true;
    const where = makeRoomForEntry(items, location, false, nowMs);
    if (where < 0) return false;
    items.ensureEntry(where, nowMs);
  }
  items.times.setLife(items.record.entry, nowMs, lengthMs);
  return true;
}

/** The token of the lock that the item has now; 0 if it has none. */
export function tokenOf({ record, times }: ArenaItems, nowMs: number): number {
  const { entry } = record;
  return entry === NO_ENTRY ? 0 : times.token(entry, nowMs);
}

/** What is left of the lock; 0 if there is none, Infinity if it is without end. */
function lockLeftMs({ record, times }: ArenaItems, nowMs: number): number {
  const { entry } = record;
  return entry === NO_ENTRY ? 0 : times.lockLeftMs(entry, nowMs);
}

/** LOCK-1: locks the item anew; a `ttlMs` of 0 is without end. Returns false if there is no room for it. */
export function setLock(items: ArenaItems, location: number, token: number, ttlMs: number, nowMs: number): boolean {
  const where = makeRoomForEntry(items, location, tokenOf(items, nowMs) === 0, nowMs);
  if (where < 0) return false;
  items.ensureEntry(where, nowMs);
  items.times.lock(items.record.entry, token, nowMs, lengthOf(ttlMs));
  return true;
}

/** LOCK-5. */
export function removeLock({ record, times }: ArenaItems): void {
  if (record.entry !== NO_ENTRY) times.unlock(record.entry);
}

/** LOCK-3: whether the item has a lock whose token the request lacks. */
export function isLockedAgainst(items: ArenaItems, request: RequestFrame, nowMs: number): boolean {
  const token = tokenOf(items, nowMs);
  return token !== 0 && token !== request.token;
}

/**
 * Whether the request may write to the item; if not, the reply says why.
 *
 * @param location NO_LOCATION if there is no item
 */
export function mayWrite(
  items: ArenaItems,
  location: number,
  request: RequestFrame,
  reply: ReplyFrame,
  nowMs: number,
): boolean {
  if (location === NO_LOCATION) reply.status = STATUS.NOT_FOUND;
  else if (has(request, FLAG.VERSION) && request.version !== items.record.version)
    reply.status = STATUS.CONFLICT; // VERSION-2
  else if (isLockedAgainst(items, request, nowMs))
    reply.status = STATUS.LOCKED; // LOCK-3
  else return true;
  return false;
}

/** There is no room: nothing has been changed, but for what was evicted. */
export function outOfMemory(reply: ReplyFrame): void {
  reply.status = STATUS.OUT_OF_MEMORY;
}

/** INCREMENT-1: the sum, or undefined if the value is no decimal i64 or the sum would be none (INCREMENT-2). */
export function sumOf({ record }: ArenaItems, request: RequestFrame): bigint | undefined {
  if (record.valueEnd - record.valueStart > DECIMAL_BYTES_MAX) return undefined;
  record.gather();
  const old = readDecimal(record.bytes, record.valueStart, record.valueEnd);
  if (old === undefined) return undefined;
  const sum = old + (has(request, FLAG.NUMBER) ? request.number : 1n);
  return isI64(sum) ? sum : undefined;
}

/** With DETAIL a reply carries the item's VERSION (GET-2, VERSION-3). */
export function replyVersion({ record }: ArenaItems, request: RequestFrame, reply: ReplyFrame): void {
  if (!has(request, FLAG.DETAIL)) return;
  reply.flags |= FLAG.VERSION;
  reply.version = record.version;
}

/** META-1. */
export function metaOfOpen(items: ArenaItems, nowMs: number): ItemMeta {
  const { valueStart, valueEnd, tag, version, createdMs } = items.record;
  return {
    sizeBytes: valueEnd - valueStart,
    tag,
    version,
    createdMs,
    accessedMs: items.record.accessedMs(nowMs),
    ttlMs: orMinusOne(lifeLengthMs(items)),
    leftMs: orMinusOne(lifeLeftMs(items, nowMs)),
    lockMs: orMinusOne(lockLeftMs(items, nowMs)),
  };
}

/** What META shows for a time without end. */
function orMinusOne(timeMs: number): number {
  return timeMs === Infinity ? -1 : timeMs;
}
