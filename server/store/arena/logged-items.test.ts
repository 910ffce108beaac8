/** What a sink is told makes the same items in another store, and a walk with the changes since it began does too. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ItemState, type ItemSink } from '../item-sink.ts';
import { doStep, randomStep } from '../testing/random-operations.ts';
import { ManualClock, metaOf, perform } from '../testing/requests.ts';
import { ArenaStore } from './arena-store.ts';

const VALUE_BYTES_MAX = 12;
const STEPS = { minLength: 200, maxLength: 200, size: 'max' } as const;

const make = (clock: ManualClock): ArenaStore =>
  new ArenaStore({ clock, valueBytesMax: VALUE_BYTES_MAX, seed: [3, 4], leafKeysMax: 8 });

/** Everything that can be asked about the items. */
function contents(store: ArenaStore): unknown {
  const { entries = [] } = perform(store, 'list');
  return entries.map(([key, value]) => {
    const { accessedMs: _, ...meta } = metaOf(store, key)!;
    return [key, value, meta];
  });
}

/** A copy, as a log would make one. */
function copyOf(item: ItemState): ItemState {
  const copy = Object.assign(new ItemState(), item);
  copy.keyBytes = item.keyBytes.slice();
  copy.valueBytes = item.valueBytes.slice();
  return copy;
}

test('a store that is told of every change has the same items', () => {
  const run = fc.property(fc.array(randomStep, STEPS), (steps) => {
    const clock = new ManualClock();
    const store = make(clock);
    const twin = make(clock);
    store.logged.sink = twin.logged;
    for (const step of steps) {
      doStep(store, clock, step);
      expect(contents(twin)).toEqual(contents(store));
    }
    twin.check();
    expect(twin.logged.lastVersion).toBeLessThanOrEqual(store.logged.lastVersion);
  });
  fc.assert(run, { numRuns: 8 });
});

test('a walk in slices, and behind it the changes since it began, make the same items', () => {
  const run = fc.property(
    fc.array(randomStep, STEPS),
    fc.nat(150),
    fc.integer({ min: 1, max: 5 }),
    (steps, from, slice) => {
      const clock = new ManualClock();
      const store = make(clock);
      const walked: ItemState[] = [];
      const changes: ((sink: ItemSink) => void)[] = [];
      let isWalking = false;
      steps.forEach((step, at) => {
        if (at === from) {
          isWalking = true;
          store.logged.beginWalk((item) => void walked.push(copyOf(item)));
          store.logged.sink = recorder(changes);
        }
        doStep(store, clock, step);
        if (isWalking && at % 3 === 0) isWalking = !store.logged.walk(slice);
      });
      while (isWalking) isWalking = !store.logged.walk(slice);
      const twin = make(clock);
      for (const item of walked) twin.logged.put(item);
      for (const change of changes) change(twin.logged);
      expect(contents(twin)).toEqual(contents(store));
      twin.check();
    },
  );
  fc.assert(run, { numRuns: 15 });
});

function recorder(changes: ((sink: ItemSink) => void)[]): ItemSink {
  const keep = (name: 'put' | 'touch' | 'remove') => (item: ItemState) => {
    const copy = copyOf(item);
    changes.push((sink) => sink[name](copy));
  };
  return {
    put: keep('put'),
    touch: keep('touch'),
    remove: keep('remove'),
    reset: () => void changes.push((sink) => sink.reset()),
    counters: (lastVersion, lastToken) => void changes.push((sink) => sink.counters(lastVersion, lastToken)),
  };
}
