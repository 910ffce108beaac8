/** Counting results: vitest's JSON report and the outcomes of tox. */
import * as z from 'zod';

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The part of vitest's JSON report that is counted. */
export const vitestResults = z.object({
  testResults: z.array(
    z.object({
      status: z.string(),
      assertionResults: z.array(z.object({ status: z.string() })),
    }),
  ),
});

/** What `tox --results` writes. */
export const toxResults = z.array(z.object({ name: z.string(), status: z.enum(['ok', 'fail', 'skip']) }));

/** A file that failed without a failed test (it did not load, or a hook threw) counts as one failure. */
export function countTests({ testResults }: z.output<typeof vitestResults>): Tally {
  let [passed, failed, skipped] = [0, 0, 0];
  for (const { status, assertionResults } of testResults) {
    let failedHere = 0;
    for (const result of assertionResults) {
      if (result.status === 'passed') passed += 1;
      else if (result.status === 'failed') failedHere += 1;
      else skipped += 1;
    }
    failed += status === 'failed' ? Math.max(failedHere, 1) : failedHere;
  }
  // No test at all is a suite that did not run.
  if (passed + failed + skipped === 0) failed = 1;
  return { passed, failed, skipped };
}

export function countEnvironments(outcomes: z.output<typeof toxResults>): Tally {
  const having = (status: string): number => outcomes.filter((outcome) => outcome.status === status).length;
  return { passed: having('ok'), failed: having('fail'), skipped: having('skip') };
}
