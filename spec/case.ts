/** What a conformance case is. */
import type { Profile } from '../protocol/profiles.ts';
import type { CaseContext } from './context.ts';
import { levelOfClauses, type Level } from './clauses.ts';
import type { Condition } from './condition.ts';
import type { Step } from './step.ts';

/**
 * What a case needs beyond the profiles. `auth`: the target asks for AUTH and its credentials are known. `reset`: the
 * suite may remove every item. `small-limits`: max-frame is small enough to be reached by a test. `spawn`: the target
 * was started by the suite.
 */
export type Need = 'auth' | 'reset' | 'small-limits' | 'spawn';

/** The twelve wrong servers that pass the nine original tests; the design of the suite lists them. */
export type Impostor = `I${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12}`;

interface CaseBase {
  /** `area.slug`; it never changes once it is published. */
  readonly id: string;
  /** The clauses that the case proves, the one it is about first. */
  readonly clauses: readonly string[];
  /** The profile that it belongs to; it runs where this and those of `also` are claimed. */
  readonly profile: Profile;
  readonly also?: readonly Profile[];
  /** Where it differs from that of the clauses: for a case about the SHOULD within a MUST. */
  readonly level?: Level;
  readonly needs?: readonly Need[];
  /** `exclusive`: nothing else may use the target meanwhile. */
  readonly isolation?: 'shared' | 'exclusive';
  /** Cases without whose success this one says nothing. */
  readonly dependsOn?: readonly string[];
  readonly kills?: readonly Impostor[];
  /** The mistake that it finds, and what that costs in production. */
  readonly why: string;
  /** What is likely wrong if it fails. */
  readonly hint?: string;
  /** The hard limit on its duration, in milliseconds, before scaling. */
  readonly deadlineMs?: number;
  /** What each iteration that is asked for adds to that (fuzz). */
  readonly iterationMs?: number;
  /** What must hold of the target; where it does not, the case is skipped. */
  readonly only?: readonly Condition[];
}

export interface StepsCase extends CaseBase {
  readonly steps: readonly Step[];
}

export interface CodeCase extends CaseBase {
  readonly run: (context: CaseContext) => Promise<void>;
}

export type Case = StepsCase | CodeCase;

/** The level of a case: its own, or else that of its clauses. */
export function caseLevel(each: Case): Level {
  return each.level ?? levelOfClauses(each.clauses);
}

type Own<Shared> = Omit<CaseBase, keyof Shared> &
  Partial<CaseBase> &
  (Pick<StepsCase, 'steps'> | Pick<CodeCase, 'run'>);

/** A maker of cases that share members, such as the profile; a case's own stand over them. */
export function area<Shared extends Partial<CaseBase>>(shared: Shared): (own: Own<Shared>) => Case {
  return (own) => ({ ...shared, ...own }) as Case;
}
