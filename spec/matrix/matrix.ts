/** The matrix: which case finds out which mutant, and that every variant passes. Plain data, and what is said of it. */
import type { Case } from '../case.ts';
import { clause } from '../clauses.ts';
import type { CaseResult, Outcome } from '../outcome.ts';
import { MUTANTS } from '../mutants/index.ts';
import type { Mutant, Variant } from '../subjects/subject.ts';
import { judgeAll, type Verdicts } from './judge.ts';

/** More names than these say no more than their number does. */
const ALSO_MAX = 12;

export interface MutantRow {
  readonly clause: string;
  readonly impostor?: string;
  /** How it is found out: by a failure, by a warning where the suite only advises, or as nobody listens. */
  readonly by: 'FAIL' | 'WARN' | 'unreachable';
  /** The cases that cite the clause and find it out. */
  readonly killers: readonly string[];
  /** The other cases that fail, or how many there are. */
  readonly also: readonly string[] | number;
  /** Of an impostor: whether it passes the nine original tests. */
  readonly passesTheNine?: boolean;
}

export interface VariantRow {
  readonly passed: number;
  readonly skipped: number;
  /** The cases that warn: a SHOULD is not kept. */
  readonly warned: readonly string[];
  /** The cases that it fails, which are wrong themselves. */
  readonly failed: readonly string[];
}

export interface Matrix {
  readonly cases: number;
  readonly mutants: Readonly<Record<string, MutantRow>>;
  readonly variants: Readonly<Record<string, VariantRow>>;
}

/** The outcome with which a case finds a mutant out. */
export function killingOutcome(mutant: Mutant): 'FAIL' | 'WARN' {
  return mutant.advice === true || clause(mutant.clause).level === 'SHOULD' ? 'WARN' : 'FAIL';
}

const ids = (results: Iterable<CaseResult>): string[] => [...results].map(({ id }) => id).sort();

/** Is told what a run met that no row shows. */
export type Note = (line: string) => void;

/** Tells of cases that were run again. */
const lateTo =
  (name: string, note: Note) =>
  (first: CaseResult, again: CaseResult): void =>
    note(`${name}: ${first.id} was late (${first.observed}) and was run again alone: ${again.status}`);

/** Runs a mutant against every case. An ERROR of the suite's own is thrown. */
export async function mutantRow(
  mutant: Mutant,
  cases: readonly Case[],
  atOnce: number,
  note: Note,
): Promise<MutantRow> {
  const by = killingOutcome(mutant);
  const base = { clause: mutant.clause, ...(mutant.impostor !== undefined && { impostor: mutant.impostor }) };
  const verdicts = await judgeAll(mutant, cases, atOnce, lateTo(mutant.name, note));
  if (verdicts === 'unreachable') return { ...base, by: 'unreachable', killers: [], also: 0 };
  const all = [...noErrors(mutant.name, verdicts)];
  const cites = new Set(cases.filter(({ clauses }) => clauses.includes(mutant.clause)).map(({ id }) => id));
  const killers = ids(all.filter(({ id, status }) => status === by && cites.has(id)));
  const also = ids(all.filter(({ id, status }) => (status === by || status === 'FAIL') && !killers.includes(id)));
  return { ...base, by, killers, also: also.length > ALSO_MAX ? also.length : also };
}

/** Runs a variant against every case. An ERROR of the suite's own is thrown. */
export async function variantRow(
  variant: Variant,
  cases: readonly Case[],
  atOnce: number,
  note: Note,
): Promise<VariantRow> {
  const verdicts = await judgeAll(variant, cases, variant.oneAtATime ? 1 : atOnce, lateTo(variant.name, note));
  if (verdicts === 'unreachable') throw new Error(`${variant.name} does not listen`);
  const all = [...noErrors(variant.name, verdicts)];
  for (const { id, status, observed } of all) {
    if (status === 'FAIL') note(`${variant.name}: ${id} failed: ${observed}`);
  }
  const of = (status: Outcome): CaseResult[] => all.filter((result) => result.status === status);
  return {
    passed: of('PASS').length,
    skipped: of('SKIP').length,
    warned: ids(of('WARN')),
    failed: ids([...of('FAIL'), ...of('BLOCKED')]),
  };
}

function noErrors(name: string, verdicts: Exclude<Verdicts, 'unreachable'>): Iterable<CaseResult> {
  for (const { id, status, reason } of verdicts.values()) {
    if (status === 'ERROR') throw new Error(`${id} against ${name}: ${reason}`);
  }
  return verdicts.values();
}

/** Mutants that nothing finds out. */
export function survivors(matrix: Matrix): string[] {
  return Object.entries(matrix.mutants)
    .filter(([, { by, killers }]) => by !== 'unreachable' && killers.length === 0)
    .map(([name]) => name);
}

/** Variants that fail. */
export function accused(matrix: Matrix): string[] {
  return Object.entries(matrix.variants)
    .filter(([, { failed }]) => failed.length > 0)
    .map(([name, { failed }]) => `${name}: ${failed.join(', ')}`);
}

/**
 * What differs between the matrix that is checked in and a new one, in words. Numbers that no verdict hangs on are not
 * compared, nor is which cases find out a mutant that depends on how requests meet.
 */
export function drift(old: Matrix, now: Matrix): string[] {
  const racing = new Set(MUTANTS.filter(({ races, hangs }) => races ?? hangs).map(({ name }) => name));
  const lines: string[] = [];
  for (const name of namesOf(old.mutants, now.mutants)) {
    const [was, is] = [old.mutants[name], now.mutants[name]];
    if (was === undefined || is === undefined) lines.push(`the mutant ${name} is ${is ? 'new' : 'gone'}`);
    else if (was.by !== is.by || was.clause !== is.clause)
      lines.push(`${name}: ${was.clause} ${was.by} → ${is.clause} ${is.by}`);
    else if (was.passesTheNine !== is.passesTheNine) lines.push(`${name}: the nine say ${is.passesTheNine}`);
    else if (!racing.has(name)) lines.push(...differences(`${name} is found out by`, was.killers, is.killers));
  }
  for (const name of namesOf(old.variants, now.variants)) {
    const [was, is] = [old.variants[name], now.variants[name]];
    if (was === undefined || is === undefined) lines.push(`the variant ${name} is ${is ? 'new' : 'gone'}`);
    else lines.push(...differences(`${name} is warned by`, was.warned, is.warned));
  }
  return lines;
}

function namesOf(...records: readonly object[]): string[] {
  return [...new Set(records.flatMap((record) => Object.keys(record)))];
}

function differences(what: string, was: readonly string[], is: readonly string[]): string[] {
  const gone = was.filter((id) => !is.includes(id)).map((id) => `no more by ${id}`);
  const added = is.filter((id) => !was.includes(id)).map((id) => `now by ${id}`);
  return [...gone, ...added].map((each) => `${what}: ${each}`);
}
