import { describe, expect, test } from 'vitest';
import { SortedKeys, type KeyOrder } from './key-order.ts';
import { MapStore } from './map-store.ts';
import { ManualClock, perform, type OperationOfStore, type Outcome, type RequestLiteral } from '../testing/requests.ts';
import { LOCKED, NOT_FOUND, OK, makeStore, number, play, token, value, version } from './testing/script.ts';
import type { ScriptStep } from './testing/script.ts';

/** A listing of these entries; a key alone stands for an entry with the value `1`. */
function listing(status: 200 | 206, ...entries: (string | [string, string])[]): Outcome {
  const pairs = entries.map((entry): [string, string] => (typeof entry === 'string' ? [entry, '1'] : entry));
  return { status, number: BigInt(pairs.length), entries: pairs };
}

const FILLED: readonly ScriptStep[] = ['b', 'ab', 'a', 'a\0', 'a\xff', 'a\x80', '\xff'].map(
  (key) => ['set', { key, value: '1' }, OK] as const,
);

const SCRIPTS: Record<string, readonly ScriptStep[]> = {
  'PREFIX-1: ascending by unsigned bytes; no key is all': [
    ['list', {}, NOT_FOUND],
    ...FILLED,
    ['list', {}, listing(200, 'a', 'a\0', 'ab', 'a\x80', 'a\xff', 'b', '\xff')],
    ['list', { key: 'a' }, listing(200, 'a', 'a\0', 'ab', 'a\x80', 'a\xff')],
    ['list', { key: 'a\xff' }, listing(200, 'a\xff')],
    ['list', { key: '\xff' }, listing(200, '\xff')],
    ['list', { key: 'a\xff\xff' }, NOT_FOUND],
    ['list', { key: 'c' }, NOT_FOUND],
  ],
  'LIST-2: at most NUMBER': [
    ...FILLED,
    ['list', { key: 'a', number: 1 }, listing(206, 'a')],
    ['list', { key: 'a', number: 4 }, listing(206, 'a', 'a\0', 'ab', 'a\x80')],
    ['list', { key: 'a', number: 5 }, listing(200, 'a', 'a\0', 'ab', 'a\x80', 'a\xff')],
    ['list', { key: 'b', number: 2n ** 63n - 1n }, listing(200, 'b')],
  ],
  'LIST-3: behind a key that need not exist': [
    ...FILLED,
    ['list', { key: 'a', value: 'a' }, listing(200, 'a\0', 'ab', 'a\x80', 'a\xff')],
    ['list', { key: 'a', value: 'aa', number: 2 }, listing(206, 'ab', 'a\x80')],
    ['list', { key: 'a', value: 'a\x80' }, listing(200, 'a\xff')],
    ['list', { key: 'a', value: 'a\xff' }, NOT_FOUND],
    ['list', { key: 'a', value: 'b' }, NOT_FOUND],
    ['list', { key: 'b', value: 'a' }, listing(200, 'b')],
    ['list', { value: 'b' }, listing(200, '\xff')],
  ],
  'LIST-3: what has expired does not remain': [
    ['set', { key: 'a', value: '1' }, OK],
    ['set', { key: 'b', value: '1', ttlMs: 5 }, OK],
    ['list', { number: 1 }, listing(206, 'a')],
    ['wait', 5],
    ['list', { number: 1 }, listing(200, 'a')],
  ],
  'COUNT-1: how many, 0 too, without the expired': [
    ['count', {}, number(0)],
    ...FILLED,
    ['count', {}, number(7)],
    ['count', { key: 'a' }, number(5)],
    ['count', { key: 'a\xff' }, number(1)],
    ['count', { key: 'c' }, number(0)],
    ['touchPrefix', { key: 'a\0', ttlMs: 5 }, number(1)],
    ['count', { key: 'a' }, number(5)],
    ['wait', 5],
    ['count', { key: 'a' }, number(4)],
  ],
  'PREFIX-2: SET gives all it matches value, TAG, expiry and a version of its own, and creates none': [
    ['setPrefix', { key: 'a', value: 'v' }, NOT_FOUND],
    ['get', { key: 'a' }, NOT_FOUND],
    ...FILLED,
    ['setPrefix', { key: 'a', value: 'v', tag: 9, ttlMs: 10 }, number(5)],
    ['get', { key: 'a', detail: true }, { status: 200, value: 'v', tag: 9, version: 8, ttlMs: 10 }],
    ['get', { key: 'a\xff', detail: true }, { status: 200, value: 'v', tag: 9, version: 12, ttlMs: 10 }],
    ['get', { key: 'b', detail: true }, { status: 200, value: '1', version: 1 }],
    ['setPrefix', { key: 'a', value: '' }, number(5)],
    ['wait', 10],
    ['get', { key: 'a', detail: true }, version(13)],
  ],
  'PREFIX-2: DELETE removes all it matches': [
    ...FILLED,
    ['deletePrefix', { key: 'a' }, number(5)],
    ['list', {}, listing(200, 'b', '\xff')],
    ['deletePrefix', { key: 'a' }, NOT_FOUND],
    ['deletePrefix', {}, number(2)],
    ['count', {}, number(0)],
  ],
  'PREFIX-2: TOUCH': [
    ...FILLED,
    ['touchPrefix', { key: 'c', ttlMs: 5 }, NOT_FOUND],
    ['touchPrefix', { key: 'a', ttlMs: 5 }, number(5)],
    ['touchPrefix', { key: 'a\0' }, number(1)],
    ['wait', 5],
    ['list', {}, listing(200, 'a\0', 'b', '\xff')],
    ['touchPrefix', { key: 'ab' }, NOT_FOUND],
  ],
  'PREFIX-3: INCREMENT passes over what is no number, and what would overflow': [
    ['set', { key: 'n1', value: '1', tag: 2 }, OK],
    ['set', { key: 'n2', value: 'x' }, OK],
    ['set', { key: 'n3', value: `${2n ** 63n - 1n}` }, OK],
    ['incrementPrefix', { key: 'n' }, number(1)],
    ['incrementPrefix', { key: 'n', number: -2 }, number(2)],
    ['get', { key: 'n1', detail: true }, { status: 200, value: '0', tag: 2, version: 5 }],
    ['get', { key: 'n2', detail: true }, { status: 200, value: 'x', version: 2 }],
    ['get', { key: 'n3' }, value(`${2n ** 63n - 3n}`)],
    ['incrementPrefix', { key: 'n2' }, NOT_FOUND],
    ['set', { key: 'n2', value: 'x', detail: true }, version(7)],
  ],
  'PREFIX-4: one TOKEN for all that LOCK locked': [
    ['lockPrefix', {}, NOT_FOUND],
    ...FILLED,
    ['lock', { key: 'a' }, token(1)],
    ['lockPrefix', { key: 'a', ttlMs: 10 }, { status: 200, number: 4n, token: 2 }],
    ['lockPrefix', { key: 'a' }, NOT_FOUND],
    ['delete', { key: 'a', token: 2 }, LOCKED],
    ['touch', { key: 'ab', token: 2 }, OK],
    ['wait', 10],
    ['touch', { key: 'ab' }, OK],
    ['lock', { key: 'b' }, token(3)],
  ],
  'PREFIX-4: UNLOCK counts the locks of its TOKEN, or all matches': [
    ['unlockPrefix', {}, NOT_FOUND],
    ...FILLED,
    ['unlockPrefix', { key: 'a', token: 1 }, NOT_FOUND],
    ['lock', { key: 'a' }, token(1)],
    ['lockPrefix', { key: 'a' }, { status: 200, number: 4n, token: 2 }],
    ['unlockPrefix', { key: 'a', token: 0 }, NOT_FOUND],
    ['unlockPrefix', { key: 'a', token: 2 }, number(4)],
    ['unlockPrefix', { key: 'a', token: 2 }, NOT_FOUND],
    ['delete', { key: 'a' }, LOCKED],
    ['unlockPrefix', { key: 'a' }, number(5)],
    ['delete', { key: 'a' }, OK],
    ['unlockPrefix', { key: 'c' }, NOT_FOUND],
  ],
  'PREFIX-4: a lock whose time has passed is none to UNLOCK': [
    ['set', { key: 'a', value: '1' }, OK],
    ['lock', { key: 'a', ttlMs: 5 }, token(1)],
    ['wait', 5],
    ['unlockPrefix', { key: 'a', token: 1 }, NOT_FOUND],
    ['unlockPrefix', { key: 'a' }, number(1)],
  ],
};

describe('MapStore, prefixes', () => {
  test.each(Object.entries(SCRIPTS))('%s', (_, steps) => {
    expect.hasAssertions();
    play(steps);
  });

  test.each([
    ['setPrefix', { value: '2' }],
    ['deletePrefix', {}],
    ['incrementPrefix', {}],
    ['touchPrefix', { ttlMs: 5 }],
  ] satisfies [OperationOfStore, RequestLiteral][])(
    'PREFIX-3: %s passes over the locks of others, and 404 if all are passed over',
    (operation, literal) => {
      expect.hasAssertions();
      play([
        ['set', { key: 'a', value: '1' }, OK],
        ['set', { key: 'b', value: '1' }, OK],
        ['lock', { key: 'a' }, token(1)],
        ['lock', { key: 'b' }, token(2)],
        [operation, literal, NOT_FOUND],
        [operation, { ...literal, token: 1 }, number(1)],
        ['get', { key: 'b', detail: true }, { status: 200, value: '1', version: 2 }],
        ['delete', { key: 'b' }, LOCKED],
        ['unlock', { key: 'a' }, operation === 'deletePrefix' ? NOT_FOUND : OK],
      ]);
    },
  );

  test('LIST-2: a page without room ends a listing', () => {
    const { store } = makeStore();
    for (const key of 'abc') perform(store, 'set', { key, value: '1' });
    expect(perform(store, 'list', {}, 2)).toEqual(listing(206, 'a', 'b'));
    expect(perform(store, 'list', { number: 1 }, 2)).toEqual(listing(206, 'a'));
    expect(perform(store, 'list', {}, 3)).toEqual(listing(200, 'a', 'b', 'c'));
  });
});

/** Counts the keys that it gives away. */
class CountingKeys implements KeyOrder {
  readonly #keys = new SortedKeys();
  given = 0;

  add(key: string): void {
    this.#keys.add(key);
  }

  delete(key: string): void {
    this.#keys.delete(key);
  }

  clear(): void {
    this.#keys.clear();
  }

  count(prefix: string): number {
    return this.#keys.count(prefix);
  }

  *from(prefix: string, after?: string): Generator<string, void> {
    for (const key of this.#keys.from(prefix, after)) {
      this.given++;
      yield key;
    }
  }
}

describe('MapStore, 200 000 keys', () => {
  const clock = new ManualClock();
  const order = new CountingKeys();
  const store = new MapStore({ clock, valueBytesMax: 100 }, order);
  for (let number = 0; number < 200_000; number++) perform(store, 'set', { key: `key:${number}`, value: '1' });

  test.each([
    ['list', {}, 11, 11],
    ['list', { value: 'key:123455', number: 2 }, 2, 3],
    ['count', {}, 11, 0],
    ['setPrefix', { value: '7' }, 11, 11],
    ['incrementPrefix', {}, 11, 11],
    ['touchPrefix', { ttlMs: 1e6 }, 11, 11],
    // Now that some can expire, these have to be looked at.
    ['count', {}, 11, 11],
    ['lockPrefix', {}, 11, 11],
    ['unlockPrefix', {}, 11, 11],
    ['deletePrefix', {}, 11, 11],
  ] satisfies [OperationOfStore, RequestLiteral, number, number][])(
    '%s with %j answers %i and looks at %i',
    (operation, literal, counted, given) => {
      order.given = 0;
      expect(perform(store, operation, { ...literal, key: 'key:12345' }).number).toBe(BigInt(counted));
      expect(order.given).toBe(given);
    },
  );
});

describe('MapStore, COUNT', () => {
  const ending: Record<string, [OperationOfStore, RequestLiteral]> = {
    deleted: ['delete', { key: 'a' }],
    reset: ['reset', {}],
    'made endless': ['touch', { key: 'a' }],
    replaced: ['set', { key: 'a', value: '1' }],
  };

  test.each(Object.entries(ending))(
    'looks at single keys only until what can expire is %s',
    (_, [operation, literal]) => {
      const order = new CountingKeys();
      const store = new MapStore({ clock: new ManualClock(), valueBytesMax: 100 }, order);
      perform(store, 'set', { key: 'a', value: '1', ttlMs: 5 });
      perform(store, 'touch', { key: 'a', ttlMs: 6 });
      perform(store, 'count');
      expect(order.given).toBe(1);
      perform(store, operation, literal);
      perform(store, 'set', { key: 'b', value: '1' });
      const left = operation === 'delete' || operation === 'reset' ? 1 : 2;
      expect(perform(store, 'count')).toEqual(number(left));
      expect(order.given).toBe(1);
    },
  );
});
