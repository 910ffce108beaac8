/** Visits items by their keys' beginnings, in the order of their keys. */
import { copyBytes, makeView } from '../../../protocol/index.ts';
import type { ArenaItems } from './arena-items.ts';
import type { KeyPlace } from './arena-options.ts';
import { NO_LOCATION } from './hash-index.ts';
import { compare, isSame } from './key-bytes.ts';

/** What becomes of an item that is visited: it stays, it was removed, or it is the first that is not visited. */
export const VISIT = { KEPT: 0, REMOVED: 1, STOP: 2 } as const;
export type Visit = (typeof VISIT)[keyof typeof VISIT];

/** How visits end: behind the last match, because one of them said so, or because a slice is over. */
export type VisitsEnd = 'all' | 'stopped' | 'slice';

/**
 * Visits the items whose keys begin with some bytes and that have not expired, in the order of their keys. Each is open
 * while it is visited, and it and others may be changed or removed then. `items.visitedKey` has the key of the last.
 *
 * @param after only keys greater than this are visited; an empty one is before all
 * @param visitsMax how many items to look at
 */
export function visitMatches(
  items: ArenaItems,
  { keyBytes, keyStart, keyEnd }: KeyPlace,
  after: KeyPlace,
  visitsMax: number,
  nowMs: number,
  visit: (location: number) => Visit,
): VisitsEnd {
  const { order, record, visitedKey } = items;
  const visitedKeyView = makeView(visitedKey);
  const prefixBytes = keyEnd - keyStart;
  const prefix = makeView(keyBytes);
  const afterKey = makeView(after.keyBytes);
  const isPrefixFirst = compare(afterKey, after.keyStart, after.keyEnd, prefix, keyStart, keyEnd) < 0;
  let place = isPrefixFirst
    ? order.lowerBound(keyBytes, keyStart, keyEnd)
    : order.upperBound(after.keyBytes, after.keyStart, after.keyEnd);
  for (let left = visitsMax; ; left--) {
    const location = order.at(place);
    if (location === NO_LOCATION) return 'all';
    record.open(location);
    const sizeBytes = record.valueStart - record.keyStart;
    if (sizeBytes < prefixBytes) return 'all';
    if (!isSame(record.view, record.keyStart, prefix, keyStart, prefixBytes)) return 'all';
    if (left === 0) return 'slice';
    copyBytes(visitedKey, visitedKeyView, 0, record.bytes, record.view, record.keyStart, record.valueStart);
    items.visitedKeyBytes = sizeBytes;
    if (items.isExpired(nowMs)) {
      place.at++;
      continue;
    }
    const { changes } = order;
    const outcome = visit(location);
    if (outcome === VISIT.STOP) return 'stopped';
    // Where nothing else has changed, what follows an item that was removed has its place now.
    if (order.changes === changes) place.at++;
    else if (outcome !== VISIT.REMOVED || order.changes !== changes + 1) {
      place = order.upperBound(visitedKey, 0, sizeBytes);
    }
  }
}
