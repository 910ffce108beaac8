/**
 * What is done with the bytes of keys: hash and compare. These are the hottest loops of the store, so they are free
 * functions with primitive arguments; `bench/store.ts` measures them, and plain twins in the tests are held against
 * them.
 */

/**
 * HalfSipHash-1-3 of `bytes[start]` up to `bytes[end - 1]`: a keyed function whose collisions cannot be found without
 * the seed (hash flooding), made of 32-bit steps, which is what JavaScript has.
 *
 * @param seedLow the seed's lower half, any 32 bits
 * @param seedHigh the seed's upper half, any 32 bits
 * @returns 32 bits, unsigned
 */
export function hashBytes(bytes: DataView, start: number, end: number, seedLow: number, seedHigh: number): number {
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
      word = bytes.getInt32(at, true);
      at += 4;
    } else {
      isLast = true;
      word = (end - start) << 24;
      if (at < end) word |= bytes.getUint8(at);
      if (at + 1 < end) word |= bytes.getUint8(at + 1) << 8;
      if (at + 2 < end) word |= bytes.getUint8(at + 2) << 16;
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
  left: DataView,
  leftStart: number,
  right: DataView,
  rightStart: number,
  sizeBytes: number,
): boolean {
  let at = 0;
  for (const last = sizeBytes - 4; at <= last; at += 4) {
    if (left.getInt32(leftStart + at, true) !== right.getInt32(rightStart + at, true)) return false;
  }
  for (; at < sizeBytes; at++) if (left.getUint8(leftStart + at) !== right.getUint8(rightStart + at)) return false;
  return true;
}

/** Below 0, 0 or above 0, as the left bytes stand before, at or behind the right ones (KEY-2, PREFIX-1). */
export function compare(
  left: DataView,
  leftStart: number,
  leftEnd: number,
  right: DataView,
  rightStart: number,
  rightEnd: number,
): number {
  const leftBytes = leftEnd - leftStart;
  const rightBytes = rightEnd - rightStart;
  const commonBytes = Math.min(leftBytes, rightBytes);
  let at = 0;
  for (const last = commonBytes - 4; at <= last; at += 4) {
    // Words in big-endian stand in the order of their bytes.
    const difference = left.getUint32(leftStart + at) - right.getUint32(rightStart + at);
    if (difference !== 0) return difference;
  }
  for (; at < commonBytes; at++) {
    const difference = left.getUint8(leftStart + at) - right.getUint8(rightStart + at);
    if (difference !== 0) return difference;
  }
  return leftBytes - rightBytes;
}
