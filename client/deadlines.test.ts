import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Deadlines, type Expiring } from './deadlines.ts';

class Item implements Expiring {
  expiresAtMs = 0;
  deadlineList: Expiring['deadlineList'];
  earlier: Expiring | undefined;
  later: Expiring | undefined;
  expiredAtMs: number | undefined;
  expire(): void {
    if (this.expiredAtMs !== undefined) throw new Error('expired twice');
    this.expiredAtMs = performance.now();
  }
}

interface Added {
  readonly item: Item;
  readonly beganMs: number;
  readonly timeoutMs: number;
  readonly removeAfterMs: number | undefined;
}

/** Timers of the runtime are whole milliseconds, and expiry comes one phase behind them. */
const LATE_MS_MAX = 2;

function isRight({ item, beganMs, timeoutMs, removeAfterMs = Infinity }: Added): boolean {
  const delayMs = item.expiredAtMs === undefined ? Infinity : item.expiredAtMs - beganMs;
  if (removeAfterMs < timeoutMs) return delayMs === Infinity;
  const isInTime = delayMs >= timeoutMs && delayMs <= timeoutMs + LATE_MS_MAX;
  return isInTime || (removeAfterMs <= timeoutMs + LATE_MS_MAX && delayMs === Infinity);
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

test('each item expires at its time and no earlier, unless it is removed', () => {
  const step = fc.record({
    waitMs: fc.nat(30),
    timeoutMs: fc.constantFrom(1, 10, 25),
    removeAfterMs: fc.option(fc.nat(40), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const deadlines = new Deadlines();
      const added = steps.map<Added>(({ waitMs, timeoutMs, removeAfterMs }) => {
        vi.advanceTimersByTime(waitMs);
        const item = new Item();
        const beganMs = performance.now();
        deadlines.add(item, timeoutMs);
        if (removeAfterMs !== undefined) setTimeout(() => Deadlines.remove(item), removeAfterMs);
        return { item, beganMs, timeoutMs, removeAfterMs };
      });
      vi.advanceTimersByTime(200);
      expect(added.filter((one) => !isRight(one))).toEqual([]);
      expect(vi.getTimerCount()).toBe(0);
    }),
  );
});

test('thousands of items with one time limit take one timer', () => {
  const deadlines = new Deadlines();
  const items = Array.from({ length: 5000 }, () => new Item());
  for (const item of items) deadlines.add(item, 100);
  expect(vi.getTimerCount()).toBe(1);
  for (const item of items) Deadlines.remove(item);
  vi.advanceTimersByTime(110);
  expect(vi.getTimerCount()).toBe(0);
});

test('clear: nothing expires any more', () => {
  const deadlines = new Deadlines();
  const item = new Item();
  deadlines.add(item, 10);
  deadlines.clear();
  vi.advanceTimersByTime(50);
  expect(item.expiredAtMs).toBeUndefined();
  expect(vi.getTimerCount()).toBe(0);
});
