/** JSON and binary requests on the same items: TAGs, expiry, locks and limits (JSON-4, JSON-6). */
import { ask, del, found, get, json, MISS, OK, request, set } from '../actions.ts';
import { area, type Case } from '../case.ts';
import {
  envelope,
  JSON_BAD,
  JSON_MISS,
  JSON_OK,
  jsonDel,
  jsonFound,
  jsonGet,
  jsonSet,
  jsonSetKey,
} from '../json-actions.ts';
import type { Bytes, Piece, Step } from '../step.ts';

const shared = area({ profile: 'json', clauses: ['JSON-6'] });

const TAG_TEXT = 1;
const TAG_JSON = 3;
const DETAIL = { flags: ['DETAIL'] } as const;
const JSON_LARGE = { json: 413 } as const;
const JSON_LOCKED = { json: 423 } as const;

/** What a GET through JSON makes of a binary item. */
const readAs = (value: Bytes, tag: number | undefined, text: string): Step[] => [
  ask(set('k', value, tag === undefined ? {} : { tag })),
  ask(jsonGet('k'), jsonFound(text)),
];

/** A binary item that JSON cannot say: it is refused, stays as it is, and can be deleted. */
const unreadable = (value: Bytes, tag?: number): Step[] => [
  ask(set('k', value, tag === undefined ? {} : { tag })),
  ask(jsonGet('k'), JSON_BAD),
  ask(get('k'), found(value, tag === undefined ? {} : { tag })),
  ask(jsonDel('k'), JSON_OK),
  ask(get('k'), MISS),
];

const tags: readonly Case[] = [
  shared({
    id: 'json.strings-are-stored-as-text',
    why: 'Quotes around the value, or a missing TAG, and every binary client reads something else than was set.',
    steps: [
      ask(jsonSet('k', '"bar"'), JSON_OK),
      ask(get('k'), found('bar', { tag: TAG_TEXT })),
      ask(jsonSet('k', '""'), JSON_OK),
      ask(get('k'), found('', { tag: TAG_TEXT })),
      ask(jsonSet('k', '"[1]"'), JSON_OK),
      ask(get('k'), found('[1]', { tag: TAG_TEXT })),
    ],
  }),
  shared({
    id: 'json.other-values-are-stored-as-json',
    why: 'Binary clients parse TAG 3: a private encoding of the server, or its language’s own text, is none.',
    steps: ['null', 'true', 'false', '0', '-1.5', '[]', '{}', '["b","a","r"]', '{"a":[null,{"b":"é"}]}'].flatMap(
      (text) => [ask(jsonSet('k', text), JSON_OK), ask(get('k'), { status: 200, valueJson: text, tag: TAG_JSON })],
    ),
  }),
  shared({
    id: 'json.untagged-items-are-strings',
    why: 'Bytes without a TAG that are parsed as JSON turn the text 42 into a number, and null into nothing.',
    steps: [
      ...readAs('bar', undefined, '"bar"'),
      ...readAs('', undefined, '""'),
      ...readAs('42', undefined, '"42"'),
      ...readAs('null', undefined, '"null"'),
      ...readAs('{"a":1}', undefined, '"{\\"a\\":1}"'),
      ...readAs({ hex: '00225c0a1f7f' }, undefined, '"\\u0000\\"\\\\\\n\\u001f\\u007f"'),
      ...readAs({ hex: 'efbbbf61f09f9880' }, undefined, '"\\ufeffa😀"'),
    ],
  }),
  shared({
    id: 'json.items-with-other-tags-are-strings',
    also: ['standard'],
    why: 'Only 3 means JSON; a server that looks at the low byte, or at one bit, parses what is no JSON of anybody.',
    steps: [0, 1, 2, 4, 7, 0x103, 0x203, 0x303, 0x03000000, 0x80000003, 0xffffffff].flatMap((tag) =>
      readAs('[1]', tag, '"[1]"'),
    ),
  }),
  shared({
    id: 'json.items-with-the-json-tag-are-parsed',
    also: ['standard'],
    why: 'What a binary client stored as JSON is a value for JSON clients, not a string with JSON in it.',
    steps: [
      ...readAs('{"a": [1, 2.5, null]}', TAG_JSON, '{"a":[1,2.5,null]}'),
      ...readAs('"text"', TAG_JSON, '"text"'),
      ...readAs('null', TAG_JSON, 'null'),
      ...readAs('0', TAG_JSON, '0'),
      ...readAs(' \t\r\n[ ] ', TAG_JSON, '[]'),
      ...readAs('['.repeat(64) + ']'.repeat(64), TAG_JSON, '['.repeat(64) + ']'.repeat(64)),
      ...readAs('"\\u00e9\\ud83d\\ude00"', TAG_JSON, '"é😀"'),
    ],
  }),
  shared({
    id: 'json.items-that-are-no-utf8-get-400',
    why: 'Pictures and compressed values are no text: replaced bytes look like an answer, an exception like a crash.',
    steps: ['ff', 'c080', 'eda080', 'f4908080', 'e282', '61ff62'].flatMap((hex) => unreadable({ hex })),
  }),
  shared({
    id: 'json.json-tag-on-what-is-no-json-gets-400',
    also: ['standard'],
    why: 'A TAG belongs to the clients and may lie; copied into the envelope, the lie breaks the reply of the whole frame.',
    steps: [
      '',
      ' ',
      'nope',
      '{',
      '[1,]',
      '1 2',
      '1}',
      '"a","value":"b"',
      "'a'",
      'NaN',
      '01',
      '{a:1}',
      { hex: '22ff22' },
      { hex: '00' },
      { hex: '220a22' },
    ].flatMap((text) => unreadable(text, TAG_JSON)),
  }),
  shared({
    id: 'json.items-are-common-to-both-forms',
    clauses: ['JSON-6', 'DELETE-1'],
    kills: ['I2'],
    why: 'Two stores behind one port: half of the clients never see what the other half writes.',
    steps: [
      ask(set('a', 'binary')),
      ask(jsonGet('a'), jsonFound('"binary"'), 'b'),
      ask(jsonSet('a', '"json"'), JSON_OK, 'b'),
      ask(get('a'), found('json', { tag: TAG_TEXT })),
      ask(jsonDel('a'), JSON_OK, 'b'),
      ask(get('a'), MISS),
      ask(jsonSet('a', '[1]'), JSON_OK, 'b'),
      ask(del('a')),
      ask(jsonGet('a'), JSON_MISS, 'b'),
    ],
  }),
];

const items: readonly Case[] = [
  shared({
    id: 'json.set-drops-expiry-and-tag',
    also: ['standard'],
    clauses: ['JSON-6', 'SET-1', 'VERSION-1'],
    why: 'A value that is set anew through JSON and still dies with the old one’s TTL vanishes without a reason.',
    steps: [
      ask(set('k', 'old', { ttl: 600_000, tag: 9, ...DETAIL }), { status: 200, save: { v: 'version' } }),
      ask(jsonSet('k', '"new"'), JSON_OK),
      ask(get('k', DETAIL), found('new', { tag: TAG_TEXT, version: { above: 'v' } })),
      ask(set('k', 'old', { ttl: 600_000, tag: 9 })),
      ask(jsonSet('k', '{"a":1}'), JSON_OK),
      ask(get('k', DETAIL), { status: 200, valueJson: '{"a":1}', tag: TAG_JSON, version: { above: 'v' } }),
    ],
  }),
  shared({
    id: 'json.get-changes-nothing',
    also: ['standard'],
    clauses: ['JSON-6', 'VERSION-1'],
    why: 'A read that changes a version makes every compare-and-set fail while somebody looks.',
    steps: [
      ask(set('k', 'v', { ttl: 600_000, tag: 9, ...DETAIL }), { status: 200, save: { v: 'version' } }),
      ask(jsonGet('k'), jsonFound('"v"')),
      ask(get('k', DETAIL), found('v', { tag: 9, version: { ref: 'v' }, ttl: { min: 1, max: 600_000 } })),
    ],
  }),
  shared({
    id: 'json.a-failed-set-keeps-version-and-expiry',
    also: ['standard'],
    clauses: ['STATUS-3', 'JSON-3'],
    why: 'A refused SET that has cleared the TTL already leaves an item that never goes.',
    steps: [
      ask(set('k', 'v', { ttl: 600_000, tag: 9, ...DETAIL }), { status: 200, save: { v: 'version' } }),
      ask(json('{"command":"SET","key":"{{k}}"}'), JSON_BAD),
      ask(jsonSet('k', 'nope'), JSON_BAD),
      ask(jsonSet('k', '"\\ud800"'), JSON_BAD),
      ask(get('k', DETAIL), found('v', { tag: 9, version: { ref: 'v' }, ttl: { min: 1, max: 600_000 } })),
    ],
  }),
  shared({
    id: 'json.expired-items-are-gone',
    also: ['standard'],
    clauses: ['EXPIRY-1', 'JSON-2'],
    why: 'Expiry that only the binary path checks serves dead sessions to the others.',
    steps: [
      ask(set('a', 'v', { ttl: 40 })),
      ask(set('b', 'v', { ttl: 40 })),
      { until: jsonGet('a'), expect: JSON_MISS },
      { until: get('b'), expect: MISS },
      ask(jsonDel('b'), JSON_MISS),
    ],
  }),
  shared({
    id: 'json.text-of-a-number-can-be-counted',
    also: ['standard'],
    clauses: ['JSON-6', 'INCREMENT-4'],
    why: 'Web clients read through JSON what workers count: the TAG must survive, or the string becomes a number.',
    steps: [
      ask(jsonSet('k', '"41"'), JSON_OK),
      ask(request('INCREMENT', 'k'), { status: 200, number: 42 }),
      ask(jsonGet('k'), jsonFound('"42"')),
    ],
  }),
];

const locked: readonly Case[] = [
  shared({
    id: 'json.locked-items-get-423',
    also: ['standard', 'locks'],
    clauses: ['JSON-4', 'LOCK-3', 'LOCK-4'],
    why: 'A lock that JSON clients do not notice protects nothing: they write in the middle of somebody’s update.',
    steps: [
      ask(jsonSet('k', '"v"'), JSON_OK),
      ask(request('LOCK', 'k'), { status: 200, save: { t: 'token' } }),
      ask(jsonSet('k', '"changed"'), JSON_LOCKED),
      ask(jsonDel('k'), JSON_LOCKED),
      ask(jsonGet('k'), jsonFound('"v"')),
      ask(request('UNLOCK', 'k', { token: { ref: 't' } })),
      ask(jsonSet('k', '"changed"'), JSON_OK),
      ask(jsonGet('k'), jsonFound('"changed"')),
      ask(jsonDel('k'), JSON_OK),
    ],
  }),
  shared({
    id: 'json.rst-removes-locked-items',
    also: ['standard', 'locks'],
    needs: ['reset'],
    isolation: 'exclusive',
    clauses: ['RESET-1', 'JSON-2'],
    why: 'What survives RST because of a forgotten lock is there in the next test, and in no other.',
    steps: [
      ask(jsonSet('k', '"v"'), JSON_OK),
      ask(request('LOCK', 'k'), { status: 200 }),
      ask(json('{"command":"RST"}'), JSON_OK),
      ask(jsonGet('k'), JSON_MISS),
      ask(jsonSet('k', '"new"'), JSON_OK),
      ask(jsonGet('k'), jsonFound('"new"')),
    ],
  }),
];

/** SET, GET and DEL of a key that is `more` written behind all but `less` of the longest key's bytes. */
const withKey = (less: number, more: string): Piece[] =>
  ['SET', 'GET', 'DEL'].map((command) =>
    envelope(`{"command":"${command}","key":"`, { key: { limit: 'max-key', plus: -less } }, `${more}","value":"v"}`),
  );

const limits: readonly Case[] = [
  shared({
    id: 'json.keys-above-the-limit-get-413',
    clauses: ['JSON-4', 'KEY-3'],
    kills: ['I12'],
    why: 'A key that is cut to fit is another key; one that is counted in characters does not fit elsewhere.',
    steps: [
      ask(jsonSetKey({ limit: 'max-key', plus: 0 }), JSON_OK),
      ...[...withKey(0, 'x'), ...withKey(1, 'é'), ...withKey(3, '\\ud83d\\ude00')].map((piece) =>
        ask(piece, JSON_LARGE),
      ),
      ask(get({ limit: 'max-key', plus: 0 }), found('v', { tag: TAG_TEXT })),
      ask(get({ limit: 'max-key', plus: -1 }), MISS),
    ],
  }),
  shared({
    id: 'json.values-above-the-limit-get-413',
    needs: ['small-limits'],
    clauses: ['JSON-4', 'KEY-3', 'STATUS-3'],
    why: 'A limit that only one dialect checks is none: whoever wants more speaks the other.',
    steps: [
      ask(jsonSet('k', '"as it was"'), JSON_OK),
      ask(
        envelope('{"command":"SET","key":"', { key: 'k' }, '","value":"', { limit: 'max-value', plus: 1 }, '"}'),
        JSON_LARGE,
      ),
      ask(
        envelope('{"command":"SET","key":"', { key: 'k' }, '","value":["', { limit: 'max-value', plus: 0 }, '"]}'),
        JSON_LARGE,
      ),
      ask(
        envelope('{"command":"SET","key":"', { key: 'k' }, '","value":"', { limit: 'max-value', plus: -1 }, 'é"}'),
        JSON_LARGE,
      ),
      ask(jsonGet('k'), jsonFound('"as it was"')),
      ask(
        envelope('{"command":"SET","key":"', { key: 'k' }, '","value":"', { limit: 'max-value', plus: 0 }, '"}'),
        JSON_OK,
      ),
      ask(get('k'), found({ limit: 'max-value', plus: 0 }, { tag: TAG_TEXT })),
    ],
  }),
  shared({
    id: 'json.reply-above-max-frame-is-413',
    needs: ['small-limits'],
    clauses: ['JSON-6', 'FRAME-12'],
    // A control character takes six characters in JSON, the rest of the envelope 29.
    only: [{ limit: 'max-value', times: 6, plus: 28, atLeast: 'max-frame' }],
    why: 'Escapes make a value six times as long: a frame above the limit that the client keeps to is the end of it.',
    steps: [
      ask(set('k', { limit: 'max-value', plus: 0, byte: '01' })),
      ask(jsonGet('k'), JSON_LARGE),
      ask(get('k'), found({ limit: 'max-value', plus: 0, byte: '01' })),
      ask(set('k', 'short'), OK),
      ask(jsonGet('k'), jsonFound('"short"')),
    ],
  }),
];

export const jsonItemCases: readonly Case[] = [...tags, ...items, ...locked, ...limits];
