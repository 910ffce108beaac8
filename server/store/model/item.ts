/** An item as MapStore keeps it, and the times that it has: of its life and of its lock. */
import { COUNTER_MAX } from '../../../protocol/index.ts';

/**
 * A stretch of time that began at `startMs`. Beginning and length are kept, rather than an end: the sum of a TTL near
 * 2^53 and the clock's time would not be exact (EXPIRY-2).
 */
export interface Span {
  readonly startMs: number;
  /** Infinity: without end. */
  readonly lengthMs: number;
}

export interface Lock {
  readonly token: number;
  readonly span: Span;
}

export interface Item {
  /** A character for each byte, so that keys are compared byte by byte and any byte may occur (KEY-2). */
  readonly key: string;
  /** Bytes of the item's own, as they came (VALUE-1); they are replaced, but never changed in place. */
  value: Uint8Array;
  tag: number;
  version: number;
  /** When the value was last SET, ADDed or REPLACEd, or INCREMENT made the item. */
  createdMs: number;
  /** When the item was last read by its key, written or touched. */
  accessedMs: number;
  life: Span;
  /** It may have passed: `lockOf` tells. An item that comes later under the same key begins without (LOCK-4). */
  lock: Lock | undefined;
}

/**
 * A stretch of time that begins now.
 *
 * @param ttlMs 0, and anything above 2^53 − 1: without end (EXPIRY-2)
 */
export function spanFrom(nowMs: number, ttlMs: number): Span {
  return { startMs: nowMs, lengthMs: ttlMs === 0 || ttlMs > COUNTER_MAX ? Infinity : ttlMs };
}

/** Whole milliseconds that are left of it, at least 1 (GET-2); 0 once it is over, Infinity if it is without end. */
export function leftMs(span: Span, nowMs: number): number {
  return Math.ceil(Math.max(0, span.lengthMs - (nowMs - span.startMs)));
}

/** EXPIRY-1. */
export function isExpired(item: Item, nowMs: number): boolean {
  return leftMs(item.life, nowMs) === 0;
}

/** The lock that an item has now. */
export function lockOf(item: Item, nowMs: number): Lock | undefined {
  return item.lock !== undefined && leftMs(item.lock.span, nowMs) > 0 ? item.lock : undefined;
}
