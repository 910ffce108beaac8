/** What a data log is told, what it needs, and what it tells. */
import type { Logger } from '../logger.ts';
import type { LoggedStore } from '../store/item-sink.ts';
import type { Disk } from './disk.ts';
import type { WriterState } from './log-writer.ts';

/** How changes are kept: in snapshots alone, or in a log that is synced every second or before each reply. */
export type DurabilityMode = 'snapshot' | 'everysec' | 'always';

/** So much of the log is filled with zeros ahead of it: as much as a few turns write, or some dozen syncs. */
export const ZEROS_AHEAD_BYTES = 256 * 1024;

/** Every start begins a log file: with more of them the log is rewritten while it serves, however short it is. */
export const LOGS_MAX = 32;

/** With more it is rewritten before the start is over: those before have all ended sooner than they could do it. */
export const LOGS_AT_START_MAX = 2 * LOGS_MAX;

/** A snapshot that failed is tried again after so long. */
export const RETRY_SNAPSHOT_MS = 30_000;

/** With `everysec`, so long after the last sync has begun the next one does. */
export const SYNC_EVERY_MS = 1000;

/** A log whose disk was full is tried again after so long. */
export const RETRY_FULL_MS = 500;

/** What is told of time while nothing changes: a clock that is set back finds it at the next start. */
export const MARK_EVERY_MS = 60_000;

export interface DataLogOptions {
  readonly mode: DurabilityMode;
  /** A log is rewritten once it is as long as the last snapshot and this long at least, in bytes. */
  readonly rewriteBytesMin: number;
  /** With `snapshot`: so long after the last one the next is written, if something has changed. */
  readonly snapshotEveryMs: number;
  /** A snapshot that nobody waits for and that failed is tried again after so long. Default: RETRY_SNAPSHOT_MS. */
  readonly retrySnapshotMs?: number;
  /** So many bytes of the log are filled with zeros ahead (LogWriter). Default: ZEROS_AHEAD_BYTES. */
  readonly zerosAheadBytes?: number;
}

/** What a data log takes from outside, so that simulations can decide it. */
export interface DataLogDependencies {
  readonly disk: Disk;
  readonly store: LoggedStore;
  readonly logger: Logger;
  /** Milliseconds since the Unix epoch; never goes back. */
  readonly nowMs: () => number;
  /** Milliseconds since any moment, for measuring how long something takes. */
  readonly elapsedMs: () => number;
  readonly random32: () => number;
  readonly defer: (call: () => void) => void;
}

/** Figures for STATS. */
export interface DataLogStats {
  readonly state: WriterState;
  readonly logBytes: number;
  readonly snapshotBytes: number;
  readonly syncs: number;
  readonly snapshots: number;
  readonly droppedBytes: number;
}
