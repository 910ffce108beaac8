/** How a case ends. */
import type { Level } from './clauses.ts';
import type { Transcript } from './wire/transcript.ts';

/**
 * PASS; FAIL: a requirement is not met; WARN: a SHOULD is not kept; OBS: an observation where the protocol is silent;
 * SKIP: not claimed or not possible here; BLOCKED: a case that it depends on failed; ERROR: a defect of the suite.
 */
export type Outcome = 'PASS' | 'FAIL' | 'WARN' | 'OBS' | 'SKIP' | 'BLOCKED' | 'ERROR';

export interface CaseResult {
  readonly id: string;
  readonly status: Outcome;
  readonly level: Level;
  readonly clauses: readonly string[];
  readonly seed: string;
  readonly durationMs: number;
  /** Why it was skipped or blocked, or the suite's own error. */
  readonly reason?: string;
  readonly expected?: string;
  readonly observed?: string;
  readonly hint?: string;
  /** The clause that a reply's form broke, where it is another than the case's. */
  readonly clause?: string;
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
  readonly hint?: string | undefined;
  readonly clause?: string | undefined;
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
