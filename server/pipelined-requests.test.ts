/**
 * Requests of several connections that come in one turn are carried out together, behind a look at the keys of many of
 * them: the answers are those of a store that is not told what comes next.
 */
import { expect, onTestFinished, test } from 'vitest';
import { createServer, type Server } from './index.ts';
import { SortedKeys } from './store/model/key-order.ts';
import { MapStore } from './store/model/map-store.ts';
import type { Store } from './store/store.ts';
import { SeededNumbers } from './store/testing/wide-operations.ts';
import { drawRequest } from './testing/drawn-requests.ts';
import { envelopeBytes, RawPeer, requestBytes, type ReceivedReply } from './testing/raw-peer.ts';

const PEERS = 4;
const KEYS_PER_PEER = 40;
const ROUNDS = 30;
const LAST_ID = 999_999;

const clock = { nowMs: () => 1_800_000_000_500 };

async function serve(transport: 'auto' | 'plain', store?: Store): Promise<Server> {
  const server = createServer({ listen: ['tcp://127.0.0.1:0'], transport }, { clock, ...(store && { store }) });
  await server.start();
  onTestFinished(() => server.stop());
  return server;
}

/** Versions and tokens are told by the order in which connections have their turn: they are left out. */
const answerOf = ({ opcode, status, id, number, text }: ReceivedReply): unknown => ({
  opcode,
  status,
  id,
  number,
  text,
});

/** What a piece of input may consist of besides: envelopes, and requests without a key. */
function drawAny(numbers: SeededNumbers, keys: readonly string[], id: number): Uint8Array {
  const kind = numbers.below(20);
  if (kind === 0) return envelopeBytes(JSON.stringify({ command: 'GET', key: keys[numbers.below(keys.length)] }));
  if (kind === 1) return requestBytes('COUNT', { id, key: keys[0]!.slice(0, -1) });
  if (kind === 2) return requestBytes('PING', { id, value: 'x'.repeat(numbers.below(3000)) });
  return drawRequest(numbers, keys, id);
}

/** Each connection has keys of its own, as nothing says whose request comes first. */
async function play(server: Server, numbers: SeededNumbers): Promise<unknown[][]> {
  const peers = await Promise.all(Array.from({ length: PEERS }, () => RawPeer.connect(server)));
  const answers: unknown[][] = peers.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    const pieces = peers.map((_, peer) => {
      const keys = Array.from({ length: KEYS_PER_PEER }, (__, at) => `peer${peer}-${at}-`);
      const length = 1 + numbers.below(numbers.below(2) === 0 ? 4 : 150);
      const requests = Array.from({ length }, (__, at) => drawAny(numbers, keys, round * 1000 + at));
      const bytes = Buffer.concat([...requests, requestBytes('PING', { id: LAST_ID })]);
      const splitAt = numbers.below(bytes.length);
      return [bytes.subarray(0, splitAt), bytes.subarray(splitAt)] as const;
    });
    peers.forEach((peer, at) => peer.send(pieces[at]![0]));
    setImmediate(() => peers.forEach((peer, at) => peer.send(pieces[at]![1])));
    await Promise.all(peers.map((peer, at) => readRound(peer, answers[at]!)));
  }
  for (const peer of peers) peer.close();
  return answers;
}

async function readRound(peer: RawPeer, answers: unknown[]): Promise<void> {
  for (let id = -1; id !== LAST_ID;) {
    const reply = await peer.reply();
    answers.push(answerOf(reply));
    id = reply.id;
  }
}

test.each(['auto', 'plain'] as const)(
  'what comes together is answered as by a store that is not told of it before: %s',
  async (transport) => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const model = new MapStore({ clock, valueBytesMax: 1024 * 1024 }, new SortedKeys());
    const expected = await play(await serve(transport, model), new SeededNumbers(seed));
    const answers = await play(await serve(transport), new SeededNumbers(seed));
    expect(answers.flat().length).toBeGreaterThan(PEERS * ROUNDS * 20);
    expect(answers, `seed ${seed}`).toEqual(expected);
  },
);
