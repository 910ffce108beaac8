import { expect, onTestFinished, test } from 'vitest';
import { PAGE_BYTES, Slabs } from './slabs.ts';

const MIB = 1024 * 1024;

/** Notes how many bytes each ArrayBuffer is made with, until the test has ended. */
function watchBuffers(): number[] {
  const { ArrayBuffer: Real } = globalThis;
  const sizes: number[] = [];
  class Watched extends Real {
    constructor(sizeBytes: number) {
      super(sizeBytes);
      sizes.push(sizeBytes);
    }
  }
  globalThis.ArrayBuffer = Watched as typeof Real;
  onTestFinished(() => {
    globalThis.ArrayBuffer = Real;
  });
  return sizes;
}

function takeUpTo(slabs: Slabs, bytes: number): void {
  while (slabs.pageBytes < bytes) slabs.takePage();
  // The first page is never given out.
  expect(slabs.bytes.length).toBe(Math.ceil((bytes + PAGE_BYTES) / (4 * MIB)));
}

test('segments that are made ahead are those that are given out, and then others are made', () => {
  const sizes = watchBuffers();
  const slabs = new Slabs();
  slabs.reserve(101 * MIB);
  expect(sizes.splice(0)).toEqual(Array.from({ length: 25 }, () => 4 * MIB));
  takeUpTo(slabs, 99 * MIB);
  expect(sizes).toEqual([]);
  takeUpTo(slabs, 103 * MIB);
  expect(sizes).toEqual([4 * MIB]);
});

test('what was made ahead is let go when nothing more is expected', () => {
  const sizes = watchBuffers();
  const slabs = new Slabs();
  slabs.reserve(8 * MIB);
  slabs.reserve(0);
  expect(sizes.splice(0)).toHaveLength(2);
  takeUpTo(slabs, 1 * MIB);
  expect(sizes).toHaveLength(1);
});

test('more than 1 GiB is not made ahead, whatever a file announces', () => {
  const sizes = watchBuffers();
  new Slabs().reserve(2 ** 50);
  expect(sizes).toHaveLength(256);
});
