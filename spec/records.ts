/**
 * What a run writes, one JSON object a line, as it happens: a header, a record for each case as it ends, a summary.
 * Every report is a function of these records, so that a run which was cut short can still be read.
 */
import type { Timeline } from './check/timeline.ts';
import type { Level } from './clauses.ts';
import type { FailureCode, Outcome, SkipKind } from './outcome.ts';

/** XFAIL: a failure that was expected; XPASS: an expected one that did not happen; FLAKY: it fails, but not always. */
export type Status = Outcome | 'XFAIL' | 'XPASS' | 'FLAKY';

export const STATUSES: readonly Status[] = [
  'PASS',
  'FAIL',
  'WARN',
  'OBS',
  'SKIP',
  'BLOCKED',
  'ERROR',
  'UNKNOWN',
  'XFAIL',
  'XPASS',
  'FLAKY',
];

/** The version of this format; it changes when a reader of the one before would be wrong. */
export const RECORD_FORMAT = 1;

export interface RunHeader {
  readonly record: 'run';
  readonly format: number;
  /** Where the server listens, as `--target` takes it; for one that the suite started, where it listened at first. */
  readonly target: string;
  readonly spawned: boolean;
  readonly versions: {
    readonly suite: string;
    readonly protocol: string;
    /** What the server calls itself in HELLO. */
    readonly server?: string;
  };
  /** What the target is held to, and what it claims in HELLO. */
  readonly profiles: readonly string[];
  readonly claimed: readonly string[];
  readonly seed: string;
  readonly timeoutScale: number;
  readonly selection: { readonly run: readonly string[]; readonly skip: readonly string[] };
  /** How many cases there are, and how many of them were selected. */
  readonly declared: number;
  readonly selected: number;
  /** The command that repeats the run, without what it selects: `--run ID --seed SEED` come behind it. */
  readonly repeat: string;
  /** Why HELLO told nothing. */
  readonly helloProblem?: string;
  /** ISO 8601. */
  readonly startedAt: string;
}

export interface EventRecord {
  readonly direction: 'sent' | 'received' | 'note';
  /** In hex; a password in it is written over with `2a`. */
  readonly bytes?: string;
  readonly note?: string;
  /** Since the case's first event. */
  readonly atMs: number;
}

export interface TranscriptRecord {
  readonly connection: string;
  readonly events: readonly EventRecord[];
}

export interface CaseRecord {
  readonly record: 'case';
  readonly id: string;
  readonly status: Status;
  readonly level: Level;
  readonly clauses: readonly string[];
  readonly profile: string;
  readonly why: string;
  readonly durationMs: number;
  /** How often it was run. */
  readonly runs: number;
  /** Why it was skipped, blocked, undecided or flaky, or the suite's own error. */
  readonly reason?: string;
  readonly skip?: SkipKind;
  readonly expected?: string;
  readonly observed?: string;
  readonly code?: FailureCode;
  readonly hint?: string;
  /** The clause that a reply's form broke, where it is another than the case's. */
  readonly clause?: string;
  /** The requests that no order explains, where that is how it failed. */
  readonly timeline?: Timeline;
  /** The named alternatives that were observed. */
  readonly alternatives: readonly string[];
  readonly warnings: readonly string[];
  /** The line of the file of expected failures that covers it. */
  readonly expectedFailure?: { readonly code: string; readonly url: string; readonly reason: string };
  /** What went over the wire, where it did not pass. */
  readonly transcripts?: readonly TranscriptRecord[];
  readonly serverOutput?: string;
}

/** The server ended by itself while no case ran, so none can be blamed. */
export interface CrashRecord {
  readonly record: 'crash';
  /** The case that ended last. */
  readonly after?: string;
  readonly observed: string;
  readonly serverOutput: string;
}

/** How a run ended: with its last case; because the target was gone; because somebody interrupted it. */
export type RunEnd = 'complete' | 'target-lost' | 'interrupted';

export interface RunSummary {
  readonly record: 'summary';
  readonly end: RunEnd;
  readonly exitCode: number;
  readonly durationMs: number;
}

export type RunRecord = RunHeader | CaseRecord | CrashRecord | RunSummary;
