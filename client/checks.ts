/** Checks of what callers pass. A wrong type is a TypeError, a number out of range a RangeError (docs/errors.md). */
import { COUNTER_MAX, isI64 } from '../protocol/index.ts';

/** Longest time that a timer of the runtime can wait. */
export const TIMER_MS_MAX = 0x7fff_ffff;

/**
 * @param least smallest value allowed
 * @param most largest value allowed
 * @returns `value`
 */
export function checkInteger(name: string, value: number, least: number, most: number): number {
  if (typeof value !== 'number') throw new TypeError(`${name} is a number, not ${describe(value)}`);
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new RangeError(`${name} is an integer from ${least} to ${most}, not ${value}`);
  }
  return value;
}

/** A TTL in milliseconds as the wire has it; Infinity, like 0, is "never expires". */
export function checkTtlMs(value: number): number {
  return value === Infinity ? 0 : checkInteger('ttlMs', value, 0, COUNTER_MAX);
}

/** A number that INCREMENT takes, as an i64. */
export function checkI64(name: string, value: number | bigint): bigint {
  if (typeof value === 'number') return BigInt(checkInteger(name, value, -COUNTER_MAX, COUNTER_MAX));
  if (typeof value !== 'bigint') throw new TypeError(`${name} is a number or a bigint, not ${describe(value)}`);
  if (!isI64(value)) throw new RangeError(`${name} does not fit in 64 bits`);
  return value;
}

/** How an error calls a value of a wrong type, without giving the value away. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  return typeof value === 'object' ? `a ${value.constructor?.name ?? 'bare object'}` : typeof value;
}
