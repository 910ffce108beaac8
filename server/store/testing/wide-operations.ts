/**
 * Random operations on many keys with values of all sizes, for what the small ones of random-operations.ts do not
 * reach: tables that grow and shrink, memory that is reused, items that lie apart. They cost little to make, so that a
 * soak test can do tens of millions.
 */
import type { OperationOfStore, RequestLiteral } from './requests.ts';

/** A generator of numbers that gives the same ones for the same seed. */
export class SeededNumbers {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** A whole number from 0 up to `end - 1`. */
  below(end: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return Math.floor(((this.#state >>> 0) / 0x1_0000_0000) * end);
  }
}

/** How many different keys there are. */
const KEYS = 4000;

const SIZE_BYTES = [2, 40, 300, 3000, 30_000] as const;

/** A value whose length is of a random order of magnitude. */
export function wideValue(numbers: SeededNumbers): Uint8Array {
  const sizeBytes = numbers.below(SIZE_BYTES[numbers.below(SIZE_BYTES.length)]!);
  return Buffer.alloc(sizeBytes, String.fromCharCode(0x61 + numbers.below(26)));
}

/** Most keys are short; one in 50 is longer than what goes into a slot. */
function wideKey(numbers: SeededNumbers): string {
  const number = numbers.below(KEYS);
  return number % 50 === 0 ? `${number % 3}:${number}`.padEnd(9000, 'long') : `${number % 13}:${number}`;
}

export interface WideStep {
  readonly operation: OperationOfStore;
  readonly literal: RequestLiteral;
  readonly pageItems: number;
}

/**
 * One step.
 *
 * @param fillPercent how many of the steps make items; around 50 the store grows and shrinks slowly
 */
export function wideStep(numbers: SeededNumbers, fillPercent: number): WideStep {
  const key = wideKey(numbers);
  const ttl = numbers.below(4) === 0 ? { ttlMs: 1 + numbers.below(20_000) } : {};
  const pageItems = 1 + numbers.below(30);
  if (numbers.below(100) < fillPercent) {
    const tag = numbers.below(3) === 0 ? { tag: numbers.below(3) } : {};
    return { operation: 'set', literal: { key, value: wideValue(numbers), ...ttl, ...tag, detail: true }, pageItems };
  }
  switch (numbers.below(12)) {
    case 0:
      return { operation: 'append', literal: { key, value: wideValue(numbers) }, pageItems };
    case 1:
      return { operation: 'prepend', literal: { key, value: wideValue(numbers) }, pageItems };
    case 2:
      return { operation: 'touch', literal: { key, ...ttl }, pageItems };
    case 3:
      return { operation: 'lock', literal: { key, ttlMs: 500 }, pageItems };
    case 4:
      return { operation: 'increment', literal: { key, value: '7', ...ttl }, pageItems };
    case 5:
      return { operation: 'list', literal: { key: key.slice(0, 4), value: key.slice(0, 3) }, pageItems };
    case 6:
      return { operation: 'count', literal: { key: key.slice(0, 3) }, pageItems };
    case 7:
      if (numbers.below(20) > 0) return { operation: 'get', literal: { key, ...ttl, detail: true }, pageItems };
      return { operation: 'deletePrefix', literal: { key: key.slice(0, 3 + numbers.below(2)) }, pageItems };
    case 8:
      return { operation: 'get', literal: { key, detail: true }, pageItems };
    default:
      return { operation: 'delete', literal: { key }, pageItems };
  }
}
