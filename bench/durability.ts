/**
 * What durability costs, beside Redis with an append-only file and the same policy of syncing: CPU time and throughput,
 * how long a start takes with a million items and what they take on the disk, and how long others wait while
 * a snapshot is written.
 *
 *     npm run bench:durability -- [--rounds N] [--seconds S] [--items N]
 *
 * The directories lie where temporary files do, so TMPDIR says which disk is measured.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureModes } from './durability/modes.ts';
import { measureRecovery } from './durability/recovery.ts';
import { measureSnapshot } from './durability/snapshot.ts';
import { filesystemOf } from './durability/directories.ts';
import { buildNative } from './lib/native.ts';
import { PINNING } from './lib/pinning.ts';
import { writeResult } from './lib/results.ts';
import { sharedRounds } from './lib/sittings.ts';
import { installed } from './lib/subjects.ts';
import type { DurabilityResult } from './report/schemas.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    seconds: { type: 'string', default: '1' },
    items: { type: 'string', default: '1000000' },
  },
});
const [seconds, items] = [Number(values.seconds), Number(values.items)];
const rounds = sharedRounds(Number(values.rounds));

buildNative();
const folder = mkdtempSync(join(tmpdir(), 'speicher-durability-'));
try {
  const names = installed(['speicher', 'Redis']);
  const loads = await measureModes(names, folder, { rounds, seconds });
  const recovery = await measureRecovery(names, folder, { rounds, items });
  const snapshot = await measureSnapshot(folder, { rounds, items });
  const filesystem = filesystemOf(folder);
  const result: DurabilityResult = {
    pinning: PINNING,
    filesystem,
    rounds,
    seconds,
    items,
    loads,
    recovery,
    snapshot,
  };
  writeResult('durability', result);
} finally {
  rmSync(folder, { recursive: true });
}
