/** What an ArenaStore is made with, and how it is told of a key. */
import type { EvictionPolicy } from './eviction.ts';

/** What an ArenaStore is made with beside what every store is. */
export interface ArenaOptions {
  /** 64 random bits, so that nobody can find keys with the same hash. */
  readonly seed: readonly [low: number, high: number];
  /** What items may take in all, in bytes; no limit if left out. */
  readonly maxMemoryBytes?: number;
  /** What is done when they take more; `none` if left out: nothing is evicted. */
  readonly policy?: EvictionPolicy;
  readonly leafKeysMax?: number;
}

/** Where a key lies, in a request for example. */
export interface KeyPlace {
  readonly keyBytes: Uint8Array;
  readonly keyStart: number;
  readonly keyEnd: number;
}
