/**
 * How long a start takes with data, from a log and from a snapshot: from the start of the process until it has answered
 * a request, less the same with an empty directory.
 */
import { join } from 'node:path';
import { fill } from '../lib/load.ts';
import { expectNumber, Peer } from '../lib/peer.ts';
import { RedisPeer } from '../lib/redis-peer.ts';
import { median, summary } from '../lib/statistics.ts';
import type { Subject, SubjectName } from '../lib/subjects.ts';
import type { DurabilityResult } from '../report/schemas.ts';
import { bytesIn, startOn } from './directories.ts';

const POLL_MS = 5;
const VALUE_BYTES = 100;

type Row = DurabilityResult['recovery'][number];

const pause = async (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, POLL_MS));

/** Waits until all items are there: Redis takes connections while it loads. */
async function waitForItems(subject: Subject, items: number): Promise<void> {
  if (subject.name === 'Redis') {
    const peer = await RedisPeer.connect(subject.port);
    let reply = await peer.ask('DBSIZE');
    for (; reply.startsWith('-LOADING'); reply = await peer.ask('DBSIZE')) await pause();
    if (reply !== `:${items}`) throw new Error(`Redis has not loaded ${items} items: ${reply}`);
    peer.close();
  } else {
    const peer = await Peer.connect(subject.port);
    expectNumber('items', { status: 200, number: await peer.stat('items'), value: Buffer.alloc(0) }, items);
    peer.close();
  }
}

/** Starts a server on a directory, and stops it again; returns how many milliseconds it took until it had the items. */
async function timeStart(name: SubjectName, directory: string, items: number): Promise<number> {
  const begunMs = performance.now();
  const subject = await startOn(name, 'everysec', directory, false);
  try {
    await waitForItems(subject, items);
    return performance.now() - begunMs;
  } finally {
    await subject.stop();
  }
}

/** A directory with a log alone. */
async function writeLog(name: SubjectName, directory: string, items: number): Promise<void> {
  const subject = await startOn(name, 'everysec', directory, false);
  try {
    await fill(subject, { keys: items, valueBytes: VALUE_BYTES });
  } finally {
    await subject.stop();
  }
}

/** Makes a snapshot of what is in a directory, in place of the log. */
async function writeSnapshot(name: SubjectName, directory: string, items: number): Promise<void> {
  const isRedis = name === 'Redis';
  // A start with `snapshot` leaves no log.
  const subject = await startOn(name, isRedis ? 'everysec' : 'snapshot', directory, false);
  try {
    await waitForItems(subject, items);
    if (!isRedis) return;
    const peer = await RedisPeer.connect(subject.port);
    await peer.ask('BGREWRITEAOF');
    while (!/aof_rewrite_in_progress:0[^]*aof_rewrite_scheduled:0/.test(await peer.ask('INFO persistence'))) {
      await pause();
    }
    peer.close();
  } finally {
    await subject.stop();
  }
}

export async function measureRecovery(
  names: readonly SubjectName[],
  folder: string,
  { rounds, items }: { rounds: number; items: number },
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const from of ['log', 'snapshot'] as const) {
    for (const name of names) {
      const directory = join(folder, `${name}-recovery`);
      await (from === 'log' ? writeLog : writeSnapshot)(name, directory, items);
      const bytes = bytesIn(directory);
      const times: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const emptyMs = await timeStart(name, join(folder, `${name}-empty-${from}-${round}`), 0);
        times.push((await timeStart(name, directory, items)) - emptyMs);
      }
      const itemsPerSecond = (items / median(times)) * 1000;
      console.log(`${name}, ${from}: ${median(times).toFixed(0)} ms, ${bytes} bytes`);
      rows.push({ name, from, bytes, milliseconds: summary(times), itemsPerSecond });
    }
  }
  return rows;
}
