/** The byte stream: fragments, pipelines, half-closes, resets, slow and silent neighbours (TRANSPORT). */
import { ask, found, get, json, MISS, OK, recv, request, send, set } from '../actions.ts';
import { area, type Case } from '../case.ts';
import type { Expectation, Piece, Step } from '../step.ts';
import { everySplit, type SplitShape } from '../sweep.ts';

const transport = area({ profile: 'core' });
const inJson = area({ profile: 'json' });

const ping = (value: string): Piece => request('PING', undefined, { value });
const pong = (value: string): Expectation => ({ status: 200, value });
const JSON_SET = json('{"command":"SET","key":"{{k}}","value":["v",{"a":1}]}');
const JSON_GET = json('{"command":"GET","key":"{{k}}"}');
const JSON_FOUND: Expectation = { json: 200, value: '["v",{"a":1}]' };

type Shape = SplitShape & { readonly slug: string; readonly profile: 'core' | 'standard' | 'json' };

const SHAPES: readonly Shape[] = [
  { slug: 'ping', profile: 'core', pieces: [request('PING')], expect: [pong('')] },
  { slug: 'set', profile: 'core', pieces: [set('k', 'value')], expect: [OK] },
  { slug: 'set-and-get', profile: 'core', pieces: [set('k', 'v'), get('k')], expect: [OK, found('v')] },
  {
    slug: 'all-fields',
    profile: 'standard',
    pieces: [set('k', 'v', { ttl: 600_000, tag: 7 }), get('k')],
    expect: [OK, found('v', { tag: 7 })],
  },
  {
    slug: 'errors',
    profile: 'core',
    pieces: [request(0x30, 'k', { value: 'v' }), request('GET'), ping('behind')],
    expect: [{ status: 405 }, { status: 400 }, pong('behind')],
  },
  { slug: 'empty-value', profile: 'core', pieces: [set('k', ''), ping('')], expect: [OK, pong('')] },
  { slug: 'json-set', profile: 'json', pieces: [JSON_SET], expect: [{ json: 200 }] },
  { slug: 'json-set-and-get', profile: 'json', pieces: [JSON_SET, JSON_GET], expect: [{ json: 200 }, JSON_FOUND] },
];

const splits: readonly Case[] = SHAPES.map(({ slug, profile, ...shape }) =>
  area({ profile })({
    id: `transport.every-split-of-${slug}`,
    clauses: ['TRANSPORT-2'],
    kills: ['I7'],
    deadlineMs: 30_000,
    why: 'A network cuts where it likes: a server that takes one read for one frame works on its author’s machine.',
    run: (context) => everySplit(context, shape),
  }),
);

const fragments: readonly Case[] = [
  ...(
    [
      [
        'binary',
        transport,
        [set('k', 'value'), get('k'), request(0x30), ping('x')],
        [OK, found('value'), { status: 405 }, pong('x')],
      ],
      ['json', inJson, [JSON_SET, JSON_GET], [{ json: 200 }, JSON_FOUND]],
    ] satisfies [string, typeof transport, Piece[], Expectation[]][]
  ).map(([slug, of, pieces, expect]) =>
    of({
      id: `transport.${slug}-a-byte-at-a-time`,
      clauses: ['TRANSPORT-2'],
      kills: ['I7'],
      why: 'The slowest link delivers single bytes; each must be kept until the frame is whole.',
      run: async (context) => {
        const bytes = Buffer.concat(pieces.map((piece) => context.resolver.piece(piece)));
        const connection = await context.connection('a');
        await connection.sendSegments(
          bytes,
          Array.from(bytes, () => 1),
        );
        for (const each of expect) await context.recv(each);
      },
    }),
  ),
  ...(
    [
      [
        'binary',
        transport,
        (at: number) => [set(`k${at}`, `${at}`), get(`k${at}`)],
        (at: number) => [OK, found(`${at}`)],
      ],
      [
        'json',
        inJson,
        (at: number) => [
          json(`{"command":"SET","key":"{{k${at}}}","value":${at}}`),
          json(`{"command":"GET","key":"{{k${at}}}"}`),
        ],
        (at: number) => [{ json: 200 }, { json: 200, value: `${at}` }],
      ],
    ] satisfies [string, typeof transport, (at: number) => Piece[], (at: number) => Expectation[]][]
  ).map(([slug, of, pieces, expect]) =>
    of({
      id: `transport.${slug}-frames-coalesced`,
      clauses: ['TRANSPORT-2', 'TRANSPORT-3'],
      kills: ['I8'],
      why: 'A pipeline arrives in one read: what a server drops behind the first frame its client waits for in vain.',
      steps: [
        send(Array.from({ length: 100 }, (_, at) => pieces(at)).flat()),
        ...Array.from({ length: 100 }, (_, at) => expect(at))
          .flat()
          .map((each) => recv(each)),
      ],
    }),
  ),
  transport({
    id: 'transport.random-segments',
    clauses: ['TRANSPORT-2', 'TRANSPORT-3'],
    why: 'Segments that end and begin anywhere, over many frames, find what single cuts do not.',
    run: async (context) => {
      const values = Array.from({ length: 60 }, (_, at) => ({
        hex: `${context.random.bytes((at * 7) % 200).toString('hex')}7b`,
      }));
      const pieces = values.flatMap((value, at) => [set(`k${at}`, value), get(`k${at}`)]);
      const bytes = Buffer.concat(pieces.map((piece) => context.resolver.piece(piece)));
      const sizes = Array.from({ length: 150 }, () => 1 + context.random.below(80));
      await (await context.connection('a')).sendSegments(bytes, sizes);
      for (const value of values) {
        await context.recv(OK);
        await context.recv(found(value));
      }
    },
  }),
  transport({
    id: 'transport.a-frame-and-a-half',
    clauses: ['TRANSPORT-2', 'TRANSPORT-3'],
    why: 'The whole frame has to be answered although the next one is not complete: a client may wait for it.',
    steps: [
      send([ping('whole'), { part: request('PING', undefined, { id: 9, value: 'cut' }), to: 7 }]),
      recv(pong('whole')),
      send([{ part: request('PING', undefined, { id: 9, value: 'cut' }), from: 7 }]),
      recv(pong('cut')),
    ],
  }),
  transport({
    id: 'transport.replies-come-whole',
    clauses: ['TRANSPORT-6'],
    why: 'Old clients read the length with one call: four bytes that come apart from the rest, or in parts, break them.',
    hint: 'length, head and body are written one by one',
    run: async (context) => {
      const rounds = 30;
      for (let round = 0; round < rounds; round += 1) await context.ask(ping('in one piece'), pong('in one piece'));
      const connection = await context.connection('a');
      const chunks = connection.transcript.events.filter(({ direction }) => direction === 'received').length;
      if (chunks > rounds * 1.5) context.fail(`about ${rounds} reads for ${rounds} replies`, `${chunks} reads`);
    },
  }),
];

const orders: readonly Case[] = [
  transport({
    id: 'transport.tcp-is-offered',
    clauses: ['TRANSPORT-1'],
    why: 'Whatever else a server offers, a client in another language on another machine has TCP.',
    run: async (context) => {
      const { kind } = context.session.target.address;
      if (kind !== 'tcp') context.skip(`the suite is attached by ${kind}`);
      await context.ask(ping('over TCP'), pong('over TCP'));
    },
  }),
  transport({
    id: 'transport.replies-in-order',
    clauses: ['TRANSPORT-3'],
    why: 'Clients match replies by their place as well: one that overtakes gives a user somebody else’s data.',
    steps: [
      send(
        Array.from({ length: 64 }, (_, at) =>
          at % 3 === 0 ? set('k', `${at}`) : at % 3 === 1 ? get('k') : ping(`${at}`),
        ),
      ),
      ...Array.from({ length: 64 }, (_, at) =>
        recv(at % 3 === 0 ? OK : at % 3 === 1 ? found(`${at - 1}`) : pong(`${at}`)),
      ),
    ],
  }),
  transport({
    id: 'transport.errors-keep-the-connection',
    clauses: ['TRANSPORT-7', 'STATUS-3'],
    why: 'A server that hangs up on anything unusual passes every test that takes a close for an answer.',
    steps: Array.from({ length: 20 }, () => [
      ask(request(0x30), { status: 405 }),
      ask(request('GET'), { status: 400 }),
      ask(get('none'), MISS),
      ask(request('SET', undefined, { keyLength: 40, value: 'x' }), { status: 400 }),
    ]).flat(),
  }),
  inJson({
    id: 'transport.json-errors-keep-the-connection',
    clauses: ['TRANSPORT-7', 'JSON-3'],
    kills: ['I6'],
    why: 'The original client goes on using its connection after an error.',
    steps: Array.from({ length: 10 }, () => [
      ask(json('{'), { json: 400 }),
      ask(json('{"command":"NO"}'), { json: 400 }),
      ask(json('{"command":"GET","key":"{{none}}"}'), { json: 404 }),
    ]).flat(),
  }),
  transport({
    id: 'transport.patience-with-the-silent-and-the-slow',
    clauses: ['TRANSPORT-7'],
    why: 'A limit that is too short cuts phones off: 10 s for silence and 2 s for a frame are what everybody may rely on.',
    steps: [
      ask(ping('1'), pong('1'), 'silent'),
      send([{ part: request('PING', undefined, { id: 5, value: 'slow' }), to: 10 }], 'slow'),
      { waitMs: 1600 },
      send([{ part: request('PING', undefined, { id: 5, value: 'slow' }), from: 10 }], 'slow'),
      recv(pong('slow'), 'slow'),
      ask(ping('2'), pong('2'), 'silent'),
    ],
  }),
];

const ends: readonly Case[] = [
  transport({
    id: 'transport.half-close-is-answered',
    clauses: ['TRANSPORT-4'],
    why: 'Shell scripts send and end: `printf … | nc` must see its replies.',
    steps: [
      send([set('k', 'v'), get('k'), ping('last')]),
      { halfClose: 'a' },
      recv(OK),
      recv(found('v')),
      recv(pong('last')),
      recv({ closed: true }),
    ],
  }),
  inJson({
    id: 'transport.json-half-close-is-answered',
    clauses: ['TRANSPORT-4'],
    why: 'The same for the original dialect.',
    steps: [
      send([JSON_SET, JSON_GET]),
      { halfClose: 'a' },
      recv({ json: 200 }),
      recv(JSON_FOUND),
      recv({ closed: true }),
    ],
  }),
  transport({
    id: 'transport.half-close-of-nothing-closes',
    clauses: ['TRANSPORT-4'],
    why: 'A connection that is kept for a client that has gone is a leak.',
    steps: [{ open: 'a' }, { halfClose: 'a' }, recv({ closed: true })],
  }),
  ...[2, 4, 6, 11, 14].map((at) =>
    transport({
      id: `transport.half-close-after-${at}-bytes-of-a-frame`,
      clauses: ['TRANSPORT-4'],
      why: 'Half a frame has no effect: carried out with what is there, it writes a cut value.',
      steps: [
        ask(set('k', 'whole')),
        send([get('k'), { part: set('k', 'a longer value than there was'), to: at }]),
        { halfClose: 'a' },
        recv(found('whole')),
        recv({ closed: true }),
        ask(get('k'), found('whole'), 'b'),
      ],
    }),
  ),
  transport({
    id: 'transport.half-close-one-byte-before-the-end',
    clauses: ['TRANSPORT-4'],
    why: 'All but the last byte is still half a frame.',
    run: async (context) => {
      await context.ask(set('k', 'whole'), OK);
      const bytes = context.resolver.piece(set('k', 'another'));
      const connection = await context.connection('a');
      connection.send(bytes.subarray(0, -1));
      connection.halfClose();
      await context.recv({ closed: true });
      await context.ask(get('k'), found('whole'), 'b');
    },
  }),
  transport({
    id: 'transport.reset-in-mid-frame',
    clauses: ['TRANSPORT-4', 'TRANSPORT-5'],
    why: 'A peer that dies in mid-frame must neither leave half a value nor take the server with it.',
    steps: [
      ask(set('k', 'whole')),
      ...Array.from({ length: 8 }, (_, at): Step[] => [
        send([{ part: set('k', 'another value'), to: 3 + 3 * at }], `dying ${at}`),
        { probe: 'a' },
        { reset: `dying ${at}` },
      ]).flat(),
      ask(get('k'), found('whole')),
    ],
  }),
  transport({
    id: 'transport.death-before-the-replies',
    clauses: ['TRANSPORT-5'],
    why: 'Writing to a connection that is gone raises an error that nobody asked for: uncaught, it ends the process.',
    steps: [
      ask(set('k', { fill: 1000 })),
      ...Array.from({ length: 4 }, (_, at): Step[] => [
        send(
          Array.from({ length: 200 }, () => get('k')),
          `dying ${at}`,
        ),
        { reset: `dying ${at}` },
      ]).flat(),
      ask(get('k'), found({ fill: 1000 })),
    ],
  }),
];

export const transportCases: readonly Case[] = [...splits, ...fragments, ...orders, ...ends];
