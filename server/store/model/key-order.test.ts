import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SortedKeys, type KeyOrder } from './key-order.ts';
import { ScannedKeys } from './testing/scanned-keys.ts';

/** Few chars, the outermost among them, so that keys often share prefixes. */
const text = (lengthMin: number, lengthMax: number) =>
  fc.string({
    unit: fc.constantFrom('\0', 'a', '\x7f', '\x80', '\xff'),
    minLength: lengthMin,
    maxLength: lengthMax,
  });
const key = text(1, 3);
const prefix = fc.oneof({ weight: 3, arbitrary: text(0, 1) }, text(0, 3));
const after = text(0, 3);

/** What is done to both orders; what comes out has to be the same. */
type Step = (order: KeyOrder) => unknown;

/** A step with a name that tells, in a report of a failure, what it does. */
function step(name: string, run: Step): Step {
  return Object.assign(run, { toString: () => name });
}

const show = JSON.stringify;

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: key.map((key) => step(`add ${show(key)}`, (order) => order.add(key))) },
  { weight: 7, arbitrary: key.map((key) => step(`delete ${show(key)}`, (order) => order.delete(key))) },
  { weight: 3, arbitrary: prefix.map((prefix) => step(`count ${show(prefix)}`, (order) => order.count(prefix))) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(prefix, after)
      .map(([prefix, after]) => step(`from ${show([prefix, after])}`, (order) => [...order.from(prefix, after)])),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(prefix, after, fc.integer({ min: 1, max: 4 }), key)
      .map(([prefix, after, every, added]) =>
        step(`change while walking ${show([prefix, after, every, added])}`, (order) =>
          changeWhileWalking(order, prefix, after, every, added),
        ),
      ),
  },
);

/** Deletes each `every`-th key that it is given, and once adds a key, which may lie before or behind. */
function changeWhileWalking(order: KeyOrder, prefix: string, after: string, every: number, added: string): string[] {
  const given: string[] = [];
  for (const key of order.from(prefix, after)) {
    given.push(key);
    if (given.length === 2) order.add(added);
    if (given.length % every === 0) order.delete(key);
  }
  return given;
}

describe('SortedKeys', () => {
  test('gives what sorting all keys at each step gives, and keeps its structure', () => {
    const run = fc.property(fc.array(steps, { minLength: 50, maxLength: 400, size: 'max' }), (steps) => {
      const sorted = new SortedKeys(8);
      const scanned = new ScannedKeys();
      for (const step of steps) {
        expect(step(sorted)).toEqual(step(scanned));
        sorted.check();
      }
      expect([...sorted.from('')]).toEqual([...scanned.from('')]);
    });
    fc.assert(run, { numRuns: 60 });
  });

  test('keeps its structure with leaves of full size, filled and emptied in any order', () => {
    const keys = fc.uniqueArray(fc.integer({ min: 0, max: 1e9 }), { minLength: 3000, maxLength: 4000, size: 'max' });
    const run = fc.property(keys, (numbers) => {
      const order = new SortedKeys();
      const keys = numbers.map(String);
      const check = (at: number) => at % 16 === 0 && order.check();
      keys.forEach((key, at) => (order.add(key), check(at)));
      expect([...order.from('')]).toEqual([...keys].sort());
      expect(order.count('1')).toBe(keys.filter((key) => key.startsWith('1')).length);
      keys.forEach((key, at) => (order.delete(key), check(at)));
      order.check();
      expect(order.count('')).toBe(0);
    });
    fc.assert(run, { numRuns: 5 });
  });

  test('starts anew after clear', () => {
    const order = new SortedKeys(4);
    for (const key of 'abcdefghij') order.add(key);
    order.clear();
    order.check();
    expect([...order.from('')]).toEqual([]);
    order.add('k');
    expect([...order.from('')]).toEqual(['k']);
  });

  test('a walk over what is cleared goes on with what comes then', () => {
    const order = new SortedKeys();
    for (const key of 'abc') order.add(key);
    const walk = order.from('');
    const other = order.from('');
    expect([walk.next().value, other.next().value]).toEqual(['a', 'a']);
    order.clear();
    expect([...walk]).toEqual([]);
    order.add('b2');
    expect([...other]).toEqual(['b2']);
  });

  test('its walk notices keys that are not in order', () => {
    const order = new SortedKeys();
    let face = 'b';
    order.add('a');
    order.add({ toString: () => face } as unknown as string);
    order.check();
    face = '0';
    expect(() => order.check()).toThrow('stands behind');
  });

  test('compares few keys outside a prefix, however many there are', () => {
    let comparisons = 0;
    /** Stands for a key and counts how often somebody compares it. */
    const counted = (key: string) => ({ toString: () => (comparisons++, key) }) as unknown as string;
    const order = new SortedKeys();
    for (let number = 0; number < 200_000; number++) order.add(counted(`key:${number}`));

    comparisons = 0;
    expect([...order.from('key:12345')].map(String)).toHaveLength(11);
    // Eleven matches, each compared when it is given and made a string here, and the one behind them; the rest is the
    // searches of log2(200 000) comparisons.
    expect(comparisons).toBeLessThan(2 * 11 + 1 + 2 * 20);

    comparisons = 0;
    expect(order.count('key:1')).toBe(111_111);
    expect(comparisons).toBeLessThan(4 * 20);
  });
});
