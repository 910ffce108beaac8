/** How long others wait while a snapshot is written. */
import { join } from 'node:path';
import { fill, load, type LoadMeasure } from '../lib/load.ts';
import { expectNumber, Peer } from '../lib/peer.ts';
import { probe } from '../lib/probe.ts';
import { summary } from '../lib/statistics.ts';
import type { DurabilityResult } from '../report/schemas.ts';
import { startOn } from './directories.ts';

const IDLE_MS = 3000;

type Row = DurabilityResult['snapshot'][number];

export async function measureSnapshot(
  folder: string,
  { rounds, items }: { rounds: number; items: number },
): Promise<Row[]> {
  const runs = new Map<string, LoadMeasure[]>([
    ['idle', []],
    ['a snapshot', []],
  ]);
  const subject = await startOn('speicher', 'snapshot', join(folder, 'speicher-snapshot'));
  const peer = await Peer.connect(subject.port);
  try {
    await fill(subject, { keys: items, valueBytes: 100 });
    // Code that runs for the first time is slow.
    expectNumber('SYNC', await peer.ask({ operation: 'SYNC' }), 0);
    await load(subject, { ping: true, rate: 1000, connections: 1, seconds: 1 });
    for (let round = 0; round < rounds; round++) {
      runs.get('idle')?.push(await probe(subject, () => new Promise((resolve) => setTimeout(resolve, IDLE_MS))));
      // Without a change SYNC has nothing to write.
      await peer.ask({ operation: 'SET', key: 'changed' });
      const snapshot = await probe(subject, async () => expectNumber('SYNC', await peer.ask({ operation: 'SYNC' }), 0));
      runs.get('a snapshot')?.push(snapshot);
    }
  } finally {
    peer.close();
    await subject.stop();
  }
  return [...runs].map(([scenario, measures]) => ({
    scenario,
    seconds: summary(measures.map(({ seconds }) => seconds)),
    p99Ms: summary(measures.map(({ latencyUs }) => latencyUs.p99 / 1000)),
    maxMs: summary(measures.map(({ latencyUs }) => latencyUs.max / 1000)),
    waitedMs: summary(measures.map(({ server }) => server.waitedSeconds * 1000)),
  }));
}
