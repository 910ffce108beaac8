/** A limit on memory: what goes, what stays, and what is refused. */
import { describe, expect, test } from 'vitest';
import { ManualClock, perform } from '../testing/requests.ts';
import { SeededNumbers, wideStep } from '../testing/wide-operations.ts';
import { ArenaStore } from './arena-store.ts';
import type { EvictionPolicy } from './eviction.ts';

const MIB = 1024 * 1024;
const VALUE_BYTES_MAX = 64 * 1024;

/** How many operations in all; the soak test asks for more. */
const OPERATIONS = Number(process.env['SPEICHER_TEST_OPERATIONS'] ?? 20_000);
const TIMEOUT_MS = Math.max(120_000, OPERATIONS);

function make(policy: EvictionPolicy, maxMemoryBytes: number, seed = 1) {
  const clock = new ManualClock();
  const store = new ArenaStore({ clock, valueBytesMax: VALUE_BYTES_MAX, seed: [seed, 5], maxMemoryBytes, policy });
  return { clock, store };
}

describe.each(['lru', 'lfu'] as const)('%s', (policy) => {
  test('items never take more than they may, and nothing else is lost', { timeout: TIMEOUT_MS }, () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const numbers = new SeededNumbers(seed);
    const { clock, store } = make(policy, MIB, seed);
    // The same requests without a limit: what the limited store has is what this one has, or nothing.
    const { clock: modelClock, store: model } = make('none', Infinity, seed);
    for (let at = 0; at < OPERATIONS; at++) {
      const { operation, literal, pageItems } = wideStep(numbers, 60);
      perform(store, operation, literal, pageItems);
      perform(model, operation, literal, pageItems);
      expect(store.stats().memoryBytes, `seed ${seed}, ${at}: ${operation}`).toBeLessThanOrEqual(MIB + ORDER_SLACK);
      if (at % 10 === 0) for (const each of [clock, modelClock]) each.advance(1);
      if (at % 1000 === 0) store.check();
    }
    const { evictions, items } = store.stats();
    expect(evictions).toBeGreaterThan(100);
    expect(items).toBeGreaterThan(10);
  });

  test('what was read lately stays, and a locked item always does', () => {
    const { clock, store } = make(policy, MIB);
    perform(store, 'set', { key: 'locked', value: 'v' });
    perform(store, 'lock', { key: 'locked' });
    perform(store, 'set', { key: 'read', value: 'v' });
    let reads = 0;
    for (let at = 0; at < 50_000; at++) {
      clock.advance(1);
      perform(store, 'set', { key: `k${at}`, value: 'x'.repeat(100) });
      if (at % 100 === 0 && perform(store, 'get', { key: 'read' }).status === 200) reads++;
    }
    expect(reads).toBe(500);
    expect(store.stats().evictions).toBeGreaterThan(40_000);
    expect(perform(store, 'get', { key: 'locked' }).value).toBe('v');
    store.check();
  });

  test('where all items are locked, and for what is larger than the limit, it is 507', () => {
    const { store } = make(policy, MIB);
    let status = 200;
    let items = 0;
    for (; status === 200; items++) {
      status = perform(store, 'set', { key: `k${items}`, value: 'x'.repeat(10_000) }).status;
      if (status === 200) perform(store, 'lock', { key: `k${items}` });
    }
    expect(status).toBe(507);
    expect(items).toBeGreaterThan(80);
    expect(store.stats()).toMatchObject({ items: items - 1, evictions: 0 });
    const { store: small } = make(policy, 50_000);
    expect(perform(small, 'set', { key: 'k', value: 'x'.repeat(60_000) })).toEqual({ status: 507 });
  });
});

/** An item that is resized may come to another leaf's page; the order's books are brought up to date behind it. */
const ORDER_SLACK = 64 * 1024;

test('lfu keeps what is asked for often through a scan, where lru loses it', () => {
  const kept = (['lru', 'lfu'] as const).map((policy) => {
    const { clock, store } = make(policy, MIB);
    const value = 'x'.repeat(100);
    for (let round = 0; round < 8; round++) {
      for (let at = 0; at < 1000; at++) {
        clock.advance(1);
        if (perform(store, 'get', { key: `often${at}` }).status === 404) {
          perform(store, 'set', { key: `often${at}`, value });
        }
      }
    }
    for (let at = 0; at < 20_000; at++) {
      clock.advance(1);
      perform(store, 'set', { key: `scan${at}`, value });
    }
    let found = 0;
    for (let at = 0; at < 1000; at++) if (perform(store, 'get', { key: `often${at}` }).status === 200) found++;
    return found;
  });
  expect(kept[0]).toBeLessThan(200);
  expect(kept[1]).toBeGreaterThan(800);
});

describe('none', () => {
  test('what has no room is 507 and changes nothing', () => {
    const { store } = make('none', MIB);
    let at = 0;
    while (perform(store, 'set', { key: `k${1000 + at}`, value: 'x'.repeat(1000) }).status === 200) at++;
    expect(at).toBeGreaterThan(800);
    const before = store.stats();
    expect(perform(store, 'add', { key: 'new-1', value: 'x'.repeat(1000) })).toEqual({ status: 507 });
    expect(perform(store, 'append', { key: 'k1000', value: 'y'.repeat(5000) })).toEqual({ status: 507 });
    expect(perform(store, 'replace', { key: 'k1000', value: 'y'.repeat(5000) })).toEqual({ status: 507 });
    expect(perform(store, 'get', { key: 'k1000' }).value).toBe('x'.repeat(1000));
    expect(store.stats()).toMatchObject({ items: before.items, evictions: 0, memoryBytes: before.memoryBytes });
    expect(perform(store, 'set', { key: 'k1000', value: 'short' }).status).toBe(200);
    expect(perform(store, 'delete', { key: 'k1001' }).status).toBe(200);
    expect(perform(store, 'set', { key: 'k1001', value: 'x'.repeat(1000) }).status).toBe(200);
  });

  test('a prefix SET passes over what would have no room', () => {
    const { store } = make('none', MIB);
    let at = 0;
    while (perform(store, 'set', { key: `k${1000 + at}`, value: 'x'.repeat(1000) }).status === 200) at++;
    const { number, status } = perform(store, 'setPrefix', { key: 'k', value: 'y'.repeat(2000) });
    expect([status, Number(number ?? 0) < at]).toEqual([number === undefined ? 404 : 200, true]);
    store.check();
  });
});
