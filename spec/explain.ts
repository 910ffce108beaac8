/** What the suite says of itself: the list of its cases, and each case or clause in words. */
import { caseLevel, type Case } from './case.ts';
import { clauses } from './clauses.ts';
import { CODE_REASONS } from './code-reasons.ts';
import { EXEMPT_CLAUSES } from './exempt.ts';
import { fitsGlob } from './selection.ts';
import { stepsInWords } from './steps-in-words.ts';
import { UsageError } from './usage.ts';

export interface ListedCase {
  readonly id: string;
  readonly clauses: readonly string[];
  readonly level: string;
  readonly profile: string;
  readonly also: readonly string[];
  readonly needs: readonly string[];
  readonly why: string;
}

/** The cases by id; with patterns, those that fit one. */
export function listCases(cases: readonly Case[], globs: readonly string[]): ListedCase[] {
  return cases
    .filter((each) => globs.length === 0 || globs.some((glob) => fitsGlob(glob, each)))
    .map((each) => ({
      id: each.id,
      clauses: each.clauses,
      level: caseLevel(each),
      profile: each.profile,
      also: each.also ?? [],
      needs: each.needs ?? [],
      why: each.why,
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** A line for each case. */
export function renderList(listed: readonly ListedCase[]): string {
  const widest = Math.max(0, ...listed.map(({ id }) => id.length));
  return listed
    .map(({ id, level, profile, also, clauses: cited }) => {
      const profiles = [profile, ...also].join('+');
      return `${id.padEnd(widest)}  ${level.padEnd(6)}  ${profiles.padEnd(16)}  ${cited.join(' ')}\n`;
    })
    .join('');
}

function clauseLine(id: string): string {
  return `${id}: "${clauses().get(id)?.text ?? ''}"`;
}

function codeReason(id: string): string {
  const reason = Object.entries(CODE_REASONS).find(([prefix]) => id.startsWith(prefix))?.[1];
  return `It is code, not data${reason === undefined ? '' : `: ${reason}`}.`;
}

function explainCase(each: Case): string {
  const lines = [
    `${each.id}   ${caseLevel(each)}  ${each.clauses.join(', ')}   ${[each.profile, ...(each.also ?? [])].join(' + ')}`,
    '',
    ...each.clauses.map(clauseLine),
    '',
    `why   ${each.why}`,
  ];
  if (each.hint !== undefined) lines.push(`hint  ${each.hint}`);
  if (each.needs !== undefined && each.needs.length > 0) lines.push(`needs ${each.needs.join(', ')}`);
  if (each.isolation === 'exclusive') lines.push('alone nothing else may use the target meanwhile');
  if (each.dependsOn !== undefined) lines.push(`after ${each.dependsOn.join(', ')}`);
  lines.push('');
  if ('steps' in each) lines.push(...stepsInWords(each.steps).map((step, index) => `${index + 1}. ${step}`));
  else lines.push(codeReason(each.id));
  return `${lines.join('\n')}\n`;
}

function explainClause(id: string, cases: readonly Case[]): string {
  const citing = cases.filter((each) => each.clauses.includes(id));
  const lines = [clauseLine(id), ''];
  const exemption = EXEMPT_CLAUSES[id];
  if (citing.length === 0) lines.push(`No case proves it${exemption === undefined ? '' : `: ${exemption}`}.`);
  else lines.push(`proved by ${citing.length} ${citing.length === 1 ? 'case' : 'cases'}:`);
  return `${lines.join('\n')}\n${renderList(listCases(citing, []))}`;
}

/**
 * A case by its id, or a clause by its: what it demands, why it matters, and what is done.
 *
 * @throws UsageError if there is neither, with what comes near
 */
export function explain(name: string, cases: readonly Case[]): string {
  const found = cases.find(({ id }) => id === name);
  if (found !== undefined) return explainCase(found);
  const id = name.toUpperCase();
  if (clauses().has(id)) return explainClause(id, cases);
  const near = [...cases.map((each) => each.id), ...clauses().keys()].filter((each) =>
    fitsGlob(`*${name}*`, { id: each, clauses: [] }),
  );
  const hint = near.length === 0 ? 'see speicher spec list' : `did you mean ${near.slice(0, 5).join(', ')}?`;
  throw new UsageError(`there is no case and no clause ${name}: ${hint}`);
}
