import assert from 'node:assert/strict';
import { describe, expect, test, vi } from 'vitest';
import { SeededNumbers } from '../testing/wide-operations.ts';
import { NO_ENTRY, Times } from './times.ts';

/** How many steps in all; the soak test asks for more. */
const OPERATIONS = Number(process.env['SPEICHER_TEST_OPERATIONS'] ?? 20_000);
const STEPS_PER_RUN = 1500;
const TIMEOUT_MS = Math.max(60_000, OPERATIONS);
const BEGIN_MS = 1_700_000_000_000;

/** An entry as a plain list has it. */
interface PlainEntry {
  location: number;
  startMs: number;
  lengthMs: number;
  token: number;
  lockStartMs: number;
  lockMs: number;
}

const isOver = ({ startMs, lengthMs }: PlainEntry, nowMs: number): boolean => lengthMs - (nowMs - startMs) <= 0;

/** Times beside a plain list of the same entries, which is searched from front to back. */
class TimesAndPlain {
  readonly times = new Times();
  readonly plain = new Map<number, PlainEntry>();
  readonly #numbers: SeededNumbers;
  /** Times are multiples of it, so that no sum of the test's own is rounded. */
  readonly #unitMs: number;
  nowMs = BEGIN_MS;

  constructor(numbers: SeededNumbers, unitMs: number) {
    this.#numbers = numbers;
    this.#unitMs = unitMs;
  }

  /** A number of a random order of magnitude, below 2^`bits` units. */
  #span(bits: number): number {
    return Math.floor((this.#numbers.below(2 ** 31) / 2 ** 31) * 2 ** this.#numbers.below(bits + 1)) * this.#unitMs;
  }

  #any(): number {
    const entries = [...this.plain.keys()];
    return entries[this.#numbers.below(entries.length)] ?? NO_ENTRY;
  }

  step(): void {
    const numbers = this.#numbers;
    const kind = numbers.below(10);
    const entry = this.#any();
    if (kind < 3 || entry === NO_ENTRY) this.#add();
    else if (kind < 5) this.#setLife(entry, this.nowMs - (numbers.below(3) === 0 ? this.#span(20) : 0));
    else if (kind === 5) this.#remove(entry);
    else if (kind === 6) this.#lock(entry);
    else if (kind === 7) this.#relocate(entry);
    else this.#advance();
  }

  #add(): void {
    const location = 1 + this.#numbers.below(2 ** 31);
    const entry = this.times.add(location, this.nowMs);
    assert.equal(this.plain.has(entry), false);
    this.plain.set(entry, {
      location,
      startMs: this.nowMs,
      lengthMs: Infinity,
      token: 0,
      lockStartMs: 0,
      lockMs: 0,
    });
    if (this.#numbers.below(4) > 0) this.#setLife(entry, this.nowMs);
  }

  #setLife(entry: number, startMs: number): void {
    const lengthMs = this.#numbers.below(10) === 0 ? Infinity : this.#span(53);
    Object.assign(this.plain.get(entry)!, { startMs, lengthMs });
    this.times.setLife(entry, startMs, lengthMs);
  }

  #remove(entry: number): void {
    this.plain.delete(entry);
    this.times.remove(entry);
  }

  #lock(entry: number): void {
    const lockMs = this.#numbers.below(4) === 0 ? Infinity : this.#span(20);
    const token = this.#numbers.below(3) === 0 ? 0 : 1 + this.#numbers.below(2 ** 31);
    Object.assign(this.plain.get(entry)!, { token, lockStartMs: this.nowMs, lockMs });
    if (token === 0) this.times.unlock(entry);
    else this.times.lock(entry, token, this.nowMs, lockMs);
  }

  #relocate(entry: number): void {
    const location = 1 + this.#numbers.below(2 ** 31);
    this.plain.get(entry)!.location = location;
    this.times.relocate(entry, location);
  }

  #advance(): void {
    const numbers = this.#numbers;
    this.nowMs = Math.min(this.nowMs + this.#span(numbers.below(20) === 0 ? 52 : 16), 2 ** 53 * this.#unitMs);
    const entriesMax = [1, 3, 50, Infinity][numbers.below(4)]!;
    // Each call that does not come to an end hands an entry down by a level at least, or removes one; the last list is
    // a year long, and what ends behind all lists comes round again and again.
    for (let calls = 2000 * (this.plain.size + 1); ; calls--) {
      assert.ok(calls > 0);
      let expired = 0;
      const left = this.times.advance(entriesMax, this.nowMs, (entry) => {
        expired++;
        assert.equal(isOver(this.plain.get(entry)!, this.nowMs), true);
        this.#remove(entry);
      });
      assert.ok(expired <= entriesMax);
      if (left > 0) break;
    }
    assert.deepEqual(
      [...this.plain.values()].filter((entry) => isOver(entry, this.nowMs)),
      [],
    );
  }

  check(): void {
    const { times, plain, nowMs } = this;
    times.check();
    assert.equal(times.size, plain.size);
    assert.equal(times.mortal, [...plain.values()].filter(({ lengthMs }) => lengthMs !== Infinity).length);
    const entry = this.#any();
    if (entry === NO_ENTRY) return;
    const { location, startMs, lengthMs, token, lockStartMs, lockMs } = plain.get(entry)!;
    const lockLeftMs = token === 0 ? 0 : Math.max(0, lockMs - (nowMs - lockStartMs));
    assert.equal(times.locationOf(entry), location);
    assert.deepEqual([times.startMs(entry), times.lengthMs(entry)], [startMs, lengthMs]);
    assert.equal(times.leftMs(entry, nowMs), Math.ceil(Math.max(0, lengthMs - (nowMs - startMs))));
    assert.equal(times.lockLeftMs(entry, nowMs), Math.ceil(lockLeftMs));
    assert.equal(times.token(entry, nowMs), lockLeftMs > 0 ? token : 0);
  }
}

/** Entries with these lengths, whose lives begin now. */
function timesOf(lengthsMs: readonly number[], nowMs = BEGIN_MS): Times {
  const times = new Times();
  for (const [at, lengthMs] of lengthsMs.entries()) times.setLife(times.add(at + 1, nowMs), nowMs, lengthMs);
  return times;
}

/** The locations of what expires at a moment, in one call; each is removed. */
function expiredAt(times: Times, nowMs: number, entriesMax = Infinity): number[] {
  const locations: number[] = [];
  times.advance(entriesMax, nowMs, (entry) => {
    locations.push(times.locationOf(entry));
    times.remove(entry);
  });
  return locations;
}

describe('Times', () => {
  test('does what a plain list does, with lengths up to 2^53 and steps of all sizes', { timeout: TIMEOUT_MS }, () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const numbers = new SeededNumbers(seed);
    for (let run = 0; run * STEPS_PER_RUN < OPERATIONS; run++) {
      const both = new TimesAndPlain(numbers, run % 2 === 0 ? 1 : 0.25);
      for (let step = 0; step < STEPS_PER_RUN; step++) {
        try {
          both.step();
          both.check();
        } catch (error) {
          throw new Error(`seed ${seed}, run ${run}, step ${step}`, { cause: error });
        }
      }
    }
  });

  test('an entry expires in its millisecond and not before, however far it is away', () => {
    for (const lengthMs of [1, 7, 8, 9, 2047, 2048, 2049, 2 ** 31, 2 ** 43 + 1, 2 ** 52 + 3, 2 ** 53 - 2]) {
      const times = timesOf([lengthMs], 5);
      expect(expiredAt(times, 4 + lengthMs), `${lengthMs} ms`).toEqual([]);
      expect(expiredAt(times, 5 + lengthMs), `${lengthMs} ms`).toEqual([1]);
      times.check();
    }
  });

  test('what ends behind 2^53 is not found before it ends, though the sum of its times cannot be exact', () => {
    for (let more = 0; more < 16; more++) {
      const beginMs = 2 ** 40 + more + 0.5;
      const times = timesOf([2 ** 53 - 1], beginMs);
      const entry = 1;
      for (let nowMs = 2 ** 53 + 2 ** 40 - 32; times.size > 0; nowMs += 2) {
        const isDue = times.isExpired(entry, nowMs);
        expect(expiredAt(times, nowMs)).toEqual(isDue ? [1] : []);
      }
    }
  });

  test('a thousand years without an entry that is due are passed over', () => {
    const yearMs = 365 * 24 * 3600 * 1000;
    const times = timesOf([2000 * yearMs, 1000 * yearMs]);
    expect(expiredAt(times, BEGIN_MS + 1000 * yearMs)).toEqual([2]);
    expect(expiredAt(times, BEGIN_MS + 2000 * yearMs)).toEqual([1]);
  });

  test('time counts from the present, not from when the first entry ends', () => {
    // Were it otherwise, all that ends before a first entry with a long life would hang in one list.
    const times = timesOf([1e12, ...Array.from({ length: 1000 }, (_, at) => 60_000 + at * 10)]);
    const looks = vi.spyOn(times, 'isExpired');
    for (let nowMs = BEGIN_MS; nowMs < BEGIN_MS + 1000; nowMs += 100) expect(expiredAt(times, nowMs)).toEqual([]);
    expect(looks).toHaveBeenCalledTimes(0);
  });

  test('of a thousand entries that end together a call takes no more than it may, in their millisecond too', () => {
    for (const lateMs of [0, 100]) {
      const times = timesOf(Array.from({ length: 1000 }, () => 3000));
      const calls: number[] = [];
      while (times.size > 0) calls.push(expiredAt(times, BEGIN_MS + 3000 + lateMs, 300).length);
      expect(Math.max(...calls)).toBeLessThanOrEqual(300);
    }
  });

  test('after clear it is empty, and goes on', () => {
    const times = timesOf([10, 5000, 1e9]);
    expect(expiredAt(times, BEGIN_MS + 100)).toEqual([1]);
    times.clear();
    times.check();
    expect([times.size, times.mortal, times.memoryBytes]).toEqual([0, 0, 0]);
    times.setLife(times.add(7, BEGIN_MS + 200), BEGIN_MS + 200, 50);
    expect(expiredAt(times, BEGIN_MS + 249)).toEqual([]);
    expect(expiredAt(times, BEGIN_MS + 250)).toEqual([7]);
  });
});
