/**
 * The file of expected failures, for a server that is not done yet. A line is
 *
 *     ID  CODE  URL  # reason
 *
 * ID may be a pattern, CODE is how it fails, URL is where the work on it is kept (`-` for none). It is strict, so that
 * it does not go stale: another code is a failure, a pass is one too, and a line that fits no case is an error.
 */
import type { Case } from './case.ts';
import type { CaseRecord } from './records.ts';
import { printableLine } from './report/printable.ts';
import { fitsGlob } from './selection.ts';
import { UsageError } from './usage.ts';

export interface ExpectedFailure {
  /** An id, or a pattern over ids. */
  readonly id: string;
  readonly code: string;
  readonly url: string;
  readonly reason: string;
}

const LINE = /^(\S+)\s+(\S+)\s+(-|[a-z][a-z0-9+.-]*:\S+)\s+#\s*(\S.*?)\s*$/;
const CODE = /^(?:no-connection|no-reply|closed|garbage|wrong-form|wrong-content|crash|status-[0-9]+)$/;

/**
 * Reads the file. Empty lines and lines that start with `#` say nothing.
 *
 * @param name for messages
 * @throws UsageError that names the line
 */
export function parseExpectedFailures(text: string, cases: readonly Case[], name: string): ExpectedFailure[] {
  const found: ExpectedFailure[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const at = `${name}:${index + 1}`;
    const [, id, code, url, reason] = LINE.exec(line.trim()) ?? [];
    if (id === undefined || code === undefined || url === undefined || reason === undefined) {
      throw new UsageError(`${at}: a line is ID  CODE  URL  # reason, not ${line.trim()}`);
    }
    if (!CODE.test(code)) throw new UsageError(`${at}: there is no code ${code}`);
    const fitting = cases.filter((each) => fitsGlob(id, { id: each.id, clauses: [] }));
    if (fitting.length === 0) throw new UsageError(`${at}: no case is called ${id}, or fits it as a pattern`);
    const twice = fitting.find((each) => findExpectedFailure(found, each.id) !== undefined);
    if (twice !== undefined) throw new UsageError(`${at}: a line above covers ${twice.id} already`);
    found.push({ id, code, url, reason });
  }
  return found;
}

export function findExpectedFailure(all: readonly ExpectedFailure[], id: string): ExpectedFailure | undefined {
  return all.find((each) => fitsGlob(each.id, { id, clauses: [] }));
}

/** The record as the file would have it: XFAIL, XPASS, or as it was. */
export function applyExpectedFailure(record: CaseRecord, expected: ExpectedFailure | undefined): CaseRecord {
  if (expected === undefined) return record;
  const { code, url, reason } = expected;
  const noted = { ...record, expectedFailure: { code, url, reason } };
  if (record.status === 'PASS' || record.status === 'OBS') return { ...noted, status: 'XPASS' };
  // A requirement that is met with a warning is met all the same.
  if (record.status === 'WARN' && record.level === 'MUST') return { ...noted, status: 'XPASS' };
  if (record.status !== 'FAIL') return noted;
  if (record.code === code) return { ...noted, status: 'XFAIL' };
  return { ...noted, reason: `it was expected to fail with ${code}, and failed with ${record.code}` };
}

/** A file of expected failures for what failed in a run, to be reviewed: URLs are left to whoever opens the issues. */
export function proposeBaseline(cases: readonly CaseRecord[]): string {
  const lines = cases
    .filter(({ status }) => status === 'FAIL' || status === 'XFAIL')
    .map(({ id, code = 'wrong-content', observed = '', expectedFailure }) => {
      const { url = '-', reason = printableLine(observed).replaceAll(/\s+/g, ' ').slice(0, 100) } =
        expectedFailure ?? {};
      return [id, code, url, `# ${reason || 'it fails'}`] as const;
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const widths = [0, 1, 2].map((column) => Math.max(0, ...lines.map((line) => line[column]?.length ?? 0)));
  const rows = lines.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  return ['# ID  CODE  URL  # reason', ...rows].map((row) => `${row.trimEnd()}\n`).join('');
}
