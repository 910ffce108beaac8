/** CPU time and throughput of writes in every mode, ours and Redis' in turn. */
import { join } from 'node:path';
import { fill, load, type LoadMeasure } from '../lib/load.ts';
import { ratios, summary, type Summary } from '../lib/statistics.ts';
import type { Subject, SubjectName } from '../lib/subjects.ts';
import type { DurabilityResult } from '../report/schemas.ts';
import { MODES, startOn, type Mode } from './directories.ts';

const BATCHES = [1, 16];
const WARMUP_SECONDS = 0.3;
const WORK = { connections: 50, keys: 100_000, getShare: 0.1, valueBytes: 100 };

interface Candidate {
  readonly name: SubjectName;
  readonly mode: Mode;
  readonly subject: Subject;
}

type Batch = DurabilityResult['batches'][number];

/** Every server in turn, in every round: what slows the machine down for a while slows all of them down. */
async function inTurns(
  candidates: readonly Candidate[],
  options: { rounds: number; seconds: number; batch: number },
): Promise<Map<Candidate, LoadMeasure[]>> {
  const { rounds, seconds, batch } = options;
  const runs = new Map<Candidate, LoadMeasure[]>(candidates.map((candidate) => [candidate, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [{ name, mode, subject }, measures] of runs) {
      const measure = await load(subject, { ...WORK, batch, seconds, warmup: WARMUP_SECONDS });
      if (measure.misses > 0) throw new Error(`${name} with ${mode} has lost ${measure.misses} keys`);
      measures.push(measure);
    }
  }
  return runs;
}

/** Operations a second with `everysec` against those of the same server without a log, round by round. */
function everysecShare(runs: ReadonlyMap<Candidate, LoadMeasure[]>, of: SubjectName): Summary | undefined {
  const rates = (wanted: Mode): number[] =>
    [...runs].flatMap(([{ name, mode }, measures]) =>
      name === of && mode === wanted ? measures.map(({ operationsPerSecond }) => operationsPerSecond) : [],
    );
  const [logged, plain] = [rates('everysec'), rates('off')];
  return logged.length === 0 ? undefined : ratios(logged, plain);
}

export async function measureModes(
  names: readonly SubjectName[],
  folder: string,
  options: { rounds: number; seconds: number },
): Promise<Batch[]> {
  const candidates: Candidate[] = [];
  try {
    for (const name of names) {
      for (const mode of MODES) {
        candidates.push({ name, mode, subject: await startOn(name, mode, join(folder, `${name}-${mode}`)) });
      }
    }
    for (const { subject } of candidates) await fill(subject, WORK);
    const batches: Batch[] = [];
    for (const batch of BATCHES) {
      const runs = await inTurns(candidates, { ...options, batch });
      const rows = [...runs].map(([{ name, mode }, measures]) => ({
        name,
        mode,
        cpuUsPerOperation: summary(measures.map(({ server }) => server.cpuUsPerOperation)),
        operationsPerSecond: summary(measures.map(({ operationsPerSecond }) => operationsPerSecond)),
      }));
      console.log(`batches of ${batch}, operations a second:`);
      console.table(Object.fromEntries(rows.map((row) => [`${row.name} ${row.mode}`, row.operationsPerSecond])));
      const [ours, redis] = [everysecShare(runs, 'speicher'), everysecShare(runs, 'Redis')];
      if (ours === undefined) throw new Error('speicher was not measured');
      batches.push({ batch, rows, everysecShare: ours, ...(redis && { redisEverysecShare: redis }) });
    }
    return batches;
  } finally {
    await Promise.all(candidates.map(async ({ subject }) => subject.stop()));
  }
}
