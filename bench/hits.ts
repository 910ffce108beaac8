/**
 * Hit ratios of the store's eviction, beside exact LRU and the optimum with as many items, on made traces and with
 * caches of 1, 5 and 10 % of the keys.
 *
 *     npm run bench:hits -- [--keys N] [--accesses N] [--seed N]
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import type { Clock } from '../server/clock.ts';
import { ArenaStore } from '../server/store/arena/arena-store.ts';
import { play } from './hits/play.ts';
import { LruCache, OptimalCache } from './hits/references.ts';
import { StoreCache } from './hits/store-cache.ts';
import { TRACES } from './hits/traces.ts';
import { VALUE_BYTES } from './lib/keyed.ts';
import { writeResult } from './lib/results.ts';
import type { HitsResult } from './report/schemas.ts';

const POLICIES = ['lru', 'lfu'] as const;
const SHARES = [0.01, 0.05, 0.1];
const SEED_RANGE = 2 ** 32;
const REQUEST_MS = 0.1;
/** A store that holds so much more than asked for has no limit. */
const EXCESS_MAX = 1.5;

const { values } = parseArgs({
  options: {
    keys: { type: 'string', default: '1000000' },
    accesses: { type: 'string', default: '4000000' },
    seed: { type: 'string', default: '1' },
  },
});
const keys = Number(values.keys);
const accesses = Number(values.accesses);
const seed = Number(values.seed);

/** Traces are played faster than any network brings requests: time goes on as at ten thousand of them a second. */
function requestClock(): Clock {
  let nowMs = 1.7e12;
  return { nowMs: () => (nowMs += REQUEST_MS) };
}

function makeStore(policy: (typeof POLICIES)[number] | 'none', maxMemoryBytes: number): ArenaStore {
  const options = {
    clock: requestClock(),
    valueBytesMax: VALUE_BYTES,
    seed: [randomInt(SEED_RANGE), randomInt(SEED_RANGE)] as const,
    maxMemoryBytes,
    policy,
  };
  return new ArenaStore(options);
}

/** What an item takes when there are as many of them, in a store without a limit. */
function bytesForItems(items: number): number {
  const store = makeStore('none', Infinity);
  const cache = new StoreCache(store);
  for (let key = 0; key < items; key++) cache.access(key);
  return store.stats().memoryBytes;
}

function measure(trace: Uint32Array, policy: (typeof POLICIES)[number], wanted: number): Omit<Row, 'trace' | 'share'> {
  const store = makeStore(policy, bytesForItems(wanted));
  const own = play(trace, new StoreCache(store), () => store.stats().items);
  if (own.items > wanted * EXCESS_MAX)
    throw new Error(`the store holds ${own.items} items, for ${wanted} there is room`);
  const items = Math.round(own.items);
  return {
    policy,
    items,
    hitRatio: own.hitRatio,
    lruHitRatio: play(trace, new LruCache(items, keys)).hitRatio,
    optHitRatio: play(trace, new OptimalCache(items, keys, trace)).hitRatio,
  };
}

type Row = HitsResult['rows'][number];

const rows: Row[] = [];
for (const [name, makeTrace] of Object.entries(TRACES)) {
  const trace = makeTrace({ keys, accesses, seed });
  for (const share of SHARES) {
    for (const policy of POLICIES) {
      rows.push({ trace: name, share, ...measure(trace, policy, Math.round(keys * share)) });
      console.log(rows.at(-1));
    }
  }
}
writeResult('hits', { keys, accesses, seed, rows });
