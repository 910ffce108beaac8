/**
 * Our server, Redis, memcached and the wire limit on the same work, in rounds: CPU time of the server for an operation,
 * throughput, and latency at half load.
 *
 *     npm run bench:servers -- [--rounds N] [--seconds S] [--warmup S]
 *
 * 50 connections, 90 % get, 100 000 keys of 14 bytes, values of 100 bytes, batches of 1, 16 and 64.
 */
import { parseArgs } from 'node:util';
import { fill, load, type LoadMeasure } from './lib/load.ts';
import { buildNative } from './lib/native.ts';
import { PINNING } from './lib/pinning.ts';
import { writeResult } from './lib/results.ts';
import { inSittings, inTurns, noMeasures, sharedRounds, type Measures } from './lib/sittings.ts';
import { median, ratios, summary, type Summary } from './lib/statistics.ts';
import { installed, startSubject, type Subject, type SubjectName } from './lib/subjects.ts';
import type { ServersResult } from './report/schemas.ts';

const BATCHES = [1, 16, 64];
const NAMES: SubjectName[] = ['speicher', 'Redis', 'memcached', 'memcached text', 'wire limit'];
/** The better of these, round by round, is what ours is held against. */
const RIVALS: SubjectName[] = ['Redis', 'memcached'];
const WORK = { connections: 50, keys: 100_000, getShare: 0.9, valueBytes: 100 };

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '6' },
    seconds: { type: 'string', default: '2' },
    warmup: { type: 'string', default: '1' },
  },
});
const rounds = sharedRounds(Number(values.rounds));
const timing = { seconds: Number(values.seconds), warmup: Number(values.warmup) };

type Rounds = Measures<SubjectName>;

const cpuOf = (runs: readonly LoadMeasure[]): number[] => runs.map(({ server }) => server.cpuUsPerOperation);

async function start(name: SubjectName): Promise<Subject> {
  const subject = await startSubject(name);
  await fill(subject, WORK);
  return subject;
}

/** Round by round the better of the rivals that are there; undefined if none is. */
function bestRival(runs: Rounds): number[] | undefined {
  const rivals = RIVALS.flatMap((name) => {
    const measures = runs.get(name);
    return measures === undefined ? [] : [cpuOf(measures)];
  });
  return rivals[0]?.map((_, round) => Math.min(...rivals.map((each) => each[round]!)));
}

function ratioTo(runs: Rounds, others: readonly number[] | undefined): Summary | undefined {
  return others && ratios(cpuOf(runs.get('speicher')!), others);
}

function summarized(batch: number, runs: Rounds): ServersResult['batches'][number] {
  const servers = [...runs].map(([name, measures]) => ({
    name,
    cpuUsPerOperation: summary(cpuOf(measures)),
    operationsPerSecond: summary(measures.map(({ operationsPerSecond }) => operationsPerSecond)),
  }));
  console.log(`batches of ${batch}, µs of CPU time an operation:`);
  console.table(Object.fromEntries(servers.map(({ name, cpuUsPerOperation }) => [name, cpuUsPerOperation])));
  const rivalRatio = ratioTo(runs, bestRival(runs));
  const wireRatio = ratioTo(runs, cpuOf(runs.get('wire limit')!));
  return { batch, servers, ...(rivalRatio && { rivalRatio }), ...(wireRatio && { wireRatio }) };
}

async function measureBatches(names: readonly SubjectName[]): Promise<ServersResult['batches']> {
  const results = BATCHES.map((batch) => ({ batch, runs: noMeasures(names) }));
  await inSittings(names, start, async (subjects) => {
    for (const { batch, runs } of results) {
      await inTurns(subjects, rounds, async (subject) => load(subject, { ...WORK, ...timing, batch }), runs);
    }
  });
  return results.map(({ batch, runs }) => summarized(batch, runs));
}

function latencyOf(measures: readonly LoadMeasure[], name: 'p50' | 'p99' | 'p999'): Summary {
  return summary(measures.map(({ latencyUs }) => latencyUs[name]));
}

/** All get the same rate: half of what the slowest of them takes with batches of 1. */
async function measureHalfLoad(
  names: readonly SubjectName[],
  single: ServersResult['batches'][number],
): Promise<ServersResult['halfLoad']> {
  const { servers } = single;
  const rate = Math.round(Math.min(...servers.map(({ operationsPerSecond }) => operationsPerSecond.median)) / 2);
  const runs = noMeasures(names);
  await inSittings(names, start, async (subjects) =>
    inTurns(subjects, rounds, async (subject) => load(subject, { ...WORK, ...timing, rate }), runs),
  );
  const latencies = [...runs].map(([name, measures]) => ({
    name,
    p50Us: latencyOf(measures, 'p50'),
    p99Us: latencyOf(measures, 'p99'),
    p999Us: latencyOf(measures, 'p999'),
    waitedShare: median(measures.map(({ server, seconds }) => server.waitedSeconds / seconds)),
  }));
  console.log(`${rate} requests a second, µs until the reply (p99.9):`);
  console.table(Object.fromEntries(latencies.map(({ name, p999Us }) => [name, p999Us])));
  const tailOf = (name: SubjectName): number[] | undefined => runs.get(name)?.map(({ latencyUs }) => latencyUs.p999);
  const [ours, redis] = [tailOf('speicher'), tailOf('Redis')];
  return { rate, servers: latencies, ...(ours && redis && { tailRatio: ratios(ours, redis) }) };
}

buildNative();
const names = installed(NAMES);
console.log(PINNING);
const batches = await measureBatches(names);
const halfLoad = await measureHalfLoad(names, batches[0]!);
const result: ServersResult = { pinning: PINNING, rounds, ...timing, batches, halfLoad };
writeResult('servers', result);
