/** The JSON envelope: what is no envelope, no JSON, or no UTF-8 (section 7). */
import { ask, json } from '../actions.ts';
import { area, type Case } from '../case.ts';
import { envelope, JSON_BAD, JSON_MISS, JSON_OK, jsonFound, jsonGet, jsonRefused, jsonSet } from '../json-actions.ts';
import type { Piece, Step } from '../step.ts';

const dialect = area({ profile: 'json' });

/** A SET of the kept item in which `value` stands as it is, JSON or not. */
const badSet = (value: string): Piece => jsonSet('kept', value);

const NOT_JSON = [
  '',
  'changed',
  "'changed'",
  '"changed',
  '"changed\\"',
  '"\\x41"',
  '"\\u12"',
  '"\\u12g4"',
  '"\\\'"',
  '"\t"',
  '"\n"',
  '"\u0000"',
  '"\u001f"',
  'True',
  'nul',
  'undefined',
  'NaN',
  'Infinity',
  '-Infinity',
  '-',
  '+1',
  '01',
  '-01',
  '1.',
  '.5',
  '1e',
  '1e+',
  '0x10',
  '1_000',
  '1 2',
  '[1,]',
  '[,1]',
  '[1 2]',
  '[1',
  '1]',
  '[1}',
  '{"a":1,}',
  '{"a"}',
  '{"a":}',
  '{a:1}',
  '{1:1}',
  '{"a":1]',
  '1,',
  '/* c */ 1',
  '1 // c',
  '"v"}}',
  '"\\u00e9"\u00a0',
  '\ufeff"v"',
];

const malformed: readonly Case[] = [
  dialect({
    id: 'json.what-is-no-json-is-refused',
    clauses: ['JSON-3'],
    why: 'Lenient readers take NaN, comments or a comma too many; what they store, no other client can read again.',
    steps: jsonRefused(NOT_JSON.map(badSet)),
  }),
  dialect({
    id: 'json.bytes-behind-the-object-are-refused',
    clauses: ['JSON-3', 'JSON-1'],
    why: 'A reader that stops at the last brace takes half of what somebody sent, and hides a wrong length for years.',
    steps: jsonRefused(
      ['x', '{}', ',', '}', ' {"command":"GET","key":"{{kept}}"}', '\u0000', '\n\u0000', '"', '\u00a0', '\u000b'].map(
        (rest) => json(`{"command":"SET","key":"{{kept}}","value":"changed"}${rest}`),
      ),
    ),
  }),
  dialect({
    id: 'json.every-cut-envelope-is-refused',
    clauses: ['JSON-3', 'STATUS-3'],
    why: 'A frame whose text ends too early is what a client with a wrong length sends: none of it may be carried out.',
    run: async (context) => {
      const { resolver } = context;
      const text = resolver.text('{"command":"SET","key":"{{kept}}","value":["changed",-1.5e3,true]}');
      await context.ask(jsonSet('kept', '"as it was"'), JSON_OK);
      for (let length = 1; length < text.length; length += 1) {
        await context.ask({ body: text.slice(0, length) }, JSON_BAD);
      }
      await context.ask(jsonGet('kept'), jsonFound('"as it was"'));
    },
  }),
  dialect({
    id: 'json.bytes-that-are-no-utf8-are-refused',
    clauses: ['JSON-3', 'JSON-1'],
    why: 'Decoders that put U+FFFD in place of bad bytes store something else than was sent, and make different keys equal.',
    steps: jsonRefused(
      ['ff', '80', 'c080', 'e282', 'eda080', 'f0808080', 'f4908080', 'fe'].flatMap((hex) => [
        envelope('{"command":"SET","key":"', { key: 'kept' }, '","value":"', { hex }, '"}'),
        envelope('{"command":"SET","key":"', { key: 'kept' }, '","value":["', { hex }, '"]}'),
        envelope('{"command":"SET","key":"', { key: 'kept' }, '","value":"changed","other":"', { hex }, '"}'),
        envelope('{"command":"GET","key":"', { key: 'kept' }, { hex }, '"}'),
      ]),
    ),
  }),
  dialect({
    id: 'json.lone-surrogates-are-refused',
    clauses: ['JSON-6'],
    why: 'Half a character has no UTF-8: replaced by U+FFFD, all such keys are one key, and values come back broken.',
    steps: jsonRefused(
      ['\\ud83d', '\\ude00', '\\ude00\\ud83d', '\\ud83d\\u0041', 'a\\udfff', '\\ud800\\ud800\\udc00'].flatMap(
        (half) => [
          json(`{"command":"SET","key":"{{kept}}","value":"${half}"}`),
          json(`{"command":"SET","key":"{{kept}}${half}","value":"changed"}`),
          json(`{"command":"GET","key":"{{kept}}${half}"}`),
          json(`{"command":"DEL","key":"{{kept}}${half}"}`),
        ],
      ),
    ),
  }),
];

/** Frames whose first byte is not the brace: no envelopes, whatever follows (FRAME-2). */
const notEnvelopes: readonly Case[] = [
  dialect({
    id: 'json.only-the-first-byte-makes-an-envelope',
    profile: 'core',
    also: ['json'],
    clauses: ['FRAME-2', 'FRAME-8'],
    why: 'A server that skips a byte order mark or a space reads binary frames with such opcodes as JSON.',
    steps: ['efbbbf', '20', '0a', '09', '5b'].flatMap((hex): Step[] => [
      ask(envelope({ hex }, '{"command":"SET","key":"', { key: 'a' }, '","value":"v"}'), {
        anyOf: [
          { as: 'an unknown opcode', status: 405 },
          { as: 'an unknown opcode that does not fit', status: 400 },
        ],
      }),
      ask(jsonGet('a'), JSON_MISS),
    ]),
  }),
];

export const jsonMalformedCases: readonly Case[] = [...malformed, ...notEnvelopes];
