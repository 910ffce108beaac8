/**
 * Micro benchmark of the stores, without sockets: nanoseconds of CPU time for an operation, bytes for an item by the
 * store's own account and by the runtime's.
 *
 *     npm run bench:store [KEYS …]        default: 100000 1000000
 *
 * Stores take turns in one process, so that figures can be compared with each other, though not with other machines'.
 */
import { randomInt } from 'node:crypto';
import { FLAG } from '../protocol/index.ts';
import { ArenaStore } from '../server/store/arena/arena-store.ts';
import { systemClock } from '../server/clock.ts';
import { createMapStore } from '../server/store/model/map-store.ts';
import type { Store } from '../server/store/store.ts';
import { KEY_BYTES, Keyed, VALUE_BYTES } from './lib/keyed.ts';

const VALUE_BYTES_MAX = 8 * 1024 * 1024;
/** As many operations as this are measured of each kind, over as many random keys. */
const OPERATIONS = 500_000;
const SEED_RANGE = 2 ** 32;

const STORES: Record<string, () => Store> = {
  ArenaStore: () =>
    new ArenaStore({
      clock: systemClock,
      valueBytesMax: VALUE_BYTES_MAX,
      seed: [randomInt(SEED_RANGE), randomInt(SEED_RANGE)],
    }),
  MapStore: () => createMapStore({ clock: systemClock, valueBytesMax: VALUE_BYTES_MAX }),
};

type Step = (store: Store, keyed: Keyed) => void;

const STEPS: Record<string, { readonly flags?: number; readonly valueBytes?: number; readonly run: Step }> = {
  get: { run: (store, { request, reply }) => store.get(request, reply) },
  overwrite: { valueBytes: VALUE_BYTES, run: (store, { request, reply }) => store.set(request, reply) },
  ttl: { flags: FLAG.TTL, run: (store, { request, reply }) => store.touch(request, reply) },
  'set 1': { valueBytes: 1, run: (store, { request, reply }) => store.set(request, reply) },
  incr: {
    run: (store, { request, reply }) => {
      request.valueBytes = ONE;
      store.increment(request, reply);
      request.valueBytes = request.keyBytes;
    },
  },
  delete: { run: (store, { request, reply }) => store.delete(request, reply) },
};

const ONE = Buffer.alloc(KEY_BYTES + 1, '1');

function measure(makeStore: () => Store, keys: number): Record<string, number> {
  globalThis.gc?.();
  const heldBefore = heldBytes();
  const store = makeStore();
  const keyed = new Keyed();
  const figures: Record<string, number> = {};
  figures['set'] = nsEach(keys, (at) => {
    keyed.setKey(at);
    store.set(keyed.request, keyed.reply);
  });
  globalThis.gc?.();
  figures['B/item'] = Math.round(store.stats().memoryBytes / keys);
  figures['held/item'] = Math.round((heldBytes() - heldBefore) / keys);
  let random = 1;
  for (const [name, { flags = 0, valueBytes = 0, run }] of Object.entries(STEPS)) {
    keyed.request.flags = flags;
    keyed.request.ttlMs = flags === 0 ? 0 : 1e9;
    keyed.setValueBytes(valueBytes);
    const count = Math.min(OPERATIONS, keys);
    figures[name] = nsEach(count, () => {
      random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
      keyed.setKey(Math.floor((random / SEED_RANGE) * keys));
      run(store, keyed);
    });
  }
  return figures;
}

/** Bytes on the heap and in buffers: what a store keeps, as the runtime sees it. */
function heldBytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** The process's CPU time, which others on the machine disturb less than the clock's. */
function nsEach(times: number, each: (at: number) => void): number {
  const started = process.cpuUsage();
  for (let at = 0; at < times; at++) each(at);
  const { user, system } = process.cpuUsage(started);
  return Math.round((1000 * (user + system)) / times);
}

const [, , ...counts] = process.argv;
for (const keys of counts.length > 0 ? counts.map(Number) : [100_000, 1_000_000]) {
  console.log(`${keys} keys of ${KEY_BYTES} bytes, values of ${VALUE_BYTES} bytes, ns of CPU time an operation:`);
  for (const makeStore of Object.values(STORES)) measure(makeStore, Math.min(keys, 100_000));
  console.table(Object.fromEntries(Object.entries(STORES).map(([name, make]) => [name, measure(make, keys)])));
}
