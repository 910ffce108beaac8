import assert from 'node:assert/strict';
import { describe, expect, test } from 'vitest';
import {
  ManualClock,
  metaOf,
  perform,
  type OperationOfStore,
  type Outcome,
  type RequestLiteral,
} from '../testing/requests.ts';
import { SeededNumbers, wideStep, type WideStep } from '../testing/wide-operations.ts';
import { ArenaStore } from './arena-store.ts';
import type { EvictionPolicy } from './eviction.ts';
import { EVICTIONS_MAX } from './room.ts';

/** How many operations for each limit and policy; the soak test asks for more in all. */
const OPERATIONS = Math.ceil(Number(process.env['SPEICHER_TEST_OPERATIONS'] ?? 32_000) / 4);
const OPERATIONS_PER_CHECK = 1000;
const TIMEOUT_MS = Math.max(60_000, 4 * OPERATIONS);
const VALUE_BYTES_MAX = 100 * 1024;
const MIB = 1024 * 1024;
const LEAF_KEYS_MAX = 16;

/**
 * What a write may take beyond the limit, all of it the order's: a leaf that was split for the key, 4 bytes for each
 * place and what is around it, and for each of two pages that items moved to the numbers of leaves. The next write
 * makes room for it.
 */
const ORDER_BYTES = LEAF_KEYS_MAX * 4 + 200 + 2 * 32 * 1024;

function storeOf(maxMemoryBytes: number, policy: EvictionPolicy, clock = new ManualClock(), seed = 1): ArenaStore {
  const limits = { maxMemoryBytes, policy, leafKeysMax: LEAF_KEYS_MAX };
  return new ArenaStore({ clock, valueBytesMax: VALUE_BYTES_MAX, seed: [seed, 9], ...limits });
}

/** Random operations on a store that evicts, beside a Map that keeps every value as it was last written. */
class Limited {
  readonly store: ArenaStore;
  readonly #clock = new ManualClock();
  readonly #numbers: SeededNumbers;
  readonly #values = new Map<string, string>();
  /** Until when an item is locked, or lives if that is shorter. */
  readonly #lockedUntilMs = new Map<string, number>();
  readonly #bytesMax: number;
  #created = 0;
  #deleted = 0;

  constructor(maxMemoryBytes: number, policy: EvictionPolicy, numbers: SeededNumbers) {
    this.#bytesMax = maxMemoryBytes + ORDER_BYTES;
    this.#numbers = numbers;
    this.store = storeOf(maxMemoryBytes, policy, this.#clock, numbers.below(2 ** 32));
  }

  step(): void {
    const { store } = this;
    this.#clock.advance(5);
    const { operation, literal, pageItems } = this.#draw();
    const key = literal.key as string;
    const wasThere = metaOf(store, key) !== undefined;
    const outcome = perform(store, operation, literal, pageItems);
    assert.notEqual(outcome.status, 507);
    if (operation === 'deletePrefix') this.#deleted += Number(outcome.number ?? 0n);
    else if (operation === 'delete' && outcome.status === 200) this.#deleted++;
    else if (operation === 'get') this.#compare(key, outcome);
    else if (operation === 'lock' && outcome.status === 200) this.#noteLock(key);
    else if (outcome.status === 200) this.#noteValue(operation, literal, outcome, wasThere);
    assert.ok(store.stats().memoryBytes <= this.#bytesMax, `${operation} made it ${store.stats().memoryBytes} bytes`);
    this.#expectLockedThere();
  }

  /** Nothing has gone but what was deleted, evicted or over. */
  checkBooks(): void {
    const { items, evictions, expired } = this.store.stats();
    assert.equal(items + evictions + expired + this.#deleted, this.#created);
    this.store.check();
  }

  #draw(): WideStep {
    const step = wideStep(this.#numbers, 45);
    if (step.operation !== 'set' || this.#numbers.below(10) > 0) return step;
    const value = Buffer.alloc(1 + this.#numbers.below(VALUE_BYTES_MAX), 'w');
    return { ...step, literal: { ...step.literal, value } };
  }

  #compare(key: string, { status, value = '' }: Outcome): void {
    if (status === 200) assert.equal(value, this.#values.get(key));
  }

  #noteValue(operation: string, { key = '', value = '' }: RequestLiteral, outcome: Outcome, wasThere: boolean): void {
    const name = key as string;
    const text = Buffer.from(value as Uint8Array).toString('latin1');
    const old = this.#values.get(name) ?? '';
    if (operation === 'set') this.#values.set(name, text);
    else if (operation === 'append') this.#values.set(name, old + text);
    else if (operation === 'prepend') this.#values.set(name, text + old);
    else if (operation === 'increment') this.#values.set(name, String(outcome.number));
    else return;
    if (!wasThere) this.#created++;
  }

  #noteLock(key: string): void {
    const { leftMs, lockMs } = metaOf(this.store, key)!;
    this.#lockedUntilMs.set(key, this.#clock.nowMs() + (leftMs < 0 ? lockMs : Math.min(leftMs, lockMs)));
  }

  #expectLockedThere(): void {
    for (const [key, untilMs] of this.#lockedUntilMs) {
      if (untilMs <= this.#clock.nowMs()) this.#lockedUntilMs.delete(key);
      else assert.ok(metaOf(this.store, key) !== undefined, `${key.slice(0, 10)} was locked, and is gone`);
    }
  }
}

describe.each(['lru', 'lfu'] as const)('%s', (policy) => {
  test.each([MIB, 4 * MIB])(
    'keeps %i bytes, removes nothing but by eviction, and no item that is locked',
    { timeout: TIMEOUT_MS },
    (maxMemoryBytes) => {
      const seed = Math.floor(Math.random() * 2 ** 32);
      const limited = new Limited(maxMemoryBytes, policy, new SeededNumbers(seed));
      for (let at = 0; at < OPERATIONS; at++) {
        try {
          limited.step();
          if (at % OPERATIONS_PER_CHECK === 0) limited.checkBooks();
        } catch (error) {
          throw new Error(`seed ${seed}, step ${at}`, { cause: error });
        }
      }
      limited.checkBooks();
      expect(limited.store.stats().evictions).toBeGreaterThan(0);
    },
  );

  test('a value that can never have room gets 507, and evicts nothing (STATUS-3)', () => {
    const store = storeOf(MIB / 16, policy);
    for (let at = 0; at < 100; at++) perform(store, 'set', { key: `${at}`, value: 'x' });
    perform(store, 'count');
    perform(store, 'set', { key: 'half', value: Buffer.alloc(40_000) });
    const before = { ...store.stats(), meta: metaOf(store, 'half') };
    expect(perform(store, 'set', { key: 'new', value: Buffer.alloc(MIB / 16) }).status).toBe(507);
    expect(perform(store, 'set', { key: 'half', value: Buffer.alloc(MIB / 16) }).status).toBe(507);
    expect(perform(store, 'append', { key: 'half', value: Buffer.alloc(30_000) }).status).toBe(507);
    expect({ ...store.stats(), meta: metaOf(store, 'half') }).toEqual(before);
    store.check();
  });

  test('a value that takes the room of very many items has it after some turns, and evicts no more than it needs', () => {
    const store = storeOf(2 * MIB, policy);
    for (let at = 0; store.stats().evictions === 0; at++) perform(store, 'set', { key: `${at}` });
    const large: RequestLiteral = { key: 'large', value: Buffer.alloc(MIB) };
    let turns = 1;
    for (let before = store.stats().evictions; perform(store, 'set', large).status === 507; turns++) {
      expect(store.isMakingRoom).toBe(true);
      expect(metaOf(store, 'large')).toBeUndefined();
      expect(store.stats().evictions - before).toBe(EVICTIONS_MAX);
      before = store.stats().evictions;
    }
    expect(store.isMakingRoom).toBe(false);
    expect(turns).toBeGreaterThan(5);
    const { memoryBytes } = store.stats();
    expect(memoryBytes).toBeLessThanOrEqual(2 * MIB);
    expect(memoryBytes).toBeGreaterThan(2 * MIB - 500);
    store.check();
  });

  test('what was loaded beyond the limit goes by and by, and locked items stay', () => {
    const store = storeOf(MIB / 4, policy);
    const full = new ArenaStore({ clock: new ManualClock(), valueBytesMax: VALUE_BYTES_MAX, seed: [3, 4] });
    full.logged.sink = store.logged;
    for (let at = 0; at < 20_000; at++) perform(full, 'set', { key: `${at}` });
    for (let at = 0; at < 10; at++) perform(full, 'lock', { key: `${at}` });
    const loadedBytes = store.stats().memoryBytes;
    expect(loadedBytes).toBeGreaterThan(MIB / 2);
    expect(store.sweep(100)).toBe(true);
    expect(store.stats().evictions).toBe(100);
    while (store.sweep(100));
    expect(store.stats().memoryBytes).toBeLessThanOrEqual(MIB / 4);
    for (let at = 0; at < 10; at++) expect(metaOf(store, `${at}`)).toBeDefined();
    store.check();
  });

  test('times and locks of many small items have their place within the limit', () => {
    const store = storeOf(MIB / 4, policy);
    for (let at = 0; at < 10_000; at++) perform(store, 'set', { key: `${at}` });
    perform(store, 'touchPrefix', { ttlMs: 1000 });
    expect(store.stats().memoryBytes).toBeLessThanOrEqual(MIB / 4 + ORDER_BYTES);
    perform(store, 'lockPrefix', { ttlMs: 1000 });
    expect(store.stats().memoryBytes).toBeLessThanOrEqual(MIB / 4 + ORDER_BYTES);
    store.check();
  });
});

describe('none', () => {
  test('every write that needs room gets 507 and changes nothing, and there is room again behind a DELETE', () => {
    const store = storeOf(MIB / 16, 'none');
    let kept = 0;
    while (perform(store, 'set', { key: `${kept}`, value: '1' }).status === 200) kept++;
    const before = store.stats();
    expect(before.memoryBytes).toBeLessThanOrEqual(MIB / 16);
    const full: readonly (readonly [OperationOfStore, RequestLiteral])[] = [
      ['add', { key: 'new' }],
      ['increment', { key: 'new', value: '5' }],
      ['set', { key: '1', value: Buffer.alloc(5000) }],
      ['append', { key: '1', value: Buffer.alloc(5000) }],
      ['prepend', { key: '1', value: Buffer.alloc(5000) }],
      ['touch', { key: '1', ttlMs: 1000 }],
      ['lock', { key: '1' }],
    ];
    for (const [operation, literal] of full) {
      assert.deepEqual(perform(store, operation, literal), { status: 507 }, operation);
    }
    expect(perform(store, 'get', { key: '1' })).toEqual({ status: 200, value: '1' });
    expect(metaOf(store, '1')).toMatchObject({ ttlMs: -1, lockMs: 0, version: 2 });
    expect(store.stats()).toMatchObject({ items: kept, memoryBytes: before.memoryBytes, evictions: 0 });
    perform(store, 'delete', { key: '2' });
    expect(perform(store, 'add', { key: 'n', value: '1' }).status).toBe(200);
    store.check();
  });

  test('where all items are locked, nothing is evicted under the other policies either', () => {
    const store = storeOf(MIB / 16, 'lru');
    for (let at = 0; store.stats().evictions === 0; at++) {
      perform(store, 'set', { key: `${at}` });
      perform(store, 'lock', { key: `${at}` });
      if (perform(store, 'add', { key: 'x', value: Buffer.alloc(100) }).status === 507) break;
      perform(store, 'delete', { key: 'x' });
    }
    expect(store.stats().evictions).toBe(0);
    store.check();
  });
});
