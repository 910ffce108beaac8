/** What goes where memory is limited, and what stays; arena-store-eviction.test.ts has the books about it. */
import { describe, expect, test } from 'vitest';
import { ManualClock, perform } from '../testing/requests.ts';
import { ArenaStore } from './arena-store.ts';
import type { EvictionPolicy } from './eviction.ts';

const MIB = 1024 * 1024;
const VALUE_BYTES_MAX = 64 * 1024;

function make(policy: EvictionPolicy, maxMemoryBytes: number, seed = 1) {
  const clock = new ManualClock();
  const store = new ArenaStore({ clock, valueBytesMax: VALUE_BYTES_MAX, seed: [seed, 5], maxMemoryBytes, policy });
  return { clock, store };
}

describe.each(['lru', 'lfu'] as const)('%s', (policy) => {
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
  test('a prefix SET passes over what would have no room', () => {
    const { store } = make('none', MIB);
    let at = 0;
    while (perform(store, 'set', { key: `k${1000 + at}`, value: 'x'.repeat(1000) }).status === 200) at++;
    const { number, status } = perform(store, 'setPrefix', { key: 'k', value: 'y'.repeat(2000) });
    expect([status, Number(number ?? 0) < at]).toEqual([number === undefined ? 404 : 200, true]);
    store.check();
  });
});
