import { expect, test } from 'vitest';
import { PAGE_BYTES, Slabs } from './slabs.ts';

const MIB = 1024 * 1024;
/** What else may come and go meanwhile. */
const ELSE_BYTES = 4 * MIB;

const arrayBytes = (): number => process.memoryUsage().arrayBuffers;

test('segments that are made ahead are those that are given out', () => {
  const slabs = new Slabs();
  const before = arrayBytes();
  slabs.reserve(101 * MIB);
  const reserved = arrayBytes() - before;
  expect(reserved).toBeGreaterThan(100 * MIB - ELSE_BYTES);
  expect(reserved).toBeLessThan(100 * MIB + ELSE_BYTES);
  const pages = new Set<number>();
  while (pages.size < (99 * MIB) / PAGE_BYTES) pages.add(slabs.takePage());
  expect(arrayBytes() - before).toBeLessThan(100 * MIB + ELSE_BYTES);
  while (pages.size < (140 * MIB) / PAGE_BYTES) pages.add(slabs.takePage());
  expect(arrayBytes() - before).toBeGreaterThan(140 * MIB - ELSE_BYTES);
});

test('more than 1 GiB is not made ahead, whatever a file announces', () => {
  const slabs = new Slabs();
  const before = arrayBytes();
  slabs.reserve(2 ** 50);
  expect(arrayBytes() - before).toBeLessThan(1024 * MIB + ELSE_BYTES);
  slabs.reserve(0);
});
