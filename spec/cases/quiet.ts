/** QUIET: what is not answered, and what is all the same (FRAME-10). Silence is shown by the barrier behind it. */
import { ask, found, get, MISS, recv, request, send, set } from '../actions.ts';
import { area, type Case } from '../case.ts';
import type { Request, Step } from '../step.ts';

const quiet = area({ profile: 'standard', clauses: ['FRAME-10'] });
const QUIET = { flags: ['QUIET'] } as const;
const QUIET_PREFIX = { flags: ['QUIET', 'PREFIX'] } as const;

/** Sends the request and shows that a PING behind it is the first to be answered. */
const silent = (piece: Request): Step[] => [send([piece]), { probe: 'a' }];

const singles: readonly Case[] = [
  quiet({
    id: 'quiet.get-answers-a-hit-only',
    why: 'Clients fetch many keys with quiet GETs and one PING: an answered miss or a silent hit puts the values under wrong keys.',
    steps: [
      ask(set('k', 'v', { tag: 3 })),
      send([get('none', QUIET), get('k', QUIET), get('none2', QUIET)]),
      recv(found('v', { tag: 3 })),
      { probe: 'a' },
    ],
  }),
  quiet({
    id: 'quiet.set-is-silent-and-done',
    why: 'A quiet write that is only not answered, but not done either, loses data without a word.',
    steps: [...silent(set('k', 'v', QUIET)), ask(get('k'), found('v'))],
  }),
  quiet({
    id: 'quiet.set-with-detail-is-silent',
    why: 'DETAIL asks for news in the reply; QUIET still says that success is none.',
    steps: [...silent(set('k', 'v', { flags: ['QUIET', 'DETAIL'] })), ask(get('k'), found('v'))],
  }),
  quiet({
    id: 'quiet.set-with-a-wrong-version-is-answered',
    clauses: ['FRAME-10', 'VERSION-2'],
    why: 'A conflict that is swallowed is a lost update.',
    steps: [
      ask(set('k', 'v')),
      ask(set('k', 'w', { version: 0, ...QUIET }), { status: 409 }),
      ask(get('k'), found('v')),
    ],
  }),
  quiet({
    id: 'quiet.add-answers-a-conflict-only',
    clauses: ['FRAME-10', 'ADD-1'],
    why: 'Whoever elects a leader with quiet ADDs has to hear that another one won.',
    steps: [
      ...silent(request('ADD', 'k', { value: 'v', ...QUIET })),
      ask(request('ADD', 'k', { value: 'w', ...QUIET }), { status: 409 }),
      ask(get('k'), found('v')),
    ],
  }),
  quiet({
    id: 'quiet.replace-answers-a-miss-only',
    clauses: ['FRAME-10', 'REPLACE-1'],
    why: 'The 404 is silent for GET alone; a REPLACE that changed nothing is news.',
    steps: [
      ask(request('REPLACE', 'k', { value: 'v', ...QUIET }), MISS),
      ask(set('k', 'v')),
      ...silent(request('REPLACE', 'k', { value: 'w', ...QUIET })),
      ask(get('k'), found('w')),
    ],
  }),
  quiet({
    id: 'quiet.append-and-prepend-answer-a-miss-only',
    clauses: ['FRAME-10', 'APPEND-1'],
    why: 'A log line that was appended to nothing is lost; its writer has to hear of it.',
    steps: [
      ask(request('APPEND', 'k', { value: 'v', ...QUIET }), MISS),
      ask(request('PREPEND', 'k', { value: 'v', ...QUIET }), MISS),
      ask(set('k', 'v')),
      ...silent(request('APPEND', 'k', { value: '>', ...QUIET })),
      ...silent(request('PREPEND', 'k', { value: '<', ...QUIET })),
      ask(get('k'), found('<v>')),
    ],
  }),
  quiet({
    id: 'quiet.delete-answers-a-miss-only',
    clauses: ['FRAME-10', 'DELETE-1'],
    why: 'Bulk invalidation by quiet DELETEs would otherwise drown in replies, or hide that a key was wrong.',
    steps: [
      ask(set('k', 'v')),
      ...silent(request('DELETE', 'k', QUIET)),
      ask(get('k'), MISS),
      ask(request('DELETE', 'k', QUIET), MISS),
    ],
  }),
  quiet({
    id: 'quiet.increment-answers-errors-only',
    clauses: ['FRAME-10', 'INCREMENT-2', 'INCREMENT-3'],
    why: 'Counters are incremented quietly by the million; an overflow must still be told.',
    steps: [
      ask(request('INCREMENT', 'k', QUIET), MISS),
      ask(set('k', '1')),
      ...silent(request('INCREMENT', 'k', { number: 4, ...QUIET })),
      ask(get('k'), found('5')),
      ask(set('k', 'x')),
      ask(request('INCREMENT', 'k', QUIET), { status: 422 }),
    ],
  }),
  quiet({
    id: 'quiet.touch-answers-a-miss-only',
    clauses: ['FRAME-10', 'TOUCH-1'],
    why: 'A session that is kept alive quietly and is gone already has to be noticed.',
    steps: [
      ask(request('TOUCH', 'k', { ttl: 1000, ...QUIET }), MISS),
      ask(set('k', 'v')),
      ...silent(request('TOUCH', 'k', { ttl: 600_000, ...QUIET })),
      ask(get('k', { flags: ['DETAIL'] }), found('v', { version: 'any', ttl: { min: 500_000, max: 600_000 } })),
    ],
  }),
  quiet({
    id: 'quiet.malformed-requests-are-answered',
    clauses: ['FRAME-10', 'FRAME-7', 'FRAME-9'],
    why: 'Silence about malformed requests hides a client’s bug for as long as it runs.',
    steps: [
      ask(request('SET', undefined, { value: 'v', ...QUIET }), { status: 400 }),
      ask(request('GET', undefined, QUIET), { status: 400 }),
      ask(request('DELETE', undefined, { keyLength: 4, ...QUIET }), { status: 400 }),
      ask(request('PING', undefined, QUIET), { status: 400 }),
      ask(request(0x30, undefined, QUIET), { status: 405 }),
    ],
  }),
  quiet({
    id: 'quiet.many-are-carried-out-in-order',
    clauses: ['FRAME-10', 'TRANSPORT-3'],
    why: 'A long quiet pipeline is where servers reorder, or stop to read until something is answered.',
    steps: [
      ask(set('k', '')),
      send(Array.from({ length: 100 }, (_, index) => request('APPEND', 'k', { value: `${index},`, ...QUIET }))),
      ask(get('k'), found(Array.from({ length: 100 }, (_, index) => `${index},`).join(''))),
    ],
  }),
];

const locks: readonly Case[] = [
  quiet({
    id: 'quiet.locked-is-answered',
    profile: 'locks',
    clauses: ['FRAME-10', 'LOCK-3'],
    also: ['standard'],
    why: 'A write that a lock refused is not done: silence would say that it was.',
    steps: [
      ask(set('k', 'v')),
      ask(request('LOCK', 'k'), { status: 200, save: { t: 'token' } }),
      ask(set('k', 'w', QUIET), { status: 423 }),
      ask(request('DELETE', 'k', QUIET), { status: 423 }),
      ask(request('UNLOCK', 'k', { token: { ref: 't', plus: 1 }, ...QUIET }), { status: 423 }),
      ...silent(set('k', 'w', { token: { ref: 't' }, ...QUIET })),
      ...silent(request('UNLOCK', 'k', { token: { ref: 't' }, ...QUIET })),
      ask(set('k', 'x')),
      ask(request('UNLOCK', 'none', QUIET), MISS),
    ],
  }),
];

const prefixes: readonly Case[] = [
  quiet({
    id: 'quiet.prefix-requests-answer-errors-only',
    profile: 'prefix',
    also: ['standard'],
    clauses: ['FRAME-10', 'PREFIX-2'],
    why: 'The count in NUMBER is no news to a quiet client; that nothing matched is.',
    steps: [
      ...(['SET', 'DELETE', 'INCREMENT', 'TOUCH'] as const).map((op) =>
        ask(request(op, 'none', { ...(op === 'SET' && { value: 'v' }), ...QUIET_PREFIX }), MISS),
      ),
      ask(set('p1', '1')),
      ask(set('p2', '2')),
      ...silent(request('INCREMENT', 'p', { number: 10, ...QUIET_PREFIX })),
      ask(get('p2'), found('12')),
      ...silent(request('TOUCH', 'p', QUIET_PREFIX)),
      ...silent(request('SET', 'p', { value: 'v', ...QUIET_PREFIX })),
      ask(get('p1'), found('v')),
      ...silent(request('DELETE', 'p', QUIET_PREFIX)),
      ask(get('p1'), MISS),
    ],
  }),
  quiet({
    id: 'quiet.unlock-prefix-answers-errors-only',
    profile: 'prefix',
    also: ['standard', 'locks'],
    clauses: ['FRAME-10', 'PREFIX-4'],
    why: 'Whoever gives up many locks at once has to hear that they were gone already.',
    steps: [
      ask(request('UNLOCK', 'p', QUIET_PREFIX), MISS),
      ask(set('p1', '1')),
      ask(request('LOCK', 'p', { flags: ['PREFIX'] }), { status: 200, number: 1, save: { t: 'token' } }),
      ...silent(request('UNLOCK', 'p', { token: { ref: 't' }, ...QUIET_PREFIX })),
      ask(request('UNLOCK', 'p', { token: { ref: 't' }, ...QUIET_PREFIX }), MISS),
      ask(set('p1', '2')),
    ],
  }),
];

export const quietCases: readonly Case[] = [...singles, ...locks, ...prefixes];
