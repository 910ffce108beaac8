import assert from 'node:assert/strict';
import { describe, expect, test } from 'vitest';
import { FLAG, ReplyFrame } from '../../../protocol/index.ts';
import { Progress } from '../progress.ts';
import { ManualClock, makeRequest, perform, type OperationOfStore, type RequestLiteral } from '../testing/requests.ts';
import { SeededNumbers, wideStep } from '../testing/wide-operations.ts';
import { ArenaStore } from './arena-store.ts';

const VALUE_BYTES_MAX = 64 * 1024;
const RUNS = Number(process.env['SPEICHER_TEST_OPERATIONS'] ?? 60_000) / 1000;
const TIMEOUT_MS = Math.max(60_000, RUNS * 1000);
/** Keys that other requests leave alone while a sliced one is under way. */
const STEADY = 200;

type SlicedName = Exclude<Extract<OperationOfStore, `${string}Prefix` | 'count'>, never>;

function storeOf(clock = new ManualClock(), seed = 1): ArenaStore {
  return new ArenaStore({ clock, valueBytesMax: VALUE_BYTES_MAX, seed: [seed, 5], leafKeysMax: 16 });
}

/** A prefix request that is carried out slice by slice. */
class Sliced {
  readonly reply = new ReplyFrame();
  readonly #store: ArenaStore;
  readonly #name: SlicedName;
  readonly #request;
  readonly #progress: Progress;
  slices = 0;

  constructor(store: ArenaStore, name: SlicedName, literal: RequestLiteral, sliceItems = 1) {
    this.#store = store;
    this.#name = name;
    this.#request = makeRequest(literal);
    this.#progress = new Progress(sliceItems);
  }

  /** Does a slice; returns whether there are more. */
  next(): boolean {
    this.reply.clear();
    this.#store[this.#name](this.#request, this.reply, this.#progress);
    this.slices++;
    return this.#progress.isUnfinished;
  }
}

/** Keeps the order from being there already. */
function withSteadyItems(seed: number): ArenaStore {
  const store = storeOf(new ManualClock(), seed);
  const numbers = new SeededNumbers(seed);
  for (let at = 0; at < STEADY; at++) {
    perform(store, 'set', { key: `s:${at}`, value: Buffer.alloc(numbers.below(300), '1') });
    perform(store, 'set', { key: `${at % 13}:${at}`, value: 'x'.repeat(numbers.below(300)) });
  }
  for (let at = 0; at < STEADY; at++) perform(store, 'set', { key: `s:${at}`, value: '0' });
  return store;
}

/** Changes items that the sliced request matches too, but not the steady ones. */
function disturb(store: ArenaStore, numbers: SeededNumbers): void {
  const { operation, literal } = wideStep(numbers, 45);
  if (operation === 'deletePrefix' || operation === 'list' || operation === 'count') return;
  const key = typeof literal.key === 'string' && numbers.below(2) === 0 ? `s:z${literal.key}` : literal.key;
  perform(store, operation, { ...literal, ...(key !== undefined && { key }) });
}

describe('a prefix request in slices', () => {
  test('leaves others their turn after 250 items, if nothing else is asked for', () => {
    const store = storeOf();
    for (let at = 0; at < 600; at++) perform(store, 'set', { key: `k:${at}` });
    const progress = new Progress();
    const left: number[] = [];
    do {
      store.deletePrefix(makeRequest({ key: 'k:' }), new ReplyFrame(), progress);
      left.push(store.stats().items);
    } while (progress.isUnfinished);
    // The order of keys is made first, in slices too.
    expect(left).toEqual([600, 600, 350, 100, 0]);
  });

  test('visits each item that is there throughout just once', { timeout: TIMEOUT_MS }, () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const numbers = new SeededNumbers(seed);
    for (let run = 0; run < RUNS; run++) {
      const store = withSteadyItems(seed + run);
      const sliced = new Sliced(store, 'incrementPrefix', { key: 's:', number: 1 }, 1 + numbers.below(3));
      while (sliced.next()) {
        for (let more = numbers.below(4); more > 0; more--) disturb(store, numbers);
        // Items in front of the steady ones come and go too, so that all records move.
        if (numbers.below(8) === 0) perform(store, 'delete', { key: `${numbers.below(13)}:${numbers.below(STEADY)}` });
      }
      assert.ok(sliced.reply.number >= STEADY, `seed ${seed}, run ${run}`);
      for (let at = 0; at < STEADY; at++) {
        assert.equal(perform(store, 'get', { key: `s:${at}` }).value, '1', `seed ${seed}, run ${run}: s:${at}`);
      }
      store.check();
    }
  });

  test('ends though matches are added behind it all the time, and once the keys are at their end', () => {
    const store = storeOf();
    for (let at = 0; at < 50; at++) perform(store, 'set', { key: `s:${at}`, value: '0' });
    const sliced = new Sliced(store, 'incrementPrefix', { key: 's:' }, 4);
    for (let at = 0; sliced.next(); at++) perform(store, 'set', { key: `s:0${at}`, value: '0' });
    expect(sliced.slices).toBeLessThan(60);
    store.check();
  });

  test('ends behind a RESET in its middle, with what it did by then', () => {
    const store = withSteadyItems(7);
    const sliced = new Sliced(store, 'deletePrefix', { key: 's:' });
    while (store.stats().items > 2 * STEADY - 10) expect(sliced.next()).toBe(true);
    perform(store, 'reset');
    perform(store, 'set', { key: 's:zz', value: '1' });
    while (sliced.next());
    expect([sliced.reply.flags, sliced.reply.number]).toEqual([FLAG.NUMBER, 11n]);
    expect(store.stats().items).toBe(0);
    store.check();
  });

  test('the order that it builds item by item is right beside changes', { timeout: TIMEOUT_MS }, () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const numbers = new SeededNumbers(seed);
    for (let run = 0; run < RUNS; run++) {
      const store = withSteadyItems(seed + run);
      const sliced = new Sliced(store, 'count', { key: '' });
      while (sliced.next()) for (let more = numbers.below(3); more > 0; more--) disturb(store, numbers);
      assert.equal(sliced.reply.number, BigInt(store.stats().items), `seed ${seed}, run ${run}`);
      store.check();
    }
  });

  test('two at once both come to their end', () => {
    const store = withSteadyItems(9);
    const deleting = new Sliced(store, 'deletePrefix', { key: 's:' });
    const counting = new Sliced(store, 'touchPrefix', { key: '' });
    let isDone = false;
    while (!isDone) isDone = [deleting.next(), counting.next()].every((more) => !more);
    expect(perform(store, 'count', { key: 's:' }).number).toBe(0n);
    store.check();
  });

  test('LOCK gives other items another token than a LOCK with PREFIX that is under way (PREFIX-4, LOCK-1)', () => {
    const store = withSteadyItems(11);
    const sliced = new Sliced(store, 'lockPrefix', { key: 's:' });
    sliced.next();
    const { token } = perform(store, 'lock', { key: '1:1' });
    while (sliced.next());
    expect(sliced.reply.token).toBeGreaterThan(0);
    expect(sliced.reply.token).not.toBe(token);
    expect(perform(store, 'set', { key: 's:1', value: '', token: token! }).status).toBe(423);
  });
});

test('a slice of a SET with a long value ends after a few items: what it writes is bounded, too', () => {
  const store = withSteadyItems(1);
  const sliced = new Sliced(store, 'setPrefix', { key: 's:', value: Buffer.alloc(60_000) }, 2000);
  while (sliced.next());
  // Of 60 000 bytes 34 go into 2 MiB.
  expect(sliced.slices).toBeGreaterThanOrEqual(Math.ceil(STEADY / 34));
  expect(sliced.reply.number).toBe(BigInt(STEADY));
  store.check();
});
