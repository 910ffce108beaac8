/**
 * Random operations for property tests of stores: few keys, small numbers and short times, so that requests often meet
 * items, locks, versions and ends of time that earlier ones brought about.
 */
import * as fc from 'fast-check';
import type { Store } from '../store.ts';
import {
  metaOf,
  perform,
  type ManualClock,
  type OperationOfStore,
  type Outcome,
  type RequestLiteral,
} from './requests.ts';

/** A request to a store, or time that goes by, or expired items that are looked for. */
export type RandomStep =
  | {
      readonly operation: OperationOfStore;
      /** If it has a version and `isVersionCurrent`, that is the item's by then. */
      readonly literal: RequestLiteral;
      readonly isVersionCurrent: boolean;
      readonly pageItems: number;
    }
  | { readonly advanceMs: number }
  | { readonly sweepItems: number }
  | { readonly metaKey: string };

const alphabet = fc.constantFrom('\0', 'a', 'b', '\xff');
const key = fc.string({ unit: alphabet, minLength: 1, maxLength: 2 });
const prefix = fc.oneof({ weight: 1, arbitrary: fc.constant('') }, { weight: 4, arbitrary: key });
const cursor = fc.string({ unit: alphabet, maxLength: 3 });
const text = fc.constantFrom('', 'x', 'yz', '7', '-3', '007', '9223372036854775807', '\xff\0');
const initial = fc.constantFrom('', '5', '-0', '010');
const delta = fc.constantFrom(1n, -4n, 2n ** 62n, -(2n ** 63n));
const limit = fc.constantFrom(1n, 2n, 5n, 2n ** 63n - 1n);
const tag = fc.constantFrom(0, 1, 2 ** 32 - 1);
const ttlMs = fc.oneof(fc.constantFrom(0, 2 ** 53 - 1, 2 ** 64), fc.integer({ min: 1, max: 100 }));
const version = fc.integer({ min: 1, max: 60 });
const token = fc.integer({ min: 0, max: 10 });
const detail = fc.boolean();

/** What each operation's request may carry, by section 4; `needed` is always there, the rest half of the times. */
const SHAPES: Record<OperationOfStore, { weight: number; needed: Shape; optional: Shape }> = {
  get: { weight: 4, needed: { key }, optional: { ttlMs, token, detail } },
  set: { weight: 10, needed: { key, value: text }, optional: { ttlMs, tag, token, detail, version } },
  add: { weight: 4, needed: { key, value: text }, optional: { ttlMs, tag, detail } },
  replace: { weight: 3, needed: { key, value: text }, optional: { ttlMs, tag, token, detail, version } },
  append: { weight: 2, needed: { key, value: text }, optional: { version, token, detail } },
  prepend: { weight: 2, needed: { key, value: text }, optional: { version, token, detail } },
  delete: { weight: 3, needed: { key }, optional: { version, token } },
  increment: { weight: 4, needed: { key }, optional: { value: initial, number: delta, ttlMs, version, token, detail } },
  touch: { weight: 2, needed: { key }, optional: { ttlMs, version, token } },
  lock: { weight: 4, needed: { key }, optional: { ttlMs, token } },
  unlock: { weight: 2, needed: { key }, optional: { token } },
  count: { weight: 3, needed: { key: prefix }, optional: {} },
  setPrefix: { weight: 1, needed: { key: prefix, value: text }, optional: { ttlMs, tag, token } },
  deletePrefix: { weight: 0.5, needed: { key: prefix }, optional: { token } },
  incrementPrefix: { weight: 2, needed: { key: prefix }, optional: { number: delta, token } },
  touchPrefix: { weight: 1, needed: { key: prefix }, optional: { ttlMs, token } },
  lockPrefix: { weight: 1, needed: { key: prefix }, optional: { ttlMs } },
  unlockPrefix: { weight: 1, needed: { key: prefix }, optional: { token } },
  reset: { weight: 0.1, needed: {}, optional: {} },
  list: { weight: 5, needed: { key: prefix }, optional: { value: cursor, number: limit } },
};

type Shape = { readonly [Name in keyof RequestLiteral]?: fc.Arbitrary<RequestLiteral[Name]> };

/** Steps of all kinds in the proportions of SHAPES. */
export const randomStep: fc.Arbitrary<RandomStep> = fc.oneof(
  ...(Object.keys(SHAPES) as OperationOfStore[]).map((operation) => ({
    weight: 10 * SHAPES[operation].weight,
    arbitrary: requestStep(operation),
  })),
  { weight: 60, arbitrary: fc.record({ advanceMs: fc.integer({ min: 1, max: 8 }) }) },
  { weight: 20, arbitrary: fc.record({ sweepItems: fc.constantFrom(1, 3, Infinity) }) },
  { weight: 40, arbitrary: fc.record({ metaKey: key }) },
);

/**
 * Does one step.
 *
 * @param clock the store's own
 * @returns what there is to compare with another store
 */
export function doStep(store: Store, clock: ManualClock, step: RandomStep): Outcome | ReturnType<typeof metaOf> {
  if ('operation' in step) return perform(store, step.operation, literalOf(store, step), step.pageItems);
  if ('metaKey' in step) return metaOf(store, step.metaKey);
  if ('advanceMs' in step) clock.advance(step.advanceMs);
  else store.sweep(step.sweepItems);
  return undefined;
}

function literalOf(store: Store, step: Extract<RandomStep, { literal: RequestLiteral }>): RequestLiteral {
  const { literal, isVersionCurrent } = step;
  const { key = '', version } = literal;
  if (version === undefined || !isVersionCurrent) return literal;
  return { ...literal, version: metaOf(store, key)?.version ?? version };
}

function requestStep(operation: OperationOfStore): fc.Arbitrary<RandomStep> {
  const { needed, optional } = SHAPES[operation];
  const fields = { ...needed, ...optional } as Record<string, fc.Arbitrary<unknown>>;
  return fc.record({
    operation: fc.constant(operation),
    literal: fc.record(fields, { requiredKeys: Object.keys(needed) }),
    isVersionCurrent: fc.constantFrom(true, true, true, false),
    pageItems: fc.constantFrom(1, 4, Infinity),
  });
}
