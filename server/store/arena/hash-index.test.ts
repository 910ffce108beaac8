import { describe, expect, test } from 'vitest';
import { ManualClock, perform } from '../testing/requests.ts';
import { ArenaStore } from './arena-store.ts';
import { HashIndex, MOVED_SLOTS_MAX, NO_LOCATION } from './hash-index.ts';
import { makeView } from '../../../protocol/index.ts';
import { hashBytes } from './key-bytes.ts';

/** A permutation of the 32-bit numbers, so that hashes differ and are spread. */
const spread = (number: number): number => Math.imul(number, 0x9e37_79b1) >>> 0;

describe('HashIndex', () => {
  test('no operation moves more slots than the bound, while a table of 200 000 entries grows and shrinks', () => {
    const index = new HashIndex();
    let most = 0;
    let tables = 0;
    const watch = (change: () => void): void => {
      const before = index.unmovedSlots;
      change();
      const moved = before - index.unmovedSlots;
      if (moved < 0) tables++;
      else most = Math.max(most, moved);
    };
    for (let entry = 1; entry <= 200_000; entry++) watch(() => index.add(spread(entry), entry));
    for (let entry = 1; entry <= 200_000; entry += 997) expect(index.first(spread(entry))).toBe(entry);
    for (let entry = 1; entry <= 199_990; entry++) watch(() => index.remove(spread(entry), entry));
    expect(most).toBe(MOVED_SLOTS_MAX);
    expect(tables).toBeGreaterThan(30);
    expect(index.entries).toBe(10);
    expect(index.tableBytes).toBeLessThan(1024);
    expect(index.first(spread(1))).toBe(NO_LOCATION);
    expect(index.first(spread(200_000))).toBe(200_000);
  });

  test('an index that was prepared for so many entries does not grow before there are more', () => {
    const index = new HashIndex();
    index.expect(10_000);
    const { tableBytes } = index;
    for (let entry = 1; entry <= 10_000; entry++) index.add(spread(entry), entry);
    expect(index.tableBytes).toBe(tableBytes);
    for (let entry = 1; entry <= 10_000; entry++) expect(index.first(spread(entry))).toBe(entry);
    for (let entry = 10_001; entry <= 30_000; entry++) index.add(spread(entry), entry);
    expect(index.entries).toBe(30_000);
  });

  test('an index that is to have so many entries grows in few steps, and by four times too much at most', () => {
    for (const [expected, entries] of [
      [100_000, 100_000],
      [100_000, 20_000],
      [1_000_000, 20_000],
      [1000, 20_000],
    ] as const) {
      const index = new HashIndex();
      for (let entry = 1; entry <= 1000; entry++) index.add(spread(entry), entry);
      index.expect(expected);
      let tables = 0;
      for (let entry = 1001, before = index.tableBytes; entry <= entries; entry++, before = index.tableBytes) {
        index.add(spread(entry), entry);
        if (index.tableBytes > before) tables++;
      }
      expect(tables).toBeLessThan(expected > 1000 ? 5 : 20);
      expect(index.tableBytes).toBeLessThan(4 * entries * 16);
      let lost = 0;
      for (let entry = 1; entry <= entries; entry++) if (index.first(spread(entry)) !== entry) lost++;
      expect(lost).toBe(0);
    }
  });

  test('entries with one hash are all found, and each can be taken out', () => {
    const index = new HashIndex();
    for (let location = 1; location <= 100; location++) index.add(7, location);
    for (let location = 1; location <= 100; location += 2) index.remove(7, location);
    const found: number[] = [];
    for (let location = index.first(7); location !== NO_LOCATION; location = index.next()) found.push(location);
    expect(found.toSorted((left, right) => left - right)).toEqual(Array.from({ length: 50 }, (_, at) => 2 * at + 2));
  });
});

/** To craft the keys takes 2^25 hashes. */
const CRAFTING_TIMEOUT_MS = 120_000;

/** Keys whose hashes under seed 0 share their first byte: all of them have their home in one 256th of the table. */
function crafted(count: number): string[] {
  const keys: string[] = [];
  const bytes = new Uint8Array(8);
  const view = makeView(bytes);
  for (let number = 0; keys.length < count; number++) {
    for (let at = 0; at < 8; at++) bytes[at] = 0x61 + ((number >>> (4 * at)) & 15);
    if (hashBytes(view, 0, 8, 0, 0) >>> 24 === 0x42) keys.push(String.fromCharCode(...bytes));
  }
  return keys;
}

function probesEach(keys: readonly string[], seed: readonly [number, number]): number {
  const store = new ArenaStore({ clock: new ManualClock(), valueBytesMax: 64, seed });
  for (const key of keys) perform(store, 'set', { key });
  return store.probes / keys.length;
}

describe('hash flooding', () => {
  test(
    '2^17 keys crafted against one seed take a few probes each under another',
    () => {
      expect(probesEach(crafted(2 ** 17), [0x1234_5678, 0x9abc_def0])).toBeLessThan(8);
    },
    CRAFTING_TIMEOUT_MS,
  );

  test('under the seed that they were crafted against they take thousands: the seed is what helps', () => {
    expect(probesEach(crafted(2 ** 13), [0, 0])).toBeGreaterThan(1000);
  });
});
