/** TAP 14: a line for each case, and what went wrong in YAML behind it. */
import type { CaseRecord, RunRecord, Status } from '../records.ts';
import { resultOf } from '../score.ts';
import { renderFailure, type RunFacts } from './failure.ts';

/** What counts as a pass to a program that reads TAP; an expected failure does as a TODO. */
const OK: ReadonlySet<Status> = new Set<Status>(['PASS', 'WARN', 'OBS', 'SKIP']);

function escapeText(text: string): string {
  return text.replaceAll(/[\\#]/g, String.raw`\$&`).replaceAll(/\s*\n\s*/g, ' ');
}

function directive({ status, reason = '', expectedFailure }: CaseRecord): string {
  if (status === 'SKIP') return ` # SKIP ${escapeText(reason)}`;
  return status === 'XFAIL' ? ` # TODO ${escapeText(expectedFailure?.reason ?? '')}` : '';
}

/** Every JSON string is a YAML string too, so nothing in it can be taken for YAML. */
function yaml(record: CaseRecord, run: RunFacts): string {
  const facts: Record<string, unknown> = {
    status: record.status,
    level: record.level,
    clauses: record.clauses,
    profile: record.profile,
    expected: record.expected,
    observed: record.observed,
    code: record.code,
    reason: record.reason,
    shown: renderFailure(record, run),
  };
  const lines = Object.entries(facts)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `  ${name}: ${JSON.stringify(value)}\n`);
  return `  ---\n${lines.join('')}  ...\n`;
}

/** The report. A run that did not come to its end lacks tests that its plan names. */
export function renderTap(records: readonly RunRecord[]): string {
  const { header, cases, summary } = resultOf(records);
  const lines = cases.map((record, index) => {
    const ok = OK.has(record.status);
    const title = escapeText(`${record.id} ${record.clauses.join(' ')}`);
    const more = ok && record.status !== 'WARN' ? '' : yaml(record, header);
    return `${ok ? 'ok' : 'not ok'} ${index + 1} - ${title}${directive(record)}\n${more}`;
  });
  const crashes = records.filter((record) => record.record === 'crash');
  const bail = crashes.map(({ observed }) => `Bail out! ${escapeText(observed)}\n`);
  const end = summary === undefined || summary.end !== 'complete' ? ['Bail out! the run was cut short\n'] : [];
  return `TAP version 14\n1..${header.selected}\n${lines.join('')}${[...bail, ...end].slice(0, 1).join('')}`;
}
