import assert from 'node:assert/strict';
import { describe, expect, test } from 'vitest';
import { makeView } from '../../../protocol/index.ts';
import { ItemState, type ItemSink, type LoggedStore } from '../item-sink.ts';
import { ManualClock, metaOf, perform } from '../testing/requests.ts';
import { SeededNumbers, wideStep } from '../testing/wide-operations.ts';
import { ArenaStore } from './arena-store.ts';

/** How many operations in all; the soak test asks for more. */
const OPERATIONS = Number(process.env['SPEICHER_TEST_OPERATIONS'] ?? 6000);
const OPERATIONS_PER_RUN = 2000;
const TIMEOUT_MS = Math.max(60_000, OPERATIONS);

const VALUE_BYTES_MAX = 64 * 1024;

type Change = (sink: ItemSink) => void;

function storeOf(clock: ManualClock, seed = 1, limits = {}): ArenaStore {
  return new ArenaStore({ clock, valueBytesMax: VALUE_BYTES_MAX, seed: [seed, 3], leafKeysMax: 16, ...limits });
}

/** A copy of an item at a moment, whose bytes are its own. */
function copyOf(item: ItemState): ItemState {
  const keyBytes = Uint8Array.from(item.keyBytes.subarray(item.keyStart, item.keyEnd));
  const valueBytes = Uint8Array.from(item.valueBytes.subarray(item.valueStart, item.valueEnd));
  const keyPlaces = { keyBytes, keyView: makeView(keyBytes), keyStart: 0, keyEnd: keyBytes.length };
  const valuePlaces = { valueBytes, valueView: makeView(valueBytes), valueStart: 0, valueEnd: valueBytes.length };
  return Object.assign(new ItemState(), item, keyPlaces, valuePlaces);
}

/** Keeps changes, so that they can be made again later. */
class Changes implements ItemSink {
  readonly all: Change[] = [];

  put(item: ItemState): void {
    const state = copyOf(item);
    this.all.push((sink) => sink.put(state));
  }

  touch(item: ItemState): void {
    const state = copyOf(item);
    this.all.push((sink) => sink.touch(state));
  }

  remove(item: ItemState): void {
    const state = copyOf(item);
    this.all.push((sink) => sink.remove(state));
  }

  reset(): void {
    this.all.push((sink) => sink.reset());
  }

  counters(lastVersion: number, lastToken: number): void {
    this.all.push((sink) => sink.counters(lastVersion, lastToken));
  }
}

/** What can be seen of all items: key, value, and META without what counts accesses. */
function itemsOf(store: ArenaStore): unknown[] {
  store.sweep(Infinity);
  const { entries = [] } = perform(store, 'list');
  return entries.map(([key, value]) => Object.assign({ key, value }, metaOf(store, key), { accessedMs: 0 }));
}

/** A random operation, time that goes by, or RESET. */
function doRandom(store: ArenaStore, clock: ManualClock, numbers: SeededNumbers): void {
  const kind = numbers.below(200);
  const key = `${numbers.below(13)}:`;
  if (kind < 60) clock.advance(numbers.below(40));
  if (kind === 0) perform(store, 'reset');
  else if (kind === 1) perform(store, 'lockPrefix', { key, ttlMs: 300 });
  else if (kind === 2) perform(store, 'unlockPrefix', { key });
  else if (kind === 3) perform(store, 'touchPrefix', { key, ttlMs: 5000 });
  else if (kind === 4) perform(store, 'setPrefix', { key, value: '11' });
  else if (kind === 5) perform(store, 'incrementPrefix', { key, number: 2 });
  else {
    const { operation, literal, pageItems } = wideStep(numbers, 50);
    perform(store, operation, literal, pageItems);
  }
}

describe('LoggedStore', () => {
  test('a store that is told of every change has the same items at any time', { timeout: TIMEOUT_MS }, () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const numbers = new SeededNumbers(seed);
    for (let run = 0; run * OPERATIONS_PER_RUN < OPERATIONS; run++) {
      const clock = new ManualClock();
      const limits = run % 2 === 0 ? {} : { maxMemoryBytes: 2 ** 20, policy: 'lru' };
      const store = storeOf(clock, seed, limits);
      const follower = storeOf(clock, seed + 1);
      store.logged.sink = follower.logged;
      let [version, token] = [0, 0];
      for (let step = 0; step < OPERATIONS_PER_RUN; step++) {
        doRandom(store, clock, numbers);
        const { lastVersion, lastToken } = follower.logged;
        assert.ok(lastVersion >= version && lastToken >= token, `seed ${seed}, ${step}: counters went back`);
        [version, token] = [lastVersion, lastToken];
        assert.deepEqual([version, token], [store.logged.lastVersion, store.logged.lastToken], `seed ${seed}, ${step}`);
        if (step % 100 !== 99) continue;
        // Listed first: to put keys in order takes memory, for which items may have to go.
        const items = itemsOf(store);
        assert.deepEqual(itemsOf(follower), items, `seed ${seed}, run ${run}, ${step}`);
      }
      store.check();
      follower.check();
    }
  });

  test('what a walk beside changes visits, and then the changes, make the same items', { timeout: TIMEOUT_MS }, () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const numbers = new SeededNumbers(seed);
    let slicesInAll = 0;
    for (let run = 0; run * OPERATIONS_PER_RUN < OPERATIONS; run++) {
      const clock = new ManualClock();
      const limits = run % 2 === 0 ? {} : { maxMemoryBytes: 2 ** 20, policy: 'lfu' };
      const store = storeOf(clock, seed, limits);
      for (let step = 0; step < OPERATIONS_PER_RUN; step++) doRandom(store, clock, numbers);
      // A RESET may have been the last but a few: there is to be something to walk over.
      for (let at = 0; at < 200; at++) perform(store, 'set', { key: `walked:${at}`, value: 'x'.repeat(at) });
      const visited = new Changes();
      const since = new Changes();
      store.logged.sink = since;
      const { lastVersion, lastToken } = store.logged;
      store.logged.beginWalk((item) => visited.put(item));
      let slices = 0;
      while (!store.logged.walk(1 + numbers.below(5))) {
        slices++;
        for (let more = numbers.below(4); more > 0; more--) doRandom(store, clock, numbers);
      }
      const items = itemsOf(store);
      const restored = storeOf(clock, seed + 1);
      restored.logged.counters(lastVersion, lastToken);
      for (const change of [...visited.all, ...since.all]) change(restored.logged);
      assert.deepEqual(itemsOf(restored), items, `seed ${seed}, run ${run}`);
      assert.equal(restored.logged.lastVersion, store.logged.lastVersion, `seed ${seed}, run ${run}`);
      assert.equal(restored.logged.lastToken, store.logged.lastToken, `seed ${seed}, run ${run}`);
      slicesInAll += slices;
      restored.check();
    }
    // A RESET ends a walk; not all of them end at once.
    expect(slicesInAll).toBeGreaterThan(10);
  });

  test('a life that was lengthened holds, though the one before is over when the log is read', () => {
    const clock = new ManualClock();
    const store = storeOf(clock);
    const log = new Changes();
    store.logged.sink = log;
    perform(store, 'set', { key: 'a', value: '1', ttlMs: 1000 });
    clock.advance(900);
    perform(store, 'touch', { key: 'a', ttlMs: 60_000 });
    perform(store, 'set', { key: 'b', value: '2', ttlMs: 1000 });
    perform(store, 'get', { key: 'b', ttlMs: 0 });
    clock.advance(2000);
    const restored = storeOf(clock);
    for (const change of log.all) change(restored.logged);
    expect(itemsOf(restored)).toEqual(itemsOf(store));
    expect(restored.stats()).toMatchObject({ items: 2, expired: 0 });
  });

  test('counters never go back, and are told without an item too', () => {
    const { logged }: { logged: LoggedStore } = storeOf(new ManualClock());
    logged.counters(10, 20);
    logged.counters(5, 30);
    logged.reset();
    expect([logged.lastVersion, logged.lastToken]).toEqual([10, 30]);
  });

  test('whatever is said of how many items will come, none is lost and none is wanting', () => {
    for (const [items, bytes] of [
      [1000, 1e8],
      [10, 1],
      [0, 0],
      [5000, 6e7],
    ] as const) {
      const store = storeOf(new ManualClock(), 1, { maxMemoryBytes: 32 * 1024 * 1024 });
      for (let at = 0; at < 3000; at++) {
        if (at % 1000 === 0) store.logged.expect?.(items, bytes);
        if (at === 2500) store.logged.sink = undefined;
        perform(store, 'set', { key: `k${at}`, value: 'v'.repeat(3000) });
      }
      expect(store.stats()).toMatchObject({ items: 3000, evictions: 0 });
      expect(perform(store, 'get', { key: 'k0' })).toMatchObject({ value: 'v'.repeat(3000) });
      store.check();
    }
  });

  test('a token that was given to an item that has gone since was given all the same', () => {
    const { logged }: { logged: LoggedStore } = storeOf(new ManualClock());
    logged.touch(Object.assign(new ItemState(), { keyBytes: Buffer.from('gone'), keyEnd: 4, token: 40 }));
    expect(logged.lastToken).toBe(40);
  });
});
