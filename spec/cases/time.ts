/** TOUCH and expiry. Waits are for time itself; whether it has passed is always asked of the server. */
import { COUNTER_MAX } from '../../protocol/limits.ts';
import { ask, del, found, get, MISS, recv, request, send, set } from '../actions.ts';
import { area, type Case } from '../case.ts';
import type { CaseContext } from '../context.ts';
import type { OperationName } from '../../protocol/operations.ts';
import type { Expectation, Piece, Step } from '../step.ts';

const time = area({ profile: 'standard' });
const DETAIL = { flags: ['DETAIL'] } as const;
const LONG = { min: 500_000, max: 600_000 } as const;
const SHORT_TTL_MS = 40;

/** Clocks that count whole milliseconds round the start down and the end up. */
const CLOCK_STEP_MS = 2;

/** Sends the request that starts the time and polls until the item is gone; it must not go too early (EXPIRY-2). */
async function goesInTime(context: CaseContext, start: Piece, ttlMs: number): Promise<void> {
  const startMs = performance.now();
  await context.ask(start, { status: 200 });
  await context.until(get('k'), MISS);
  const livedMs = performance.now() - startMs;
  if (livedMs < ttlMs - CLOCK_STEP_MS) {
    context.fail(`the item lives ${ttlMs} ms`, `it was gone ${Math.round(livedMs)} ms after the request`);
  }
}

const touches: readonly Case[] = [
  time({
    id: 'touch.sets-the-expiry',
    clauses: ['TOUCH-1'],
    why: 'A session is kept alive by TOUCH; if it only shortens, or only prolongs, users are logged out.',
    steps: [
      ask(set('k', 'v', { tag: 4 })),
      ask(request('TOUCH', 'k', { ttl: 600_000 })),
      ask(get('k', DETAIL), found('v', { tag: 4, version: 'any', ttl: LONG })),
      ask(request('TOUCH', 'k', { ttl: 60_000 })),
      ask(get('k', DETAIL), found('v', { tag: 4, version: 'any', ttl: { min: 1, max: 60_000 } })),
      ask(request('TOUCH', 'k', { ttl: 600_000 })),
      ask(get('k', DETAIL), found('v', { tag: 4, version: 'any', ttl: LONG })),
    ],
  }),
  time({
    id: 'touch.without-ttl-never-expires-again',
    clauses: ['TOUCH-1'],
    why: 'TOUCH without TTL is how a draft is kept for good.',
    steps: [
      ask(set('k', 'v', { ttl: 600_000 })),
      ask(request('TOUCH', 'k')),
      ask(get('k', DETAIL), found('v', { version: 'any' })),
      ask(request('TOUCH', 'k', { ttl: 600_000 })),
      ask(request('TOUCH', 'k', { ttl: 0 })),
      ask(get('k', DETAIL), found('v', { version: 'any' })),
    ],
  }),
  time({
    id: 'touch.miss-is-404',
    clauses: ['TOUCH-1'],
    why: 'A session that is gone must not be taken for alive.',
    steps: [ask(request('TOUCH', 'k', { ttl: 1000 }), MISS), ask(get('k'), MISS)],
  }),
  time({
    id: 'touch.prolongs-a-short-life',
    clauses: ['TOUCH-1', 'EXPIRY-2'],
    why: 'The old deadline has to be forgotten: a timer that still fires deletes a live session.',
    steps: [
      send([set('k', 'v', { ttl: 10 * SHORT_TTL_MS }), request('TOUCH', 'k', { ttl: 600_000 })]),
      recv(),
      recv(),
      ask(set('clock', 'v', { ttl: 11 * SHORT_TTL_MS })),
      { until: get('clock'), expect: MISS },
      ask(get('k', DETAIL), found('v', { version: 'any', ttl: LONG })),
    ],
  }),
  time({
    id: 'get.with-ttl-sets-the-expiry',
    clauses: ['GET-3', 'TOUCH-1'],
    why: 'Reading and keeping alive is one request: two would race with the expiry.',
    steps: [
      ask(set('k', 'v', { tag: 4 })),
      ask(get('k', { ttl: 600_000, ...DETAIL }), found('v', { tag: 4, version: 'any', ttl: LONG })),
      ask(get('k', DETAIL), found('v', { tag: 4, version: 'any', ttl: LONG })),
      ask(get('k', { ttl: 0 }), found('v', { tag: 4 })),
      ask(get('k', DETAIL), found('v', { tag: 4, version: 'any' })),
      ask(get('none', { ttl: 1000 }), MISS),
    ],
  }),
];

const ends: readonly Case[] = [
  ...(
    [
      ['set', set('k', 'v', { ttl: SHORT_TTL_MS }), []],
      ['add', request('ADD', 'k', { value: 'v', ttl: SHORT_TTL_MS }), []],
      ['replace', request('REPLACE', 'k', { value: 'v', ttl: SHORT_TTL_MS }), [ask(set('k', 'u'))]],
      ['touch', request('TOUCH', 'k', { ttl: SHORT_TTL_MS }), [ask(set('k', 'v'))]],
      ['get', get('k', { ttl: SHORT_TTL_MS }), [ask(set('k', 'v'))]],
      ['increment', request('INCREMENT', 'k', { value: '1', ttl: SHORT_TTL_MS }), []],
    ] satisfies [string, Piece, Step[]][]
  ).map(([slug, start, before]) =>
    time({
      id: `expiry.of-${slug}-comes-in-time`,
      clauses: ['EXPIRY-1', 'EXPIRY-2'],
      why: 'TTL is in milliseconds: read as seconds, or rounded, data is served long after its end, or goes before it.',
      run: async (context) => {
        for (const step of before) await context.step(step);
        await goesInTime(context, start, SHORT_TTL_MS);
      },
    }),
  ),
  time({
    id: 'expiry.shortest-ttl',
    clauses: ['EXPIRY-1'],
    why: 'One millisecond, rounded to zero, would mean "never".',
    steps: [ask(set('k', 'v', { ttl: 1 })), { until: get('k'), expect: MISS }, ask(get('k'), MISS)],
  }),
  time({
    id: 'expiry.time-left-counts-down',
    clauses: ['GET-2', 'EXPIRY-2'],
    why: 'A client plans its next refresh by what is left, not by what was set.',
    run: async (context) => {
      await context.ask(set('k', 'v', { ttl: 60_000 }), { status: 200 });
      const first = await context.exchange(get('k', DETAIL));
      await context.wait(30);
      const second = await context.exchange(get('k', DETAIL));
      const left = (reply: typeof first): bigint => reply.fields.ttl ?? 0n;
      const fell = left(first) - left(second);
      if (left(first) > 60_000n || fell < 30n - BigInt(CLOCK_STEP_MS)) {
        context.fail('TTL falls by at least 30 in 30 ms', `${left(first)} ms left, then ${left(second)}`);
      }
    },
  }),
];

const GONE: readonly (readonly [OperationName, Partial<Parameters<typeof request>[2]>, Expectation])[] = [
  ['REPLACE', { value: 'x' }, MISS],
  ['APPEND', { value: 'x' }, MISS],
  ['PREPEND', { value: 'x' }, MISS],
  ['INCREMENT', {}, MISS],
  ['TOUCH', { ttl: 1000 }, MISS],
  ['DELETE', {}, MISS],
  ['SET', { value: 'x', version: { ref: 'v' } }, MISS],
  ['GET', {}, MISS],
];

/** Sets one item per row and lets all of them expire; the last one set is asked for until it is gone. */
function afterExpiry(rows: typeof GONE): Step[] {
  const keys = rows.map(([op]) => `gone ${op}`);
  return [
    ...keys.map((key) => ask(set(key, '1', { ttl: SHORT_TTL_MS, ...DETAIL }), { status: 200, save: { v: 'version' } })),
    ask(set('last', '1', { ttl: SHORT_TTL_MS + 2 })),
    { until: get('last'), expect: MISS },
    ...rows.map(([op, more, expect], index) => ask(request(op, keys[index], more), expect)),
  ];
}

const afterwards: readonly Case[] = [
  time({
    id: 'expiry.item-is-gone-for-every-operation',
    clauses: ['EXPIRY-1'],
    why: 'Expired items are often still in memory: one operation that forgets to look raises the dead.',
    steps: afterExpiry(GONE),
  }),
  time({
    id: 'expiry.add-and-increment-create-anew',
    clauses: ['EXPIRY-1', 'ADD-1', 'INCREMENT-3'],
    why: 'An expired item that still blocks ADD is a lock that never opens.',
    steps: afterExpiry([
      ['ADD', { value: 'new', ...DETAIL }, { status: 200, version: { above: 'v' } }],
      ['INCREMENT', { value: '7' }, { status: 200, number: 7 }],
    ]),
  }),
  time({
    id: 'expiry.item-is-gone-for-prefix-requests',
    clauses: ['EXPIRY-1', 'PREFIX-1', 'PREFIX-2', 'COUNT-1', 'LIST-1'],
    profile: 'prefix',
    also: ['standard'],
    why: 'Listings are kept apart from the items: what expired has to leave both.',
    steps: [
      ask(set('p1', '1', { ttl: SHORT_TTL_MS })),
      ask(set('p2', '2')),
      { until: get('p1'), expect: MISS },
      ask(request('COUNT', 'p'), { status: 200, number: 1 }),
      ask(request('KEYS', 'p'), { status: 200, number: 1, entries: [['p2', '']] }),
      ask(request('GET', 'p', { flags: ['PREFIX'] }), { status: 200, number: 1, entries: [['p2', '2']] }),
      ask(request('INCREMENT', 'p', { flags: ['PREFIX'] }), { status: 200, number: 1 }),
      ask(request('COUNT', 'p1'), { status: 200, number: 0 }),
      ask(request('KEYS', 'p1'), MISS),
      ...(['GET', 'DELETE', 'TOUCH', 'INCREMENT'] as const).map((op) =>
        ask(request(op, 'p1', { flags: ['PREFIX'] }), MISS),
      ),
      ask(request('SET', 'p1', { value: 'x', flags: ['PREFIX'] }), MISS),
    ],
  }),
  time({
    id: 'expiry.next-item-has-nothing-of-it',
    clauses: ['EXPIRY-1', 'SET-1'],
    why: 'The timer of the item before must not take the next one under the same key.',
    steps: [
      ask(set('k', 'v', { ttl: SHORT_TTL_MS, tag: 3 })),
      ask(set('k', 'w')),
      ask(set('clock', 'v', { ttl: SHORT_TTL_MS + 20 })),
      { until: get('clock'), expect: MISS },
      ask(get('k', DETAIL), found('w', { version: 'any' })),
    ],
  }),
  time({
    id: 'expiry.after-delete-and-set',
    clauses: ['EXPIRY-1', 'DELETE-1'],
    why: 'A deletion ends the item’s time as well.',
    steps: [
      // In one write, so that the item is still there when DELETE comes.
      send([set('k', 'v', { ttl: 10 * SHORT_TTL_MS }), del('k'), set('k', 'w')]),
      recv(),
      recv(),
      recv(),
      ask(set('clock', 'v', { ttl: 11 * SHORT_TTL_MS })),
      { until: get('clock'), expect: MISS },
      ask(get('k'), found('w')),
    ],
  }),
];

const edges: readonly Case[] = [
  time({
    id: 'expiry.ttl-of-2-to-the-53-less-1-is-kept',
    clauses: ['EXPIRY-2', 'GET-2'],
    why: 'Added to the present as a 32-bit or floating number, the longest time is the past.',
    steps: [
      ask(set('k', 'v', { ttl: String(COUNTER_MAX) })),
      ask(
        get('k', DETAIL),
        found('v', { version: 'any', ttl: { min: String(COUNTER_MAX - 60_000), max: String(COUNTER_MAX) } }),
      ),
    ],
  }),
  ...['9007199254740992', '9223372036854775807', '9223372036854775808', '18446744073709551615'].map((ttl) =>
    time({
      id: `expiry.ttl-of-${ttl}-outlives-the-test`,
      clauses: ['EXPIRY-2'],
      why: 'A u64 that is read as signed, or overflows when the present is added, is an expiry in the past.',
      steps: [
        ask(set('k', 'v', { ttl })),
        ask(get('k', DETAIL), {
          anyOf: [
            { as: 'taken for 0', status: 200, value: 'v', version: 'any' },
            { as: 'kept', status: 200, value: 'v', version: 'any', ttl: { min: '9007199254680000', max: ttl } },
          ],
        }),
        ask(request('TOUCH', 'k', { ttl })),
        ask(get('k'), found('v')),
      ],
    }),
  ),
  ...[0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x1_0000_0000].map((ttl) =>
    time({
      id: `expiry.ttl-of-${ttl}-outlives-the-test`,
      clauses: ['EXPIRY-2', 'GET-2'],
      why: 'Timers of many runtimes end at 2^31 milliseconds and fire at once for more: month-long entries vanish.',
      steps: [
        ask(set('k', 'v', { ttl })),
        ask(set('clock', 'v', { ttl: SHORT_TTL_MS })),
        { until: get('clock'), expect: MISS },
        ask(get('k', DETAIL), found('v', { version: 'any', ttl: { min: ttl - 60_000, max: ttl } })),
      ],
    }),
  ),
];

export const timeCases: readonly Case[] = [...touches, ...ends, ...afterwards, ...edges];
