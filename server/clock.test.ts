import { expect, test } from 'vitest';
import { BatchClock, systemClock } from './clock.ts';

test('a batch clock stands still from the outer hold to its release, and moves on when it is renewed', () => {
  let nowMs = 1000;
  const clock = new BatchClock({ nowMs: () => nowMs });
  expect(clock.nowMs()).toBe(1000);
  clock.hold();
  nowMs = 2000;
  clock.hold();
  expect(clock.nowMs()).toBe(1000);
  clock.renew();
  nowMs = 3000;
  expect(clock.nowMs()).toBe(2000);
  clock.release();
  expect(clock.nowMs()).toBe(2000);
  clock.release();
  expect(clock.nowMs()).toBe(3000);
  clock.hold();
  expect(clock.nowMs()).toBe(3000);
});

test('the system’s clock gives Unix time in milliseconds and goes on', async () => {
  const beganMs = systemClock.nowMs();
  expect(Math.abs(beganMs - Date.now())).toBeLessThan(1000);
  await new Promise((resolve) => setTimeout(resolve, 1));
  expect(systemClock.nowMs()).toBeGreaterThan(beganMs);
});
