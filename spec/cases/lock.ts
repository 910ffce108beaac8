/** LOCK and UNLOCK, and what a lock does to every other operation (LOCK). */
import { ask, del, found, get, MISS, OK, request, send, set } from '../actions.ts';
import { area, type Case } from '../case.ts';
import type { OperationName } from '../../protocol/operations.ts';
import type { Key, Request, Step } from '../step.ts';

const lock = area({ profile: 'locks', also: ['standard'] });
const DETAIL = { flags: ['DETAIL'] } as const;
const LOCKED = { status: 423 } as const;
const SHORT_TTL_MS = 40;

const take = (key: Key, name: string, more: Partial<Request> = {}): Step =>
  ask(request('LOCK', key, more), { status: 200, token: 'any', save: { [name]: 'token' } });
const unlock = (key: Key, more: Partial<Request> = {}): Request => request('UNLOCK', key, more);
const withToken = (name: string): { token: { ref: string } } => ({ token: { ref: name } });
const wrongToken = (name: string): { token: { ref: string; plus: number } } => ({ token: { ref: name, plus: 1 } });

const taking: readonly Case[] = [
  lock({
    id: 'lock.gives-a-token-that-grows',
    clauses: ['LOCK-1'],
    why: 'A token is a fencing number: given twice, or smaller than before, it lets a late owner write.',
    steps: [
      ask(set('a', 'v')),
      ask(set('b', 'v')),
      take('a', 't1'),
      ask(request('LOCK', 'b'), { status: 200, token: { above: 't1' }, save: { t2: 'token' } }),
      ask(unlock('a', withToken('t1'))),
      ask(request('LOCK', 'a', { ttl: 600_000 }), { status: 200, token: { above: 't2' }, save: { t3: 'token' } }),
      ask(unlock('b')),
      ask(del('b')),
      ask(set('b', 'w')),
      ask(request('LOCK', 'b'), { status: 200, token: { above: 't3' } }),
    ],
  }),
  lock({
    id: 'lock.of-nothing-is-404',
    clauses: ['LOCK-1', 'LOCK-5'],
    why: 'Only an item can be locked: a client that locks a missing key must learn that nothing is protected.',
    steps: [
      ask(request('LOCK', 'k'), MISS),
      ask(request('LOCK', 'k', { ttl: 5, token: 5 }), MISS),
      ask(unlock('k'), MISS),
      ask(unlock('k', { token: 5 }), MISS),
    ],
  }),
  lock({
    id: 'lock.of-a-locked-item-is-423',
    clauses: ['LOCK-2'],
    why: 'Two owners of one lock are what locks are there to prevent.',
    steps: [
      ask(set('k', 'v')),
      take('k', 't'),
      ask(request('LOCK', 'k'), LOCKED, 'b'),
      ask(request('LOCK', 'k', { ttl: 600_000 }), LOCKED),
      ask(request('LOCK', 'k', wrongToken('t')), LOCKED),
      ask(request('LOCK', 'k', { token: 0 }), LOCKED),
      ask(set('k', 'w', withToken('t'))),
    ],
  }),
  lock({
    id: 'lock.again-with-its-token-keeps-the-token',
    clauses: ['LOCK-2'],
    why: 'Whoever works longer renews the lock; a new token would lock out its own requests in flight.',
    steps: [
      ask(set('k', 'v')),
      take('k', 't'),
      ask(request('LOCK', 'k', { ttl: 600_000, ...withToken('t') }), { status: 200, token: { ref: 't' } }),
      ask(request('LOCK', 'k', withToken('t')), { status: 200, token: { ref: 't' } }),
      ask(set('k', 'w'), LOCKED),
      ask(set('k', 'w', withToken('t'))),
    ],
  }),
  lock({
    id: 'lock.with-a-token-on-an-unlocked-item',
    clauses: ['LOCK-1', 'LOCK-3'],
    why: 'An old token gives nothing: the new lock has a new one, and the old owner stays out.',
    steps: [
      ask(set('k', 'v')),
      take('k', 'old'),
      ask(unlock('k')),
      ask(request('LOCK', 'k', withToken('old')), { status: 200, token: { above: 'old' }, save: { t: 'token' } }),
      ask(set('k', 'w', withToken('old')), LOCKED),
      ask(set('k', 'w', withToken('t'))),
    ],
  }),
  lock({
    id: 'lock.belongs-to-the-token-and-not-to-the-connection',
    clauses: ['LOCK-3', 'LOCK-5'],
    why: 'A client that reconnects goes on with its token; a lock that falls with the connection falls with every glitch.',
    steps: [
      ask(set('k', 'v')),
      take('k', 't'),
      { close: 'a' },
      ask(set('k', 'w'), LOCKED, 'b'),
      ask(set('k', 'w', withToken('t')), OK, 'b'),
      ask(unlock('k', withToken('t')), OK, 'c'),
      ask(set('k', 'x'), OK, 'b'),
    ],
  }),
];

const BLOCKED: readonly (readonly [OperationName, Partial<Request>])[] = [
  ['SET', { value: '2' }],
  ['REPLACE', { value: '2' }],
  ['APPEND', { value: '2' }],
  ['PREPEND', { value: '2' }],
  ['INCREMENT', { number: 1 }],
  ['TOUCH', { ttl: 600_000 }],
  ['GET', { ttl: 600_000 }],
  ['DELETE', {}],
];

const blocking: readonly Case[] = [
  ...BLOCKED.map(([op, more]) =>
    lock({
      id: `lock.keeps-${op.toLowerCase()}${op === 'GET' ? '-with-ttl' : ''}-out`,
      clauses: ['LOCK-3', 'STATUS-3'],
      why: `${op} without the token changes what the owner of the lock relies on.`,
      steps: [
        ask(set('k', '1', DETAIL), { status: 200, save: { v: 'version' } }),
        take('k', 't'),
        ask(request(op, 'k', more), LOCKED, 'b'),
        ask(request(op, 'k', more), LOCKED),
        ask(request(op, 'k', { ...more, ...wrongToken('t') }), LOCKED),
        ask(request(op, 'k', { ...more, token: 0 }), LOCKED),
        ask(get('k', DETAIL), found('1', { version: { ref: 'v' } })),
        ask(request(op, 'k', { ...more, ...withToken('t') })),
        ...(op === 'DELETE'
          ? [ask(get('k'), MISS), ask(set('k', 'n')), ask(set('k', 'm'))]
          : [ask(set('k', '3'), LOCKED), ask(unlock('k', withToken('t'))), ask(set('k', '4'))]),
      ],
    }),
  ),
  lock({
    id: 'lock.keeps-add-a-conflict',
    clauses: ['ADD-1', 'LOCK-3'],
    why: 'ADD meets an item, locked or not: 409 is what its callers act on.',
    steps: [ask(set('k', 'v')), take('k', 't'), ask(request('ADD', 'k', { value: 'w' }), { status: 409 })],
  }),
  lock({
    id: 'lock.does-not-touch-reads',
    clauses: ['LOCK-4'],
    why: 'Readers that wait for a writer’s lock are an outage.',
    steps: [
      ask(set('k', 'v', { tag: 5 })),
      take('k', 't'),
      ask(get('k'), found('v', { tag: 5 }), 'b'),
      ask(get('k', DETAIL), found('v', { tag: 5, version: 'any' }), 'b'),
      ask(get('k', wrongToken('t')), found('v', { tag: 5 }), 'b'),
    ],
  }),
  lock({
    id: 'lock.does-not-touch-listings',
    clauses: ['LOCK-4', 'PREFIX-1', 'COUNT-1', 'LIST-1'],
    also: ['standard', 'prefix'],
    why: 'A listing without the locked items tells a backup that they are gone.',
    steps: [
      ask(set('k', 'v')),
      take('k', 't'),
      ask(request('GET', 'k', { flags: ['PREFIX'] }), { status: 200, number: 1, entries: [['k', 'v']] }),
      ask(request('KEYS', 'k'), { status: 200, number: 1, entries: [['k', '']] }),
      ask(request('COUNT', 'k'), { status: 200, number: 1 }),
    ],
  }),
  lock({
    id: 'lock.is-for-one-item',
    clauses: ['LOCK-3'],
    why: 'A lock on a bucket, or on the whole store, stops everybody.',
    steps: [ask(set('a', 'v')), ask(set('ab', 'v')), take('a', 't'), ask(set('ab', 'w')), ask(set('b', 'w'))],
  }),
  lock({
    id: 'lock.token-without-a-lock-has-no-effect',
    clauses: ['LOCK-3', 'LOCK-5'],
    why: 'A client that always sends its token must be able to write after the lock has ended.',
    steps: [
      ask(set('k', '1', { token: 12_345 })),
      ask(set('k', '1', { token: '18446744073709551615' })),
      ask(request('INCREMENT', 'k', { token: 0 }), { status: 200, number: 2 }),
      ask(request('TOUCH', 'k', { token: 5, ttl: 600_000 })),
      ask(get('k', { token: 5 }), found('2')),
      ask(unlock('k', { token: 99 }), OK),
      ask(unlock('k'), OK),
      ask(del('k', { token: 5 })),
    ],
  }),
];

const ending: readonly Case[] = [
  lock({
    id: 'unlock.with-the-token-or-without',
    clauses: ['LOCK-5'],
    why: 'A token protects against mistakes: an operator without it must be able to end a lock whose owner died.',
    steps: [
      ask(set('k', 'v')),
      take('k', 't'),
      ask(unlock('k', wrongToken('t')), LOCKED, 'b'),
      ask(unlock('k', { token: 0 }), LOCKED, 'b'),
      ask(set('k', 'w'), LOCKED, 'b'),
      ask(unlock('k', withToken('t')), OK, 'b'),
      ask(set('k', 'w'), OK, 'b'),
      take('k', 't2'),
      ask(unlock('k'), OK, 'b'),
      ask(set('k', 'x'), OK, 'b'),
    ],
  }),
  lock({
    id: 'lock.ends-with-its-time',
    clauses: ['LOCK-1', 'LOCK-3'],
    why: 'The owner may have died: a lock with a time must end by itself, and not before.',
    run: async (context) => {
      await context.ask(set('k', 'v'), OK);
      const startMs = performance.now();
      await context.ask(request('LOCK', 'k', { ttl: SHORT_TTL_MS }), { status: 200, save: { t: 'token' } });
      await context.until(set('k', 'w'), OK);
      const heldMs = performance.now() - startMs;
      if (heldMs < SHORT_TTL_MS - 2)
        context.fail(`the lock holds for ${SHORT_TTL_MS} ms`, `it held ${Math.round(heldMs)} ms`);
      await context.ask(request('LOCK', 'k'), { status: 200, token: { above: 't' } });
    },
  }),
  lock({
    id: 'lock.time-is-set-anew-by-its-token',
    clauses: ['LOCK-2'],
    why: 'Renewed to a longer time, or to no end, the lock must not fall at the old one.',
    steps: [
      ask(set('k', 'v')),
      ask(set('l', 'v')),
      take('k', 't', { ttl: 2000 }),
      take('l', 'u', { ttl: 2000 }),
      ask(request('LOCK', 'k', { ttl: 600_000, ...withToken('t') }), { status: 200, token: { ref: 't' } }),
      ask(request('LOCK', 'l', withToken('u')), { status: 200, token: { ref: 'u' } }),
      { waitMs: 2050 },
      ask(set('k', 'w'), LOCKED),
      ask(set('l', 'w'), LOCKED),
      ask(request('LOCK', 'k', { ttl: SHORT_TTL_MS, ...withToken('t') }), { status: 200, token: { ref: 't' } }),
      { until: set('k', 'w'), expect: OK },
    ],
  }),
  lock({
    id: 'lock.ttl-of-2-to-the-53-or-more',
    clauses: ['LOCK-1', 'EXPIRY-2'],
    why: 'A time that overflows ends the lock at once.',
    steps: ['9007199254740991', '9007199254740992', '9223372036854775808', '18446744073709551615'].flatMap((ttl) => [
      ask(set('k', 'v')),
      take('k', 't', { ttl }),
      ask(set('k', 'w'), LOCKED),
      ask(unlock('k', withToken('t'))),
    ]),
  }),
  lock({
    id: 'lock.does-not-keep-an-item-alive',
    clauses: ['LOCK-4', 'EXPIRY-1'],
    why: 'A locked item still expires, and the next one under its key is free: gibson answered LOCKED until its cron came.',
    steps: [
      ask(set('k', 'v', { ttl: 10 * SHORT_TTL_MS })),
      ask(request('LOCK', 'k'), { status: 200, save: { t: 'token' } }),
      { until: get('k'), expect: MISS },
      ask(request('LOCK', 'k', withToken('t')), MISS),
      ask(request('ADD', 'k', { value: 'new' })),
      ask(set('k', 'newer')),
      ask(del('k')),
    ],
  }),
  lock({
    id: 'lock.ends-with-delete',
    clauses: ['LOCK-3', 'LOCK-4'],
    why: 'A lock that survives its item blocks a key for ever.',
    steps: [
      ask(set('k', 'v')),
      take('k', 't'),
      send([del('k', withToken('t')), set('k', 'new'), set('k', 'newer'), get('k')]),
      { recv: OK },
      { recv: OK },
      { recv: OK },
      { recv: found('newer') },
    ],
  }),
  lock({
    id: 'lock.stays-through-writes-of-its-owner',
    clauses: ['LOCK-3'],
    why: 'A SET by the owner replaces the item and must not drop the lock with it.',
    steps: [
      ask(set('k', 'v')),
      take('k', 't'),
      ...(['SET', 'REPLACE'] as const).flatMap((op) => [
        ask(request(op, 'k', { value: 'w', ...withToken('t') })),
        ask(set('k', 'x'), LOCKED, 'b'),
      ]),
      ask(request('APPEND', 'k', { value: 'w', ...withToken('t') })),
      ask(set('k', 'x'), LOCKED, 'b'),
      ask(get('k'), found('ww')),
    ],
  }),
  lock({
    id: 'lock.and-version-together',
    clauses: ['LOCK-3', 'VERSION-2'],
    why: 'Both conditions must hold: the token alone does not excuse a stale VERSION.',
    steps: [
      ask(set('k', 'v', DETAIL), { status: 200, save: { v: 'version' } }),
      take('k', 't'),
      ask(set('k', 'w', { version: { ref: 'v', plus: 1 }, ...withToken('t') }), { status: 409 }),
      ask(set('k', 'w', { version: { ref: 'v' } }), LOCKED),
      ask(set('k', 'w', { version: { ref: 'v' }, ...withToken('t') })),
    ],
  }),
];

export const lockCases: readonly Case[] = [...taking, ...blocking, ...ending];
