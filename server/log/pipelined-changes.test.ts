/**
 * Requests as they come over sockets, many in one read and some across two: what the log makes of them is what the
 * server had. Their bytes are what the log copies (frame-puts.ts), and the next read lies where they have lain.
 */
import { expect, onTestFinished, test } from 'vitest';
import { FLAG } from '../../protocol/index.ts';
import { createServer, type Server } from '../index.ts';
import { SeededNumbers } from '../store/testing/wide-operations.ts';
import { temporaryFolder } from '../testing/data-server.ts';
import { drawRequest } from '../testing/drawn-requests.ts';
import { RawPeer, requestBytes } from '../testing/raw-peer.ts';

/** Few, so that most requests meet an item. */
const KEYS = Array.from({ length: 30 }, (_, at) => `key${at}`);
const ROUNDS = 60;
const PEERS = 3;

const clock = { nowMs: () => 1_800_000_000_500 };

async function serve(data: string, transport: 'auto' | 'plain'): Promise<Server> {
  const server = createServer({ listen: ['tcp://127.0.0.1:0'], data, transport }, { clock });
  await server.start();
  onTestFinished(() => server.stop());
  return server;
}

async function play(server: Server, numbers: SeededNumbers): Promise<void> {
  const peers = await Promise.all(Array.from({ length: PEERS }, () => RawPeer.connect(server)));
  for (let round = 0; round < ROUNDS; round++) {
    const pings = peers.map((peer) => {
      const requests = Array.from({ length: 1 + numbers.below(60) }, (_, at) =>
        drawRequest(numbers, KEYS, round * 100 + at),
      );
      const bytes = Buffer.concat([...requests, requestBytes('PING', { id: 999_999 })]);
      const splitAt = numbers.below(bytes.length);
      peer.send(bytes.subarray(0, splitAt));
      setImmediate(() => peer.send(bytes.subarray(splitAt)));
      return lastReply(peer);
    });
    await Promise.all(pings);
  }
  for (const peer of peers) peer.close();
}

async function lastReply(peer: RawPeer): Promise<void> {
  while ((await peer.reply()).id !== 999_999);
}

async function itemsOf(server: Server): Promise<unknown[]> {
  const peer = await RawPeer.connect(server);
  const items: unknown[] = [];
  for (const key of KEYS.flatMap((key) => [key, `${key}n`])) {
    const { status, flags, version, ttlMs, text } = await peer.ask('GET', { key, flags: FLAG.DETAIL });
    items.push({ key, status, flags, version, ttlMs, text });
  }
  peer.close();
  return items;
}

test.each(['auto', 'plain'] as const)(
  'what was read together is in the log as it was carried out: %s',
  async (transport) => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const data = await temporaryFolder();
    const first = await serve(data, transport);
    await play(first, new SeededNumbers(seed));
    const items = await itemsOf(first);
    await first.stop();
    expect(await itemsOf(await serve(data, transport)), `seed ${seed}`).toEqual(items);
  },
);
