/**
 * Keys that are about to be looked for, in this order. A store that is told of them has what it keeps of all of them
 * fetched into the processor's caches together: to wait for memory key by key takes longer than all else that the store
 * does for a small request (docs/decisions/0009-below-the-sockets.md).
 */
const NO_BYTES = new Uint8Array(0);

/** So many are told at a time: what a store fetches for more would push out what it has fetched before. */
export const NEXT_KEYS_MAX = 64;

export class NextKeys {
  /** What the keys lie in, which stays as it is until `clear`. */
  bytes: Uint8Array = NO_BYTES;
  /** Key n is `bytes[starts[n]]` up to `bytes[ends[n] - 1]`; each begins behind the end of the one before. */
  readonly starts = new Int32Array(NEXT_KEYS_MAX);
  readonly ends = new Int32Array(NEXT_KEYS_MAX);
  /** The store's, which may keep here what it has computed of the keys. */
  readonly hashes = new Uint32Array(NEXT_KEYS_MAX);
  count = 0;

  /** From now on nothing is known of what comes next. */
  clear(): void {
    this.bytes = NO_BYTES;
    this.count = 0;
  }
}
