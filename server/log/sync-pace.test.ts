/** When a sync is done at once, and when it is handed to another thread. */
import { expect, test } from 'vitest';
import { SyncPace } from './sync-pace.ts';

/** So many syncs of a disk that takes so long; how many of them were done at once. */
function atOnce(pace: SyncPace, syncs: number, elapsedMs: number): number {
  let count = 0;
  for (let sync = 0; sync < syncs; sync++) {
    if (!pace.nextAtOnce()) continue;
    pace.took(elapsedMs);
    count++;
  }
  return count;
}

test('all syncs of a quick disk are done at once, and one that is longer changes nothing', () => {
  const pace = new SyncPace();
  expect(atOnce(pace, 1000, 0.1)).toBe(1000);
  expect(atOnce(pace, 1, 1)).toBe(1);
  expect(atOnce(pace, 1000, 0.1)).toBe(1000);
});

test('a slow disk holds up the loop by one sync at first, and then ever less often', () => {
  const pace = new SyncPace();
  expect(atOnce(pace, 9, 10)).toBe(1);
  expect(atOnce(pace, 17, 10)).toBe(1);
  expect(atOnce(pace, 100_000, 10)).toBeLessThan(35);
});

test('a disk of a millisecond is tried with a few syncs, as one is no mean', () => {
  const pace = new SyncPace();
  expect(atOnce(pace, 8, 1)).toBeGreaterThan(1);
  expect(atOnce(pace, 100_000, 1)).toBeLessThan(100);
});

test('a stall hands the next few syncs over; those of a disk that is quick again are done at once', () => {
  const pace = new SyncPace();
  expect(atOnce(pace, 100, 0.1)).toBe(100);
  expect(atOnce(pace, 1, 2000)).toBe(1);
  expect(atOnce(pace, 8, 0.1)).toBe(0);
  expect(atOnce(pace, 10_000, 0.1)).toBe(10_000);
  // That it has been quick for long is not forgotten: the next stall is the first one again.
  expect(atOnce(pace, 1, 2000)).toBe(1);
  expect(atOnce(pace, 9, 0.1)).toBe(1);
});
