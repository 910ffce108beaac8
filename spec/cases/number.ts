/** INCREMENT: what a number is, sums at the edges of an i64, and creation (INCREMENT). */
import { ask, found, get, MISS, request, set } from '../actions.ts';
import { area, type Case } from '../case.ts';
import type { Numeric, Request, Step } from '../step.ts';

const number = area({ profile: 'standard' });
const DETAIL = { flags: ['DETAIL'] } as const;
const LONG = { min: 500_000, max: 600_000 } as const;
const MAX = '9223372036854775807';
const MIN = '-9223372036854775808';

const increment = (by?: Numeric, more: Partial<Request> = {}): Request =>
  request('INCREMENT', 'k', { ...(by !== undefined && { number: by }), ...more });

/** From a value by a delta to a sum, which is returned and stored. */
const sums = (rows: readonly (readonly [string, string | undefined, string])[]): Step[] =>
  rows.flatMap(([from, by, to]) => [
    ask(set('k', from)),
    ask(increment(by), { status: 200, number: to }),
    ask(get('k'), found(to)),
  ]);

/** Values and deltas that are refused, and leave the value. */
const refusals = (rows: readonly (readonly [string, string])[]): Step[] =>
  rows.flatMap(([from, by]) => [ask(set('k', from)), ask(increment(by), { status: 422 }), ask(get('k'), found(from))]);

const existing: readonly Case[] = [
  number({
    id: 'increment.adds',
    clauses: ['INCREMENT-1'],
    why: 'The sum is returned, so that a client needs no second request; it has to be the one that is stored.',
    steps: sums([
      ['1', '2', '3'],
      ['10', '-3', '7'],
      ['0', '0', '0'],
      ['-5', '5', '0'],
      ['5', '-10', '-5'],
      ['99', '1', '100'],
      ['-100', '1', '-99'],
      ['4294967295', '1', '4294967296'],
    ]),
  }),
  number({
    id: 'increment.by-one-without-number',
    clauses: ['INCREMENT-1'],
    why: 'The usual counter gives no NUMBER; a default of 0 counts nothing.',
    steps: sums([
      ['41', undefined, '42'],
      ['-1', undefined, '0'],
    ]),
  }),
  number({
    id: 'increment.exact-beyond-2-to-the-53',
    clauses: ['INCREMENT-1'],
    why: 'Through a double 9007199254740993 becomes …992: ids are given out twice.',
    steps: sums([
      ['9007199254740992', '1', '9007199254740993'],
      ['9007199254740993', '2', '9007199254740995'],
      ['-9007199254740993', '-2', '-9007199254740995'],
      ['0', '9007199254740993', '9007199254740993'],
      ['1000000000000000001', '1', '1000000000000000002'],
    ]),
  }),
  number({
    id: 'increment.reaches-the-edges-of-an-i64',
    clauses: ['INCREMENT-1'],
    why: 'The last sums that fit have to be given; a check that is too strict stops a counter early.',
    steps: sums([
      ['9223372036854775806', '1', MAX],
      ['-9223372036854775807', '-1', MIN],
      ['0', MAX, MAX],
      ['0', MIN, MIN],
      [MAX, '0', MAX],
      [MIN, MAX, '-1'],
      [MAX, MIN, '-1'],
    ]),
  }),
  number({
    id: 'increment.overflow-gets-422',
    clauses: ['INCREMENT-2', 'STATUS-3'],
    why: 'A sum that wraps turns the largest balance into the smallest.',
    steps: refusals([
      [MAX, '1'],
      [MIN, '-1'],
      [MAX, MAX],
      [MIN, MIN],
      ['1', MAX],
      ['-1', MIN],
    ]),
  }),
  number({
    id: 'increment.only-decimal-digits-are-a-number',
    clauses: ['INCREMENT-1', 'INCREMENT-2'],
    why: 'A lenient parser takes "12 apples" for 12 and destroys the text.',
    steps: refusals(
      [
        '',
        ' ',
        '-',
        '+1',
        ' 1',
        '1 ',
        '1\n',
        '1.0',
        '1e3',
        '0x10',
        'abc',
        '1a',
        'a1',
        '--1',
        '1-',
        '１',
        '1_000',
        '\u00001',
        '1\u0000',
        'NaN',
        'true',
      ].map((value) => [value, '1'] as const),
    ),
  }),
  number({
    id: 'increment.number-beyond-an-i64-is-none',
    clauses: ['INCREMENT-1', 'INCREMENT-2'],
    why: 'A value of nineteen digits or more can be larger than its type; wrapped, it is another number.',
    steps: refusals([
      ['9223372036854775808', '-1'],
      ['-9223372036854775809', '1'],
      ['18446744073709551615', '1'],
      ['10000000000000000000', '1'],
      ['00000000000000000001', '1'],
    ]),
  }),
  number({
    id: 'increment.stores-the-shortest-form',
    clauses: ['INCREMENT-1'],
    why: 'Leading zeros and a negative zero are numbers by the rule; what is stored must be what every client prints.',
    steps: sums([
      ['007', '1', '8'],
      ['0000000000000000001', '1', '2'],
      ['-0', '0', '0'],
      ['-007', '2', '-5'],
      ['-0000000000000000001', '1', '0'],
      ['000', '-1', '-1'],
    ]),
  }),
  number({
    id: 'increment.keeps-tag-and-expiry',
    clauses: ['INCREMENT-4'],
    why: 'A rate limit is a counter with an expiry: dropped by INCREMENT, it blocks its user for ever.',
    steps: [
      ask(set('k', '1', { ttl: 600_000, tag: 2, ...DETAIL }), { status: 200, save: { v: 'version' } }),
      ask(increment(1), { status: 200, number: 2 }),
      ask(get('k', DETAIL), found('2', { tag: 2, ttl: LONG, version: { above: 'v' } })),
    ],
  }),
  number({
    id: 'increment.ttl-is-for-a-new-item-alone',
    clauses: ['INCREMENT-4', 'INCREMENT-3'],
    why: 'Otherwise every request moves the window of a rate limit, and it never opens.',
    steps: [
      ask(set('k', '1', { tag: 2 })),
      ask(increment(1, { ttl: 600_000, value: '10' }), { status: 200, number: 2 }),
      ask(increment(1, { ttl: 600_000 }), { status: 200, number: 3 }),
      ask(get('k', DETAIL), found('3', { tag: 2, version: 'any' })),
    ],
  }),
  number({
    id: 'increment.detail-tells-the-version',
    clauses: ['VERSION-3', 'INCREMENT-1'],
    why: 'Both fields in one reply: a client that reads them in the wrong order mixes count and version.',
    steps: [
      ask(set('k', '1', DETAIL), { status: 200, save: { v: 'version' } }),
      ask(increment(5, DETAIL), { status: 200, number: 6, version: { above: 'v' }, save: { w: 'version' } }),
      ask(get('k', DETAIL), found('6', { version: { ref: 'w' } })),
    ],
  }),
];

const created: readonly Case[] = [
  number({
    id: 'increment.without-an-item-is-404',
    clauses: ['INCREMENT-3'],
    why: 'A counter that starts by itself hides that its key was mistyped or is gone.',
    steps: [
      ask(increment(), MISS),
      ask(increment(5), MISS),
      ask(increment(5, { ttl: 1000 }), MISS),
      ask(get('k'), MISS),
    ],
  }),
  number({
    id: 'increment.value-is-where-it-starts',
    clauses: ['INCREMENT-3'],
    why: 'The first of many clients creates the counter: nothing is added to what it starts with.',
    steps: [
      ask(increment(5, { value: '10' }), { status: 200, number: 10 }),
      ask(get('k'), found('10')),
      ask(increment(5, { value: '10' }), { status: 200, number: 15 }),
      ask(get('k'), found('15')),
    ],
  }),
  number({
    id: 'increment.creates-with-ttl-and-without-tag',
    clauses: ['INCREMENT-3'],
    why: 'The window of a rate limit is set by whoever comes first.',
    steps: [
      ask(increment(1, { value: '0', ttl: 600_000, ...DETAIL }), { status: 200, number: 0, save: { v: 'version' } }),
      ask(get('k', DETAIL), found('0', { ttl: LONG, version: { ref: 'v' } })),
    ],
  }),
  number({
    id: 'increment.creates-in-the-shortest-form',
    clauses: ['INCREMENT-3'],
    why: 'A start of "007" that is stored as it came is no number to the next client’s eyes.',
    steps: [
      ask(increment(1, { value: '-007' }), { status: 200, number: '-7' }),
      ask(get('k'), found('-7')),
      ask(request('INCREMENT', 'z', { value: '-0' }), { status: 200, number: 0 }),
      ask(get('z'), found('0')),
      ask(request('INCREMENT', 'max', { value: MAX }), { status: 200, number: MAX }),
      ask(get('max'), found(MAX)),
      ask(request('INCREMENT', 'min', { value: MIN }), { status: 200, number: MIN }),
    ],
  }),
  number({
    id: 'increment.value-that-is-no-number-gets-400',
    clauses: ['INCREMENT-3', 'STATUS-3'],
    why: 'The request is malformed, item or not: taken with a zero it would create a counter from a typing error.',
    steps: [
      ...['x', '1.0', '+1', ' 1', '9223372036854775808', '00000000000000000001', '-'].flatMap((value) => [
        ask(increment(1, { value }), { status: 400 }),
        ask(get('k'), MISS),
      ]),
      ask(set('k', '1')),
      ask(increment(1, { value: 'x' }), { status: 400 }),
      ask(get('k'), found('1')),
    ],
  }),
  number({
    id: 'increment.version-never-creates',
    clauses: ['INCREMENT-3', 'VERSION-2'],
    why: 'A VERSION is a condition on an item that is there.',
    steps: [ask(increment(1, { value: '10', version: 1 }), MISS), ask(get('k'), MISS)],
  }),
  number({
    id: 'increment.an-empty-value-is-none',
    clauses: ['INCREMENT-3'],
    why: 'Section 4 says so of every optional value: an empty one creates nothing and is no bad number.',
    steps: [
      ask(increment(1, { value: '' }), MISS),
      ask(set('k', '1')),
      ask(increment(1, { value: '' }), { status: 200, number: 2 }),
    ],
  }),
];

export const numberCases: readonly Case[] = [...existing, ...created];
