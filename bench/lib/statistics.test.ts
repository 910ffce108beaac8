import { describe, expect, test } from 'vitest';
import { loadArguments } from './load.ts';
import { median, ratios, summary } from './statistics.ts';

describe('statistics', () => {
  test('the median does not depend on order, and is the mean of the middle two', () => {
    expect(median([10, 9, 100])).toBe(10);
    expect(median([4, 100, 2, 1])).toBe(3);
  });

  test('no values have no median', () => {
    expect(() => median([])).toThrow(RangeError);
    expect(() => summary([])).toThrow(RangeError);
  });

  test('a summary has the least and the greatest', () => {
    expect(summary([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
  });

  test('ratios are those of each round, not of the medians', () => {
    expect(ratios([1, 20, 3], [2, 20, 1])).toEqual({ median: 1, min: 0.5, max: 3 });
    expect(() => ratios([1], [1, 2])).toThrow(RangeError);
  });
});

describe('the load generator', () => {
  test('is given options by their names, and switches only if they are on', () => {
    const all = loadArguments({ valueBytes: 5, getShare: 0.5, ping: true });
    expect(all.join(' ')).toBe('--value-bytes 5 --get-share 0.5 --ping');
    expect(loadArguments({ ping: false })).toEqual([]);
  });
});
