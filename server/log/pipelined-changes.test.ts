/**
 * Requests as they come over sockets, many in one read and some across two: what the log makes of them is what the
 * server had. Their bytes are what the log copies (frame-puts.ts), and the next read lies where they have lain.
 */
import { expect, onTestFinished, test } from 'vitest';
import { FLAG } from '../../protocol/index.ts';
import { createServer, type Server } from '../index.ts';
import { SeededNumbers } from '../store/testing/wide-operations.ts';
import { temporaryFolder } from '../testing/data-server.ts';
import { RawPeer, requestBytes } from '../testing/raw-peer.ts';

const KEYS = 30;
const ROUNDS = 60;
const PEERS = 3;

const clock = { nowMs: () => 1_800_000_000_500 };

async function serve(data: string, transport: 'auto' | 'plain'): Promise<Server> {
  const server = createServer({ listen: ['tcp://127.0.0.1:0'], data, transport }, { clock });
  await server.start();
  onTestFinished(() => server.stop());
  return server;
}

const keyOf = (numbers: SeededNumbers): string => `key${numbers.below(KEYS)}`;

/** A request that changes something, or does not. */
function drawRequest(numbers: SeededNumbers, id: number): Uint8Array {
  const key = keyOf(numbers);
  const value = `${id}`.padEnd(numbers.below(numbers.below(50) === 0 ? 200_000 : 200), 'v');
  const kind = numbers.below(100);
  const quiet = numbers.below(10) === 0 ? FLAG.QUIET : 0;
  if (kind < 50) return requestBytes('SET', { id, key, value, flags: quiet });
  if (kind < 58) return requestBytes('SET', { id, key, value, tag: id, flags: FLAG.TAG | FLAG.DETAIL });
  if (kind < 62) return requestBytes('SET', { id, key, value, ttlMs: 1e7, flags: FLAG.TTL });
  if (kind < 66) return requestBytes('SET', { id, key, value, version: 1, flags: FLAG.VERSION });
  if (kind < 70) return requestBytes('ADD', { id, key, value });
  if (kind < 74) return requestBytes('REPLACE', { id, key, value });
  if (kind < 77) return requestBytes('APPEND', { id, key, value: '1' });
  if (kind < 79) return requestBytes('INCREMENT', { id, key: `${key}n`, value: '5', number: 3n, flags: FLAG.NUMBER });
  if (kind < 84) return requestBytes('DELETE', { id, key });
  if (kind < 86) return requestBytes('LOCK', { id, key });
  if (kind < 88) return requestBytes('UNLOCK', { id, key });
  if (kind < 92) return requestBytes('TOUCH', { id, key, ttlMs: 1e8, flags: FLAG.TTL });
  if (kind < 93) return requestBytes('SET', { id, key: 'key2', value, flags: FLAG.PREFIX });
  return requestBytes('GET', { id, key });
}

async function play(server: Server, numbers: SeededNumbers): Promise<void> {
  const peers = await Promise.all(Array.from({ length: PEERS }, () => RawPeer.connect(server)));
  for (let round = 0; round < ROUNDS; round++) {
    const pings = peers.map((peer) => {
      const requests = Array.from({ length: 1 + numbers.below(60) }, (_, at) => drawRequest(numbers, round * 100 + at));
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
  for (let at = 0; at < KEYS; at++) {
    for (const key of [`key${at}`, `key${at}n`]) {
      const { status, flags, version, ttlMs, text } = await peer.ask('GET', { key, flags: FLAG.DETAIL });
      items.push({ key, status, flags, version, ttlMs, text });
    }
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
