/**
 * How the CPU time of an operation grows with the number of items: servers with 100 thousand, 1 and 10 million of them,
 * all up at once and loaded in turn.
 *
 *     npm run bench:growth -- [--rounds N] [--seconds S] [--warmup S] [--keys N,N,…]
 */
import { parseArgs } from 'node:util';
import { fill, load } from './lib/load.ts';
import { buildNative } from './lib/native.ts';
import { PINNING } from './lib/pinning.ts';
import { writeResult } from './lib/results.ts';
import { ratios, summary } from './lib/statistics.ts';
import { startSubject, type Subject } from './lib/subjects.ts';
import type { GrowthResult } from './report/schemas.ts';

/** Batches, because with single requests the sockets' share would hide the store's. */
const BATCH = 16;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    warmup: { type: 'string', default: '1' },
    keys: { type: 'string', default: '100000,1000000,10000000' },
  },
});
const rounds = Number(values.rounds);
const timing = { seconds: Number(values.seconds), warmup: Number(values.warmup) };

interface Sized {
  readonly subject: Subject;
  readonly keys: number;
  readonly fillCpuUsPerOperation: number;
  readonly cpuUsPerOperation: number[];
}

buildNative();
const sizes: Sized[] = [];
try {
  for (const keys of values.keys.split(',').map(Number)) {
    const subject = await startSubject('speicher');
    const { server } = await fill(subject, { keys });
    sizes.push({ subject, keys, fillCpuUsPerOperation: server.cpuUsPerOperation, cpuUsPerOperation: [] });
  }
  for (let round = 0; round < rounds; round++) {
    for (const { subject, keys, cpuUsPerOperation } of sizes) {
      const { server, misses } = await load(subject, { ...timing, keys, batch: BATCH, seed: round + 1 });
      if (misses > 0) throw new Error(`${misses} of ${keys} keys were lost`);
      cpuUsPerOperation.push(server.cpuUsPerOperation);
    }
  }
  const result: GrowthResult = {
    pinning: PINNING,
    rounds,
    batch: BATCH,
    sizes: sizes.map(({ keys, fillCpuUsPerOperation, cpuUsPerOperation }) => ({
      keys,
      cpuUsPerOperation: summary(cpuUsPerOperation),
      fillCpuUsPerOperation,
    })),
    ratio: ratios(sizes.at(-1)!.cpuUsPerOperation, sizes[0]!.cpuUsPerOperation),
  };
  console.table(
    Object.fromEntries(result.sizes.map(({ keys, cpuUsPerOperation }) => [`${keys} keys`, cpuUsPerOperation])),
  );
  writeResult('growth', result);
} finally {
  await Promise.all(sizes.map(async ({ subject }) => subject.stop()));
}
