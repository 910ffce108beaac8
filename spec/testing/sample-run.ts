/** Records as a run writes them, with everything in them that a report could trip over. */
import type { CaseRecord, RunHeader, RunRecord, RunSummary, Status } from '../records.ts';

export const HEADER: RunHeader = {
  record: 'run',
  format: 1,
  target: '127.0.0.1:14567',
  spawned: false,
  versions: { suite: '0.1.0', protocol: '1', server: 'odd "server" <1>' },
  profiles: ['core', 'standard'],
  claimed: ['core', 'standard'],
  seed: '7f3a',
  timeoutScale: 1,
  selection: { run: [], skip: [] },
  declared: 1,
  selected: 1,
  repeat: 'speicher spec 127.0.0.1:14567',
  startedAt: '2026-11-21T06:00:00.123Z',
};

/** Text of which every character means something to somebody. */
export const NASTY = '<b>&amp; "q" \'a\' ]]> 100 % # a: b, c\r\n- second\u0000\u001b[31m \ud800 ::error::';

export function caseOf(id: string, status: Status, more: Partial<CaseRecord> = {}): CaseRecord {
  const isBad = !['PASS', 'SKIP', 'BLOCKED', 'OBS'].includes(status);
  return {
    record: 'case',
    id,
    status,
    level: 'MUST',
    clauses: ['SET-1'],
    profile: 'core',
    why: 'A reason why.',
    durationMs: 12,
    runs: 1,
    alternatives: [],
    warnings: [],
    ...(isBad && {
      expected: '200',
      observed: NASTY,
      transcripts: [
        {
          connection: 'a',
          events: [
            { direction: 'sent', bytes: '0000000b1000000300000002666f6f', atMs: 0 },
            { direction: 'received', bytes: '00000008900000c800000002', atMs: 1 },
            { direction: 'note', note: 'closed by the server', atMs: 2 },
          ],
        },
      ],
    }),
    ...more,
  };
}

/** A run of these cases, to its end. */
export function runOf(cases: readonly CaseRecord[], header: Partial<RunHeader> = {}): RunRecord[] {
  const summary: RunSummary = { record: 'summary', end: 'complete', exitCode: 0, durationMs: 1234 };
  return [{ ...HEADER, declared: cases.length, selected: cases.length, ...header }, ...cases, summary];
}

const EXPECTED = { code: 'closed', url: 'https://example.org/1', reason: 'not # done' };

/** One of each status. */
export const ALL_STATUSES: readonly CaseRecord[] = [
  caseOf('set.pass', 'PASS'),
  caseOf('set.fail', 'FAIL', { code: 'wrong-content', hint: NASTY, serverOutput: NASTY }),
  caseOf('set.warn', 'WARN', { level: 'SHOULD', warnings: [NASTY] }),
  caseOf('get.obs', 'OBS'),
  caseOf('get.skip', 'SKIP', { skip: 'withheld', reason: NASTY }),
  caseOf('get.blocked', 'BLOCKED', { reason: 'set.fail failed' }),
  caseOf('get.error', 'ERROR', { reason: NASTY }),
  caseOf('get.unknown', 'UNKNOWN', { reason: 'too little' }),
  caseOf('get.xfail', 'XFAIL', { expectedFailure: EXPECTED }),
  caseOf('get.xpass', 'XPASS', { expectedFailure: EXPECTED }),
  caseOf('get.flaky', 'FLAKY', { reason: 'it failed 1 of 2 times' }),
];
