/** What a MapStore asks of an item before it changes it: version, lock, number. */
import { FLAG, STATUS, isI64, readDecimal, type ReplyFrame, type RequestFrame } from '../../../protocol/index.ts';
import { has } from '../exchange.ts';
import { lockOf, type Item } from './item.ts';

/** LOCK-3: whether an item has a lock whose token the request lacks. */
export function isLockedAgainst(item: Item, request: RequestFrame, nowMs: number): boolean {
  const lock = lockOf(item, nowMs);
  return lock !== undefined && lock.token !== request.token;
}

/** Whether there is an item and the request may write to it; if not, the reply says why. */
export function mayWrite(
  item: Item | undefined,
  request: RequestFrame,
  reply: ReplyFrame,
  nowMs: number,
): item is Item {
  if (item === undefined) reply.status = STATUS.NOT_FOUND;
  else if (has(request, FLAG.VERSION) && request.version !== item.version)
    reply.status = STATUS.CONFLICT; // VERSION-2
  else if (isLockedAgainst(item, request, nowMs))
    reply.status = STATUS.LOCKED; // LOCK-3
  else return true;
  return false;
}

/** INCREMENT-1: the sum, or undefined if the value is no decimal i64 or the sum would be none (INCREMENT-2). */
export function sumOf({ value }: Item, request: RequestFrame): bigint | undefined {
  const old = readDecimal(value, 0, value.length);
  if (old === undefined) return undefined;
  const sum = old + (has(request, FLAG.NUMBER) ? request.number : 1n);
  return isI64(sum) ? sum : undefined;
}

/** What META shows for a time without end. */
export function orMinusOne(timeMs: number): number {
  return timeMs === Infinity ? -1 : timeMs;
}
