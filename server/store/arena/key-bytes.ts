/**
 * What is done with the bytes of keys: hash, compare, copy. These are the hottest loops of the store, so they are free
 * functions with primitive arguments; `bench/store.ts` measures them, and plain twins in the tests are held against
 * them.
 */

/** Up to this many bytes a loop is faster than `set`, which has to make a view of the source first. */
const LOOP_COPY_BYTES_MAX = 64;

/**
 * HalfSipHash-1-3 of `bytes[start]` up to `bytes[end - 1]`: a keyed function whose collisions cannot be found without
 * the seed (hash flooding), made of 32-bit steps, which is what JavaScript has.
 *
 * @param seedLow the seed's lower half, any 32 bits
 * @param seedHigh the seed's upper half, any 32 bits
 * @returns 32 bits, unsigned
 */
export function hashBytes(bytes: Uint8Array, start: number, end: number, seedLow: number, seedHigh: number): number {
  let v0 = seedLow | 0;
  let v1 = seedHigh | 0;
  let v2 = seedLow ^ 0x6c796765;
  let v3 = seedHigh ^ 0x74656462;
  const last = end - 4;
  let at = start;
  // The last word holds the bytes that are left, and above them the length.
  for (let isLast = false; !isLast;) {
    let word: number;
    if (at <= last) {
      word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
      at += 4;
    } else {
      isLast = true;
      word = (end - start) << 24;
      if (at < end) word |= bytes[at]!;
      if (at + 1 < end) word |= bytes[at + 1]! << 8;
      if (at + 2 < end) word |= bytes[at + 2]! << 16;
    }
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
  }
  v2 ^= 0xff;
  for (let round = 0; round < 3; round++) {
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
  }
  return (v1 ^ v3) >>> 0;
}

/** Whether `sizeBytes` bytes are the same in both places. */
export function isSame(
  left: Uint8Array,
  leftStart: number,
  right: Uint8Array,
  rightStart: number,
  sizeBytes: number,
): boolean {
  for (let at = 0; at < sizeBytes; at++) if (left[leftStart + at] !== right[rightStart + at]) return false;
  return true;
}

/** Below 0, 0 or above 0, as the left bytes stand before, at or behind the right ones (KEY-2, PREFIX-1). */
export function compare(
  left: Uint8Array,
  leftStart: number,
  leftEnd: number,
  right: Uint8Array,
  rightStart: number,
  rightEnd: number,
): number {
  const leftBytes = leftEnd - leftStart;
  const rightBytes = rightEnd - rightStart;
  const commonBytes = Math.min(leftBytes, rightBytes);
  for (let at = 0; at < commonBytes; at++) {
    const difference = left[leftStart + at]! - right[rightStart + at]!;
    if (difference !== 0) return difference;
  }
  return leftBytes - rightBytes;
}

/** Copies `source[start]` up to `source[end - 1]` to `target[at]` and behind; the places do not overlap. */
export function copy(target: Uint8Array, at: number, source: Uint8Array, start: number, end: number): void {
  if (end - start > LOOP_COPY_BYTES_MAX) target.set(source.subarray(start, end), at);
  else for (let from = start, to = at; from < end;) target[to++] = source[from++]!;
}
