import fc from 'fast-check';
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
      const added = steps.map(({ waitMs, timeoutMs, removeAfterMs }) => {
        vi.advanceTimersByTime(waitMs);
        const item = new Item();
        const beganMs = performance.now();
        deadlines.add(item, timeoutMs);
        if (removeAfterMs !== undefined) setTimeout(() => Deadlines.remove(item), removeAfterMs);
        return { item, beganMs, timeoutMs, removeAfterMs };
      });
      vi.advanceTimersByTime(200);
      for (const { item, beganMs, timeoutMs, removeAfterMs } of added) {
        if (removeAfterMs !== undefined && removeAfterMs < timeoutMs) {
          expect(item.expiredAtMs).toBeUndefined();
        } else if (removeAfterMs === undefined || removeAfterMs > timeoutMs + 2) {
          // Timers of the runtime are whole milliseconds, and expiry comes one phase behind them.
          expect(item.expiredAtMs! - beganMs).toBeGreaterThanOrEqual(timeoutMs);
          expect(item.expiredAtMs! - beganMs).toBeLessThanOrEqual(timeoutMs + 2);
        }
      }
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
  vi.advanceTimersByTime(101);
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
