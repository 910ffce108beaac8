import { describe, expect, test } from 'vitest';
import { metaOf, perform } from '../testing/requests.ts';
import {
  CONFLICT,
  LOCKED,
  NOT_A_NUMBER,
  NOT_FOUND,
  OK,
  TOO_LARGE,
  makeStore,
  number,
  play,
  token,
  value,
  version,
  type ScriptStep,
} from './testing/script.ts';

const k = 'k';
const BEYOND = 2 ** 53;

const SCRIPTS: Record<string, readonly ScriptStep[]> = {
  'KEY-2: every byte counts': [
    ['set', { key: 'a\0', value: '1' }, OK],
    ['set', { key: 'a\xff', value: '2' }, OK],
    ['set', { key: '\xc3\xa4', value: '3' }, OK],
    ['get', { key: 'a' }, NOT_FOUND],
    ['get', { key: 'A\0' }, NOT_FOUND],
    ['get', { key: 'a\0' }, value('1')],
    ['get', { key: 'a\xff' }, value('2')],
    ['get', { key: '\xe4' }, NOT_FOUND],
    ['get', { key: '\xc3\xa4' }, value('3')],
  ],
  'VALUE-1: every byte comes back, none too': [
    ['set', { key: k, value: '\0\x01\x7f\x80\xff' }, OK],
    ['get', { key: k }, value('\0\x01\x7f\x80\xff')],
    ['set', { key: k, value: '' }, OK],
    ['get', { key: k }, OK],
  ],
  'GET-1: TAG only if it is not 0': [
    ['get', { key: k }, NOT_FOUND],
    ['set', { key: k, value: 'v', tag: 2 ** 32 - 1 }, OK],
    ['get', { key: k }, { status: 200, value: 'v', tag: 2 ** 32 - 1 }],
    ['set', { key: k, value: 'v', tag: 0 }, OK],
    ['get', { key: k }, value('v')],
  ],
  'GET-2: DETAIL tells VERSION and the time that is left, at least 1': [
    ['set', { key: k, value: 'v', ttlMs: 10 }, OK],
    ['get', { key: k, detail: true }, { status: 200, value: 'v', version: 1, ttlMs: 10 }],
    ['wait', 9.5],
    ['get', { key: k, detail: true }, { status: 200, value: 'v', version: 1, ttlMs: 1 }],
    ['set', { key: k, value: 'v' }, OK],
    ['get', { key: k, detail: true }, { status: 200, value: 'v', version: 2 }],
  ],
  'GET-3: TTL sets the expiry, and 0 ends it': [
    ['set', { key: k, value: 'v' }, OK],
    ['get', { key: k, ttlMs: 5, detail: true }, { status: 200, value: 'v', version: 1, ttlMs: 5 }],
    ['wait', 4],
    ['get', { key: k, ttlMs: 5 }, value('v')],
    ['wait', 4],
    ['get', { key: k, ttlMs: 0, detail: true }, { status: 200, value: 'v', version: 1 }],
    ['wait', 1e9],
    ['get', { key: k }, value('v')],
    ['get', { key: k, ttlMs: 5 }, value('v')],
    ['wait', 5],
    ['get', { key: k }, NOT_FOUND],
  ],
  'SET-1: replaces value, TAG and expiry': [
    ['set', { key: k, value: 'old', tag: 7, ttlMs: 10 }, OK],
    ['set', { key: k, value: 'new' }, OK],
    ['wait', 10],
    ['get', { key: k, detail: true }, { status: 200, value: 'new', version: 2 }],
    ['set', { key: k, value: 'x', ttlMs: 0 }, OK],
    ['wait', 10],
    ['get', { key: k }, value('x')],
  ],
  'ADD-1: only where there is none': [
    ['add', { key: k, value: 'v', tag: 3, ttlMs: 5, detail: true }, version(1)],
    ['get', { key: k, detail: true }, { status: 200, value: 'v', version: 1, tag: 3, ttlMs: 5 }],
    ['add', { key: k, value: 'w', detail: true }, CONFLICT],
    ['lock', { key: k }, token(1)],
    ['add', { key: k, value: 'w' }, CONFLICT],
    ['get', { key: k }, { status: 200, value: 'v', tag: 3 }],
    ['wait', 5],
    ['add', { key: k, value: 'w', detail: true }, version(2)],
  ],
  'REPLACE-1: only where there is one': [
    ['replace', { key: k, value: 'v' }, NOT_FOUND],
    ['get', { key: k }, NOT_FOUND],
    ['set', { key: k, value: 'old', tag: 7, ttlMs: 10 }, OK],
    ['replace', { key: k, value: 'new', detail: true }, version(2)],
    ['wait', 10],
    ['get', { key: k, detail: true }, { status: 200, value: 'new', version: 2 }],
  ],
  'APPEND-1: behind and before; TAG, expiry and lock stay': [
    ['append', { key: k, value: 'v' }, NOT_FOUND],
    ['prepend', { key: k, value: 'v' }, NOT_FOUND],
    ['get', { key: k }, NOT_FOUND],
    ['set', { key: k, value: 'b', tag: 7, ttlMs: 10 }, OK],
    ['lock', { key: k }, token(1)],
    ['append', { key: k, value: 'c', token: 1, detail: true }, version(2)],
    ['prepend', { key: k, value: 'a', token: 1, detail: true }, version(3)],
    ['append', { key: k, value: '', token: 1, detail: true }, version(4)],
    ['get', { key: k, detail: true }, { status: 200, value: 'abc', version: 4, tag: 7, ttlMs: 10 }],
    ['append', { key: k, value: 'x' }, LOCKED],
  ],
  'KEY-3: a value that grows too long is refused before all else': [
    ['append', { key: k, value: '123456789' }, NOT_FOUND],
    ['set', { key: k, value: '12345' }, OK],
    ['append', { key: k, value: '678' }, OK],
    ['append', { key: k, value: '9' }, TOO_LARGE],
    ['prepend', { key: k, value: '0' }, TOO_LARGE],
    ['append', { key: k, value: '' }, OK],
    ['lock', { key: k }, token(1)],
    ['append', { key: k, value: '9', version: 99 }, TOO_LARGE],
    ['get', { key: k, detail: true }, { status: 200, value: '12345678', version: 3 }],
  ],
  'DELETE-1: the item is gone': [
    ['delete', { key: k }, NOT_FOUND],
    ['set', { key: k, value: 'v' }, OK],
    ['delete', { key: k }, OK],
    ['get', { key: k }, NOT_FOUND],
    ['delete', { key: k }, NOT_FOUND],
  ],
  'INCREMENT-1: adds NUMBER or 1, and keeps the shortest form': [
    ['set', { key: k, value: '-007' }, OK],
    ['increment', { key: k }, number(-6)],
    ['get', { key: k }, value('-6')],
    ['increment', { key: k, number: 6 }, number(0)],
    ['get', { key: k }, value('0')],
    ['increment', { key: k, number: -(2n ** 63n) }, number(-(2n ** 63n))],
    ['increment', { key: k, number: 0 }, number(-(2n ** 63n))],
    ['increment', { key: k, number: 2n ** 63n - 1n, detail: true }, { status: 200, number: -1n, version: 6 }],
  ],
  'INCREMENT-2: what is no number, and what would be too large': [
    ['set', { key: k, value: '1x' }, OK],
    ['increment', { key: k }, NOT_A_NUMBER],
    ['set', { key: k, value: '' }, OK],
    ['increment', { key: k, value: '5' }, NOT_A_NUMBER],
    ['set', { key: k, value: '+1' }, OK],
    ['increment', { key: k }, NOT_A_NUMBER],
    ['set', { key: k, value: '5' }, OK],
    ['increment', { key: k, number: 2n ** 63n - 5n }, NOT_A_NUMBER],
    ['increment', { key: k, number: 2n ** 63n - 6n }, number(2n ** 63n - 1n)],
    ['increment', { key: k, detail: true }, NOT_A_NUMBER],
  ],
  'INCREMENT-3: makes an item of the value, unless there is none or a VERSION': [
    ['increment', { key: k, number: 3 }, NOT_FOUND],
    ['increment', { key: k, value: '5', version: 1 }, NOT_FOUND],
    ['get', { key: k }, NOT_FOUND],
    [
      'increment',
      { key: k, value: '-0', number: 3, ttlMs: 9, token: 1, detail: true },
      { status: 200, number: 0n, version: 1 },
    ],
    ['get', { key: k, detail: true }, { status: 200, value: '0', version: 1, ttlMs: 9 }],
    ['increment', { key: k, value: '100', number: 3 }, number(3)],
  ],
  'INCREMENT-4: TAG and expiry stay': [
    ['set', { key: k, value: '1', tag: 2, ttlMs: 10 }, OK],
    ['increment', { key: k, ttlMs: 99 }, number(2)],
    ['get', { key: k, detail: true }, { status: 200, value: '2', version: 2, tag: 2, ttlMs: 10 }],
  ],
  'TOUCH-1: sets the expiry alone, and without TTL or with 0 ends it': [
    ['touch', { key: k, ttlMs: 5 }, NOT_FOUND],
    ['set', { key: k, value: 'v', tag: 1 }, OK],
    ['touch', { key: k, ttlMs: 5 }, OK],
    ['get', { key: k, detail: true }, { status: 200, value: 'v', version: 1, tag: 1, ttlMs: 5 }],
    ['touch', { key: k }, OK],
    ['get', { key: k, detail: true }, { status: 200, value: 'v', version: 1, tag: 1 }],
    ['touch', { key: k, ttlMs: 5 }, OK],
    ['touch', { key: k, ttlMs: 0 }, OK],
    ['wait', 5],
    ['touch', { key: k, ttlMs: 5 }, OK],
    ['wait', 5],
    ['touch', { key: k }, NOT_FOUND],
  ],
  'EXPIRY-2: not before its time; endless from 2^53 on': [
    ['set', { key: k, value: 'v', ttlMs: 1000 }, OK],
    ['wait', 999.75],
    ['get', { key: k }, value('v')],
    ['wait', 0.25],
    ['get', { key: k }, NOT_FOUND],
    ['set', { key: k, value: 'v', ttlMs: 2 ** 53 - 1 }, OK],
    ['wait', 1],
    ['get', { key: k, detail: true }, { status: 200, value: 'v', version: 2, ttlMs: 2 ** 53 - 2 }],
    ['set', { key: k, value: 'v', ttlMs: BEYOND }, OK],
    ['get', { key: k, detail: true }, { status: 200, value: 'v', version: 3 }],
    ['lock', { key: k, ttlMs: BEYOND }, token(1)],
    ['wait', 1e15],
    ['delete', { key: k }, LOCKED],
  ],
  'VERSION-1: greater than all before, of other items too, after RESET too': [
    ['set', { key: 'a', value: '1', detail: true }, version(1)],
    ['set', { key: 'b', value: '1', detail: true }, version(2)],
    ['increment', { key: 'a', detail: true }, { status: 200, number: 2n, version: 3 }],
    ['touch', { key: 'a' }, OK],
    ['lock', { key: 'a' }, token(1)],
    ['unlock', { key: 'a' }, OK],
    ['get', { key: 'a', detail: true }, { status: 200, value: '2', version: 3 }],
    ['reset', {}, OK],
    ['add', { key: 'a', value: '1', detail: true }, version(4)],
    ['lock', { key: 'a' }, token(2)],
  ],
  'VERSION-2: only if it is the item’s': [
    ['set', { key: k, value: '1', version: 1 }, NOT_FOUND],
    ['delete', { key: k, version: 1 }, NOT_FOUND],
    ['set', { key: k, value: '1' }, OK],
    ['set', { key: k, value: '2', version: 2 }, CONFLICT],
    ['replace', { key: k, value: '2', version: 0 }, CONFLICT],
    ['append', { key: k, value: '2', version: BEYOND }, CONFLICT],
    ['prepend', { key: k, value: '2', version: 2 }, CONFLICT],
    ['increment', { key: k, version: 2 }, CONFLICT],
    ['touch', { key: k, ttlMs: 1, version: 2 }, CONFLICT],
    ['delete', { key: k, version: 2 }, CONFLICT],
    ['get', { key: k, detail: true }, { status: 200, value: '1', version: 1 }],
    ['set', { key: k, value: '2', version: 1, detail: true }, version(2)],
    ['replace', { key: k, value: '3', version: 2, detail: true }, version(3)],
    ['touch', { key: k, version: 3 }, OK],
    ['delete', { key: k, version: 3 }, OK],
  ],
  'VERSION-2, EXPIRY-1: an expired item has no version': [
    ['set', { key: k, value: '1', ttlMs: 5 }, OK],
    ['wait', 5],
    ['set', { key: k, value: '2', version: 1 }, NOT_FOUND],
  ],
  'STATUS-2: 404, 409, 423, 422, in this order': [
    ['set', { key: k, value: 'no number' }, OK],
    ['lock', { key: k }, token(1)],
    ['increment', { key: 'other', version: 9 }, NOT_FOUND],
    ['increment', { key: k, version: 9 }, CONFLICT],
    ['increment', { key: k, version: 1 }, LOCKED],
    ['increment', { key: k, version: 1, token: 1 }, NOT_A_NUMBER],
  ],
};

describe('MapStore, one item', () => {
  test.each(Object.entries(SCRIPTS))('%s', (_, steps) => {
    expect.hasAssertions();
    play(steps);
  });

  test('META-1: tells all, and is no access', () => {
    const { store, clock } = makeStore();
    const startMs = clock.nowMs();
    expect(metaOf(store, k)).toBeUndefined();
    perform(store, 'set', { key: k, value: 'abc', tag: 7 });
    const fresh = { sizeBytes: 3, tag: 7, version: 1, createdMs: startMs, accessedMs: startMs };
    expect(metaOf(store, k)).toEqual({ ...fresh, ttlMs: -1, leftMs: -1, lockMs: 0 });
    clock.advance(1000);
    expect(metaOf(store, k)).toMatchObject({ createdMs: startMs, accessedMs: startMs });
    perform(store, 'touch', { key: k, ttlMs: 100 });
    perform(store, 'lock', { key: k, ttlMs: 50 });
    clock.advance(20);
    const touched = { ...fresh, accessedMs: startMs + 1000 };
    expect(metaOf(store, k)).toEqual({ ...touched, ttlMs: 100, leftMs: 80, lockMs: 30 });
    perform(store, 'get', { key: k });
    clock.advance(30);
    expect(metaOf(store, k)).toEqual({ ...touched, accessedMs: startMs + 1020, ttlMs: 100, leftMs: 50, lockMs: 0 });
    perform(store, 'lock', { key: k });
    expect(metaOf(store, k)).toMatchObject({ lockMs: -1 });
    clock.advance(50);
    expect(metaOf(store, k)).toBeUndefined();
  });

  test('META-1: SET makes the item anew, APPEND and INCREMENT do not', () => {
    const { store, clock } = makeStore();
    const startMs = clock.nowMs();
    perform(store, 'set', { key: k, value: '1' });
    clock.advance(1000);
    perform(store, 'append', { key: k, value: '2' });
    perform(store, 'increment', { key: k });
    expect(metaOf(store, k)).toMatchObject({ createdMs: startMs, accessedMs: startMs + 1000 });
    perform(store, 'replace', { key: k, value: '3' });
    expect(metaOf(store, k)).toMatchObject({ createdMs: startMs + 1000 });
  });

  test('STATUS-3: a refused GET with TTL is no access', () => {
    const { store, clock } = makeStore();
    perform(store, 'set', { key: k, value: '1' });
    perform(store, 'lock', { key: k });
    const before = metaOf(store, k);
    clock.advance(1000);
    expect(perform(store, 'get', { key: k, ttlMs: 1 })).toEqual(LOCKED);
    expect(metaOf(store, k)).toEqual(before);
  });
});
