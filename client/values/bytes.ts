/** Bytes, TAG 0. */

/** A copy of `bytes[start]` up to `bytes[end - 1]`: what a reply lies in does not stay. */
export function decodeBytes(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.subarray(start, end));
}
