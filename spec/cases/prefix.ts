/** Prefix requests: what they reach, what they pass over, and what they count (PREFIX). */
import { ask, found, get, listing, MISS, OK, request, set } from '../actions.ts';
import { area, type Case } from '../case.ts';
import type { Key, Request, Step } from '../step.ts';

const prefix = area({ profile: 'prefix', also: ['standard'] });
const PREFIX = { flags: ['PREFIX'] } as const;
const DETAIL = { flags: ['DETAIL'] } as const;
const LONG = { min: 500_000, max: 600_000 } as const;

const many = (
  op: 'GET' | 'SET' | 'DELETE' | 'TOUCH' | 'INCREMENT' | 'LOCK' | 'UNLOCK',
  key: Key,
  more: Partial<Request> = {},
): Request => request(op, key, { ...more, ...PREFIX });
const count = (number: number): { status: number; number: number } => ({ status: 200, number });
const fill = (keys: readonly string[], value = '1'): Step[] => keys.map((key) => ask(set(key, value)));

const reach: readonly Case[] = [
  prefix({
    id: 'prefix.get-lists-keys-and-values-in-byte-order',
    clauses: ['PREFIX-1', 'ENTRY-1'],
    why: 'Signed comparison puts 80 before 7f, a locale puts a before B: pages overlap and keys are lost between them.',
    steps: [
      ...(['7f', '80', 'ff', '00', '0000', '', '61', '41', '4161', '0a', 'c3a9', 'ff00'] as const).map((hex) =>
        ask(set({ hex: `70${hex}` }, { hex })),
      ),
      listing(
        many('GET', 'p'),
        ['', '00', '0000', '0a', '41', '4161', '61', '7f', '80', 'c3a9', 'ff', 'ff00'].map((hex) => [
          { hex: `70${hex}` },
          { hex },
        ]),
      ),
    ],
  }),
  prefix({
    id: 'prefix.starts-with-and-nothing-else',
    clauses: ['PREFIX-1', 'COUNT-1', 'KEY-2'],
    why: 'A prefix that is used as a pattern, or goes one key too far, deletes somebody else’s data.',
    steps: [
      ...fill(['a', 'ab', 'ab*', 'ab%', 'abc', 'ac', 'b', 'aB', 'a.']),
      listing(many('GET', 'ab'), [
        ['ab', '1'],
        ['ab%', '1'],
        ['ab*', '1'],
        ['abc', '1'],
      ]),
      ask(request('COUNT', 'ab'), count(4)),
      ask(request('COUNT', 'a'), count(8)),
      ask(request('COUNT', 'ab*'), count(1)),
      ask(request('COUNT', 'a.'), count(1)),
      ask(many('GET', 'abcd'), MISS),
      ask(many('DELETE', 'ab'), count(4)),
      ask(request('COUNT', 'a'), count(4)),
      ask(get('b'), found('1')),
    ],
  }),
  prefix({
    id: 'prefix.of-ff-bytes',
    clauses: ['PREFIX-1', 'PREFIX-2', 'COUNT-1'],
    why: 'The end of a range is often found by adding one to the last byte: ff has none.',
    steps: [
      ...['ff', 'ffff', 'ffff00', 'ffffff', 'fe', 'feff'].map((lead) => ask(set({ hex: lead }, 'v'))),
      ask(request('COUNT', { hex: 'ff' }), count(4)),
      ask(request('COUNT', { hex: 'ffff' }), count(3)),
      ask(request('KEYS', { hex: 'feff' }), { status: 200, number: 1, entries: [[{ hex: 'feff' }, '']] }),
      ask(many('DELETE', { hex: 'ffff' }), count(3)),
      ask(request('COUNT', ''), count(3)),
    ],
  }),
  prefix({
    id: 'prefix.count-is-of-items-and-zero-is-no-error',
    clauses: ['COUNT-1'],
    why: 'COUNT is asked to find out: 404 for none would make every caller handle two answers.',
    steps: [
      ask(request('COUNT', 'k'), count(0)),
      ...fill(['k', 'k1', 'k2']),
      ask(set('k1', '2')),
      ask(request('COUNT', 'k'), count(3)),
      ask(request('DELETE', 'k1')),
      ask(request('COUNT', 'k'), count(2)),
    ],
  }),
  prefix({
    id: 'prefix.get-carries-values-byte-for-byte',
    clauses: ['PREFIX-1', 'VALUE-1', 'ENTRY-1'],
    why: 'An entry’s length is a u32: a large or empty value shows whether it is written and read so.',
    steps: [
      ask(set('p1', '')),
      ask(set('p2', { fill: 1024, byte: '00' })),
      ask(set('p3', { hex: 'ff007b22' }, { tag: 3 })),
      listing(many('GET', 'p'), [
        ['p1', ''],
        ['p2', { fill: 1024, byte: '00' }],
        ['p3', { hex: 'ff007b22' }],
      ]),
    ],
  }),
];

const writes: readonly Case[] = [
  prefix({
    id: 'prefix.nothing-matched-is-404',
    clauses: ['PREFIX-1', 'PREFIX-2', 'LIST-1'],
    why: 'Invalidating a prefix that nobody uses is mostly a typing error.',
    steps: [
      ask(many('GET', 'none'), MISS),
      ask(many('SET', 'none', { value: 'v' }), MISS),
      ask(many('DELETE', 'none'), MISS),
      ask(many('TOUCH', 'none', { ttl: 1000 }), MISS),
      ask(many('INCREMENT', 'none'), MISS),
      ask(request('KEYS', 'none'), MISS),
      ask(get('none'), MISS),
    ],
  }),
  prefix({
    id: 'prefix.set-changes-all-and-creates-none',
    clauses: ['PREFIX-2', 'SET-1', 'VERSION-1'],
    why: 'SET under a prefix is how a whole group is marked stale: value, TAG and expiry of each, and versions that tell.',
    steps: [
      ask(set('p1', '1', { tag: 9, ttl: 600_000 })),
      ask(set('p2', '2', DETAIL), { status: 200, save: { v: 'version' } }),
      ask(set('q', '3')),
      ask(many('SET', 'p', { value: 'new' }), count(2)),
      ask(get('p1', DETAIL), found('new', { version: { above: 'v' } })),
      ask(many('SET', 'p', { value: '', tag: 4, ttl: 600_000 }), count(2)),
      ask(get('p2', DETAIL), found('', { tag: 4, version: { above: 'v' }, ttl: LONG })),
      ask(get('p'), MISS),
      ask(get('q'), found('3')),
    ],
  }),
  prefix({
    id: 'prefix.delete-counts-what-it-removed',
    clauses: ['PREFIX-2', 'DELETE-1'],
    why: 'Invalidation by prefix is what this protocol is chosen for.',
    steps: [
      ...fill(['p', 'p1', 'p2', 'o', 'q']),
      ask(many('DELETE', 'p'), count(3)),
      ask(get('p'), MISS),
      ask(get('p1'), MISS),
      ask(get('o'), found('1')),
      ask(get('q'), found('1')),
      ask(many('DELETE', 'p'), MISS),
    ],
  }),
  prefix({
    id: 'prefix.touch-sets-the-expiry-of-all',
    clauses: ['PREFIX-2', 'TOUCH-1'],
    why: 'All the parts of a session live and die together.',
    steps: [
      ...fill(['p1', 'p2']),
      ask(set('q', '1', { ttl: 600_000 })),
      ask(many('TOUCH', 'p', { ttl: 600_000 }), count(2)),
      ask(get('p2', DETAIL), found('1', { version: 'any', ttl: LONG })),
      ask(many('TOUCH', 'p'), count(2)),
      ask(get('p2', DETAIL), found('1', { version: 'any' })),
      ask(get('q', DETAIL), found('1', { version: 'any', ttl: LONG })),
      ask(many('TOUCH', 'p', { ttl: 1 }), count(2)),
      { until: many('GET', 'p'), expect: MISS },
    ],
  }),
  prefix({
    id: 'prefix.increment-adds-to-each-number',
    clauses: ['PREFIX-2', 'PREFIX-3', 'INCREMENT-1'],
    why: 'NUMBER is the delta in the request and the count in the reply: mixed up, callers see sums that nobody has.',
    steps: [
      ...fill(['p1', 'p2'], '10'),
      ask(set('p3', 'text')),
      ask(set('p4', '9223372036854775807', { tag: 5, ttl: 600_000 })),
      ask(many('INCREMENT', 'p', { number: 5 }), count(2)),
      ask(get('p1'), found('15')),
      ask(get('p3'), found('text')),
      ask(get('p4'), found('9223372036854775807', { tag: 5 })),
      ask(many('INCREMENT', 'p', { number: -1 }), count(3)),
      ask(get('p4', DETAIL), found('9223372036854775806', { tag: 5, version: 'any', ttl: LONG })),
      ask(many('INCREMENT', 'p1'), count(1)),
      ask(get('p1'), found('15')),
      ask(many('INCREMENT', 'p3'), MISS),
    ],
  }),
];

const lockPrefix = area({ profile: 'prefix', also: ['standard', 'locks'] });

const locks: readonly Case[] = [
  lockPrefix({
    id: 'prefix.locked-items-are-passed-over',
    clauses: ['PREFIX-3', 'PREFIX-2', 'LOCK-3'],
    why: 'One lock must neither stop the others nor be broken with them.',
    steps: [
      ...fill(['p1', 'p2', 'p3']),
      ask(request('LOCK', 'p2'), { status: 200, save: { t: 'token' } }),
      ask(many('SET', 'p', { value: '2' }), count(2)),
      ask(many('TOUCH', 'p', { ttl: 600_000 }), count(2)),
      ask(many('INCREMENT', 'p'), count(2)),
      ask(get('p2', DETAIL), found('1', { version: 'any' })),
      ask(many('INCREMENT', 'p2'), MISS),
      ask(many('DELETE', 'p2'), MISS),
      ask(many('DELETE', 'p'), count(2)),
      ask(get('p2'), found('1')),
      ask(many('DELETE', 'p', { token: { ref: 't', plus: 1 } }), MISS),
      ask(many('DELETE', 'p', { token: { ref: 't' } }), count(1)),
    ],
  }),
  lockPrefix({
    id: 'prefix.token-opens-its-locks',
    clauses: ['PREFIX-2', 'PREFIX-3', 'PREFIX-4'],
    why: 'The owner of a group changes it under one token, and everything stays locked.',
    steps: [
      ...fill(['p1', 'p2']),
      ask(many('LOCK', 'p'), { status: 200, number: 2, save: { t: 'token' } }),
      ask(set('p3', '1')),
      ask(many('SET', 'p', { value: '2', token: { ref: 't' } }), count(3)),
      ask(many('INCREMENT', 'p', { token: { ref: 't' } }), count(3)),
      ask(many('TOUCH', 'p', { ttl: 600_000, token: { ref: 't' } }), count(3)),
      ask(get('p1'), found('3')),
      ask(set('p1', 'x'), { status: 423 }),
      ask(set('p2', 'x'), { status: 423 }),
      ask(set('p3', 'x'), OK),
    ],
  }),
  lockPrefix({
    id: 'prefix.lock-gives-one-token-for-all',
    clauses: ['PREFIX-4', 'LOCK-1', 'LOCK-2'],
    why: 'The one token is proof for each of them, and none of what was locked before is counted.',
    steps: [
      ...fill(['p1', 'p2', 'p3', 'q']),
      ask(request('LOCK', 'p2'), { status: 200, save: { t: 'token' } }),
      ask(many('LOCK', 'p', { ttl: 600_000 }), { status: 200, number: 2, token: { above: 't' }, save: { u: 'token' } }),
      ask(many('LOCK', 'p'), MISS),
      ask(set('p1', 'x', { token: { ref: 'u' } })),
      ask(set('p3', 'x', { token: { ref: 'u' } })),
      ask(set('p2', 'x', { token: { ref: 'u' } }), { status: 423 }),
      ask(set('p2', 'x', { token: { ref: 't' } })),
      ask(set('q', 'x')),
      ask(many('LOCK', 'none'), MISS),
    ],
  }),
  lockPrefix({
    id: 'prefix.unlock-with-token-counts-the-locks-it-removed',
    clauses: ['PREFIX-4', 'LOCK-5'],
    why: 'The count tells an owner whether it lost a lock meanwhile.',
    steps: [
      ...fill(['p1', 'p2', 'p3']),
      ask(request('LOCK', 'p3'), { status: 200, save: { other: 'token' } }),
      ask(many('LOCK', 'p'), { status: 200, number: 2, save: { t: 'token' } }),
      ask(set('p4', '1')),
      ask(many('UNLOCK', 'p', { token: { ref: 't' } }), count(2)),
      ask(many('UNLOCK', 'p', { token: { ref: 't' } }), MISS),
      ask(set('p1', 'x')),
      ask(set('p3', 'x'), { status: 423 }),
      ask(many('UNLOCK', 'p', { token: { ref: 'other' } }), count(1)),
      ask(set('p3', 'x')),
    ],
  }),
  lockPrefix({
    id: 'prefix.unlock-without-token-counts-every-match',
    clauses: ['PREFIX-4', 'LOCK-5'],
    why: 'An operator who clears all locks wants to know that the prefix was right, not how many were locked.',
    steps: [
      ...fill(['p1', 'p2', 'p3']),
      ask(request('LOCK', 'p3')),
      ask(many('UNLOCK', 'p'), count(3)),
      ask(set('p3', 'x')),
      ask(many('UNLOCK', 'p'), count(3)),
      ask(many('UNLOCK', 'none'), MISS),
    ],
  }),
];

const everything = area({
  profile: 'prefix',
  also: ['standard'],
  needs: ['reset'],
  isolation: 'exclusive',
});

const all: readonly Case[] = [
  everything({
    id: 'prefix.no-key-means-all-items',
    clauses: ['PREFIX-2', 'PREFIX-1', 'COUNT-1', 'LIST-1'],
    why: 'The empty prefix is a prefix of every key, 00 and ff among them.',
    steps: [
      ask(request('RESET')),
      ask(request('COUNT'), count(0)),
      ask(request('KEYS'), MISS),
      ask(request('DELETE', undefined, PREFIX), MISS),
      ...['00', '7b', 'ff', 'ffff'].map((raw) => ask(set({ raw }, '1'))),
      ask(request('COUNT'), count(4)),
      listing(
        request('KEYS'),
        ['00', '7b', 'ff', 'ffff'].map((raw) => [{ raw }, '']),
      ),
      listing(
        request('GET', undefined, PREFIX),
        ['00', '7b', 'ff', 'ffff'].map((raw) => [{ raw }, '1']),
      ),
      ask(request('INCREMENT', undefined, PREFIX), count(4)),
      ask(request('SET', undefined, { value: '5', ...PREFIX }), count(4)),
      ask(request('TOUCH', undefined, { ttl: 600_000, ...PREFIX }), count(4)),
      ask(request('DELETE', undefined, PREFIX), count(4)),
      ask(request('COUNT'), count(0)),
    ],
  }),
];

export const prefixCases: readonly Case[] = [...reach, ...writes, ...locks, ...all];
