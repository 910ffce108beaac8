/** Keys and values: every byte, every length, and the limits (KEY, VALUE). */
import { KEY_BYTES_CEILING } from '../../protocol/limits.ts';
import { ask, del, errorBefore, found, get, MISS, OK, recv, refused, request, send, set } from '../actions.ts';
import { area, type Case } from '../case.ts';
import type { Bytes, Key, Step } from '../step.ts';

const key = area({ profile: 'core' });
const value = area({ profile: 'core', clauses: ['VALUE-1'] });

const hexByte = (byte: number): string => byte.toString(16).padStart(2, '0');
const ALL_BYTES = Array.from({ length: 256 }, (_, byte) => hexByte(byte));

/** Sets each key to a value of its own and then gets them all. */
function distinct(keys: readonly Key[]): Step[] {
  return [
    ...keys.map((each, index) => ask(set(each, `value ${index}`))),
    ...keys.map((each, index) => ask(get(each), found(`value ${index}`))),
  ];
}

const TOO_LONG = { limit: 'max-key', plus: 1 } as const;
/** Otherwise no key can be longer: its length field allows no more. */
const LONGER_KEYS = [{ limit: 'max-key', below: KEY_BYTES_CEILING }] as const;

const keys: readonly Case[] = [
  key({
    id: 'key.every-byte-is-a-key',
    clauses: ['KEY-2'],
    why: 'Keys that pass through a text type lose bytes above 7f, or end at 00: two customers share an item.',
    steps: distinct(ALL_BYTES.map((hex) => ({ hex }))),
  }),
  key({
    id: 'key.first-byte-is-no-sign',
    clauses: ['KEY-2', 'FRAME-2'],
    why: 'A server that looks at the key’s first byte for a brace or a NUL takes binary keys for something else.',
    steps: distinct(['7b', '00', 'ff', '0a', '20', '5b', '22', '80', '7b7d'].map((lead) => ({ lead }))),
  }),
  key({
    id: 'key.compared-byte-by-byte',
    clauses: ['KEY-2'],
    kills: ['I12'],
    why: 'Folding case, trimming or normalising keys merges items that their owners keep apart.',
    steps: distinct([
      'a',
      'A',
      'a ',
      ' a',
      'a\t',
      'a\n',
      'é',
      'e\u0301',
      'ﬁ',
      'fi',
      'ß',
      'ss',
      'a\0',
      'a\0b',
      'İ',
      'i',
    ]),
  }),
  key({
    id: 'key.no-utf8-needed',
    clauses: ['KEY-2'],
    why: 'Invalid UTF-8 decoded with replacement characters makes different hashes the same key.',
    steps: distinct(['c328', 'ff', 'fe', 'eda080', 'c0af', 'f8888080', 'efbfbd', '80', '81'].map((hex) => ({ hex }))),
  }),
  key({
    id: 'key.of-250-bytes-is-taken',
    clauses: ['KEY-4'],
    why: 'Every client may rely on 250 bytes.',
    steps: [ask(set({ length: 250 }, 'v')), ask(get({ length: 250 }), found('v')), ask(get({ length: 249 }), MISS)],
  }),
  key({
    id: 'key.long-ones-differ-at-their-end',
    clauses: ['KEY-2', 'KEY-4'],
    kills: ['I12'],
    why: 'Keys that are cut, or hashed over their first bytes alone, return somebody else’s value.',
    steps: distinct(['61', '62', '00', 'ff', ''].map((last) => ({ hex: '6b'.repeat(238) + last }))),
  }),
  key({
    id: 'key.of-one-byte',
    clauses: ['KEY-2', 'KEY-4'],
    needs: ['reset'],
    isolation: 'exclusive',
    why: 'The shortest keys, 00 and 7b among them, are as good as any.',
    steps: [...distinct(ALL_BYTES.map((raw) => ({ raw }))), ...ALL_BYTES.map((raw) => ask(del({ raw })))],
  }),
  key({
    id: 'key.at-the-limit-is-taken',
    clauses: ['KEY-3', 'HELLO-1'],
    why: 'HELLO promises this length; one less is an off-by-one that a client meets with its longest URL.',
    steps: [
      ask(set({ limit: 'max-key', plus: 0 }, 'v')),
      ask(get({ limit: 'max-key', plus: 0 }), found('v')),
      ask(del({ limit: 'max-key', plus: 0 })),
    ],
  }),
  key({
    id: 'key.above-the-limit-gets-413',
    clauses: ['KEY-3', 'STATUS-3'],
    only: LONGER_KEYS,
    why: 'A key that is cut to the limit writes to another item.',
    steps: [
      ...refused(set(TOO_LONG, 'v'), { status: 413 }),
      ...refused(get(TOO_LONG), errorBefore(413, 404)),
      ...refused(del(TOO_LONG), errorBefore(413, 404)),
      ask(get({ limit: 'max-key', plus: 0 }), MISS),
    ],
  }),
  key({
    id: 'key.above-the-limit-gets-413-from-every-operation',
    clauses: ['KEY-3', 'STATUS-3'],
    profile: 'standard',
    only: LONGER_KEYS,
    why: 'One operation that forgets the check is the way in.',
    steps: [
      ...(['ADD', 'REPLACE', 'APPEND', 'PREPEND'] as const).map((op) =>
        ask(request(op, TOO_LONG, { value: 'v' }), errorBefore(413, 404)),
      ),
      ask(request('INCREMENT', TOO_LONG, { value: '1' }), { status: 413 }),
      ask(request('TOUCH', TOO_LONG), errorBefore(413, 404)),
    ],
  }),
];

const values: readonly Case[] = [
  value({
    id: 'value.every-byte-comes-back',
    why: 'A value that passes through a text type comes back longer, or with question marks.',
    steps: [
      ask(set('k', { hex: ALL_BYTES.join('') })),
      ask(get('k'), found({ hex: ALL_BYTES.join('') })),
      ...['00', 'ff', '0d0a', '7b', 'efbbbf', 'c3', 'eda080', '00000000', '0000000e'].flatMap((hex) => [
        ask(set('k', { hex })),
        ask(get('k'), found({ hex })),
      ]),
    ],
  }),
  value({
    id: 'value.empty-is-a-value',
    clauses: ['VALUE-1', 'GET-1'],
    why: 'An empty value that is taken for a miss makes a cache compute it again for ever.',
    steps: [
      ask(get('k'), MISS),
      ask(set('k', '')),
      ask(get('k'), found('')),
      ask(set('k', 'x')),
      ask(set('k', '')),
      ask(get('k'), found('')),
    ],
  }),
  value({
    id: 'value.of-1024-bytes-is-taken',
    clauses: ['KEY-4', 'VALUE-1'],
    why: 'Every client may rely on 1024 bytes, with the longest key too.',
    steps: [ask(set({ length: 250 }, { fill: 1024 })), ask(get({ length: 250 }), found({ fill: 1024 }))],
  }),
  value({
    id: 'value.that-looks-like-a-frame',
    why: 'A reader that resynchronises inside a value runs what a stranger stored as a command.',
    steps: [
      ask(set('victim', 'safe')),
      ask(set('k', { hex: '0000000800000000 00000008 23 00 0000 00000001 00000008 05 00 0000 00000002 00000000' })),
      ask(
        get('k'),
        found({ hex: '0000000800000000 00000008 23 00 0000 00000001 00000008 05 00 0000 00000002 00000000' }),
      ),
      ask(set('k', '{"status_code":200}')),
      ask(get('k'), found('{"status_code":200}')),
      ask(get('victim'), found('safe')),
    ],
  }),
  value({
    id: 'value.is-kept-apart-from-the-next',
    why: 'A server that keeps a view of its read buffer gives later requests’ bytes for an earlier value.',
    steps: [
      send([
        set('a', { fill: 600, byte: '61' }),
        set('b', { fill: 600, byte: '62' }),
        set('c', { fill: 600, byte: '63' }),
      ]),
      recv(),
      recv(),
      recv(),
      ask(request('PING', undefined, { value: { fill: 1000, byte: '64' } })),
      ask(request('PING', undefined, { value: { fill: 1000, byte: '65' } })),
      ask(get('a'), found({ fill: 600, byte: '61' })),
      ask(get('b'), found({ fill: 600, byte: '62' })),
      ask(get('c'), found({ fill: 600, byte: '63' })),
    ],
  }),
  value({
    id: 'value.around-64-kib',
    why: 'Reads come in blocks of 64 KiB: a byte lost or doubled at the edge corrupts every large value.',
    only: [{ limit: 'max-value', atLeast: 140_000 }],
    steps: [65_511, 65_519, 65_523, 65_527, 65_535, 65_536, 65_537, 131_072, 131_073].flatMap((fill) => {
      const bytes: Bytes = { concat: ['<', { fill: fill - 2, byte: hexByte(fill % 251) }, '>'] };
      return [ask(set('k', bytes)), ask(get('k'), found(bytes))];
    }),
  }),
];

const OVER = { limit: 'max-value', plus: 1 } as const;
const FULL = { limit: 'max-value', plus: 0 } as const;
const small = area({ profile: 'core', clauses: ['KEY-3', 'STATUS-3'], needs: ['small-limits'] });

const limits: readonly Case[] = [
  small({
    id: 'value.at-the-limit-comes-back',
    clauses: ['KEY-3', 'VALUE-1', 'HELLO-1'],
    why: 'HELLO promises this length, with the longest key.',
    steps: [
      ask(set({ limit: 'max-key', plus: 0 }, FULL)),
      ask(get({ limit: 'max-key', plus: 0 }), found(FULL)),
      ask(del({ limit: 'max-key', plus: 0 })),
    ],
  }),
  small({
    id: 'value.above-the-limit-gets-413',
    why: 'Other stores forget the old value here; this contract keeps it, and never stores half of the new one.',
    steps: [
      ...refused(set('kept', OVER), { status: 413 }),
      ask(set('new', OVER), { status: 413 }),
      ask(get('new'), MISS),
    ],
  }),
  small({
    id: 'value.above-the-limit-gets-413-from-ping',
    clauses: ['KEY-3'],
    why: 'A PING that is not limited is a free amplifier.',
    steps: [
      ask(request('PING', undefined, { value: OVER }), { status: 413 }),
      ask(request('PING', undefined, { value: FULL }), OK),
    ],
  }),
  small({
    id: 'value.above-the-limit-gets-413-from-writes',
    profile: 'standard',
    why: 'Each operation that stores needs the check, ADD and REPLACE like SET.',
    steps: [
      ask(request('ADD', 'new', { value: OVER }), { status: 413 }),
      ask(get('new'), MISS),
      ...refused(request('REPLACE', 'kept', { value: OVER }), { status: 413 }),
      ...refused(request('APPEND', 'kept', { value: OVER }), { status: 413 }),
      ...refused(request('PREPEND', 'kept', { value: OVER }), { status: 413 }),
    ],
  }),
  small({
    id: 'value.made-too-large-by-append-gets-413',
    profile: 'standard',
    clauses: ['KEY-3', 'APPEND-1', 'STATUS-3'],
    why: 'The limit holds for what APPEND would make: otherwise a value grows until it cannot be read any more.',
    steps: [
      ask(set('k', { limit: 'max-value', plus: -2 })),
      ask(request('APPEND', 'k', { value: '>>>' }), { status: 413 }),
      ask(request('PREPEND', 'k', { value: '<<<' }), { status: 413 }),
      ask(get('k'), found({ limit: 'max-value', plus: -2 })),
      ask(request('APPEND', 'k', { value: '>' })),
      ask(request('PREPEND', 'k', { value: '<' })),
      ask(request('APPEND', 'k', { value: '>' }), { status: 413 }),
      ask(request('APPEND', 'k', { value: '' })),
      ask(get('k'), found({ concat: ['<', { limit: 'max-value', plus: -2 }, '>'] })),
    ],
  }),
];

export const keyCases: readonly Case[] = [...keys, ...values, ...limits];
