import { describe, expect, test } from 'vitest';
import { createMapStore } from '../../server/store/model/map-store.ts';
import { play } from './play.ts';
import { StoreCache } from './store-cache.ts';
import { shiftingLoop, TRACES, zipf, zipfWithScans } from './traces.ts';

const OPTIONS = { keys: 1000, accesses: 100_000, seed: 7 };
/** Short enough to be compared number by number. */
const SHORT = { ...OPTIONS, accesses: 5000 };

/** How often each key occurs, most frequent first. */
function frequencies(trace: Uint32Array): number[] {
  const counts = new Map<number, number>();
  for (const key of trace) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts.values()].toSorted((a, b) => b - a);
}

describe('traces', () => {
  test.each(Object.keys(TRACES))('%s: the same seed gives the same, with keys in range', (name) => {
    const trace = TRACES[name]!(SHORT);
    expect(trace).toEqual(TRACES[name]!(SHORT));
    expect(trace).toHaveLength(SHORT.accesses);
    expect(Math.max(...trace)).toBeLessThan(SHORT.keys);
  });

  test('another seed gives another trace', () => {
    expect(zipf(SHORT, 1.1)).not.toEqual(zipf({ ...SHORT, seed: 8 }, 1.1));
  });

  test.each([0.8, 1.1])('frequencies follow Zipf with exponent %f', (exponent) => {
    const [first = 0, , , fourth = 0] = frequencies(zipf(OPTIONS, exponent));
    const sum = Array.from({ length: OPTIONS.keys }, (_, rank) => (rank + 1) ** -exponent).reduce((a, b) => a + b);
    expect(first / OPTIONS.accesses).toBeCloseTo(1 / sum, 2);
    expect(first / fourth / 4 ** exponent).toBeCloseTo(1, 0);
  });

  test('three accesses of ten are part of a scan', () => {
    const trace = zipfWithScans(OPTIONS);
    const inOrder = trace.filter((key, at) => at > 0 && key === (trace[at - 1]! + 1) % OPTIONS.keys).length;
    expect(inOrder / OPTIONS.accesses).toBeCloseTo(0.3, 1);
  });

  test('the loop goes through its keys in order, and then moves on', () => {
    const trace = shiftingLoop(OPTIONS);
    expect([...trace.subarray(0, 61)]).toEqual([...Array.from({ length: 60 }).keys(), 0]);
    expect(trace[6 * 60]).toBe(30);
  });
});

describe('a store as a cache', () => {
  test('has a key from its first access on, and is asked how many it holds', () => {
    const store = createMapStore({ clock: { nowMs: () => 0 }, valueBytesMax: 1000 });
    const cache = new StoreCache(store);
    expect([cache.access(1), cache.access(2), cache.access(1)]).toEqual([false, false, true]);
    const trace = Uint32Array.of(5, 6, 5, 7);
    expect(play(trace, cache, () => store.stats().items)).toEqual({ hitRatio: 0.5, items: 4.5 });
  });
});
