import assert from 'node:assert/strict';
import { expect, test } from 'vitest';
import { SortedKeys } from '../model/key-order.ts';
import { MapStore } from '../model/map-store.ts';
import { ManualClock, perform } from '../testing/requests.ts';
import { SeededNumbers, wideStep, wideValue } from '../testing/wide-operations.ts';
import { ArenaStore } from './arena-store.ts';

const VALUE_BYTES_MAX = 64 * 1024;

/** How many operations in all; the soak test asks for more. */
const OPERATIONS = Number(process.env['SPEICHER_TEST_OPERATIONS'] ?? 25_000);
const OPERATIONS_PER_CHECK = 1000;
const TIMEOUT_MS = Math.max(120_000, OPERATIONS);

/** The store grows for so many operations, and then shrinks for as many. */
const OPERATIONS_PER_TIDE = 10_000;

/** Waste may be a quarter of what is taken. */
const TAKEN_PER_USED_MAX = 1 / 0.75;

test(
  'ArenaStore agrees with MapStore on many keys and values of all sizes, as it grows and shrinks',
  { timeout: TIMEOUT_MS },
  () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const numbers = new SeededNumbers(seed);
    const clock = new ManualClock();
    const store = new ArenaStore({ clock, valueBytesMax: VALUE_BYTES_MAX, seed: [seed, 1], leafKeysMax: 16 });
    const model = new MapStore({ clock, valueBytesMax: VALUE_BYTES_MAX }, new SortedKeys());
    for (let at = 0; at < OPERATIONS; at++) {
      const { operation, literal, pageItems } = wideStep(
        numbers,
        at % (2 * OPERATIONS_PER_TIDE) < OPERATIONS_PER_TIDE ? 70 : 10,
      );
      const outcome = perform(store, operation, literal, pageItems);
      const expected = perform(model, operation, literal, pageItems);
      // Compared field by field, and `expect` is not asked: for every step it would take most of the time.
      if (!isSameOutcome(outcome, expected)) {
        assert.deepEqual(toDiffer(outcome), toDiffer(expected), `seed ${seed}, ${at}: ${operation}`);
        assert.fail(`seed ${seed}, ${at}: ${operation} tells another value or other entries`);
      }
      if (at % 10 === 0) clock.advance(1);
      if (at % 100 === 0) store.sweep(10);
      if (at % OPERATIONS_PER_CHECK === 0) store.check();
    }
    store.sweep(Infinity);
    model.sweep(Infinity);
    store.check();
    expect(store.stats().items).toBe(model.stats().items);
    perform(store, 'deletePrefix');
    perform(store, 'unlockPrefix');
    perform(store, 'deletePrefix');
    expect(store.stats().items).toBe(0);
    store.check();
    expect(store.takenBytes).toBeLessThan(500_000);
  },
);

/** What a failure shows of an outcome, whose value may be long. */
function toDiffer({ status, version, number, value = '' }: ReturnType<typeof perform>): object {
  return { status, version, number, valueBytes: value.length };
}

function isSameOutcome(left: ReturnType<typeof perform>, right: ReturnType<typeof perform>): boolean {
  return (
    left.status === right.status &&
    left.value === right.value &&
    left.number === right.number &&
    left.version === right.version &&
    left.tag === right.tag &&
    left.ttlMs === right.ttlMs &&
    left.token === right.token &&
    String(left.entries) === String(right.entries)
  );
}

test(
  'of the memory that is taken no more than a quarter is wasted, whatever the sizes of values were before',
  { timeout: TIMEOUT_MS },
  () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const numbers = new SeededNumbers(seed);
    const store = new ArenaStore({ clock: new ManualClock(), valueBytesMax: VALUE_BYTES_MAX, seed: [seed, 2] });
    const usedBytes = new Map<string, number>();
    const headBytes = 20;
    const phase = (operations: number, valueOf: () => Uint8Array): void => {
      for (let at = 0; at < operations; at++) {
        const key = `key:${numbers.below(8000)}`;
        const value = valueOf();
        perform(store, 'set', { key, value });
        usedBytes.set(key, key.length + value.length + headBytes);
        const gone = `key:${numbers.below(8000)}`;
        if (numbers.below(3) === 0 && perform(store, 'delete', { key: gone }).status === 200) usedBytes.delete(gone);
      }
      const used = [...usedBytes.values()].reduce((sum, bytes) => sum + bytes, 0);
      expect(store.takenBytes / used, `seed ${seed}`).toBeLessThan(TAKEN_PER_USED_MAX);
    };
    phase(60_000, () => wideValue(numbers));
    phase(40_000, () => Buffer.alloc(3000 + numbers.below(4000)));
    phase(40_000, () => Buffer.alloc(8000 + numbers.below(300)));
  },
);
