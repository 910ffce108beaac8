/** What changed between two runs. */
import type { CaseRecord, RunRecord, Status } from '../records.ts';
import { isFailure, resultOf } from '../score.ts';
import { printableLine } from './printable.ts';

export interface RunDifference {
  readonly text: string;
  /** Whether something fails in the second run that did not in the first. */
  readonly isWorse: boolean;
}

const isBad = (status: Status | undefined): boolean =>
  status !== undefined && (isFailure(status) || status === 'ERROR' || status === 'UNKNOWN' || status === 'BLOCKED');

function line(a: CaseRecord | undefined, b: CaseRecord | undefined): string {
  const { id, clauses } = (b ?? a) as CaseRecord;
  const observed =
    b !== undefined && isBad(b.status) ? `  ${printableLine((b.observed ?? b.reason ?? '').split('\n')[0] ?? '')}` : '';
  return `  ${id}  ${clauses[0]}  ${a?.status ?? '(absent)'} → ${b?.status ?? '(absent)'}${observed}`;
}

/** Compares the cases of two runs by their ids. */
export function diffRuns(first: readonly RunRecord[], second: readonly RunRecord[]): RunDifference {
  const [a, b] = [resultOf(first), resultOf(second)];
  const before = new Map(a.cases.map((each) => [each.id, each]));
  const after = new Map(b.cases.map((each) => [each.id, each]));
  const ids = [...new Set([...before.keys(), ...after.keys()])].sort();
  const groups: Record<string, string[]> = { 'newly failing': [], fixed: [], 'no longer there': [], otherwise: [] };
  for (const id of ids) {
    const [was, is] = [before.get(id), after.get(id)];
    if (was?.status === is?.status) continue;
    const [wasBad, isNowBad] = [isBad(was?.status), isBad(is?.status)];
    const group =
      is === undefined
        ? 'no longer there'
        : isNowBad && !wasBad
          ? 'newly failing'
          : wasBad && !isNowBad
            ? 'fixed'
            : 'otherwise';
    groups[group]?.push(line(was, is));
  }
  const lines = [
    `A  ${a.header.target}  ${a.header.startedAt}  seed ${a.header.seed}  score ${a.met}/${a.scored}`,
    `B  ${b.header.target}  ${b.header.startedAt}  seed ${b.header.seed}  score ${b.met}/${b.scored}`,
  ];
  for (const [name, rows] of Object.entries(groups)) {
    if (rows.length > 0) lines.push('', `${name}: ${rows.length}`, ...rows);
  }
  if (Object.values(groups).every((rows) => rows.length === 0)) lines.push('', 'no case changed');
  const { 'newly failing': worse = [] } = groups;
  return { text: `${lines.join('\n')}\n`, isWorse: worse.length > 0 };
}
