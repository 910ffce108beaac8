/** Numbers in decimal text of any TAG, for `{ as: 'number' }`: a counter's integer, or a fraction that JSON wrote. */
import { decodeInteger } from './integer.ts';
import { decodeJson } from './json.ts';

/** The number in `bytes[start]` up to `bytes[end - 1]`; undefined if that is none. */
export function decodeNumber(bytes: Uint8Array, start: number, end: number): number | bigint | undefined {
  const integer = decodeInteger(bytes, start, end);
  if (integer !== undefined) return integer;
  const value = decodeJson(bytes, start, end);
  return typeof value === 'number' ? value : undefined;
}
