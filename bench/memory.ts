/**
 * Bytes for an item of 14 + 100 bytes: growth of the server's resident memory, divided by the number of items, and what
 * our server says of itself in STATS.
 *
 *     npm run bench:memory -- [--keys N,N,…] [--seconds S]
 *
 * Redis and memcached are measured at the first number of items only, and in the same way: what each had taken before
 * these items, when it had served for a second, is not counted, so neither is what Node takes to begin with. What it
 * takes on top while it is loaded (young objects, compiled code, buffers of connections) is, and weighs the less the
 * more items there are.
 */
import { parseArgs } from 'node:util';
import { fill, load } from './lib/load.ts';
import { buildNative } from './lib/native.ts';
import { Peer } from './lib/peer.ts';
import { writeResult } from './lib/results.ts';
import { installed, startSubject, type Subject, type SubjectName } from './lib/subjects.ts';
import type { MemoryResult } from './report/schemas.ts';

const { values } = parseArgs({
  options: { keys: { type: 'string', default: '1000000,10000000' }, seconds: { type: 'string', default: '3' } },
});
const seconds = Number(values.seconds);
/** The server has served before memory is counted: what it needs for connections and code is not the items'. */
const FIRST = { keys: 1000, seconds: 1 };

type Row = MemoryResult['rows'][number];

async function statsBytes(subject: Subject): Promise<number> {
  const peer = await Peer.connect(subject.port);
  try {
    return await peer.stat('memory');
  } finally {
    peer.close();
  }
}

async function measure(name: SubjectName, items: number): Promise<Row> {
  const subject = await startSubject(name);
  try {
    await fill(subject, { keys: FIRST.keys });
    const before = (await load(subject, FIRST)).server.residentBytes;
    const filled = await fill(subject, { keys: items });
    const statsBytesPerItem = name === 'speicher' ? Math.round((await statsBytes(subject)) / items) : undefined;
    const loaded = await load(subject, { keys: items, batch: 16, seconds, getShare: 0.5 });
    return {
      name,
      items,
      residentBytesPerItem: Math.round((filled.server.residentBytes - before) / items),
      loadedBytesPerItem: Math.round((loaded.server.residentBytes - before) / items),
      ...(statsBytesPerItem !== undefined && { statsBytesPerItem }),
    };
  } finally {
    await subject.stop();
  }
}

buildNative();
const counts = values.keys.split(',').map(Number);
const rows: Row[] = [];
for (const items of counts) rows.push(await measure('speicher', items));
for (const name of installed(['Redis', 'memcached'])) rows.push(await measure(name, counts[0]!));
console.table(rows);
writeResult('memory', { rows });
