/**
 * Looks through requests that have come and are not carried out yet, and tells the store of the keys that they name,
 * some ahead at a time. What is found is a guess: where one connection's input ends within a frame, the next one's may
 * be misread. A key that no request names then costs a look, and nothing else.
 */
import { FIELD_BYTES_BY_FLAGS, FLAG, HEADER_BYTES, LENGTH_BYTES, readU16, readU32 } from '../../protocol/index.ts';
import { NEXT_KEYS_MAX, NextKeys } from '../store/next-keys.ts';
import type { Store } from '../store/store.ts';

export class Lookahead {
  readonly #store: Pick<Store, 'prefetch'>;
  readonly #keys = new NextKeys();
  #end = 0;
  /** A frame that begins here or later was not looked at yet. */
  upTo = Infinity;

  constructor(store: Pick<Store, 'prefetch'>) {
    this.#store = store;
  }

  /** Requests in `bytes[start]` up to `bytes[end - 1]` are carried out next; these stay as they are until `end`. */
  begin(bytes: Uint8Array, start: number, end: number): void {
    if (this.#store.prefetch === undefined) return;
    this.#keys.bytes = bytes;
    this.#end = end;
    this.upTo = start;
  }

  end(): void {
    this.#keys.clear();
    this.upTo = Infinity;
  }

  /**
   * Tells the store of the keys of this frame and of those behind it, if it is one of those between `begin` and `end`.
   * To be called for a frame that begins at `upTo` or later.
   *
   * @param start where the frame begins in `bytes`, behind its length
   */
  look(bytes: Uint8Array, start: number): void {
    const keys = this.#keys;
    if (bytes !== keys.bytes) return;
    const end = this.#end;
    let count = 0;
    let at = start - LENGTH_BYTES;
    while (count < NEXT_KEYS_MAX && end - at >= LENGTH_BYTES + HEADER_BYTES) {
      const frameStart = at + LENGTH_BYTES;
      const frameEnd = frameStart + readU32(bytes, at);
      if (frameEnd > end) break;
      const flags = bytes[frameStart + 1]!;
      const keyStart = frameStart + HEADER_BYTES + FIELD_BYTES_BY_FLAGS[flags]!;
      const keyEnd = keyStart + readU16(bytes, frameStart + 2);
      if (keyStart < keyEnd && keyEnd <= frameEnd && (flags & FLAG.PREFIX) === 0) {
        keys.starts[count] = keyStart;
        keys.ends[count] = keyEnd;
        count++;
      }
      at = frameEnd;
    }
    this.upTo = Math.max(at, start + 1);
    // One alone would be waited for all the same.
    keys.count = count > 1 ? count : 0;
    if (count > 1) this.#store.prefetch!(keys);
  }
}
