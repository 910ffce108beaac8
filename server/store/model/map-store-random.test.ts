import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ITEM_OVERHEAD_BYTES } from './item-table.ts';
import { SortedKeys } from './key-order.ts';
import { MapStore } from './map-store.ts';
import type { Store } from '../store.ts';
import { doStep, randomStep } from '../testing/random-operations.ts';
import { ManualClock, perform } from '../testing/requests.ts';
import { ScannedKeys } from './testing/scanned-keys.ts';

const VALUE_BYTES_MAX = 12;

test('MapStore answers every request the same, whether keys are kept sorted or sorted at each step', () => {
  const run = fc.property(fc.array(randomStep, { minLength: 100, maxLength: 500, size: 'max' }), (steps) => {
    const clock = new ManualClock();
    const order = new SortedKeys(4);
    const store = new MapStore({ clock, valueBytesMax: VALUE_BYTES_MAX }, order);
    const modelClock = new ManualClock();
    const model = new MapStore({ clock: modelClock, valueBytesMax: VALUE_BYTES_MAX }, new ScannedKeys());
    for (const step of steps) {
      expect(doStep(store, clock, step)).toEqual(doStep(model, modelClock, step));
      order.check();
      expect(store.stats()).toEqual(model.stats());
    }
    checkBooks(store, order);
  });
  fc.assert(run, { numRuns: 100 });
});

/** Once expired items are gone, the counters of STATS and the order's keys are those of the items that are left. */
function checkBooks(store: Store, order: SortedKeys): void {
  store.sweep(Infinity);
  const entries = perform(store, 'list').entries ?? [];
  const itemBytes = entries.map(([key, value]) => key.length + value.length + ITEM_OVERHEAD_BYTES);
  expect(store.stats().items).toBe(entries.length);
  expect(store.stats().memoryBytes).toBe(itemBytes.reduce((sum, bytes) => sum + bytes, 0));
  expect([...order.from('')]).toEqual(entries.map(([key]) => key));
  expect(perform(store, 'count').number).toBe(BigInt(entries.length));
}
