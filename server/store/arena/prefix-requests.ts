/**
 * Prefix requests on ArenaItems (section 5), in slices: a slice ends behind so many items, and the next one goes on
 * behind the key that was visited last. Each item is changed as by a request of its own (CONSISTENT-2).
 */
import { FLAG, STATUS, type ReplyFrame, type RequestFrame } from '../../../protocol/index.ts';
import { has, replyCount, replyNumber } from '../exchange.ts';
import type { Progress } from '../progress.ts';
import type { ListPage } from '../store.ts';
import type { ArenaItems } from './arena-items.ts';
import type { KeyPlace } from './arena-options.ts';
import { VISIT, visitMatches, type Visit } from './matches.ts';
import { isLockedAgainst } from './open-item.ts';

/** What a change makes of an item: it is passed over (PREFIX-3), changed, or gone. */
export const CHANGE = { NONE: 0, CHANGED: 1, REMOVED: 2 } as const;
export type Change = (typeof CHANGE)[keyof typeof CHANGE];

/** How many bytes a slice may write, where one item after the other gets the request's value. */
const SLICE_BYTES = 2 * 1024 * 1024;

const NO_KEY: KeyPlace = { keyBytes: new Uint8Array(0), keyStart: 0, keyEnd: 0 };

/** Carries out a slice of a request on each match that is not locked against it (PREFIX-2, PREFIX-3). */
export function changeMatches(
  items: ArenaItems,
  request: RequestFrame,
  reply: ReplyFrame,
  progress: Progress,
  nowMs: number,
  change: (location: number) => Change,
): void {
  changeAll(items, request, reply, progress, nowMs, (location) =>
    isLockedAgainst(items, request, nowMs) ? CHANGE.NONE : change(location),
  );
}

/** The same on every match, be it locked or not. */
export function changeAll(
  items: ArenaItems,
  request: RequestFrame,
  reply: ReplyFrame,
  progress: Progress,
  nowMs: number,
  change: (location: number) => Change,
): void {
  if (!items.prepareOrder(progress.sliceItems, nowMs)) return progress.wait();
  const after = progress.keyEnd === 0 ? NO_KEY : { keyBytes: progress.keyBytes, keyStart: 0, keyEnd: progress.keyEnd };
  const visit = (location: number): Visit => {
    const outcome = change(location);
    if (outcome !== CHANGE.NONE) progress.count++;
    return outcome === CHANGE.REMOVED ? VISIT.REMOVED : VISIT.KEPT;
  };
  items.eviction.isUnbounded = true;
  try {
    if (visitMatches(items, request, after, itemsOfSlice(request, progress), nowMs, visit) === 'slice') {
      return progress.suspend(items.visitedKey, 0, items.visitedKeyBytes);
    }
  } finally {
    items.eviction.isUnbounded = false;
  }
  replyCount(reply, progress.count);
  progress.finish();
}

/** How many items a slice looks at: fewer where each of them gets a long value, but one at least. */
function itemsOfSlice({ valueStart, valueEnd }: RequestFrame, { sliceItems }: Progress): number {
  if (sliceItems === Infinity || valueStart === valueEnd) return sliceItems;
  return Math.max(1, Math.min(sliceItems, Math.floor(SLICE_BYTES / (valueEnd - valueStart))));
}

/** COUNT-1. */
export function countMatches(
  items: ArenaItems,
  { keyBytes, keyStart, keyEnd }: RequestFrame,
  reply: ReplyFrame,
  progress: Progress,
  nowMs: number,
): void {
  // Where nothing that has expired is left, the keys need not be looked at one by one.
  if (!items.prepareOrder(progress.sliceItems, nowMs)) return progress.wait();
  const { order } = items;
  const start = order.lowerBound(keyBytes, keyStart, keyEnd);
  replyNumber(reply, BigInt(order.distance(start, order.prefixEnd(keyBytes, keyStart, keyEnd))));
  progress.finish();
}

/** PREFIX-1, LIST-1 to LIST-3. */
export function listMatches(
  items: ArenaItems,
  request: RequestFrame,
  reply: ReplyFrame,
  page: ListPage,
  progress: Progress,
  nowMs: number,
): void {
  if (!items.prepareOrder(progress.sliceItems, nowMs)) return progress.wait();
  const itemsMax = has(request, FLAG.NUMBER) ? request.number : Infinity; // LIST-2
  const after = { keyBytes: request.valueBytes, keyStart: request.valueStart, keyEnd: request.valueEnd };
  let listed = 0;
  // A page has room for the first item, whatever its size: HELLO-1 makes frames large enough.
  visitMatches(items, request, after, Infinity, nowMs, () => {
    items.record.gather();
    const { bytes, keyStart, valueStart, valueEnd } = items.record;
    if (listed >= itemsMax || !page.add(bytes, keyStart, valueStart, bytes, valueStart, valueEnd)) {
      reply.status = STATUS.PARTIAL; // LIST-3
      return VISIT.STOP;
    }
    listed++;
    return VISIT.KEPT;
  });
  if (listed === 0)
    reply.status = STATUS.NOT_FOUND; // PREFIX-1, LIST-1
  else replyNumber(reply, BigInt(listed));
  progress.finish();
}
