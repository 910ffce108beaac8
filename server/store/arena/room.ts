/** Room for items: what each takes, and how others make way where there is a limit. */
import type { ArenaItems } from './arena-items.ts';
import { BUFFER_OVERHEAD_BYTES } from './apart-buffers.ts';
import { INDEX_ENTRY_BYTES, NO_LOCATION } from './hash-index.ts';
import { LOCK_BYTES } from './locks.ts';
import { MARK, marksOf, recordBytes } from './record.ts';
import { RECORD_BYTES_MAX, sizeClass, slotBytes } from './slabs.ts';
import { ENTRY_BYTES } from './times.ts';

/** What an item takes in slots, buffers and times. */
function itemBytes(marks: number, contentBytes: number): number {
  const entryBytes = marks & MARK.ENTRY ? ENTRY_BYTES : 0;
  const sizeBytes = recordBytes(marks, contentBytes);
  if (sizeBytes <= RECORD_BYTES_MAX) return slotBytes(sizeClass(sizeBytes)) + entryBytes;
  const headBytes = slotBytes(sizeClass(recordBytes(marks | MARK.APART, 0)));
  return headBytes + contentBytes + BUFFER_OVERHEAD_BYTES + entryBytes;
}

/** What a new item would take. */
export function newItemBytes(keyBytes: number, valueBytes: number, tag: number, withEntry: boolean): number {
  return itemBytes(marksOf(tag, withEntry), keyBytes + valueBytes) + INDEX_ENTRY_BYTES;
}

/** How much more the open item would take with another value; below 0: less. */
export function growthBytes({ record }: ArenaItems, valueBytes: number, tag: number, withEntry: boolean): number {
  const { marks, keyStart, valueStart, valueEnd } = record;
  const newBytes = itemBytes(marksOf(tag, withEntry), valueStart - keyStart + valueBytes);
  return newBytes - itemBytes(marks & ~MARK.APART, valueEnd - keyStart);
}

/**
 * Sees to it that items may take more, and evicts as many as that takes.
 *
 * @param location the open item, which stays and is open afterwards; NO_LOCATION if there is none
 * @param addedBytes how much more items are to take
 * @returns where the item is then; below 0 if there is no room, and then nothing was evicted unless what is left is
 *   locked
 */
export function makeRoom(items: ArenaItems, location: number, addedBytes: number, nowMs: number): number {
  const { maxBytes } = items;
  if (addedBytes <= 0 || items.memoryBytes + addedBytes <= maxBytes) return location;
  if (items.eviction.policy === 'none' || addedBytes + leastBytes(items, location) > maxBytes) return -1;
  let where = location;
  while (where >= 0 && items.memoryBytes + addedBytes > maxBytes) where = items.evict(where, nowMs);
  if (where > NO_LOCATION) items.record.open(where);
  return where;
}

/** The same for an entry in Times that the open item is to have. */
export function makeRoomForEntry(items: ArenaItems, location: number, withNewLock: boolean, nowMs: number): number {
  const { valueStart, valueEnd, tag } = items.record;
  const addedBytes = growthBytes(items, valueEnd - valueStart, tag, true) + (withNewLock ? LOCK_BYTES : 0);
  return makeRoom(items, location, addedBytes, nowMs);
}

/** What is taken even when everything but the open item has gone. */
function leastBytes({ record, emptyBytes }: ArenaItems, location: number): number {
  if (location === NO_LOCATION) return emptyBytes;
  return emptyBytes + itemBytes(record.marks & ~MARK.APART, record.valueEnd - record.keyStart) + INDEX_ENTRY_BYTES;
}
