/** Hashes of keys under the seed of a store; those of keys that are looked for next are kept until they are. */
import { viewOf } from '../../../protocol/index.ts';
import { NextKeys } from '../next-keys.ts';
import { hashBytes } from './key-bytes.ts';

export class KeyHashes {
  readonly #seedLow: number;
  readonly #seedHigh: number;
  #next = new NextKeys();
  /** Which of them is looked for next, as it seems. */
  #nextAt = 0;

  constructor([seedLow, seedHigh]: readonly [low: number, high: number]) {
    this.#seedLow = seedLow;
    this.#seedHigh = seedHigh;
  }

  /** Computes the hashes of keys that are looked for next. */
  announce(keys: NextKeys): void {
    const { bytes, starts, ends, hashes, count } = keys;
    const view = viewOf(bytes);
    for (let at = 0; at < count; at++) hashes[at] = this.compute(view, starts[at]!, ends[at]!);
    this.#next = keys;
    this.#nextAt = 0;
  }

  /** The hash of a key that is looked for. */
  of(bytes: Uint8Array, start: number, end: number): number {
    const keys = this.#next;
    if (bytes === keys.bytes) {
      let at = this.#nextAt;
      while (at < keys.count && keys.starts[at]! < start) at++;
      this.#nextAt = at;
      if (at < keys.count && keys.starts[at] === start && keys.ends[at] === end) return keys.hashes[at]!;
    }
    return this.compute(viewOf(bytes), start, end);
  }

  compute(bytes: DataView, start: number, end: number): number {
    return hashBytes(bytes, start, end, this.#seedLow, this.#seedHigh);
  }
}
