/** Decimal integers, TAG 2: a number where that is exact, a bigint beyond. */
import { readDecimal } from '../../protocol/index.ts';
import { decodeText } from './text.ts';

const DECIMAL = /^-?[0-9]+$/;

/** The nearest thing to a bigint that JavaScript users expect: a number if it is exact. */
export function toNumber(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** The integer in `bytes[start]` up to `bytes[end - 1]`, of any length; undefined if that is none. */
export function decodeInteger(bytes: Uint8Array, start: number, end: number): number | bigint | undefined {
  const short = readDecimal(bytes, start, end);
  if (short !== undefined) return toNumber(short);
  const text = decodeText(bytes, start, end);
  return text !== undefined && DECIMAL.test(text) ? toNumber(BigInt(text)) : undefined;
}
