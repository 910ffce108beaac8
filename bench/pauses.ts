/**
 * How long the server leaves others waiting: a connection of its own sends PING every millisecond, whether replies have
 * come or not, while the server does what takes long.
 *
 *     npm run bench:pauses -- [--rounds N] [--keys N]
 *
 * A pause is the time from when a PING was due until its reply had been read, so it holds the server's pause and
 * whatever the machine adds; the first row, an idle server, says what that is.
 */
import { parseArgs } from 'node:util';
import { fill, load, type LoadMeasure } from './lib/load.ts';
import { buildNative } from './lib/native.ts';
import { expectNumber, Peer } from './lib/peer.ts';
import { PINNING } from './lib/pinning.ts';
import { probe } from './lib/probe.ts';
import { writeResult } from './lib/results.ts';
import { summary } from './lib/statistics.ts';
import { startSubject, type Subject } from './lib/subjects.ts';
import type { PausesResult } from './report/schemas.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, keys: { type: 'string', default: '4000000' } },
});
const rounds = Number(values.rounds);
const keys = Number(values.keys);

const IDLE_MS = 3000;
const POLL_MS = 50;
/** Long enough for the items to be set, so that all expire while nothing else happens. */
const EXPIRING = { keys: 2_000_000, ttlMs: 15_000 };
const EXPIRY_TIMEOUT_MS = 120_000;
/**
 * Sets of keys that are not there, mostly, at a rate that leaves the server time: under as many as it can take, each
 * waits for those before it, and that would be all to be seen.
 */
const GROWTH = { getShare: 0, rate: 20_000, seconds: 15 };
/** `key:0001` and six digits. */
const MILLION = { prefix: 'key:0001', count: 1_000_000 };
const LARGE = { firstKey: 9_000_000_000, keys: 200, valueBytes: 1 << 20, connections: 4 };
/** Requests for these: half sets, half gets. */
const LARGE_LOAD = { ...LARGE, getShare: 0.5, seconds: 3 };

const pause = async (milliseconds: number): Promise<unknown> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

async function waitForExpiry(peer: Peer): Promise<void> {
  const deadline = performance.now() + EXPIRY_TIMEOUT_MS;
  while ((await peer.stat('items')) > 0) {
    if (performance.now() > deadline) throw new Error('items stay after their time');
    await pause(POLL_MS);
  }
}

async function deleteMillion(peer: Peer): Promise<void> {
  const reply = await peer.ask({ operation: 'DELETE', key: MILLION.prefix, isPrefix: true });
  expectNumber('DELETE', reply, MILLION.count);
}

interface Scenario {
  readonly name: string;
  /** What it needs, while nobody looks. */
  readonly prepare?: () => Promise<unknown>;
  readonly work: () => Promise<unknown>;
}

/** What takes long, in an order in which each finds what it needs. */
function scenarios(subject: Subject, peer: Peer): Scenario[] {
  return [
    { name: 'idle', work: async () => pause(IDLE_MS) },
    {
      name: '2 million items expire',
      prepare: async () => fill(subject, EXPIRING),
      work: async () => waitForExpiry(peer),
    },
    {
      name: `growth by ${GROWTH.rate / 1000} 000 sets a second`,
      work: async () => load(subject, { keys, ...GROWTH }),
    },
    {
      name: '90 % get, batches of 16',
      prepare: async () => fill(subject, { keys }),
      work: async () => load(subject, { keys, batch: 16, seconds: 3 }),
    },
    { name: 'first prefix request', work: async () => peer.ask({ operation: 'COUNT', key: 'key:0000000' }) },
    {
      name: `then growth by ${GROWTH.rate / 1000} 000 sets a second`,
      work: async () => load(subject, { firstKey: keys, keys, ...GROWTH }),
    },
    { name: 'DELETE of a prefix of 1 million', work: async () => deleteMillion(peer) },
    { name: 'values of 1 MiB', prepare: async () => fill(subject, LARGE), work: async () => load(subject, LARGE_LOAD) },
  ];
}

async function measureRound(runs: Map<string, LoadMeasure[]>): Promise<void> {
  const subject = await startSubject('speicher');
  const peer = await Peer.connect(subject.port);
  try {
    await load(subject, { ping: true, rate: 1000, connections: 1, seconds: 1 });
    for (const { name, prepare, work } of scenarios(subject, peer)) {
      await prepare?.();
      const measure = await probe(subject, work);
      console.log(`${name}: p99 ${measure.latencyUs.p99} µs, longest ${measure.latencyUs.max} µs`);
      runs.set(name, [...(runs.get(name) ?? []), measure]);
    }
  } finally {
    peer.close();
    await subject.stop();
  }
}

buildNative();
const runs = new Map<string, LoadMeasure[]>();
for (let round = 0; round < rounds; round++) await measureRound(runs);
const result: PausesResult = {
  pinning: PINNING,
  rounds,
  rows: [...runs].map(([scenario, measures]) => ({
    scenario,
    p99Ms: summary(measures.map(({ latencyUs }) => latencyUs.p99 / 1000)),
    maxMs: summary(measures.map(({ latencyUs }) => latencyUs.max / 1000)),
    waitedMs: summary(measures.map(({ server }) => server.waitedSeconds * 1000)),
  })),
};
writeResult('pauses', result);
