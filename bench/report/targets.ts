/** What the figures are to be. A target that is missed stands in the tables as missed. */

/** CPU time for an operation, as ratios within one run, by the size of batches. */
export const SERVER_TARGETS: Readonly<Record<number, { readonly rivalRatio: number; readonly wireRatio: number }>> = {
  1: { rivalRatio: 1.0, wireRatio: 1.25 },
  16: { rivalRatio: 0.65, wireRatio: 2.0 },
  64: { rivalRatio: 0.45, wireRatio: 4.0 },
};

/** p99.9 at half load, against that of Redis. */
export const TAIL_RATIO_TARGET = 1;

/** CPU time for an operation with the most items, against that with the fewest. */
export const GROWTH_RATIO_TARGET = 1.6;

/** Resident bytes for an item of 14 + 100 bytes. */
export const ITEM_BYTES_TARGET = 150;

/** Milliseconds for requests on 1 000 of 1 million keys. */
export const PREFIX_TARGETS_MS: Readonly<Record<string, number>> = { COUNT: 0.5, KEYS: 1.5, GET: 1.5, DELETE: 1 };

/** No pause is to be longer, in milliseconds. */
export const PAUSE_TARGET_MS = 10;

/** From the start of the process until it listens, in milliseconds. */
export const START_TARGET_MS = 150;

/** Operations a second with `everysec` against those without a log. */
export const EVERYSEC_SHARE_TARGET = 0.9;

/** Operations a second against those of Redis with the same policy of syncing. */
export const AHEAD_TARGET = 1;

/** Items a second that a start loads. */
export const RECOVERY_RATE_TARGET = 1_000_000;

/** How long others wait while a snapshot is written, p99 in milliseconds. */
export const SNAPSHOT_PAUSE_TARGET_MS = 10;

/** `≤ 1.25, kept` or `≤ 1.25, missed`; nothing without a target. */
export function verdict(value: number, target: number | undefined): string {
  if (target === undefined) return '';
  return `≤ ${target}, ${value <= target ? 'kept' : 'missed'}`;
}

/** The same for what is to be great: `≥ 0.9, kept` or `≥ 0.9, missed`. */
export function verdictAtLeast(value: number, target: number, shown = String(target)): string {
  return `≥ ${shown}, ${value >= target ? 'kept' : 'missed'}`;
}
