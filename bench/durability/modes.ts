/** CPU time and throughput in every mode, ours and Redis' in turn, of writes and of the load of the other figures. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { fill, load, type LoadMeasure } from '../lib/load.ts';
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

/**
 * So many times all servers are started anew, and share the rounds: where its memory lies and in which order it was
 * compiled made up to 8 % between two processes of the same server.
 */
export const SITTINGS = 3;

/** A server in a mode. */
interface Candidate {
  readonly name: SubjectName;
  readonly mode: Mode;
}

type Load = DurabilityResult['loads'][number];
type Measures = Map<Candidate, LoadMeasure[]>;

async function startAll(candidates: readonly Candidate[], folder: string): Promise<Map<Candidate, Subject>> {
  const subjects = new Map<Candidate, Subject>();
  try {
    for (const candidate of candidates) {
      const { name, mode } = candidate;
      const subject = await startOn(name, mode, mkdtempSync(join(folder, `${name}-${mode}-`)));
      subjects.set(candidate, subject);
      await fill(subject, WORK);
    }
  } catch (error) {
    await stopAll(subjects);
    throw error;
  }
  return subjects;
}

async function stopAll(subjects: ReadonlyMap<Candidate, Subject>): Promise<void> {
  await Promise.all([...subjects.values()].map(async (subject) => subject.stop()));
}

/** Every server in turn, in every round: what slows the machine down for a while slows all of them down. */
async function inTurns(
  subjects: ReadonlyMap<Candidate, Subject>,
  measures: Measures,
  options: { rounds: number; seconds: number; batch: number; getShare: number },
): Promise<void> {
  const { rounds, seconds, batch, getShare } = options;
  for (let round = 0; round < rounds; round++) {
    for (const [candidate, subject] of subjects) {
      const measure = await load(subject, { ...WORK, batch, getShare, seconds, warmup: WARMUP_SECONDS });
      if (measure.misses > 0) {
        throw new Error(`${candidate.name} with ${candidate.mode} has lost ${measure.misses} keys`);
      }
      measures.get(candidate)!.push(measure);
    }
  }
}

/** Operations a second of one server against those of another, round by round. */
function shareOf(measures: Measures, one: Candidate, other: Candidate): Summary | undefined {
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

function summarized(measures: Measures): Pick<Load, 'rows' | 'shares'> {
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

/** @param options.rounds how many rounds each load has, over all sittings: a multiple of SITTINGS */
export async function measureModes(
  names: readonly SubjectName[],
  folder: string,
  options: { rounds: number; seconds: number },
): Promise<Load[]> {
  const candidates = names.flatMap((name) => MODES.map((mode) => ({ name, mode })));
  const results = LOADS.map(() => new Map<Candidate, LoadMeasure[]>(candidates.map((candidate) => [candidate, []])));
  const rounds = options.rounds / SITTINGS;
  for (let sitting = 0; sitting < SITTINGS; sitting++) {
    const subjects = await startAll(candidates, folder);
    try {
      for (const [at, each] of LOADS.entries()) await inTurns(subjects, results[at]!, { ...options, ...each, rounds });
    } finally {
      await stopAll(subjects);
    }
  }
  return LOADS.map(({ getShare, batch }, at) => {
    const { rows, shares } = summarized(results[at]!);
    console.log(`${getShare * 100} % get, batches of ${batch}, operations a second:`);
    console.table(Object.fromEntries(rows.map((row) => [`${row.name} ${row.mode}`, row.operationsPerSecond])));
    return { getShare, batch, rows, shares };
  });
}
