/** Annotations of a workflow of GitHub: commands on standard output, a line each. */
import type { RunRecord } from '../records.ts';
import { isFailure, resultOf } from '../score.ts';
import { renderFailure } from './failure.ts';

/** GitHub shows ten of a kind for each step; more would only be noise. */
const ANNOTATIONS_MAX = 10;

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

function annotation(kind: 'error' | 'warning' | 'notice', title: string, text: string): string {
  return `::${kind} title=${escapeProperty(title)}::${escapeData(text)}\n`;
}

/** An error for each failure, a warning for each advice that is not kept, and the score as a notice. */
export function renderGithub(records: readonly RunRecord[]): string {
  const { header, cases, met, scored, isFiltered, isComplete } = resultOf(records);
  const errors = cases
    .filter(({ status }) => isFailure(status) || status === 'ERROR' || status === 'UNKNOWN')
    .slice(0, ANNOTATIONS_MAX)
    .map((each) => annotation('error', `${each.id} (${each.clauses.join(', ')})`, renderFailure(each, header)));
  const warnings = cases
    .filter(({ status }) => status === 'WARN')
    .slice(0, ANNOTATIONS_MAX)
    .map((each) => annotation('warning', `${each.id} (${each.clauses.join(', ')})`, renderFailure(each, header)));
  const crashes = records
    .filter((record) => record.record === 'crash')
    .map(({ observed }) => annotation('error', 'the server ended', observed));
  const stamp = isFiltered ? ', filtered' : isComplete ? '' : ', not everything was tried';
  const score = annotation('notice', 'speicher spec', `${met} of ${scored} requirements are met${stamp}`);
  return [...errors, ...crashes, ...warnings, score].join('');
}
