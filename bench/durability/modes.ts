/** CPU time and throughput in every mode, ours and Redis' in turn, of writes and of the load of the other figures. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { fill, load } from '../lib/load.ts';
import { inSittings, inTurns, noMeasures, type Measures } from '../lib/sittings.ts';
import { ratios, summary, type Summary } from '../lib/statistics.ts';
import type { Subject, SubjectName } from '../lib/subjects.ts';
import type { DurabilityResult } from '../report/schemas.ts';
import { MODES, startOn, type Mode } from './directories.ts';

const LOADS = [
  { getShare: 0.1, batch: 1 },
  { getShare: 0.1, batch: 16 },
  { getShare: 0.9, batch: 1 },
  { getShare: 0.9, batch: 16 },
];
const WARMUP_SECONDS = 0.3;
const WORK = { connections: 50, keys: 100_000, valueBytes: 100 };

/** A server in a mode. */
interface Candidate {
  readonly name: SubjectName;
  readonly mode: Mode;
}

type Load = DurabilityResult['loads'][number];
type ModeMeasures = Measures<Candidate>;

/** Operations a second of one server against those of another, round by round. */
function shareOf(measures: ModeMeasures, one: Candidate, other: Candidate): Summary | undefined {
  const rates = ({ name, mode }: Candidate): number[] =>
    [...measures].flatMap(([candidate, all]) =>
      candidate.name === name && candidate.mode === mode
        ? all.map(({ operationsPerSecond }) => operationsPerSecond)
        : [],
    );
  const [first, second] = [rates(one), rates(other)];
  return first.length === 0 || second.length === 0 ? undefined : ratios(first, second);
}

const ours = (mode: Mode): Candidate => ({ name: 'speicher', mode });
const redis = (mode: Mode): Candidate => ({ name: 'Redis', mode });

function summarized(measures: ModeMeasures): Pick<Load, 'rows' | 'shares'> {
  const rows = [...measures].map(([{ name, mode }, all]) => ({
    name,
    mode,
    cpuUsPerOperation: summary(all.map(({ server }) => server.cpuUsPerOperation)),
    operationsPerSecond: summary(all.map(({ operationsPerSecond }) => operationsPerSecond)),
  }));
  const shares = {
    everysec: shareOf(measures, ours('everysec'), ours('off')),
    redisEverysec: shareOf(measures, redis('everysec'), redis('off')),
    everysecOfRedis: shareOf(measures, ours('everysec'), redis('everysec')),
    alwaysOfRedis: shareOf(measures, ours('always'), redis('always')),
  };
  return { rows, shares };
}

/** @param options.rounds how many rounds each load has, over all sittings */
export async function measureModes(
  names: readonly SubjectName[],
  folder: string,
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<Load[]> {
  const candidates = names.flatMap((name) => MODES.map((mode) => ({ name, mode })));
  const start = async ({ name, mode }: Candidate): Promise<Subject> => {
    const subject = await startOn(name, mode, mkdtempSync(join(folder, `${name}-${mode}-`)));
    await fill(subject, WORK);
    return subject;
  };
  const results = LOADS.map(() => noMeasures<Candidate>(candidates));
  await inSittings(candidates, start, async (subjects) => {
    for (const [at, each] of LOADS.entries()) {
      const options = { ...WORK, ...each, seconds, warmup: WARMUP_SECONDS };
      await inTurns(subjects, rounds, async (subject) => load(subject, options), results[at]!);
    }
  });
  return LOADS.map(({ getShare, batch }, at) => {
    const { rows, shares } = summarized(results[at]!);
    console.log(`${getShare * 100} % get, batches of ${batch}, operations a second:`);
    console.table(Object.fromEntries(rows.map((row) => [`${row.name} ${row.mode}`, row.operationsPerSecond])));
    return { getShare, batch, rows, shares };
  });
}
