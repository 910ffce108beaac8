/** Many connections at once: none may suffer from another's silence, slowness or death (TRANSPORT-5). */
import { ask, found, get, json, OK, request, send, set } from '../actions.ts';
import { area, type Case } from '../case.ts';
import type { Expectation, Piece, Step } from '../step.ts';

const transport = area({ profile: 'core' });
const inJson = area({ profile: 'json' });

const ping = (value: string): Piece => request('PING', undefined, { value });
const pong = (value: string): Expectation => ({ status: 200, value });
const JSON_SET = json('{"command":"SET","key":"{{k}}","value":"v"}');
const JSON_GET = json('{"command":"GET","key":"{{k}}"}');
const JSON_FOUND: Expectation = { json: 200, value: '"v"' };

const NEIGHBOURS = 8;
const names = (what: string): string[] => Array.from({ length: NEIGHBOURS }, (_, at) => `${what} ${at}`);

const neighbours: readonly Case[] = [
  transport({
    id: 'transport.silent-neighbours',
    clauses: ['TRANSPORT-5'],
    kills: ['I3'],
    why: 'A server that handles one connection after another stops at the first idle one: every pool has those.',
    steps: [
      ...names('silent').map((name): Step => ({ open: name })),
      ask(set('k', 'v'), OK, 'late'),
      ask(get('k'), found('v'), 'later'),
    ],
  }),
  inJson({
    id: 'transport.json-silent-neighbours',
    clauses: ['TRANSPORT-5'],
    kills: ['I3'],
    why: 'The same for the original dialect.',
    steps: [
      ...names('silent').map((name): Step => ({ open: name })),
      ask(JSON_SET, { json: 200 }, 'late'),
      ask(JSON_GET, JSON_FOUND, 'later'),
    ],
  }),
  transport({
    id: 'transport.unfinished-neighbours',
    clauses: ['TRANSPORT-5'],
    kills: ['I3', 'I10'],
    why: 'A read that blocks until a frame is whole gives one slow client the whole server.',
    steps: [
      ...names('slow').map((name, at) => send([{ part: set('k', 'a value'), to: 1 + 3 * at }], name)),
      ask(set('k', 'v'), OK, 'late'),
      ask(get('k'), found('v'), 'later'),
      ...names('slow').map((name): Step => ({ close: name })),
    ],
  }),
  transport({
    id: 'transport.thirty-at-once',
    clauses: ['TRANSPORT-7', 'TRANSPORT-5'],
    isolation: 'exclusive',
    why: 'A limit on connections may not be below 32: fewer, and two web servers with pools are shut out.',
    run: async (context) => {
      const all = Array.from({ length: 30 }, (_, at) => `c${at}`);
      await Promise.all(all.map((name) => context.open(name)));
      await Promise.all(all.map((name) => context.ask(set(name, name), OK, name)));
      await Promise.all(all.map((name) => context.ask(get(name), found(name), name)));
      for (const name of all) (await context.connection(name)).close();
    },
  }),
  transport({
    id: 'transport.connections-come-and-go',
    clauses: ['TRANSPORT-5', 'TRANSPORT-7'],
    why: 'A server that does not give closed connections back stops accepting after a while.',
    run: async (context) => {
      for (let round = 0; round < 50; round += 1) {
        await context.ask(ping(`${round}`), pong(`${round}`), `c${round}`);
        (await context.connection(`c${round}`)).close();
      }
    },
  }),
];

const SLOW_TOTAL_BYTES = 900_000;
const UNREAD_BYTES = 16 << 20;

const slow: readonly Case[] = [
  transport({
    id: 'transport.slow-reader-gets-everything',
    clauses: ['TRANSPORT-3', 'TRANSPORT-7', 'TRANSPORT-5'],
    why: 'Replies below 1 MiB that nobody has read yet must wait: dropped or cut, they corrupt the stream.',
    run: async (context) => {
      const count = Math.floor(SLOW_TOTAL_BYTES / 1012);
      await context.ask(set('k', { fill: 1000 }), OK);
      const connection = await context.connection('slow');
      connection.pause();
      await context.send(
        Array.from({ length: count }, () => get('k')),
        'slow',
      );
      await context.ask(ping('served meanwhile'), pong('served meanwhile'), 'other');
      connection.resume();
      for (let at = 0; at < count; at += 1) await context.recv(found({ fill: 1000 }), 'slow');
    },
  }),
  transport({
    id: 'transport.who-never-reads-harms-nobody',
    clauses: ['TRANSPORT-5', 'TRANSPORT-3'],
    deadlineMs: 30_000,
    why: 'A client that asks and never reads must not fill the memory, nor stop the others.',
    run: async (context) => {
      const valueBytes = Math.min(context.session.valueBytesMax, 60_000);
      await context.ask(set('k', { fill: valueBytes }), OK);
      const connection = await context.connection('never reads');
      connection.pause();
      const count = Math.ceil(UNREAD_BYTES / valueBytes);
      await context.send(
        Array.from({ length: count }, () => get('k')),
        'never reads',
      );
      for (let round = 0; round < 20; round += 1) {
        await context.ask(get('k'), found({ fill: valueBytes }), 'other');
      }
      connection.close();
    },
  }),
];

export const neighbourCases: readonly Case[] = [...neighbours, ...slow];
