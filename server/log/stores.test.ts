/** Both stores tell the log of all that they do: random operations, a snapshot amid them, and what is read again. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ArenaStore } from '../store/arena/arena-store.ts';
import type { ItemState, LoggedStore } from '../store/item-sink.ts';
import { createMapStore } from '../store/model/map-store.ts';
import type { Store } from '../store/store.ts';
import { doStep, randomStep } from '../store/testing/random-operations.ts';
import { ManualClock, perform } from '../store/testing/requests.ts';
import { recover } from './recovery.ts';
import { ModelStore } from './testing/model-store.ts';
import { calmDisk, openLog } from './testing/open-log.ts';

const VALUE_BYTES_MAX = 12;
const STEPS = 400;
const RUNS = 60;

const STORES: Readonly<Record<string, (clock: ManualClock) => Store>> = {
  MapStore: (clock) => createMapStore({ clock, valueBytesMax: VALUE_BYTES_MAX }),
  ArenaStore: (clock) => new ArenaStore({ clock, valueBytesMax: VALUE_BYTES_MAX, seed: [1, 2], leafKeysMax: 8 }),
};

/** All items that have not expired, as a text; locks that are over are none. */
function contentOf(store: LoggedStore, nowMs: number): string {
  const model = new ModelStore();
  store.beginWalk((item: ItemState) => {
    if (item.lifeStartMs + item.lifeMs <= nowMs) return;
    model.put(item.lockStartMs + item.lockMs <= nowMs ? Object.assign(item, { token: 0 }) : item);
  });
  while (!store.walk(3));
  return model.fingerprint();
}

test.each(Object.keys(STORES))(
  'what changes in %s while a block of a snapshot is written is not lost',
  async (name) => {
    const clock = new ManualClock();
    const store = STORES[name]!(clock);
    const logged = store.logged!;
    const keys = Array.from({ length: 2000 }, (_, number) => `k${number}`);
    const left = [...keys];
    // A value that grows moves its item, which the walk may not have met yet, from whichever end it comes.
    const grow = (operation: string, file: string): undefined => {
      if (operation !== 'write' || !file.startsWith('snapshot-')) return;
      for (const key of [...left.splice(0, 20), ...left.splice(-20)]) {
        perform(store, 'set', { key, value: 'longer value' });
      }
    };
    const disk = calmDisk({ fault: grow });
    const log = await openLog(disk, logged, { nowMs: () => clock.nowMs() });
    for (const key of keys) perform(store, 'set', { key, value: '' });
    await log.snapshot();
    log.commit();
    expect(left.length).toBeLessThan(1900);
    const again = STORES[name]!(clock);
    await recover(disk, again.logged!);
    expect(again.logged!.size).toBe(keys.length);
    expect(contentOf(again.logged!, clock.nowMs())).toBe(contentOf(logged, clock.nowMs()));
  },
);

test.each(Object.keys(STORES))(
  '%s comes back as it was',
  async (name) => {
    const steps = fc.array(randomStep, { minLength: STEPS, maxLength: STEPS, size: 'max' });
    const property = fc.asyncProperty(steps, fc.nat({ max: STEPS - 1 }), async (each, snapshotAt) => {
      const clock = new ManualClock();
      const store = STORES[name]!(clock);
      const logged = store.logged!;
      const disk = calmDisk();
      const log = await openLog(disk, logged, { nowMs: () => clock.nowMs() });
      let snapshot: Promise<void> | undefined;
      for (const [at, step] of each.entries()) {
        doStep(store, clock, step);
        log.commit();
        if (at === snapshotAt) snapshot = log.snapshot();
        // The snapshot's slices run between the steps.
        if (at % 3 === 0) await Promise.resolve();
      }
      await snapshot;
      log.commit();
      const again = STORES[name]!(clock);
      await recover(disk, again.logged!);
      expect(contentOf(again.logged!, clock.nowMs())).toBe(contentOf(logged, clock.nowMs()));
      expect(again.logged!.lastVersion).toBeGreaterThanOrEqual(logged.lastVersion);
      expect(again.logged!.lastToken).toBeGreaterThanOrEqual(logged.lastToken);
    });
    await fc.assert(property, { numRuns: RUNS });
  },
  120_000,
);

const noRoomForSnapshots = (operation: string, file: string): string | undefined =>
  operation === 'write' && file.startsWith('snapshot-') ? 'ENOSPC' : undefined;

test.each(Object.keys(STORES))('of %s nothing is visited behind a snapshot that failed', async (name) => {
  const clock = new ManualClock();
  const store = STORES[name]!(clock);
  const keys = Array.from({ length: 3000 }, (_, number) => `k${number}`);
  for (const key of keys) perform(store, 'set', { key, value: '' });
  let visits = 0;
  const counted = new Proxy(store.logged!, {
    get: (logged, property) => {
      if (property === 'beginWalk') {
        return (visit: (item: ItemState) => void) => logged.beginWalk((item) => (visits++, visit(item)));
      }
      const value: unknown = Reflect.get(logged, property);
      return typeof value === 'function' ? value.bind(logged) : value;
    },
    set: (logged, property, value) => Reflect.set(logged, property, value),
  });
  const log = await openLog(calmDisk({ fault: noRoomForSnapshots }), counted, { nowMs: () => clock.nowMs() });
  await expect(log.snapshot()).rejects.toThrow('ENOSPC');
  visits = 0;
  for (const key of keys) perform(store, 'set', { key, value: 'longer value' });
  expect(visits).toBe(0);
});
