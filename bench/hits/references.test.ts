import { describe, expect, test } from 'vitest';
import type { Cache } from './cache.ts';
import { play } from './play.ts';
import { randomOf } from './random.ts';
import { LruCache, OptimalCache } from './references.ts';

const KEYS = 12;

/** LRU in the plainest way: the list of keys, the oldest first. */
class PlainLru implements Cache {
  readonly #keys: number[] = [];
  readonly #itemsMax: number;

  constructor(itemsMax: number) {
    this.#itemsMax = itemsMax;
  }

  access(key: number): boolean {
    const at = this.#keys.indexOf(key);
    if (at >= 0) this.#keys.splice(at, 1);
    else if (this.#keys.length === this.#itemsMax) this.#keys.shift();
    this.#keys.push(key);
    return at >= 0;
  }
}

/** The most hits that any choice of what to hold can give, by trying all of them. */
function mostHits(trace: Uint32Array, itemsMax: number, at = 0, held: readonly number[] = []): number {
  const key = trace[at];
  if (key === undefined) return 0;
  if (held.includes(key)) {
    const without = held.filter((each) => each !== key);
    return 1 + Math.max(mostHits(trace, itemsMax, at + 1, held), mostHits(trace, itemsMax, at + 1, without));
  }
  const choices = [held];
  if (held.length < itemsMax) choices.push([...held, key]);
  else for (const dropped of held) choices.push([...held.filter((each) => each !== dropped), key]);
  return Math.max(...choices.map((choice) => mostHits(trace, itemsMax, at + 1, choice)));
}

function traceOf(seed: number, accesses: number, keys: number): Uint32Array {
  const random = randomOf(seed);
  return Uint32Array.from({ length: accesses }, () => Math.floor(random() * keys));
}

describe('references', () => {
  test.each([1, 2, 3, 4, 5])('LRU has the hits of a plain list, access by access, seed %i', (seed) => {
    const trace = traceOf(seed, 2000, KEYS);
    const plain = new PlainLru(4);
    const lru = new LruCache(4, KEYS);
    expect(Array.from(trace, (key) => lru.access(key))).toEqual(Array.from(trace, (key) => plain.access(key)));
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('no choice of what to hold has more hits than the optimum, seed %i', (seed) => {
    const trace = traceOf(seed, 12, 5);
    const optimal = new OptimalCache(2, 5, trace);
    expect(trace.reduce((hits, key) => hits + Number(optimal.access(key)), 0)).toBe(mostHits(trace, 2));
  });

  test('the optimum on a loop that is one too long hits all but the keys that have no place', () => {
    const trace = Uint32Array.from({ length: 5000 }, (_, at) => at % 5);
    expect(play(trace, new LruCache(4, 5)).hitRatio).toBe(0);
    expect(play(trace, new OptimalCache(4, 5, trace)).hitRatio).toBeCloseTo(0.8, 2);
  });

  test('the optimum refuses another trace', () => {
    expect(() => new OptimalCache(1, 5, Uint32Array.of(1, 2)).access(2)).toThrow('not the trace');
  });
});
