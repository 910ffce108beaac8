/** Mutants of section 9: requests that do not take effect at one moment. */
import { FLAG, readDecimal } from '../../protocol/index.ts';
import { keyIn, requestOf } from '../subjects/bodies.ts';
import { allUnder, altered, blank, find, forEachKey, has, kept, keyed, number, valued } from '../subjects/stores.ts';
import type { Mutant } from '../subjects/subject.ts';
import { isOperation } from '../subjects/wire.ts';

/** Longer than a round trip on one machine, shorter than anybody waits. */
const GAP_MS = 10;

const later = (work: () => void): void => void setTimeout(work, GAP_MS);

const CACHE_MS = 200;

/** A request without its id. */
const keyOf = (body: Buffer): string => body.subarray(0, 4).toString('hex') + body.subarray(8).toString('hex');

export const consistencyMutants: readonly Mutant[] = [
  {
    name: 'stale-read-cache',
    clause: 'CONSISTENT-1',
    about: 'Each connection keeps what it has read for a fifth of a second.',
    wire: (link) => {
      const cache = new Map<string, { body: Buffer; readMs: number }>();
      return {
        request: (body) => {
          if (!isOperation(body, 'GET')) {
            cache.clear();
            return body;
          }
          const cached = cache.get(keyOf(body));
          if (cached === undefined || performance.now() - cached.readMs > CACHE_MS) return body;
          const reply = Buffer.from(cached.body);
          body.copy(reply, 4, 4, 8);
          return link.answer(reply);
        },
        reply: (body, request) => {
          if (request !== undefined && requestOf(request) !== undefined && isOperation(request, 'GET')) {
            cache.set(keyOf(request), { body, readMs: performance.now() });
          }
          return body;
        },
      };
    },
  },
  {
    name: 'ack-before-apply',
    clause: 'CONSISTENT-1',
    about: 'A plain SET is answered first, and carried out a moment later.',
    races: true,
    store: (base) => ({
      set: (request, reply) => {
        if (request.flags !== 0) return base.set(request, reply);
        const own = kept(request);
        later(() => base.set(own, blank()));
      },
    }),
  },
  {
    name: 'delete-in-two-steps',
    clause: 'CONSISTENT-1',
    about: 'DELETE looks whether there is an item, and removes it a moment later.',
    races: true,
    store: (base) => ({
      delete: (request, reply) => {
        if (find(base, request) === undefined || request.flags !== 0) return base.delete(request, reply);
        const own = kept(request);
        later(() => base.delete(own, blank()));
      },
    }),
  },
  {
    name: 'increment-in-two-steps',
    clause: 'CONSISTENT-1',
    about: 'INCREMENT reads, adds, and writes a moment later.',
    races: true,
    store: (base) => ({
      increment: (request, reply) => {
        const old = find(base, request);
        const before = old && readDecimal(old.value, 0, old.value.length);
        if (old === undefined || before === undefined || request.flags !== 0) return base.increment(request, reply);
        const own = valued(kept(request), Buffer.from(`${before + 1n}`), { ...old, flags: FLAG.TTL | FLAG.TAG });
        number(reply, before + 1n);
        later(() => base.set(own, blank()));
      },
    }),
  },
  {
    name: 'add-in-two-steps',
    clause: 'CONSISTENT-1',
    about: 'ADD looks whether there is an item, and makes it a moment later.',
    races: true,
    store: (base) => ({
      add: (request, reply) => {
        if (find(base, request) !== undefined || request.flags !== 0) return base.add(request, reply);
        const own = kept(request);
        later(() => base.set(own, blank()));
      },
    }),
  },
  {
    name: 'compare-and-then-set',
    clause: 'CONSISTENT-1',
    about: 'A SET with VERSION compares, and sets a moment later.',
    races: true,
    store: (base) => ({
      set: (request, reply) => {
        const isRight = has(request, FLAG.VERSION) && find(base, request)?.version === request.version;
        if (!isRight || request.flags !== FLAG.VERSION) return base.set(request, reply);
        const own = altered(kept(request), { flags: 0 });
        later(() => base.set(own, blank()));
      },
    }),
  },
  {
    name: 'prefix-increment-by-a-copy',
    clause: 'CONSISTENT-2',
    about: 'An INCREMENT with PREFIX reads all items first, and writes them all a moment later.',
    races: true,
    store: (base) => ({
      incrementPrefix: (request, reply) => {
        const items = allUnder(base, keyIn(request));
        const numbers = items.flatMap(([key, value]) => {
          const before = readDecimal(value, 0, value.length);
          return before === undefined ? [] : [{ key, sum: before + (has(request, FLAG.NUMBER) ? request.number : 1n) }];
        });
        if (numbers.length === 0) return base.incrementPrefix(request, reply);
        number(reply, numbers.length);
        const own = kept(request);
        later(() => {
          for (const { key, sum } of numbers)
            base.set(valued(keyed(own, key), Buffer.from(`${sum}`), { flags: 0 }), blank());
        });
      },
    }),
  },
  {
    name: 'prefix-delete-in-two-steps',
    clause: 'CONSISTENT-2',
    about: 'A DELETE with PREFIX counts first, and removes a moment later.',
    races: true,
    store: (base) => ({
      deletePrefix: (request, reply) => {
        const keys = allUnder(base, keyIn(request)).map(([key]) => key);
        if (keys.length === 0 || has(request, FLAG.TOKEN)) return base.deletePrefix(request, reply);
        const own = kept(request);
        number(reply, keys.length);
        later(() => forEachKey(keys, own, blank(), (single, one) => base.delete(single, one)));
      },
    }),
  },
];
