/** Listings in pages: KEYS, and GET with PREFIX (LIST). */
import { ask, BAD, found, get, listing, MISS, request, set } from '../actions.ts';
import { area, type Case } from '../case.ts';
import type { Bytes, Expectation, Key, Numeric, Request, Step } from '../step.ts';

const list = area({ profile: 'prefix', also: ['standard'] });

type Listing = 'KEYS' | 'GET';
const LISTINGS: readonly Listing[] = ['KEYS', 'GET'];

/** A request for a page: at most `number` items that start with `key` and come behind `after`. */
function page(op: Listing, key: Key, number?: Numeric, after?: Bytes): Request {
  return request(op, key, {
    ...(number !== undefined && { number }),
    ...(after !== undefined && { value: after }),
    ...(op === 'GET' && { flags: ['PREFIX'] }),
  });
}

const behind = (key: Key): Bytes => ({ key });

function shows(op: Listing, status: number, keys: readonly Key[]): Expectation {
  return { status, number: keys.length, entries: keys.map((key) => [key, op === 'KEYS' ? '' : 'v']) };
}

const fill = (keys: readonly Key[]): Step[] => keys.map((key) => ask(set(key, 'v')));

function pageCases(op: Listing): Case[] {
  const slug = op === 'KEYS' ? 'keys' : 'get';
  const clause = op === 'KEYS' ? 'LIST-1' : 'PREFIX-1';
  return [
    list({
      id: `list.${slug}-pages`,
      clauses: ['LIST-3', 'LIST-2', clause],
      why: '206 means that there is more: missing, clients stop after the first page; too many, they never end.',
      steps: [
        ...fill(['p1', 'p2', 'p3', 'q']),
        ask(page(op, 'p', 2), {
          anyOf: [
            { as: 'all that were asked for', ...only(shows(op, 206, ['p1', 'p2'])) },
            { as: 'fewer', ...only(shows(op, 206, ['p1'])) },
          ],
        }),
        ask(page(op, 'p', 1), shows(op, 206, ['p1'])),
        ask(page(op, 'p', 1, behind('p1')), shows(op, 206, ['p2'])),
        ask(page(op, 'p', 1, behind('p2')), shows(op, 200, ['p3'])),
        ask(page(op, 'p', 1, behind('p3')), MISS),
      ],
    }),
    list({
      id: `list.${slug}-cursor-is-exclusive-and-need-not-exist`,
      clauses: ['LIST-3'],
      why: 'The key that a page ended with may be deleted before the next one: the listing has to go on all the same.',
      steps: [
        ...fill(['p1', 'p3']),
        ask(page(op, 'p', 9, behind('p1')), shows(op, 200, ['p3'])),
        ask(page(op, 'p', 9, behind('p2')), shows(op, 200, ['p3'])),
        ask(page(op, 'p', 9, behind('p0')), {
          anyOf: [
            { as: 'all', ...only(shows(op, 200, ['p1', 'p3'])) },
            { as: 'fewer', ...only(shows(op, 206, ['p1'])) },
          ],
        }),
        ask(page(op, 'p', 9, { concat: [behind('p1'), { hex: '00' }] }), shows(op, 200, ['p3'])),
        ask(page(op, 'p', 9, behind('p9')), MISS),
      ],
    }),
    list({
      id: `list.${slug}-cursor-outside-the-prefix`,
      clauses: ['LIST-3'],
      why: 'Greater and starting with the key are two conditions; one that is dropped lists foreign keys.',
      steps: [
        ...fill(['o', 'p1', 'p2', 'q']),
        ask(page(op, 'p', 1, { hex: '00' }), shows(op, 206, ['p1'])),
        ask(page(op, 'p', 1, behind('o')), shows(op, 206, ['p1'])),
        ask(page(op, 'p', 1, behind('p')), shows(op, 206, ['p1'])),
        ask(page(op, 'p', 9, behind('q')), MISS),
        ask(page(op, 'p', 9, { hex: 'ffffffffffffffffffffffff' }), MISS),
      ],
    }),
  ];
}

function limitCases(op: Listing): Case[] {
  const slug = op === 'KEYS' ? 'keys' : 'get';
  const clause = op === 'KEYS' ? 'LIST-1' : 'PREFIX-1';
  return [
    list({
      id: `list.${slug}-limit-below-1-gets-400`,
      clauses: ['LIST-2'],
      why: 'A page of nothing that says 206 is an endless loop; a negative limit read as unsigned is no limit.',
      steps: [
        ...fill(['p1']),
        ...([0, -1, '-9223372036854775808'] as const).map((number) => ask(page(op, 'p', number), BAD)),
        ask(get('p1'), found('v')),
      ],
    }),
    list({
      id: `list.${slug}-limit-of-an-i64`,
      clauses: ['LIST-2'],
      why: 'The largest limit is how clients say "all": reserved beforehand, it takes the server’s memory.',
      steps: [
        ...fill(['p1']),
        ask(page(op, 'p', '9223372036854775807'), shows(op, 200, ['p1'])),
        ask(page(op, 'p', '4294967296'), shows(op, 200, ['p1'])),
      ],
    }),
    list({
      id: `list.${slug}-walk-sees-each-key-once`,
      clauses: ['LIST-3', 'LIST-2', clause],
      why: 'Backups and migrations walk like this: a key lost between two pages is lost for good.',
      run: async (context) => {
        const keys = Array.from({ length: 120 }, () => context.random.bytes(1 + context.random.below(6)));
        const unique = [...new Map(keys.map((key) => [key.toString('hex'), key])).values()];
        const named = unique.map((key): Key => ({ hex: `70${key.toString('hex')}` }));
        for (const key of named) await context.ask(set(key, 'v'), { status: 200 });
        const sorted = named.toSorted((a, b) => Buffer.compare(context.resolver.key(a), context.resolver.key(b)));
        const entries = sorted.map((key) => [key, op === 'KEYS' ? '' : 'v'] as const);
        for (const limit of [1, 7, 1000, undefined]) await context.listing(page(op, 'p', limit), entries);
      },
    }),
    list({
      id: `list.${slug}-stays-below-max-frame`,
      clauses: ['FRAME-12', 'LIST-3'],
      needs: ['small-limits'],
      deadlineMs: 60_000,
      why: 'A listing longer than a frame has to be cut: sent anyway, every client with a limit hangs up.',
      run: async (context) => {
        const { frameBytesMax, valueBytesMax } = context.session;
        const keyBytes = 200;
        const valueBytes = op === 'GET' ? Math.min(valueBytesMax, 20_000) : 1;
        const number = Math.ceil((2.5 * frameBytesMax) / (keyBytes + 6 + (op === 'GET' ? valueBytes : 0)));
        const named = Array.from({ length: number }, (_, index): Key => ({
          hex: Buffer.from(`p${String(index).padStart(keyBytes - 11, '0')}`).toString('hex'),
        }));
        for (const key of named) await context.ask(set(key, { fill: valueBytes }), { status: 200 });
        const value: Bytes = op === 'KEYS' ? '' : { fill: valueBytes };
        await context.listing(
          page(op, 'p'),
          named.map((key) => [key, value] as const),
        );
      },
    }),
  ];
}

/** An expectation that is a single one, for a list of alternatives. */
function only(expectation: Expectation): Exclude<Expectation, { anyOf: unknown }> {
  if ('anyOf' in expectation) throw new TypeError('alternatives within alternatives');
  return expectation;
}

export const listCases: readonly Case[] = [
  ...LISTINGS.flatMap(pageCases),
  ...LISTINGS.flatMap(limitCases),
  list({
    id: 'list.keys-have-empty-values',
    clauses: ['LIST-1', 'ENTRY-1'],
    why: 'KEYS is asked because the values are large.',
    steps: [
      ask(set('p1', { fill: 1000 })),
      ask(set('p2', 'x')),
      listing(request('KEYS', 'p'), [
        ['p1', ''],
        ['p2', ''],
      ]),
    ],
  }),
  list({
    id: 'list.misses-are-404',
    clauses: ['LIST-1', 'PREFIX-1', 'LIST-3'],
    why: 'A listing without entries has no last key to go on behind: 404 ends it.',
    steps: [
      ask(request('KEYS', 'none'), MISS),
      ask(page('GET', 'none', 5), MISS),
      ask(page('KEYS', 'none', 5, 'x'), MISS),
    ],
  }),
];
