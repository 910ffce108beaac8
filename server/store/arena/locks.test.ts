import assert from 'node:assert/strict';
import { expect, test } from 'vitest';
import { SeededNumbers } from '../testing/wide-operations.ts';
import { Locks, NO_LOCK } from './locks.ts';

const STEPS = 50_000;

test('Locks keeps what a Map keeps, and gives numbers that are free', () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const numbers = new SeededNumbers(seed);
  const locks = new Locks();
  const plain = new Map<number, readonly [token: number, startMs: number, lengthMs: number]>();
  let mostAtOnce = 0;
  for (let step = 0; step < STEPS; step++) {
    const given = [...plain.keys()];
    const lock = given[numbers.below(given.length)];
    if (lock === undefined || (given.length < 50 && numbers.below(2) === 0)) {
      const added = locks.add();
      assert.ok(added !== NO_LOCK && !plain.has(added), `seed ${seed}, ${step}: ${added}`);
      const state = [1 + numbers.below(2 ** 31), numbers.below(1000), 1 + numbers.below(1000)] as const;
      locks.set(added, ...state);
      plain.set(added, state);
    } else if (numbers.below(3) > 0) {
      const [token, startMs, lengthMs] = plain.get(lock)!;
      const nowMs = numbers.below(2500);
      const kept = [locks.token(lock), locks.startMs(lock), locks.lengthMs(lock), locks.leftMs(lock, nowMs)];
      assert.deepEqual(
        kept,
        [token, startMs, lengthMs, Math.max(0, lengthMs - nowMs + startMs)],
        `seed ${seed}, ${step}`,
      );
    } else {
      locks.remove(lock);
      plain.delete(lock);
    }
    mostAtOnce = Math.max(mostAtOnce, plain.size);
    locks.check();
    expect(locks.memoryBytes).toBe(plain.size * 24);
  }
  expect(Math.max(...plain.keys()), 'numbers are used again').toBeLessThanOrEqual(mostAtOnce);
});

test('a lock without end is never over, and after clear there is none', () => {
  const locks = new Locks();
  // More than a chunk of them.
  for (let lock = 1; lock <= 5000; lock++) {
    expect(locks.add()).toBe(lock);
    locks.set(lock, lock, 0, Infinity);
  }
  expect(locks.token(5000)).toBe(5000);
  expect(locks.leftMs(4097, 2 ** 53)).toBe(Infinity);
  locks.clear();
  locks.check();
  expect(locks.memoryBytes).toBe(0);
  expect(locks.add()).toBe(1);
});
