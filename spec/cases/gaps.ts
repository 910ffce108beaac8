/** Cases that a mutant of spec/mutants asked for: without them it would have passed. */
import { ask, get, found, json, request, send, set, recv } from '../actions.ts';
import { area, type Case } from '../case.ts';
import { JSON_BAD, JSON_OK, jsonFound, jsonGet, jsonSet } from '../json-actions.ts';

const inJson = area({ profile: 'json' });

export const gapCases: readonly Case[] = [
  inJson({
    id: 'json.bad-envelopes-harm-nobody',
    clauses: ['TRANSPORT-5', 'JSON-3'],
    why: 'An exception that a parser throws and nobody catches ends the service for everybody else.',
    steps: [
      ask(jsonSet('a', '"well"'), JSON_OK, 'good'),
      ...['{', '{"command":', '{"command":"SET","key":"k","value":}', '{]', '{"command":"GET","key":"\\u12"}'].map(
        (text, index) => ask(json(text), JSON_BAD, `bad${index}`),
      ),
      ask(jsonGet('a'), jsonFound('"well"'), 'good'),
    ],
  }),
  inJson({
    id: 'json.lengths-count-bytes',
    clauses: ['FRAME-1', 'JSON-6'],
    why: 'A length in characters is right until somebody writes an accent; then every reply behind it is out of step.',
    steps: [
      send([jsonSet('a', '"é€😀"'), jsonGet('a'), jsonGet('a')]),
      recv(JSON_OK),
      recv(jsonFound('"é€😀"')),
      recv(jsonFound('"é€😀"')),
      ask(get('a'), found('é€😀', { tag: 1 })),
    ],
  }),
  inJson({
    id: 'json.short-envelopes-are-no-framing-errors',
    clauses: ['FRAME-2', 'JSON-3'],
    why: 'The eight bytes of a head are for binary frames: an envelope that is too short to mean anything is a 400.',
    steps: ['{}', '{', '{ }', '{"a":1}'].map((text) => ask(json(text), JSON_BAD)),
  }),
  area({ profile: 'insight' })({
    id: 'meta.ttl-does-not-count-down',
    also: ['standard'],
    clauses: ['META-1'],
    why: 'The TTL as it was set tells what somebody wanted; what is left stands beside it.',
    steps: [
      ask(set('k', 'v', { ttl: 600_000 })),
      { waitMs: 20 },
      ask(request('META', 'k'), { status: 200, includes: { ttl: '600000' } }),
    ],
  }),
];
