/** Decimal i64 text, the form in which counters are kept (INCREMENT-1): an optional `-` and 1 to 19 digits. */
import { I64_MAX, I64_MIN } from './limits.ts';

const MINUS = 0x2d;
const ZERO = 0x30;
const DIGITS_MAX = 19;
/** Up to this many digits a double holds the number exactly. */
const SAFE_DIGITS_MAX = 15;

/**
 * Reads `bytes[start]` up to `bytes[end - 1]`.
 *
 * @returns the number, or undefined if the bytes are anything but a decimal i64
 */
export function readDecimal(bytes: Uint8Array, start: number, end: number): bigint | undefined {
  const isNegative = start < end && bytes[start] === MINUS;
  const digitsStart = isNegative ? start + 1 : start;
  const digits = end - digitsStart;
  if (digits < 1 || digits > DIGITS_MAX) return undefined;
  let high = 0;
  let low = 0;
  for (let at = digitsStart; at < end; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    if (at < digitsStart + SAFE_DIGITS_MAX) high = high * 10 + digit;
    else low = low * 10 + digit;
  }
  const lowDigits = Math.max(0, digits - SAFE_DIGITS_MAX);
  const magnitude = BigInt(high) * 10n ** BigInt(lowDigits) + BigInt(low);
  const value = isNegative ? -magnitude : magnitude;
  return isI64(value) ? value : undefined;
}

/** Whether a number is in the range of an i64 (INCREMENT-2). */
export function isI64(value: bigint): boolean {
  return value >= I64_MIN && value <= I64_MAX;
}
