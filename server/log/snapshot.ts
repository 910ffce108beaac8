/** Writes a snapshot: a file of puts, made beside running traffic in slices that hold nobody up. */
import { FrameWriter } from '../../protocol/index.ts';
import type { LoggedStore } from '../store/item-sink.ts';
import { KIND, beginBlock, makeHead, headCrcOf, sealBlock, HEAD_BYTES } from './blocks.ts';
import type { Disk } from './disk.ts';
import { writeCounters, writeEnd, writePut } from './records.ts';

/** A slice ends at so many bytes or items: well below a millisecond, unless values are very large. */
const SLICE_BYTES = 256 * 1024;
const SLICE_ITEMS = 1024;

/**
 * Where changes come fast a slice has as much as the log has got since the last one, so that the log does not grow by
 * more than the snapshot has; but this at most. Whoever waits for a slice waits for that many changes as well.
 */
const SLICE_BYTES_MAX = 4 * 1024 * 1024;

/** Items that are walked over without looking at the bytes: each may be a large value. */
const STEP_ITEMS = 4;

/** So much is written before it is synced: a sync of everything at the end would hold up the log's own for long. */
const SYNC_BYTES = 8 * 1024 * 1024;

export interface SnapshotOptions {
  readonly nowMs: () => number;
  readonly nonce: number;
  /** How much the log has that goes on meanwhile. */
  readonly loggedBytes: () => number;
  /** Lets others run. */
  readonly pause: () => Promise<void>;
}

export interface WrittenSnapshot {
  readonly bytes: number;
  readonly items: number;
}

/**
 * Walks over the store and writes all items to a file; once it returns, the file is safe, but for its name.
 *
 * The walk has begun when this returns for the first time: changes from then on are the log's to keep.
 */
export async function writeSnapshot(
  disk: Disk,
  name: string,
  number: number,
  store: LoggedStore,
  options: SnapshotOptions,
): Promise<WrittenSnapshot> {
  try {
    return await walkInto(disk, name, number, store, options);
  } finally {
    // Otherwise a walk that has failed would go on where items move, into a buffer that nobody empties.
    store.endWalk();
  }
}

async function walkInto(
  disk: Disk,
  name: string,
  number: number,
  store: LoggedStore,
  options: SnapshotOptions,
): Promise<WrittenSnapshot> {
  let writer = new FrameWriter();
  let spare = new FrameWriter();
  let items = 0;
  // Items that move are visited between the slices too.
  store.beginWalk((item) => {
    writePut(writer, item);
    items++;
  });
  beginBlock(writer);
  writeCounters(writer, store.lastVersion, store.lastToken, store.size);
  const head = makeHead(KIND.snapshot, number, options.nonce);
  const headCrc = headCrcOf(head);
  const file = await disk.create(name);
  try {
    await file.write(head, 0);
    let at = HEAD_BYTES;
    let syncedAt = 0;
    let loggedBytes = options.loggedBytes();
    for (let sequence = 1, isOver = false; !isOver; sequence++) {
      const before = loggedBytes;
      loggedBytes = options.loggedBytes();
      isOver = walkSlice(store, writer, Math.min(SLICE_BYTES_MAX, loggedBytes - before));
      if (isOver) writeEnd(writer, items);
      const block = sealBlock(writer, headCrc, sequence, 0, options.nowMs());
      // What is visited while this block is written belongs to the next one.
      [writer, spare] = [spare, writer];
      beginBlock(writer);
      await file.write(block, at);
      at += block.length;
      if (at - syncedAt >= SYNC_BYTES) {
        await file.sync();
        syncedAt = at;
      }
      await options.pause();
    }
    await file.sync();
    return { bytes: at, items };
  } finally {
    await file.close();
  }
}

/** @returns whether the walk has ended */
function walkSlice(store: LoggedStore, writer: FrameWriter, wantedBytes: number): boolean {
  const slices = Math.max(1, wantedBytes / SLICE_BYTES);
  for (let walked = 0; walked < slices * SLICE_ITEMS && writer.length < slices * SLICE_BYTES; walked += STEP_ITEMS) {
    if (store.walk(STEP_ITEMS)) return true;
  }
  return false;
}
