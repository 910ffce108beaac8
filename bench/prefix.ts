/**
 * Prefix requests: 1 000 of 1 million keys counted, listed, read and deleted, and all of them deleted. Times are those
 * of a connection that waits for each reply, from the first byte sent to the last received and unpacked.
 *
 *     npm run bench:prefix -- [--rounds N] [--keys N]
 */
import { parseArgs } from 'node:util';
import { STATUS } from '../protocol/index.ts';
import { fill } from './lib/load.ts';
import { buildNative } from './lib/native.ts';
import { expectNumber, Peer, type PeerRequest } from './lib/peer.ts';
import { writeResult } from './lib/results.ts';
import { summary } from './lib/statistics.ts';
import { startSubject, type Subject } from './lib/subjects.ts';
import type { PrefixResult } from './report/schemas.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '21' }, keys: { type: 'string', default: '1000000' } },
});
const rounds = Number(values.rounds);
const items = Number(values.keys);
/** Keys are `key:` and ten digits, so the last three are left open. */
const MATCHES = 1000;
const FILLS = 3;

const prefixOf = (round: number): string => `key:${String((round * 7919) % (items / MATCHES)).padStart(7, '0')}`;

type Times = Map<string, { matches: number; milliseconds: number[] }>;

async function time(times: Times, name: string, matches: number, peer: Peer, request: PeerRequest): Promise<void> {
  const begun = performance.now();
  const reply = await peer.ask(request);
  const milliseconds = performance.now() - begun;
  expectNumber(name, reply, matches);
  const entry = times.get(name) ?? { matches, milliseconds: [] };
  entry.milliseconds.push(milliseconds);
  times.set(name, entry);
}

/** Each kind of request in turn, every round under another prefix. */
async function measureKinds(peer: Peer, times: Times): Promise<void> {
  for (let round = 1; round <= rounds; round++) {
    const key = prefixOf(round);
    await time(times, 'COUNT', MATCHES, peer, { operation: 'COUNT', key });
    await time(times, 'KEYS', MATCHES, peer, { operation: 'KEYS', key });
    await time(times, 'GET', MATCHES, peer, { operation: 'GET', key, isPrefix: true });
    await time(times, 'DELETE', MATCHES, peer, { operation: 'DELETE', key, isPrefix: true });
  }
}

/** What a server with all items can do only once, and between the two, in the last one, what it can do often. */
async function measure(subject: Subject, times: Times, isLast: boolean): Promise<void> {
  const peer = await Peer.connect(subject.port);
  try {
    await time(times, 'first COUNT', MATCHES, peer, { operation: 'COUNT', key: prefixOf(0) });
    if (isLast) await measureKinds(peer, times);
    const left = await peer.stat('items');
    const name = isLast ? 'DELETE of the rest' : 'DELETE of all';
    await time(times, name, left, peer, { operation: 'DELETE', isPrefix: true });
    const { status } = await peer.ask({ operation: 'GET', key: `${prefixOf(0)}000` });
    if (status !== STATUS.NOT_FOUND) throw new Error('an item has outlived the deletion of all');
  } finally {
    peer.close();
  }
}

buildNative();
const times: Times = new Map();
for (let round = 1; round <= FILLS; round++) {
  const subject = await startSubject('speicher');
  try {
    await fill(subject, { keys: items });
    await measure(subject, times, round === FILLS);
  } finally {
    await subject.stop();
  }
}
const rows: PrefixResult['rows'] = [...times].map(([request, { matches, milliseconds }]) => ({
  request,
  matches,
  milliseconds: summary(milliseconds),
  rounds: milliseconds.length,
}));
console.table(rows.map(({ request, milliseconds }) => ({ request, ...milliseconds })));
writeResult('prefix', { items, rounds, rows });
