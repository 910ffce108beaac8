/** GET, SET, DELETE, PING, QUIT and RESET, as every server has them. */
import { ask, del, found, get, MISS, OK, recv, request, send, set } from '../actions.ts';
import { area, type Case } from '../case.ts';

const core = area({ profile: 'core' });
const QUIT = request('QUIT');

const items: readonly Case[] = [
  core({
    id: 'get.miss-is-404',
    clauses: ['GET-1', 'STATUS-1'],
    why: 'A miss that is a 200 with an empty value is cached as data.',
    steps: [ask(get('k'), MISS)],
  }),
  core({
    id: 'get.each-key-has-its-own-value',
    clauses: ['GET-1', 'SET-1'],
    kills: ['I1'],
    why: 'A server with one cell for all passes every test that uses one key.',
    steps: [
      ask(set('a', '1')),
      ask(set('b', '2')),
      ask(get('a'), found('1')),
      ask(get('b'), found('2')),
      ask(get('c'), MISS),
    ],
  }),
  core({
    id: 'get.changes-nothing',
    clauses: ['GET-1'],
    why: 'A read that takes the item away, or gives it only once, is a queue.',
    steps: [ask(set('k', 'v')), ...Array.from({ length: 5 }, () => ask(get('k'), found('v')))],
  }),
  core({
    id: 'set.replaces',
    clauses: ['SET-1'],
    kills: ['I4'],
    why: 'A SET that keeps the first value serves old prices until somebody deletes them.',
    steps: [
      ask(set('k', 'first')),
      ask(set('k', 'second, and longer')),
      ask(get('k'), found('second, and longer')),
      ask(set('k', '3')),
      ask(get('k'), found('3')),
    ],
  }),
  core({
    id: 'set.is-seen-by-other-connections',
    clauses: ['CONSISTENT-1', 'SET-1'],
    kills: ['I2', 'I3'],
    why: 'A store for each connection, or for each worker process, is no shared store.',
    steps: [
      { open: 'b' },
      ask(set('k', '1'), OK, 'a'),
      ask(get('k'), found('1'), 'b'),
      ask(set('k', '2'), OK, 'b'),
      ask(get('k'), found('2'), 'a'),
      ask(del('k'), OK, 'c'),
      ask(get('k'), MISS, 'a'),
      ask(get('k'), MISS, 'b'),
    ],
  }),
  core({
    id: 'set.outlives-its-connection',
    clauses: ['SET-1'],
    kills: ['I2'],
    why: 'What one process stored is for the next one.',
    steps: [ask(set('k', 'v')), { close: 'a' }, ask(get('k'), found('v'), 'b')],
  }),
  core({
    id: 'delete.removes-one-item',
    clauses: ['DELETE-1'],
    kills: ['I5'],
    why: 'A DELETE that takes the neighbours too empties the cache under load.',
    steps: [ask(set('a', '1')), ask(set('b', '2')), ask(del('a')), ask(get('a'), MISS), ask(get('b'), found('2'))],
  }),
  core({
    id: 'delete.miss-is-404',
    clauses: ['DELETE-1'],
    why: 'Clients tell by it whether they were the one who deleted: a lock by DELETE depends on it.',
    steps: [ask(del('k'), MISS), ask(set('k', 'v')), ask(del('k')), ask(del('k'), MISS)],
  }),
  core({
    id: 'delete.then-set-again',
    clauses: ['DELETE-1', 'SET-1'],
    why: 'A tombstone that hides the next value loses it.',
    steps: [ask(set('k', '1')), ask(del('k')), ask(set('k', '2')), ask(get('k'), found('2'))],
  }),
];

const connections: readonly Case[] = [
  core({
    id: 'ping.returns-its-value',
    clauses: ['PING-1'],
    why: 'A health check compares what comes back; a constant answer hides a connection that is out of step.',
    steps: [
      ask(request('PING', undefined, { value: 'hello' }), { status: 200, value: 'hello' }),
      ask(request('PING'), { status: 200, value: '' }),
      ask(request('PING', undefined, { value: { hex: '00ff7b0a' } }), { status: 200, value: { hex: '00ff7b0a' } }),
      ask(request('PING', undefined, { value: { fill: 1024 } }), { status: 200, value: { fill: 1024 } }),
    ],
  }),
  core({
    id: 'quit.is-answered-and-closes',
    clauses: ['QUIT-1'],
    why: 'A client that says goodbye waits for the reply: without it, it cannot tell that everything before arrived.',
    steps: [ask(QUIT), { recv: { closed: true } }],
  }),
  core({
    id: 'quit.is-answered-in-its-turn',
    clauses: ['QUIT-1', 'TRANSPORT-3'],
    why: 'A QUIT that overtakes the requests before it loses their replies.',
    steps: [
      send([set('k', 'v'), get('k'), QUIT]),
      recv(),
      recv(found('v')),
      recv(),
      { recv: { closed: true } },
      ask(get('k'), found('v'), 'b'),
    ],
  }),
  core({
    id: 'quit.nothing-behind-it-is-carried-out',
    clauses: ['TRANSPORT-3', 'QUIT-1'],
    why: 'What follows QUIT has no reader any more; carried out, it is a write that nobody acknowledged.',
    steps: [
      ask(set('before', '1')),
      send([QUIT, set('behind', '2'), request('PING')]),
      recv({
        anyOf: [
          { as: 'answered', status: 200 },
          { as: 'the reply was lost in the close', closed: true },
        ],
      }),
      ask(get('before'), found('1'), 'b'),
      ask(get('behind'), MISS, 'b'),
    ],
  }),
  core({
    id: 'quit.closes-one-connection',
    clauses: ['QUIT-1', 'TRANSPORT-5'],
    why: 'Another client’s goodbye is nobody else’s business.',
    steps: [ask(set('k', 'v'), OK, 'other'), ask(QUIT), { recv: { closed: true } }, ask(get('k'), found('v'), 'other')],
  }),
];

const reset = area({
  profile: 'core',
  clauses: ['RESET-1'],
  needs: ['reset'],
  isolation: 'exclusive',
});

const resets: readonly Case[] = [
  reset({
    id: 'reset.removes-every-item',
    why: 'Tests and deployments start from empty: what is left over is somebody’s old data.',
    steps: [
      ...['a', 'b', 'c'].map((key) => ask(set(key, key))),
      ask(set({ lead: '00' }, 'x')),
      ask(set({ lead: 'ff' }, 'x')),
      ask(request('RESET')),
      ...['a', 'b', 'c'].map((key) => ask(get(key), MISS)),
      ask(get({ lead: '00' }), MISS),
      ask(get({ lead: 'ff' }), MISS),
      ask(set('a', 'new')),
      ask(get('a'), found('new')),
    ],
  }),
  reset({
    id: 'reset.of-nothing-is-200',
    why: 'An empty server is what was asked for.',
    steps: [ask(request('RESET')), ask(request('RESET'))],
  }),
  reset({
    id: 'reset.keeps-connections',
    clauses: ['RESET-1', 'TRANSPORT-7'],
    why: 'RESET empties the store; a server that restarts to do so drops everybody.',
    steps: [
      { open: 'b' },
      ask(set('k', 'v'), OK, 'b'),
      ask(request('RESET')),
      ask(get('k'), MISS, 'b'),
      ask(set('k', 'w'), OK, 'b'),
    ],
  }),
  reset({
    id: 'reset.removes-locked-items',
    also: ['standard', 'locks'],
    why: 'A lock that survives a RESET blocks a key of the next test.',
    steps: [
      ask(set('k', 'v')),
      ask(request('LOCK', 'k'), { status: 200, save: { t: 'token' } }),
      ask(request('RESET')),
      ask(get('k'), MISS),
      ask(set('k', 'w')),
      ask(request('LOCK', 'k'), { status: 200, token: { above: 't' } }),
    ],
  }),
  reset({
    id: 'reset.versions-go-on',
    also: ['standard'],
    why: 'If versions start again, a VERSION that a client kept matches an item that it has never seen.',
    steps: [
      ask(set('k', 'v', { flags: ['DETAIL'] }), { status: 200, save: { v: 'version' } }),
      ask(request('RESET')),
      ask(set('k', 'w', { flags: ['DETAIL'] }), { status: 200, version: { above: 'v' } }),
      ask(set('k', 'x', { version: { ref: 'v' } }), { status: 409 }),
    ],
  }),
  reset({
    id: 'reset.quiet-is-silent-and-done',
    also: ['standard'],
    clauses: ['RESET-1', 'FRAME-10'],
    why: 'RESET takes QUIET like the other writes.',
    steps: [ask(set('k', 'v')), send([request('RESET', undefined, { flags: ['QUIET'] })]), ask(get('k'), MISS)],
  }),
];

export const coreCases: readonly Case[] = [...items, ...connections, ...resets];
