import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeView } from '../../../protocol/index.ts';
import { compare, hashBytes, isSame } from './key-bytes.ts';
import { sizeClass, Slabs, RECORD_BYTES_MAX } from './slabs.ts';

const MASK = 0xffff_ffffn;
const rotated = (word: bigint, bits: bigint): bigint => ((word << bits) | (word >> (32n - bits))) & MASK;

/** HalfSipHash-1-3 as its paper has it, in numbers that cannot overflow. */
function plainHash(bytes: Uint8Array, seedLow: number, seedHigh: number): number {
  const k0 = BigInt(seedLow >>> 0);
  const k1 = BigInt(seedHigh >>> 0);
  let [v0, v1, v2, v3] = [k0, k1, k0 ^ 0x6c796765n, k1 ^ 0x74656462n];
  const round = (): void => {
    v0 = (v0 + v1) & MASK;
    v1 = rotated(v1, 5n) ^ v0;
    v0 = rotated(v0, 16n);
    v2 = (v2 + v3) & MASK;
    v3 = rotated(v3, 8n) ^ v2;
    v0 = (v0 + v3) & MASK;
    v3 = rotated(v3, 7n) ^ v0;
    v2 = (v2 + v1) & MASK;
    v1 = rotated(v1, 13n) ^ v2;
    v2 = rotated(v2, 16n);
  };
  const padded = Buffer.alloc(Math.floor(bytes.length / 4) * 4 + 4);
  padded.set(bytes);
  padded[padded.length - 1] = bytes.length & 0xff;
  for (let at = 0; at < padded.length; at += 4) {
    const word = BigInt(padded.readUInt32LE(at));
    v3 ^= word;
    round();
    v0 ^= word;
  }
  v2 ^= 0xffn;
  round();
  round();
  round();
  return Number(v1 ^ v3);
}

const anyBytes = fc.uint8Array({ maxLength: 300 });
/** Few different bytes, so that keys share beginnings and differ in how many 00 they end with. */
const aliked = fc.array(fc.constantFrom(0, 1, 255), { minLength: 1, maxLength: 12 }).map((all) => Uint8Array.from(all));

describe('key bytes', () => {
  test('the hash is HalfSipHash-1-3', () => {
    const run = fc.property(anyBytes, fc.nat(3), fc.integer(), fc.integer(), (bytes, before, low, high) => {
      const shifted = Buffer.concat([Buffer.alloc(before, 7), bytes, Buffer.alloc(2, 9)]);
      expect(hashBytes(makeView(shifted), before, before + bytes.length, low, high)).toBe(plainHash(bytes, low, high));
    });
    fc.assert(run, { numRuns: 2000 });
  });

  test('keys are compared as Buffer.compare does', () => {
    const run = fc.property(aliked, aliked, (left, right) => {
      const [leftView, rightView] = [makeView(left), makeView(right)];
      const order = compare(leftView, 0, left.length, rightView, 0, right.length);
      expect(Math.sign(order)).toBe(Buffer.compare(left, right));
      const isEqual = left.length === right.length && isSame(leftView, 0, rightView, 0, left.length);
      expect(isEqual).toBe(Buffer.compare(left, right) === 0);
    });
    fc.assert(run, { numRuns: 2000 });
  });
});

test('a slot is never too short, and no more than 8 bytes or an eighth too long', () => {
  const slabs = new Slabs();
  for (let recordBytes = 20; recordBytes <= RECORD_BYTES_MAX; recordBytes++) {
    const location = slabs.take(sizeClass(recordBytes));
    expect(slabs.usedBytes).toBeGreaterThanOrEqual(recordBytes);
    expect(slabs.usedBytes).toBeLessThan(recordBytes + Math.max(8, recordBytes / 8));
    slabs.giveBack(sizeClass(recordBytes), location);
  }
});
