import { describe, expect, test } from 'vitest';
import type { OperationOfStore, Outcome, RequestLiteral } from '../testing/requests.ts';
import { CONFLICT, LOCKED, NOT_FOUND, OK, number, play, token, value, type ScriptStep } from './testing/script.ts';

const k = 'k';

const SCRIPTS: Record<string, readonly ScriptStep[]> = {
  'LOCK-1: for TTL, or until it is unlocked; tokens count up': [
    ['lock', { key: k }, NOT_FOUND],
    ['set', { key: k, value: 'v' }, OK],
    ['lock', { key: k, ttlMs: 10 }, token(1)],
    ['wait', 9],
    ['delete', { key: k }, LOCKED],
    ['wait', 1],
    ['touch', { key: k }, OK],
    ['lock', { key: k, ttlMs: 0 }, token(2)],
    ['wait', 1e9],
    ['delete', { key: k }, LOCKED],
    ['delete', { key: k, token: 1 }, LOCKED],
    ['delete', { key: k, token: 2 }, OK],
  ],
  'LOCK-2: its owner sets the time anew, others wait': [
    ['set', { key: k, value: 'v' }, OK],
    ['lock', { key: k, ttlMs: 10 }, token(1)],
    ['lock', { key: k, ttlMs: 99 }, LOCKED],
    ['lock', { key: k, ttlMs: 99, token: 2 }, LOCKED],
    ['wait', 5],
    ['lock', { key: k, ttlMs: 10, token: 1 }, token(1)],
    ['wait', 9],
    ['delete', { key: k }, LOCKED],
    ['wait', 1],
    ['lock', { key: k, token: 1 }, token(2)],
    ['lock', { key: k, token: 1 }, LOCKED],
  ],
  'LOCK-3: with its TOKEN a lock stays over every write': [
    ['set', { key: k, value: '1' }, OK],
    ['lock', { key: k }, token(1)],
    ['set', { key: k, value: '2', token: 1 }, OK],
    ['replace', { key: k, value: '3', token: 1 }, OK],
    ['append', { key: k, value: '0', token: 1 }, OK],
    ['prepend', { key: k, value: '1', token: 1 }, OK],
    ['increment', { key: k, token: 1 }, number(131)],
    ['touch', { key: k, ttlMs: 9, token: 1 }, OK],
    ['get', { key: k, ttlMs: 9, token: 1 }, value('131')],
    ['set', { key: k, value: 'x' }, LOCKED],
    ['delete', { key: k, token: 1 }, OK],
    ['set', { key: k, value: 'new' }, OK],
    ['delete', { key: k }, OK],
  ],
  'LOCK-3: without a lock a TOKEN has no effect': [
    ['set', { key: k, value: '1', token: 77 }, OK],
    ['set', { key: k, value: '2', token: 77 }, OK],
    ['lock', { key: k, token: 77 }, token(1)],
    ['unlock', { key: k, token: 1 }, OK],
    ['delete', { key: k, token: 1 }, OK],
  ],
  'LOCK-4: reads go on': [
    ['set', { key: k, value: 'v' }, OK],
    ['lock', { key: k }, token(1)],
    ['get', { key: k }, value('v')],
    ['get', { key: k, token: 9 }, value('v')],
    ['count', {}, number(1)],
    ['list', {}, { status: 200, number: 1n, entries: [['k', 'v']] }],
    ['add', { key: k, value: 'w' }, CONFLICT],
  ],
  'LOCK-4: a locked item expires, and its successor is not locked': [
    ['set', { key: k, value: 'v', ttlMs: 10 }, OK],
    ['lock', { key: k }, token(1)],
    ['wait', 10],
    ['unlock', { key: k, token: 1 }, NOT_FOUND],
    ['set', { key: k, value: 'w' }, OK],
    ['set', { key: k, value: 'x' }, OK],
    ['lock', { key: k }, token(2)],
    ['reset', {}, OK],
    ['set', { key: k, value: 'w' }, OK],
    ['set', { key: k, value: 'x' }, OK],
  ],
  'LOCK-5: UNLOCK with the TOKEN, or without one': [
    ['unlock', { key: k }, NOT_FOUND],
    ['set', { key: k, value: 'v' }, OK],
    ['unlock', { key: k }, OK],
    ['unlock', { key: k, token: 5 }, OK],
    ['lock', { key: k }, token(1)],
    ['unlock', { key: k, token: 2 }, LOCKED],
    ['unlock', { key: k, token: 0 }, LOCKED],
    ['delete', { key: k }, LOCKED],
    ['unlock', { key: k }, OK],
    ['touch', { key: k }, OK],
    ['lock', { key: k, ttlMs: 5 }, token(2)],
    ['unlock', { key: k, token: 2 }, OK],
    ['lock', { key: k, ttlMs: 5 }, token(3)],
    ['wait', 5],
    ['unlock', { key: k, token: 2 }, OK],
  ],
};

const NEEDS_TOKEN: readonly [OperationOfStore, RequestLiteral][] = [
  ['set', { value: '2' }],
  ['replace', { value: '2' }],
  ['append', { value: '2' }],
  ['prepend', { value: '2' }],
  ['delete', {}],
  ['increment', {}],
  ['touch', { ttlMs: 1 }],
  ['get', { ttlMs: 1 }],
];

describe('MapStore, locks', () => {
  test.each(Object.entries(SCRIPTS))('%s', (_, steps) => {
    expect.hasAssertions();
    play(steps);
  });

  test.each(NEEDS_TOKEN)(
    'LOCK-3, STATUS-3: %s without the TOKEN gets 423 and changes nothing',
    (operation, literal) => {
      expect.hasAssertions();
      const untouched: Outcome = { status: 200, value: '1', version: 1, tag: 7, ttlMs: 90 };
      play([
        ['set', { key: k, value: '1', tag: 7, ttlMs: 90 }, OK],
        ['lock', { key: k, ttlMs: 50 }, token(1)],
        [operation, { ...literal, key: k }, LOCKED],
        [operation, { ...literal, key: k, token: 0 }, LOCKED],
        [operation, { ...literal, key: k, token: 2 }, LOCKED],
        ['get', { key: k, detail: true }, untouched],
        ['delete', { key: k }, LOCKED],
      ]);
    },
  );

  test.each([
    ...NEEDS_TOKEN,
    ['add', { value: '2' }],
    ['lock', {}],
    ['unlock', {}],
    ['count', {}],
    ['list', {}],
    ['setPrefix', { value: '2' }],
    ['deletePrefix', {}],
    ['incrementPrefix', {}],
    ['touchPrefix', {}],
    ['lockPrefix', {}],
    ['unlockPrefix', {}],
  ] satisfies [OperationOfStore, RequestLiteral][])(
    'EXPIRY-1: to %s an expired item, locked or not, is none',
    (operation, literal) => {
      expect.hasAssertions();
      const outcome: Partial<Record<OperationOfStore, Outcome>> = { set: OK, add: OK, count: number(0) };
      for (const isLocked of [false, true]) {
        play([
          ['set', { key: k, value: '1', ttlMs: 10 }, OK],
          ...(isLocked ? ([['lock', { key: k }, token(1)]] as const) : []),
          ['wait', 10],
          [operation, { ...literal, key: k }, outcome[operation] ?? NOT_FOUND],
        ]);
      }
    },
  );
});
