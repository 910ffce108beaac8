/**
 * What is refused before AUTH, and what is not (AUTH-1). Connections of these cases are opened without it, but `in`. A
 * server may take as little as 4 KiB and 2 s from a connection before AUTH (TRANSPORT-7): no case comes near either.
 */
import { ask, BAD, errorBefore, found, get, json, MISS, OK, recv, request, send, set } from '../actions.ts';
import { area, type Case } from '../case.ts';
import { JSON_BAD, JSON_MISS, jsonDel, jsonGet, jsonSet } from '../json-actions.ts';
import type { Piece, ReplyExpectation, Step } from '../step.ts';

const auth = area({ profile: 'auth', needs: ['auth'], clauses: ['AUTH-1'] });

const DENIED: ReplyExpectation = { status: 401 };
const JSON_DENIED = { json: 401 } as const;
const IN: Step = { open: 'in', authenticate: true };
/** Requests that must each get 401 on a connection without AUTH, around an item that they must leave as it was. */
function denied(pieces: readonly Piece[], expect: ReplyExpectation | typeof JSON_DENIED = DENIED): Step[] {
  return [
    IN,
    ask(set('kept', '1'), OK, 'in'),
    ...pieces.map((piece) => ask(piece, expect, 'out')),
    ask(get('kept'), found('1'), 'in'),
    ask(get('none'), MISS, 'in'),
  ];
}

const before: readonly Case[] = [
  auth({
    id: 'auth.nothing-is-carried-out-before-it',
    clauses: ['AUTH-1', 'STATUS-3'],
    why: 'A door that only some requests have to pass is open: whoever reaches the port reads and deletes.',
    steps: denied([get('kept'), get('none'), set('kept', 'changed'), set('none', 'new'), request('DELETE', 'kept')]),
  }),
  auth({
    id: 'auth.reset-is-refused-before-it',
    needs: ['auth', 'reset'],
    isolation: 'exclusive',
    clauses: ['AUTH-1', 'STATUS-3'],
    why: 'One frame of twelve bytes from a stranger, and everything is gone.',
    steps: denied([request('RESET')]),
  }),
  auth({
    id: 'auth.standard-requests-are-refused-before-it',
    also: ['standard'],
    clauses: ['AUTH-1', 'STATUS-3', 'FRAME-10'],
    why: 'A check in the handlers is forgotten in one of them; a quiet request must hear of it too.',
    steps: [
      ...denied([
        request('ADD', 'none', { value: '1' }),
        request('REPLACE', 'kept', { value: '2' }),
        request('APPEND', 'kept', { value: '2' }),
        request('PREPEND', 'kept', { value: '2' }),
        request('INCREMENT', 'kept', { number: 5 }),
        request('INCREMENT', 'none', { value: '5' }),
        request('TOUCH', 'kept', { ttl: 1 }),
        get('kept', { ttl: 1 }),
        set('kept', '2', { flags: ['QUIET'] }),
        get('none', { flags: ['QUIET'] }),
        request('DELETE', 'kept', { flags: ['QUIET'] }),
      ]),
      ask(get('kept', { flags: ['DETAIL'] }), found('1', { version: 'any' }), 'in'),
    ],
  }),
  auth({
    id: 'auth.prefix-requests-are-refused-before-it',
    also: ['standard', 'prefix'],
    clauses: ['AUTH-1', 'STATUS-3'],
    why: 'Listings tell a stranger which users there are, even if he cannot read a value.',
    steps: denied([
      request('KEYS', ''),
      request('KEYS', 'kept', { number: 1 }),
      request('COUNT', 'kept'),
      get('kept', { flags: ['PREFIX'] }),
      set('kept', '2', { flags: ['PREFIX'] }),
      request('INCREMENT', 'kept', { flags: ['PREFIX'] }),
      request('TOUCH', 'kept', { ttl: 1, flags: ['PREFIX'] }),
      request('DELETE', 'kept', { flags: ['PREFIX'] }),
    ]),
  }),
  auth({
    id: 'auth.locks-are-refused-before-it',
    also: ['standard', 'locks'],
    clauses: ['AUTH-1', 'STATUS-3'],
    why: 'A lock that anybody may set stops the service as well as a deletion does.',
    steps: [
      ...denied([request('LOCK', 'kept'), request('LOCK', 'kept', { ttl: 60_000 }), request('UNLOCK', 'kept')]),
      ask(set('kept', '2'), OK, 'in'),
      ask(request('LOCK', 'kept'), { status: 200, save: { t: 'token' } }, 'in'),
      ask(request('UNLOCK', 'kept'), DENIED, 'out'),
      ask(set('kept', '3'), { status: 423 }, 'in'),
      ask(request('UNLOCK', 'kept', { token: { ref: 't' } }), OK, 'in'),
    ],
  }),
  auth({
    id: 'auth.insight-is-refused-before-it',
    also: ['insight'],
    why: 'STATS and META look harmless and are often left open: they tell of load, keys and times of access.',
    steps: denied([request('STATS'), request('META', 'kept'), request('META', 'none')]),
  }),
  auth({
    id: 'auth.json-requests-are-refused-before-it',
    also: ['json'],
    clauses: ['AUTH-1', 'JSON-4'],
    why: 'The other dialect is the other door; it cannot authenticate itself, and must not have to be.',
    steps: [
      ...denied(
        [jsonGet('kept'), jsonGet('none'), jsonSet('kept', '"2"'), jsonSet('none', '1'), jsonDel('kept')],
        JSON_DENIED,
      ),
      IN,
      ask(jsonGet('none'), JSON_MISS, 'in'),
    ],
  }),
  auth({
    id: 'auth.json-rst-is-refused-before-it',
    also: ['json'],
    needs: ['auth', 'reset'],
    isolation: 'exclusive',
    clauses: ['AUTH-1', 'JSON-4'],
    why: 'The shortest way to lose everything, in the dialect that needs no client.',
    steps: denied([json('{"command":"RST"}')], JSON_DENIED),
  }),
  auth({
    id: 'auth.hello-and-ping-need-none',
    clauses: ['AUTH-1', 'HELLO-1', 'PING-1'],
    why: 'A client reads in HELLO that it has to authenticate, and a balancer pings without a password.',
    steps: [
      ask(request('HELLO'), { status: 200, includes: { protocol: '1', profiles: '/(.* )?auth( .*)?/' } }),
      ask(request('HELLO', undefined, { value: 'a client' }), { status: 200, includes: { protocol: '1' } }),
      ask(request('PING', undefined, { value: 'x' }), { status: 200, value: 'x' }),
      ask(get('a'), DENIED),
      ask(request('PING', undefined, { value: 'y' }), { status: 200, value: 'y' }),
    ],
  }),
  auth({
    id: 'auth.quit-needs-none',
    clauses: ['AUTH-1', 'QUIT-1'],
    why: 'A client that gives up must be able to say so, and to hear that all before it was answered.',
    steps: [send([get('a'), request('QUIT')]), recv(DENIED), recv(OK), recv({ closed: true })],
  }),
  auth({
    id: 'auth.malformed-requests-get-400-before-it',
    clauses: ['AUTH-1', 'FRAME-7', 'FRAME-9', 'KEY-1'],
    why: 'A 401 for what is malformed sends a developer after his password while his frame is wrong.',
    steps: [
      ask(request('GET'), BAD),
      ask(request('GET', undefined, { keyLength: 9, value: 'abc' }), BAD),
      ask(request('GET', 'a', { value: 'v' }), BAD),
      ask(request('DELETE'), BAD),
      ask(request('PING', 'a'), BAD),
      ask(request('QUIT', undefined, { value: 'v' }), BAD),
      ask(get('a'), DENIED),
    ],
  }),
  auth({
    id: 'auth.malformed-json-gets-400-before-it',
    also: ['json'],
    clauses: ['AUTH-1', 'JSON-3'],
    why: 'What is no JSON is refused as that: only a well-formed request asks for the password.',
    steps: [
      ...['{', '{}', '{"command":"NO"}', '{"command":"GET"}', '{"command":"SET","key":"{{a}}"}'].map((text) =>
        ask(json(text), JSON_BAD),
      ),
      ask(jsonGet('a'), JSON_DENIED),
    ],
  }),
  auth({
    id: 'auth.unknown-opcodes-get-405-before-it',
    clauses: ['FRAME-8', 'STATUS-2'],
    why: 'A client that probes for an operation would take a 401 for "there, but not for you".',
    steps: [0x30, 0x00, 0x7f].map((op) => ask(request(op, 'a', { value: 'v' }), errorBefore(405, 401))),
  }),
];

export const authCases: readonly Case[] = before;
