/** How results look: a tone for each status, in words and with a sign, so that colour alone tells nothing. */
import type { CaseRecord, Status } from '../../records.ts';

/** A clause that no case of the run is about is `untested`. */
export type Tone = 'failed' | 'warned' | 'passed' | 'skipped' | 'untested';

interface ToneEntry {
  readonly sign: string;
  readonly word: string;
}

export const TONES: Readonly<Record<Tone, ToneEntry>> = {
  failed: { sign: '✗', word: 'failed' },
  warned: { sign: '!', word: 'warned' },
  passed: { sign: '✓', word: 'passed' },
  skipped: { sign: '–', word: 'skipped' },
  untested: { sign: '·', word: 'not tested' },
};

interface StatusEntry {
  readonly tone: Exclude<Tone, 'untested'>;
  readonly meaning: string;
}

/** The statuses from the worst to the best. */
export const STATUS_ENTRIES = {
  FAIL: { tone: 'failed', meaning: 'a requirement is not met' },
  FLAKY: { tone: 'failed', meaning: 'it fails, but not every time' },
  XPASS: { tone: 'failed', meaning: 'a failure was expected and did not happen' },
  ERROR: { tone: 'failed', meaning: 'a defect of the suite' },
  UNKNOWN: { tone: 'failed', meaning: 'what was seen does not decide it' },
  XFAIL: { tone: 'warned', meaning: 'it failed as expected' },
  WARN: { tone: 'warned', meaning: 'a SHOULD is not kept' },
  BLOCKED: { tone: 'skipped', meaning: 'a case that it depends on failed' },
  OBS: { tone: 'passed', meaning: 'observed where the protocol is silent' },
  PASS: { tone: 'passed', meaning: 'as the protocol demands' },
  SKIP: { tone: 'skipped', meaning: 'not claimed, or not possible here' },
} as const satisfies Record<Status, StatusEntry>;

const ORDER = Object.keys(STATUS_ENTRIES) as readonly Status[];
const BLOCKED_RANK = ORDER.indexOf('BLOCKED');

export function toneOf({ status }: Pick<CaseRecord, 'status'>): Exclude<Tone, 'untested'> {
  return STATUS_ENTRIES[status].tone;
}

/**
 * From 0, the worst. A case that the suite could have tried weighs as if it had been blocked: a clause is not proved by
 * those that were tried. One that does not apply to the target weighs nothing beside a pass.
 */
export function rank({ status, skip }: Pick<CaseRecord, 'status' | 'skip'>): number {
  return skip === 'withheld' ? BLOCKED_RANK : ORDER.indexOf(status);
}

/** The worst of the results, as a tone. */
export function worstTone(cases: readonly Pick<CaseRecord, 'status' | 'skip'>[]): Tone {
  const [first] = cases.toSorted((a, b) => rank(a) - rank(b));
  return first === undefined ? 'untested' : toneOf(first);
}

/** The cases of each tone, in the order of the tones. */
export function countTones(cases: readonly Pick<CaseRecord, 'status'>[]): { tone: Tone; count: number }[] {
  return (Object.keys(TONES) as Tone[])
    .map((tone) => ({ tone, count: cases.filter((each) => toneOf(each) === tone).length }))
    .filter(({ count }) => count > 0);
}
