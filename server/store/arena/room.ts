/** Room for items: what each takes, and how others make way where there is a limit. */
import type { ArenaItems } from './arena-items.ts';
import { BLOCK_BYTES, CHAINED_BLOCK_BYTES, CHAIN_BYTES } from './block-chains.ts';
import { INDEX_ENTRY_BYTES, NO_LOCATION } from './hash-index.ts';
import { LOCK_BYTES } from './locks.ts';
import { MARK, isTooLong, marksOf, recordBytes, slotContentBytes } from './record.ts';
import { sizeClass, slotBytes } from './slabs.ts';
import { ENTRY_BYTES } from './times.ts';

/** What an item takes in slots, blocks and times. */
function itemBytes(marks: number, keyBytes: number, valueBytes: number): number {
  const entryBytes = marks & MARK.ENTRY ? ENTRY_BYTES : 0;
  const contentBytes = keyBytes + valueBytes;
  if (!isTooLong(marks, contentBytes)) return slotBytes(sizeClass(recordBytes(marks, contentBytes))) + entryBytes;
  const inSlotBytes = slotContentBytes(marks, keyBytes, valueBytes);
  const blocks = (contentBytes - inSlotBytes) / BLOCK_BYTES;
  const headBytes = slotBytes(sizeClass(recordBytes(marks | MARK.APART, inSlotBytes)));
  return headBytes + blocks * CHAINED_BLOCK_BYTES + CHAIN_BYTES + entryBytes;
}

/** What a new item would take. */
export function newItemBytes(keyBytes: number, valueBytes: number, tag: number, withEntry: boolean): number {
  return itemBytes(marksOf(tag, withEntry), keyBytes, valueBytes) + INDEX_ENTRY_BYTES;
}

/** How much more the open item would take with another value; below 0: less. */
export function growthBytes({ record }: ArenaItems, valueBytes: number, tag: number, withEntry: boolean): number {
  const { marks, keyStart, valueStart, valueEnd } = record;
  const newBytes = itemBytes(marksOf(tag, withEntry), valueStart - keyStart, valueBytes);
  return newBytes - itemBytes(marks & ~MARK.APART, valueStart - keyStart, valueEnd - valueStart);
}

/** How many items one request evicts in one turn: a millisecond's worth. */
export const EVICTIONS_MAX = 500;

/**
 * Sees to it that items may take more, and evicts as many as that takes. Where these are more than EVICTIONS_MAX, there
 * is no room yet, and `eviction.isUnfinished`: there will be if the same is asked for again.
 *
 * @param location the open item, which stays and is open afterwards; NO_LOCATION if there is none
 * @param addedBytes how much more items are to take
 * @returns where the item is then; below 0 if there is no room, and then nothing was evicted unless what is left is
 *   locked
 */
export function makeRoom(items: ArenaItems, location: number, addedBytes: number, nowMs: number): number {
  const { maxBytes, eviction } = items;
  eviction.isUnfinished = false;
  if (addedBytes <= 0 || items.memoryBytes + addedBytes <= maxBytes) return location;
  if (eviction.policy === 'none' || addedBytes + leastBytes(items, location) > maxBytes) return -1;
  let where = location;
  for (let evicted = 0; where >= 0 && items.memoryBytes + addedBytes > maxBytes; evicted++) {
    if (evicted === EVICTIONS_MAX && !eviction.isUnbounded) {
      eviction.isUnfinished = true;
      return -1;
    }
    where = items.evict(where, nowMs);
  }
  if (where > NO_LOCATION) items.record.open(where);
  return where;
}

/**
 * Evicts what is too much, as where less may be taken than was loaded.
 *
 * @returns whether there is more of it
 */
export function evictExcess(items: ArenaItems, itemsMax: number, nowMs: number): boolean {
  if (items.eviction.policy === 'none') return false;
  for (let left = itemsMax; items.memoryBytes > items.maxBytes; left--) {
    if (left <= 0) return true;
    if (items.evict(NO_LOCATION, nowMs) < 0) return false;
  }
  return false;
}

/** Sees to it that the open item may have an entry in Times, as `makeRoom` does. */
export function makeRoomForEntry(items: ArenaItems, location: number, withNewLock: boolean, nowMs: number): number {
  const { valueStart, valueEnd, tag } = items.record;
  const addedBytes = growthBytes(items, valueEnd - valueStart, tag, true) + (withNewLock ? LOCK_BYTES : 0);
  return makeRoom(items, location, addedBytes, nowMs);
}

/** What is taken even when everything but the open item has gone. */
function leastBytes({ record, emptyBytes }: ArenaItems, location: number): number {
  if (location === NO_LOCATION) return emptyBytes;
  const { marks, keyStart, valueStart, valueEnd } = record;
  return emptyBytes + itemBytes(marks & ~MARK.APART, valueStart - keyStart, valueEnd - valueStart) + INDEX_ENTRY_BYTES;
}
