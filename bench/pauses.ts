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

async function loadLarge(subject: Subject): Promise<void> {
  await fill(subject, LARGE);
  await load(subject, LARGE_LOAD);
}

/** What takes long, in an order in which each finds what it needs. */
function scenarios(subject: Subject, peer: Peer): [scenario: string, work: () => Promise<unknown>][] {
  return [
    ['idle', async () => pause(IDLE_MS)],
    ['2 million items set with a lifetime', async () => fill(subject, EXPIRING)],
    ['all of them expire', async () => waitForExpiry(peer)],
    [`growth to ${keys / 1e6} million items`, async () => fill(subject, { keys })],
    ['90 % get, batches of 16', async () => load(subject, { keys, batch: 16, seconds: 3 })],
    ['first prefix request', async () => peer.ask({ operation: 'COUNT', key: 'key:0000000' })],
    ['sets of new keys after it', async () => fill(subject, { firstKey: keys, keys: 1_000_000 })],
    ['DELETE of a prefix of 1 million', async () => deleteMillion(peer)],
    ['values of 1 MiB', async () => loadLarge(subject)],
  ];
}

async function measureRound(runs: Map<string, LoadMeasure[]>): Promise<void> {
  const subject = await startSubject('speicher');
  const peer = await Peer.connect(subject.port);
  try {
    await load(subject, { ping: true, rate: 1000, connections: 1, seconds: 1 });
    for (const [scenario, work] of scenarios(subject, peer)) {
      const measure = await probe(subject, work);
      console.log(`${scenario}: p99 ${measure.latencyUs.p99} µs, longest ${measure.latencyUs.max} µs`);
      runs.set(scenario, [...(runs.get(scenario) ?? []), measure]);
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
