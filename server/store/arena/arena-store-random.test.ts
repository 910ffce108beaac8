import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { SortedKeys } from '../model/key-order.ts';
import { MapStore } from '../model/map-store.ts';
import type { Store } from '../store.ts';
import { doStep, randomStep, type RandomStep } from '../testing/random-operations.ts';
import { ManualClock } from '../testing/requests.ts';
import { ArenaStore } from './arena-store.ts';

const VALUE_BYTES_MAX = 12;

/** How many operations in all; the soak test asks for more. */
const OPERATIONS = Number(process.env['SPEICHER_TEST_OPERATIONS'] ?? 50_000);

const OPERATIONS_PER_RUN = 2000;

/** Generous: most of the time goes into making the operations, on machines that do other things too. */
const TIMEOUT_MS = Math.max(120_000, OPERATIONS);
const OPERATIONS_PER_CHECK = 1000;

test('ArenaStore answers every request as MapStore does', { timeout: TIMEOUT_MS }, () => {
  const length = { minLength: OPERATIONS_PER_RUN, maxLength: OPERATIONS_PER_RUN, size: 'max' } as const;
  const run = fc.property(fc.array(randomStep, length), fc.integer(), fc.integer(), (steps, low, high) => {
    const clock = new ManualClock();
    const store = new ArenaStore({ clock, valueBytesMax: VALUE_BYTES_MAX, seed: [low, high], leafKeysMax: 8 });
    const modelClock = new ManualClock();
    const model = new MapStore({ clock: modelClock, valueBytesMax: VALUE_BYTES_MAX }, new SortedKeys());
    steps.forEach((step, at) => {
      const outcome = inSeconds(doStep(store, clock, step));
      const expected = inSeconds(doStep(model, modelClock, step));
      expect(outcome, `step ${at}: ${describeStep(step)}`).toEqual(expected);
      if (at % OPERATIONS_PER_CHECK === 0) store.check();
    });
    checkBooks(store, model);
  });
  fc.assert(run, { numRuns: Math.ceil(OPERATIONS / OPERATIONS_PER_RUN), endOnFailure: true });
});

/** ArenaStore keeps META's times of the past in seconds. */
function inSeconds(outcome: ReturnType<typeof doStep>): ReturnType<typeof doStep> {
  if (outcome === undefined || !('createdMs' in outcome)) return outcome;
  const { createdMs, accessedMs } = outcome;
  return { ...outcome, createdMs: Math.floor(createdMs / 1000), accessedMs: Math.floor(accessedMs / 1000) };
}

/** Once expired items are gone, both count the same. */
function checkBooks(store: ArenaStore, model: Store): void {
  store.sweep(Infinity);
  model.sweep(Infinity);
  store.check();
  const { items, hits, misses } = model.stats();
  expect(store.stats()).toMatchObject({ items, hits, misses });
}

function describeStep(step: RandomStep): string {
  return JSON.stringify(step, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}` : value));
}
