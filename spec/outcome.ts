/** How a case ends. */
import type { Timeline } from './check/timeline.ts';
import type { Level } from './clauses.ts';
import type { Transcript } from './wire/transcript.ts';

/**
 * PASS; FAIL: a requirement is not met; WARN: a SHOULD is not kept; OBS: an observation where the protocol is silent;
 * SKIP: not claimed or not possible here; BLOCKED: a case that it depends on failed; ERROR: a defect of the suite;
 * UNKNOWN: what was seen does not decide it, or deciding took more than the budget.
 */
export type Outcome = 'PASS' | 'FAIL' | 'WARN' | 'OBS' | 'SKIP' | 'BLOCKED' | 'ERROR' | 'UNKNOWN';

/**
 * How a case failed, in one word that a file of expected failures can name. Where the status is what is wrong it is
 * `status-` and the one that came.
 */
export type FailureCode =
  'no-connection' | 'no-reply' | 'closed' | 'garbage' | 'wrong-form' | 'wrong-content' | 'crash' | `status-${number}`;

/**
 * Why a case is not run. `unclaimed`: the target does not claim its profile. `inapplicable`: what it needs does not
 * exist here. `withheld`: the suite could try it, were it permitted or told more; what it demands remains unproved.
 */
export type SkipKind = 'unclaimed' | 'inapplicable' | 'withheld';

export interface CaseResult {
  readonly id: string;
  readonly status: Outcome;
  readonly level: Level;
  readonly clauses: readonly string[];
  readonly seed: string;
  readonly durationMs: number;
  /** Why it was skipped or blocked, or the suite's own error. */
  readonly reason?: string;
  readonly skip?: SkipKind;
  readonly expected?: string;
  readonly observed?: string;
  /** How it failed, if it did. */
  readonly code?: FailureCode;
  readonly hint?: string;
  /** The clause that a reply's form broke, where it is another than the case's. */
  readonly clause?: string;
  /** The requests that no order explains, where that is how it failed (CONSISTENT-1). */
  readonly timeline?: Timeline;
  /** The named alternatives that were observed, in their order. */
  readonly alternatives: readonly string[];
  /** What was not as a SHOULD advises. */
  readonly warnings: readonly string[];
  readonly transcripts: readonly Transcript[];
  /** What the spawned server printed meanwhile. */
  readonly serverOutput?: string;
}

export interface ViolationFacts {
  readonly expected: string;
  readonly observed: string;
  /** `wrong-content` if left out: what came is well-formed and not what was expected. */
  readonly code?: FailureCode | undefined;
  readonly hint?: string | undefined;
  readonly clause?: string | undefined;
  readonly timeline?: Timeline;
}

/** Thrown where the server does what it must not: the only way in which a case fails. */
export class Violation extends Error {
  readonly facts: ViolationFacts;

  constructor(facts: ViolationFacts) {
    super(`expected ${facts.expected}; observed ${facts.observed}`);
    this.name = 'Violation';
    this.facts = facts;
  }
}

/** Thrown where a case finds that it cannot be run here. */
export class Skipped extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'Skipped';
  }
}

/** Thrown where a checker could not decide within its budget, or too little happened to prove anything. */
export class Undecided extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'Undecided';
  }
}
