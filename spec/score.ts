/** What a run comes to: counts, the score, and the exit code. All of it follows from the records. */
import { STATUSES, type CaseRecord, type RunHeader, type RunRecord, type RunSummary, type Status } from './records.ts';

/** How `speicher spec` ends. */
export const SPEC_EXIT = {
  conforms: 0,
  /** A requirement failed, or an expected failure did not happen. */
  failed: 1,
  usage: 2,
  /** The target never became ready. */
  notReady: 3,
  /** The suite itself failed, or something could not be decided. */
  undecided: 4,
  nothingSelected: 5,
} as const;

/** The cases' numbers over a whole run or a part of it. */
export interface Counts {
  readonly byStatus: Readonly<Record<Status, number>>;
  /** Cases that really were run. */
  readonly executed: number;
  /** The requirements that count: those of the claimed profiles that apply to this target. */
  readonly scored: number;
  /** Of these, the ones that are met. */
  readonly met: number;
  /** Of these, the ones that were not tried, because it was not permitted or the run ended. */
  readonly withheld: number;
}

export interface RunResult extends Counts {
  readonly header: RunHeader;
  readonly cases: readonly CaseRecord[];
  /** Absent if the run was cut short. */
  readonly summary?: RunSummary;
  readonly crashes: number;
  readonly isFiltered: boolean;
  /** Whether every requirement that counts was tried, in an unfiltered run that came to its end. */
  readonly isComplete: boolean;
  readonly exitCode: number;
}

/** What is neither a pass nor a defect of the server. */
const UNDECIDED: ReadonlySet<Status> = new Set<Status>(['ERROR', 'UNKNOWN']);
const FAILED: ReadonlySet<Status> = new Set<Status>(['FAIL', 'XPASS', 'FLAKY']);
const NOT_RUN: ReadonlySet<Status> = new Set<Status>(['SKIP', 'BLOCKED']);

/** Whether a case of this status is a reason for exit code 1. */
export function isFailure(status: Status): boolean {
  return FAILED.has(status);
}

/** Whether a requirement counts for the score: a MUST of a claimed profile that applies to this target. */
function isScored({ level, status, skip }: CaseRecord): boolean {
  return level === 'MUST' && !(status === 'SKIP' && skip !== 'withheld');
}

/** A requirement that is met although a SHOULD within it is not kept is met. */
function isMet({ status }: CaseRecord): boolean {
  return status === 'PASS' || status === 'WARN' || status === 'OBS';
}

export function countCases(cases: readonly CaseRecord[]): Counts {
  const byStatus = Object.fromEntries(STATUSES.map((status) => [status, 0])) as Record<Status, number>;
  for (const { status } of cases) byStatus[status] += 1;
  const scored = cases.filter(isScored);
  return {
    byStatus,
    executed: cases.filter(({ status }) => !NOT_RUN.has(status)).length,
    scored: scored.length,
    met: scored.filter(isMet).length,
    withheld: scored.filter(({ status }) => status === 'SKIP').length,
  };
}

function exitCodeOf(counts: Counts, crashes: number, isWhole: boolean): number {
  const { byStatus, executed } = counts;
  if (crashes > 0 || [...FAILED].some((status) => byStatus[status] > 0)) return SPEC_EXIT.failed;
  if (!isWhole || [...UNDECIDED].some((status) => byStatus[status] > 0)) return SPEC_EXIT.undecided;
  return executed === 0 ? SPEC_EXIT.nothingSelected : SPEC_EXIT.conforms;
}

/** The result of a run. Throws an Error if there is no header among the records. */
export function resultOf(records: readonly RunRecord[]): RunResult {
  const header = records.find((record) => record.record === 'run');
  if (header === undefined) throw new Error('the records have no header');
  const summary = records.find((record) => record.record === 'summary');
  const cases = records.filter((record) => record.record === 'case');
  const crashes = records.filter(({ record }) => record === 'crash').length;
  const counts = countCases(cases);
  const { run, skip } = header.selection;
  const isFiltered = run.length > 0 || skip.length > 0;
  const isWhole = summary?.end === 'complete' && cases.length === header.selected;
  return {
    ...counts,
    header,
    cases,
    ...(summary !== undefined && { summary }),
    crashes,
    isFiltered,
    isComplete: isWhole && !isFiltered && counts.withheld === 0 && counts.byStatus.BLOCKED === 0,
    exitCode: exitCodeOf(counts, crashes, isWhole),
  };
}

/** The area of a case: what stands before the dot of its id. */
export function areaOf(id: string): string {
  return id.slice(0, id.indexOf('.'));
}
