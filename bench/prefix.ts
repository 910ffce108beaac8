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
import { cpuMs } from './lib/process-cpu.ts';
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

interface Asked {
  readonly subject: Subject;
  readonly peer: Peer;
}

interface Timed {
  readonly matches: number;
  readonly milliseconds: number[];
  readonly cpuMs: number[];
}

const times = new Map<string, Timed>();

async function time(asked: Asked, name: string, matches: number, request: PeerRequest): Promise<void> {
  const { peer, subject } = asked;
  const cpuMsBefore = cpuMs(subject.pid);
  const begun = performance.now();
  const reply = await peer.ask(request);
  const milliseconds = performance.now() - begun;
  expectNumber(name, reply, matches);
  const entry = times.get(name) ?? { matches, milliseconds: [], cpuMs: [] };
  entry.milliseconds.push(milliseconds);
  entry.cpuMs.push(cpuMs(subject.pid) - cpuMsBefore);
  times.set(name, entry);
}

/** Each kind of request in turn, every round under another prefix. */
async function measureKinds(asked: Asked): Promise<void> {
  for (let round = 1; round <= rounds; round++) {
    const key = prefixOf(round);
    await time(asked, 'COUNT', MATCHES, { operation: 'COUNT', key });
    await time(asked, 'KEYS', MATCHES, { operation: 'KEYS', key });
    await time(asked, 'GET', MATCHES, { operation: 'GET', key, isPrefix: true });
    await time(asked, 'DELETE', MATCHES, { operation: 'DELETE', key, isPrefix: true });
  }
}

/** What a server with all items can do only once, and between the two, in the last one, what it can do often. */
async function measure(subject: Subject, isLast: boolean): Promise<void> {
  const peer = await Peer.connect(subject.port);
  const asked = { subject, peer };
  try {
    await time(asked, 'first COUNT', MATCHES, { operation: 'COUNT', key: prefixOf(0) });
    if (isLast) await measureKinds(asked);
    const left = await peer.stat('items');
    const name = isLast ? 'DELETE of the rest' : 'DELETE of all';
    await time(asked, name, left, { operation: 'DELETE', isPrefix: true });
    const { status } = await peer.ask({ operation: 'GET', key: `${prefixOf(0)}000` });
    if (status !== STATUS.NOT_FOUND) throw new Error('an item has outlived the deletion of all');
  } finally {
    peer.close();
  }
}

buildNative();
for (let round = 1; round <= FILLS; round++) {
  const subject = await startSubject('speicher');
  try {
    await fill(subject, { keys: items });
    await measure(subject, round === FILLS);
  } finally {
    await subject.stop();
  }
}
const rows: PrefixResult['rows'] = [...times].map(([request, { matches, milliseconds, cpuMs }]) => ({
  request,
  matches,
  milliseconds: summary(milliseconds),
  cpuMs: summary(cpuMs),
  rounds: milliseconds.length,
}));
console.table(rows.map(({ request, milliseconds }) => ({ request, ...milliseconds })));
writeResult('prefix', { items, rounds, rows });
