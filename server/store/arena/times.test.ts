/** The timer wheel beside a plain model of it. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { NO_ENTRY, Times } from './times.ts';

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ add: fc.oneof(fc.nat(300), fc.nat(100_000), fc.nat(1e9), fc.maxSafeNat()) }) },
  { weight: 2, arbitrary: fc.record({ change: fc.nat(20), lengthMs: fc.oneof(fc.nat(500), fc.constant(Infinity)) }) },
  { weight: 2, arbitrary: fc.record({ remove: fc.nat(20) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      advanceMs: fc.oneof(fc.nat(20), fc.nat(3000), fc.nat(1e7), fc.nat(1e11)),
      looked: fc.constantFrom(1, 3, Infinity),
    }),
  },
);

test('what has expired is found, all of it and nothing else, in whatever steps time goes on', () => {
  const run = fc.property(fc.array(step, { size: 'large' }), (steps) => {
    const times = new Times();
    let nowMs = 1_700_000_000_000.25;
    const ends = new Map<number, number>();
    const pick = (at: number): number | undefined => [...ends.keys()][at % Math.max(1, ends.size)];
    for (const each of steps) {
      if ('add' in each) {
        const entry = times.add(7, nowMs);
        times.setLife(entry, nowMs, each.add);
        ends.set(entry, nowMs + each.add);
      } else if ('change' in each) {
        const entry = pick(each.change);
        if (entry === undefined) continue;
        times.setLife(entry, nowMs, each.lengthMs);
        ends.set(entry, nowMs + each.lengthMs);
      } else if ('remove' in each) {
        const entry = pick(each.remove);
        if (entry === undefined) continue;
        times.remove(entry);
        ends.delete(entry);
      } else {
        nowMs += each.advanceMs;
        let left = 0;
        while (left === 0) {
          left = times.advance(each.looked, nowMs, (entry) => {
            expect(ends.get(entry)).toBeLessThanOrEqual(nowMs);
            ends.delete(entry);
            times.remove(entry);
          });
        }
        expect([...ends.values()].filter((endMs) => endMs <= nowMs)).toEqual([]);
      }
      times.check();
      expect(times.size).toBe(ends.size);
      expect(times.mortal).toBe([...ends.values()].filter((endMs) => endMs !== Infinity).length);
    }
  });
  fc.assert(run, { numRuns: 30 });
});

test('a hundred years without anything to do are passed in a moment', () => {
  const times = new Times();
  const entry = times.add(1, 0);
  times.setLife(entry, 0, 3_155_760_000_000);
  const expired: number[] = [];
  const expire = (found: number): void => {
    expired.push(found);
    times.remove(found);
  };
  // The wheel's widest lists are some years long: a few steps for each of them.
  expect(times.advance(1000, 3_155_759_999_999, expire)).toBeGreaterThan(0);
  expect(expired).toEqual([]);
  expect(times.advance(1000, 3_155_760_000_000, expire)).toBeGreaterThan(0);
  expect(expired).toEqual([entry]);
});

test('a lock is told as long as it lasts, and goes with its entry', () => {
  const times = new Times();
  const entry = times.add(1, 1000);
  expect(times.token(entry, 1000)).toBe(0);
  times.lock(entry, 9, 1000, 50);
  expect([times.token(entry, 1049), times.lockLeftMs(entry, 1010)]).toEqual([9, 40]);
  expect([times.token(entry, 1050), times.lockLeftMs(entry, 1050)]).toEqual([0, 0]);
  times.lock(entry, 10, 1050, Infinity);
  expect(times.lockLeftMs(entry, 1e15)).toBe(Infinity);
  times.remove(entry);
  const next = times.add(2, 2000);
  expect(next).not.toBe(NO_ENTRY);
  expect(times.token(next, 2000)).toBe(0);
  times.check();
});
