/**
 * Requests on many items over real sockets: they are carried out in slices, others are served between these, and the
 * connection that made one goes on in its order afterwards.
 */
import { afterEach, describe, expect, test } from 'vitest';
import { FLAG, ReplyFrame } from '../protocol/index.ts';
import { systemClock } from './clock.ts';
import { createServer, type Server, type ServerOptionsInput } from './index.ts';
import { parseServerOptions } from './options.ts';
import { createStore } from './server.ts';
import type { Store } from './store/store.ts';
import { makeRequest } from './store/testing/requests.ts';
import { RawPeer, envelopeBytes, requestBytes, type ReceivedReply } from './testing/raw-peer.ts';

const TRANSPORT = process.env['SPEICHER_TRANSPORT'] === 'plain' ? 'plain' : 'auto';
const MANY = 200_000;
/** Enough for dozens of slices. */
const SOME = 60_000;

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** Stores small items under `k:`, a thousand at a time: those that look for the end would take longer than the rest. */
function fill(store: Store, isFull: (items: number) => boolean): void {
  const request = makeRequest({ key: 'k:0000000', value: '1' });
  const { keyBytes, keyStart, keyEnd } = request;
  const reply = new ReplyFrame();
  for (let items = 0; !isFull(items);) {
    for (const end = items + 1000; items < end; items++) {
      for (let at = keyEnd - 1, rest = items; at > keyStart + 1; at--, rest = Math.floor(rest / 10)) {
        keyBytes[at] = 0x30 + (rest % 10);
      }
      store.set(request, reply);
    }
  }
}

/** A server with so many items under `k:`, and one beside them. */
async function serveWith(items: number): Promise<Server> {
  const input: ServerOptionsInput = { listen: ['tcp://127.0.0.1:0'], transport: TRANSPORT };
  const store = createStore(parseServerOptions(input), systemClock);
  fill(store, (stored) => stored === items);
  store.set(makeRequest({ key: 'other', value: 'stays' }), new ReplyFrame());
  const server = createServer(input, { store });
  await server.start();
  cleanups.push(() => server.stop());
  return server;
}

async function peerOf(server: Server): Promise<RawPeer> {
  const peer = await RawPeer.connect(server);
  cleanups.push(() => peer.close());
  return peer;
}

const deletion = (id: number): Uint8Array => requestBytes('DELETE', { key: 'k:', flags: FLAG.PREFIX, id });

const count = (id: number): Uint8Array => requestBytes('COUNT', { key: 'k:', id });

async function statOf(peer: RawPeer, name: string): Promise<number> {
  const { text } = await peer.ask('STATS');
  return Number(new RegExp(`${name}(\\d+)`).exec(text)?.[1]);
}

/** Asks again and again until a deletion is under way: some items have gone, and some are there. */
async function untilUnderWay(peer: RawPeer, items: number): Promise<void> {
  let left = items + 1;
  while (left === items + 1) left = await statOf(peer, 'items');
  expect(left).toBeGreaterThan(1);
}

describe('a SET that evicts very many items', () => {
  const input: ServerOptionsInput = { listen: ['tcp://127.0.0.1:0'], transport: TRANSPORT, maxMemoryBytes: '16MiB' };

  /** A server that is full of small items. */
  async function serveFull(): Promise<Server> {
    const store = createStore(parseServerOptions(input), systemClock);
    fill(store, () => store.stats().evictions > 0);
    const server = createServer(input, { store });
    await server.start();
    cleanups.push(() => server.stop());
    return server;
  }

  test('leaves time for others, and is carried out whole in the end', async () => {
    const server = await serveFull();
    const [large, other] = [await peerOf(server), await peerOf(server)];
    const value = Buffer.alloc(7 * 1024 * 1024, 'v');
    const begun = await statOf(other, 'evictions');
    const state = { isDone: false };
    large.send(requestBytes('SET', { key: 'large', value }), requestBytes('GET', { key: 'large' }));
    const answer = large.reply().finally(() => {
      state.isDone = true;
    });
    const seen = new Set<number>();
    while (!state.isDone) seen.add(await statOf(other, 'evictions'));
    expect((await answer).status).toBe(200);
    expect((await large.reply()).value.length).toBe(value.length);
    const end = await statOf(other, 'evictions');
    expect(end - begun).toBeGreaterThan(50_000);
    expect([...seen].filter((evictions) => evictions > begun && evictions < end).length).toBeGreaterThan(2);
  });

  test('is carried out in JSON too', async () => {
    const peer = await peerOf(await serveFull());
    const value = 'v'.repeat(1024 * 1024);
    peer.send(envelopeBytes(JSON.stringify({ command: 'SET', key: 'json', value })));
    expect((await peer.reply()).text).toContain('200');
    expect((await peer.ask('GET', { key: 'json' })).value.length).toBeGreaterThanOrEqual(value.length);
  });
});

describe('a request on many items', () => {
  test(`leaves time for others: their PINGs are answered, and they see ever fewer items, while ${MANY} items are deleted`, async () => {
    const server = await serveWith(MANY);
    const [deleting, other] = [await peerOf(server), await peerOf(server)];
    const state = { isDone: false };
    deleting.send(deletion(1));
    const reply = deleting.reply().finally(() => {
      state.isDone = true;
    });
    let answered = 0;
    let slowestMs = 0;
    const left: bigint[] = [];
    while (!state.isDone) {
      const begunMs = performance.now();
      await other.ask('PING');
      slowestMs = Math.max(slowestMs, performance.now() - begunMs);
      answered++;
      const { number } = await other.ask('COUNT', { key: 'k:' });
      if (number > 0n && number < BigInt(MANY)) left.push(number);
    }
    process.stdout.write(`slices: ${answered} PINGs meanwhile, the slowest took ${slowestMs.toFixed(1)} ms\n`);
    expect(await reply).toMatchObject({ status: 200, number: BigInt(MANY) });
    expect(answered).toBeGreaterThan(5);
    // CONSISTENT-2: some were seen when others had gone already, and ever fewer.
    expect(left.length).toBeGreaterThan(2);
    expect(left.every((count, at) => at === 0 || count <= left[at - 1]!)).toBe(true);
    expect((await other.ask('GET', { key: 'other' })).text).toBe('stays');
  });

  test('is followed by what its connection asked next, in order, another such request too', async () => {
    const peer = await peerOf(await serveWith(SOME));
    peer.send(
      Buffer.concat([
        requestBytes('SET', { key: 'k:a', value: 'x', id: 1 }),
        count(2),
        deletion(3),
        count(4),
        requestBytes('SET', { key: 'k:b', value: 'y', id: 5 }),
        requestBytes('GET', { key: 'k:b', id: 6 }),
        deletion(7),
        deletion(8),
      ]),
    );
    // Arrives while the requests before it are under way, in two parts.
    const last = requestBytes('GET', { key: 'other', id: 9 });
    peer.send(last.subarray(0, 9));
    peer.send(last.subarray(9));
    const replies: ReceivedReply[] = [];
    for (let id = 1; id <= 9; id++) replies.push(await peer.reply());
    expect(replies.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200, 200, 404, 200]);
    const many = BigInt(SOME + 1);
    expect([1, 2, 3, 6].map((at) => replies[at]!.number)).toEqual([many, many, 0n, 1n]);
    expect([5, 8].map((at) => replies[at]!.text)).toEqual(['y', 'stays']);
  });

  test('is answered though its client has ended its side meanwhile (TRANSPORT-4)', async () => {
    const peer = await peerOf(await serveWith(SOME));
    peer.send(deletion(1), requestBytes('GET', { key: 'other', id: 2 }));
    peer.socket.end();
    expect(await peer.reply()).toMatchObject({ id: 1, number: BigInt(SOME) });
    expect(await peer.reply()).toMatchObject({ id: 2, text: 'stays' });
    await peer.closed;
  });

  test('is answered before the QUIT behind it, and nothing behind that is carried out (QUIT-1)', async () => {
    const server = await serveWith(SOME);
    const peer = await peerOf(server);
    peer.send(deletion(1), requestBytes('QUIT', { id: 2 }), requestBytes('DELETE', { key: 'other', id: 3 }));
    expect(await peer.reply()).toMatchObject({ id: 1, number: BigInt(SOME) });
    expect(await peer.reply()).toMatchObject({ id: 2, status: 200 });
    await peer.closed;
    expect((await (await peerOf(server)).ask('GET', { key: 'other' })).text).toBe('stays');
  });

  test('harms nobody when its client is gone in the middle', async () => {
    const server = await serveWith(SOME);
    const [deleting, other] = [await peerOf(server), await peerOf(server)];
    deleting.send(deletion(1));
    await untilUnderWay(other, SOME);
    deleting.socket.resetAndDestroy();
    while ((await statOf(other, 'connections')) > 1);
    expect(await other.ask('COUNT', { key: 'other' })).toMatchObject({ status: 200, number: 1n });
    expect(await other.ask('SET', { key: 'k:new' })).toMatchObject({ status: 200 });
  });

  test('is carried out and answered by a server that stops in the middle (DURABLE-2)', async () => {
    const server = await serveWith(SOME);
    const [deleting, other] = [await peerOf(server), await peerOf(server)];
    deleting.send(deletion(1));
    await untilUnderWay(other, SOME);
    const stopped = server.stop();
    expect(await deleting.reply()).toMatchObject({ id: 1, status: 200, number: BigInt(SOME) });
    await Promise.all([deleting.closed, other.closed]);
    deleting.close();
    other.close();
    await stopped;
  });
});
