/** Requests on many items: their connection waits, and nobody else does (TRANSPORT-5, CONSISTENT-2). */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FLAG } from '../protocol/index.ts';
import { systemClock } from './clock.ts';
import { parseServerOptions } from './options.ts';
import { createServer, createStore, type Server } from './server.ts';
import { perform } from './store/testing/requests.ts';
import { RawPeer, requestBytes } from './testing/raw-peer.ts';

const ITEMS = 100_000;

let server: Server;
let busy: RawPeer;
let other: RawPeer;

beforeEach(async () => {
  const listen = ['tcp://127.0.0.1:0'];
  const store = createStore(parseServerOptions({ listen }), systemClock);
  for (let at = 0; at < ITEMS; at++) perform(store, 'set', { key: `many:${at}`, value: 'v' });
  perform(store, 'set', { key: 'other', value: 'v' });
  server = createServer({ listen }, { store });
  await server.start();
  [busy, other] = await Promise.all([RawPeer.connect(server), RawPeer.connect(server)]);
});

afterEach(async () => {
  busy.close();
  other.close();
  await server.stop();
});

const DELETE_ALL = requestBytes('DELETE', { flags: FLAG.PREFIX, key: 'many:', id: 1 });
const PING = requestBytes('PING', { value: 'behind', id: 2 });

test('others are served while items go, and what follows the request is answered behind it', async () => {
  busy.send(DELETE_ALL, PING, requestBytes('QUIT', { id: 3 }));
  const turn = { isDone: false };
  const done = busy.reply().finally(() => (turn.isDone = true));
  let served = 0;
  const left: number[] = [];
  while (!turn.isDone) {
    expect((await other.ask('GET', { key: 'other' })).status).toBe(200);
    const { number } = await other.ask('COUNT', { key: 'many:' });
    if (number > 0n && number < BigInt(ITEMS)) left.push(Number(number));
    served++;
  }
  expect(await done).toMatchObject({ status: 200, id: 1, number: BigInt(ITEMS) });
  expect(await busy.reply()).toMatchObject({ status: 200, id: 2, text: 'behind' });
  expect(await busy.reply()).toMatchObject({ status: 200, id: 3 });
  await busy.closed;
  // Some were seen when others had gone already, and ever fewer.
  expect(served).toBeGreaterThan(3);
  expect(left.length).toBeGreaterThan(1);
  expect(left).toEqual(left.toSorted((a, b) => b - a));
});

test('a client that half-closes gets its reply; one that goes away leaves the rest where it is', async () => {
  busy.send(DELETE_ALL);
  busy.socket.end();
  expect(await busy.reply()).toMatchObject({ status: 200, number: BigInt(ITEMS) });
  await busy.closed;
  const gone = await RawPeer.connect(server);
  gone.send(requestBytes('SET', { flags: FLAG.PREFIX, key: '', value: 'w' }));
  gone.close();
  expect((await other.ask('PING', { value: 'here' })).text).toBe('here');
});

test('a server that stops answers it first (DURABLE-2)', async () => {
  busy.send(DELETE_ALL, PING);
  // Once somebody else is answered behind it, it has arrived.
  await other.ask('PING', { value: 'here' });
  const stopped = server.stop();
  expect(await busy.reply()).toMatchObject({ status: 200, number: BigInt(ITEMS) });
  expect(await busy.reply()).toMatchObject({ text: 'behind' });
  await stopped;
});
