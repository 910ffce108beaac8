import { describe, expect, test } from 'vitest';
import { ITEM_OVERHEAD_BYTES } from './item-table.ts';
import { SortedKeys } from './key-order.ts';
import { MapStore } from './map-store.ts';
import { ManualClock, makeRequest, perform } from '../testing/requests.ts';
import { makeStore } from './testing/script.ts';
import { ReplyFrame } from '../../../protocol/index.ts';

function makeStoreWithOrder() {
  const clock = new ManualClock();
  const order = new SortedKeys();
  return { clock, order, store: new MapStore({ clock, valueBytesMax: 1000 }, order) };
}

/** Ten items, of which the even ones have expired. */
function makeExpiring() {
  const made = makeStoreWithOrder();
  for (let number = 0; number < 10; number++) {
    perform(made.store, 'set', { key: `${number}`, value: '1', ttlMs: number % 2 === 0 ? 5 : 0 });
  }
  made.clock.advance(5);
  return made;
}

describe('MapStore, accounting', () => {
  test('STATS-1: memory follows each item’s size, and comes back', () => {
    const { store, clock } = makeStore();
    const memoryBytes = () => store.stats().memoryBytes;
    const one = ITEM_OVERHEAD_BYTES;
    expect(memoryBytes()).toBe(0);
    perform(store, 'set', { key: 'abc', value: '12345' });
    expect(memoryBytes()).toBe(one + 8);
    perform(store, 'set', { key: 'abc', value: '1' });
    expect(memoryBytes()).toBe(one + 4);
    perform(store, 'append', { key: 'abc', value: '00' });
    expect(memoryBytes()).toBe(one + 6);
    perform(store, 'increment', { key: 'abc', number: 900 });
    expect(memoryBytes()).toBe(one + 7);
    perform(store, 'increment', { key: 'd', value: '12', ttlMs: 5 });
    expect(memoryBytes()).toBe(2 * one + 10);
    perform(store, 'setPrefix', { value: '' });
    expect(memoryBytes()).toBe(2 * one + 4);
    perform(store, 'delete', { key: 'd' });
    expect(memoryBytes()).toBe(one + 3);
    perform(store, 'touch', { key: 'abc', ttlMs: 5 });
    clock.advance(5);
    perform(store, 'get', { key: 'abc' });
    expect(memoryBytes()).toBe(0);
  });

  test('RESET-1: nothing is left, of the locked and the expiring neither', () => {
    const { store, order } = makeStoreWithOrder();
    perform(store, 'set', { key: 'a', value: '1', ttlMs: 5 });
    perform(store, 'set', { key: 'b', value: '1' });
    perform(store, 'lock', { key: 'b' });
    expect(perform(store, 'reset')).toEqual({ status: 200 });
    expect(store.stats()).toMatchObject({ items: 0, memoryBytes: 0, expired: 0 });
    expect(order.count('')).toBe(0);
    expect(perform(store, 'list')).toEqual({ status: 404 });
    expect(perform(store, 'count')).toEqual({ status: 200, number: 0n });
  });

  test('STATS-1: hits and misses are those of single GETs', () => {
    const { store, clock } = makeStore();
    perform(store, 'get', { key: 'a' });
    perform(store, 'set', { key: 'a', value: '1', ttlMs: 5 });
    perform(store, 'get', { key: 'a' });
    perform(store, 'get', { key: 'a', ttlMs: 5 });
    perform(store, 'list');
    perform(store, 'touch', { key: 'b' });
    clock.advance(5);
    perform(store, 'get', { key: 'a' });
    expect(store.stats()).toMatchObject({ hits: 2, misses: 2, expired: 1, items: 0, evictions: 0 });
  });

  test('EXPIRY-1: an expired item leaves the order of keys too when it is met', () => {
    const { store, clock, order } = makeStoreWithOrder();
    for (const key of ['a', 'b', 'c']) perform(store, 'set', { key, value: '1', ttlMs: 5 });
    perform(store, 'set', { key: 'd', value: '1' });
    clock.advance(5);
    perform(store, 'get', { key: 'b' });
    expect([...order.from('')]).toEqual(['a', 'c', 'd']);
    perform(store, 'list', { key: 'a' });
    expect([...order.from('')]).toEqual(['c', 'd']);
    perform(store, 'count');
    expect([...order.from('')]).toEqual(['d']);
    expect(store.stats()).toMatchObject({ items: 1, expired: 3 });
  });

  test('the value that was stored is a copy, and a reply’s value does not change with the item', () => {
    const { store } = makeStore();
    const request = makeRequest({ key: 'a', value: 'old' });
    const reply = new ReplyFrame();
    reply.clear();
    store.set(request, reply);
    request.valueBytes.fill(0);
    expect(perform(store, 'get', { key: 'a' }).value).toBe('old');

    reply.clear();
    store.get(makeRequest({ key: 'a' }), reply);
    const { valueBytes, valueStart, valueEnd } = reply;
    perform(store, 'append', { key: 'a', value: '!' });
    expect(Buffer.from(valueBytes.subarray(valueStart, valueEnd)).toString()).toBe('old');
  });
});

describe('MapStore, sweep', () => {
  test('looks at no more items than it is told, and goes on where it ended', () => {
    const { store, order } = makeExpiring();
    const expired = [1, 2, 3, 4].map(() => {
      store.sweep(3);
      return store.stats().expired;
    });
    expect(expired).toEqual([2, 3, 5, 5]);
    expect(store.stats().items).toBe(5);
    expect([...order.from('')]).toEqual(['1', '3', '5', '7', '9']);
  });

  test('begins anew behind the last item, in one call too', () => {
    const { store, clock } = makeExpiring();
    store.sweep(7);
    expect(store.stats()).toMatchObject({ items: 6, expired: 4 });
    perform(store, 'touch', { key: '1', ttlMs: 5 });
    clock.advance(5);
    store.sweep(6);
    expect(store.stats()).toMatchObject({ items: 4, expired: 6 });
  });

  test('sees each item within one call that is long enough, and new ones after reset', () => {
    const { store, clock } = makeExpiring();
    store.sweep(1);
    store.sweep(Infinity);
    expect(store.stats()).toMatchObject({ items: 5, expired: 5 });
    perform(store, 'reset');
    store.sweep(10);
    perform(store, 'set', { key: 'new', value: '1', ttlMs: 5 });
    clock.advance(5);
    store.sweep(1);
    expect(store.stats()).toMatchObject({ items: 0, expired: 6 });
  });
});
