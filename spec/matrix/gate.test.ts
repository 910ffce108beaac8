/**
 * The gate: every mutant is found out by a case that cites the clause that it breaks, and a server without the defect
 * passes that very case; every variant passes what is tried of it. The whole is `npm run test:matrix`.
 */
import { describe, expect, test } from 'vitest';
import type { Case } from '../case.ts';
import { clauses } from '../clauses.ts';
import { MUTANTS } from '../mutants/index.ts';
import { CASES } from '../registry.ts';
import { DEADLINE_MS } from '../runner.ts';
import type { Mutant, Subject } from '../subjects/subject.ts';
import { VARIANTS } from '../variants/index.ts';
import { HOW_TO_UPDATE, readMatrix, readReadme } from './file.ts';
import { judge, type Verdicts } from './judge.ts';
import { accused, drift, killingOutcome, survivors } from './matrix.ts';
import { passesTheNine } from './nine.ts';
import { readme } from './readme.ts';

const matrix = readMatrix();

const deadlineOf = ({ deadlineMs = DEADLINE_MS }: Case): number => deadlineMs;

/** Of each variant’s cases one in so many, others for each. */
const SAMPLED = 24;

/**
 * The cases that cite the mutant's clause, those first that are known to find it out, and of these first the ones with
 * the shortest deadline: a mutant may be found out only by that.
 */
function casesFor({ name, clause }: Mutant): Case[] {
  const known = new Set(matrix.mutants[name]?.killers);
  const citing = CASES.filter(({ clauses: cited }) => cited.includes(clause));
  return citing.toSorted((a, b) => Number(known.has(b.id)) - Number(known.has(a.id)) || deadlineOf(a) - deadlineOf(b));
}

const named = (subjects: readonly Subject[]): string[] => subjects.map(({ name }) => name);

/** The same server without its defect. */
function withoutDefect(mutant: Mutant): Subject {
  const { name, about, options = {}, store, wire, durable } = mutant;
  return {
    name: `${name}, mended`,
    about,
    options,
    ...(durable && { durable: 'none' as const }),
    ...(store && { store: () => ({}) }),
    ...(wire && { wire: () => ({ request: (body: Buffer) => body, reply: (body: Buffer) => body }) }),
  };
}

/** What cases come to on servers without a defect, of which many mutants have the same. */
const controls = new Map<string, Promise<string[]>>();

function controlStatuses(mutant: Mutant, id: string): Promise<string[]> {
  const mended = withoutDefect(mutant);
  const key = JSON.stringify([id, mended.options, 'store' in mended, 'wire' in mended, 'durable' in mended]);
  const running =
    controls.get(key) ??
    judge(
      mended,
      CASES.filter((each) => each.id === id),
    ).then(statusesOf);
  controls.set(key, running);
  return running;
}

function statusesOf(verdicts: Verdicts): string[] {
  if (verdicts === 'unreachable') return ['unreachable'];
  return [...verdicts.values()].map(({ id, status, reason }) => `${status} ${id}${status === 'ERROR' ? reason : ''}`);
}

describe('mutants', () => {
  test.concurrent.each(MUTANTS.map((mutant) => [mutant.name, mutant.clause, mutant] as const))(
    '%s is found out by a case that cites %s',
    async (_name, _clause, mutant) => {
      const by = killingOutcome(mutant);
      const cases = casesFor(mutant);
      let killer: string | undefined;
      let how = '';
      const verdicts = await judge(mutant, cases, {
        done: ({ id, status, observed = '' }) => {
          if (status === by) [killer, how] = [id, observed];
          return killer !== undefined;
        },
      });
      if (verdicts === 'unreachable' && mutant.unreachable) return;
      expect(statusesOf(verdicts).filter((text) => text.startsWith('ERROR'))).toEqual([]);
      expect(killer, `${mutant.about} No case that cites ${mutant.clause} ends with ${by}`).toBeDefined();
      // Else it was the silence that was found out, and not the defect.
      expect(/^no reply within|deadline/.test(how) && !mutant.hangs, `${killer}: ${how}`).toBe(false);
      // A case that fails against a right server too has found out nothing. One that is skipped there is about a claim
      // that only the defect makes.
      const control = await controlStatuses(mutant, killer!);
      expect([`PASS ${killer}`, `SKIP ${killer}`]).toEqual(expect.arrayContaining(control));
    },
    120_000,
  );

  test('every clause that demands something has one', () => {
    const bound = new Set(MUTANTS.map(({ clause }) => clause));
    const demanding = [...clauses().values()].filter(({ level }) => level === 'MUST').map(({ id }) => id);
    expect(demanding.filter((id) => !bound.has(id))).toEqual([]);
  });

  test.concurrent.each(
    MUTANTS.filter(({ impostor }) => impostor !== undefined).map((mutant) => [mutant.name, mutant] as const),
  )(
    '%s passes the nine original tests',
    async (_name, mutant) => {
      expect(await passesTheNine(mutant)).not.toBe(false);
    },
    120_000,
  );
});

describe('variants', () => {
  test.concurrent.each(VARIANTS.map((variant, index) => [variant.name, variant, index] as const))(
    '%s passes',
    async (_name, variant, index) => {
      const cases = CASES.filter((_each, at) => at % SAMPLED === index % SAMPLED);
      const verdicts = await judge(variant, cases, { atOnce: variant.oneAtATime ? 1 : 8 });
      const wrong = statusesOf(verdicts).filter((text) => !/^(?:PASS|WARN|SKIP) /.test(text));
      expect(wrong, `${variant.about} The contract allows that, so these cases are too strict`).toEqual([]);
    },
    60_000,
  );
});

describe('the matrix that is checked in', () => {
  test('has all twelve impostors, every mutant and every variant', () => {
    expect(Object.keys(matrix.mutants), `the matrix is out of date: ${HOW_TO_UPDATE}`).toEqual(named(MUTANTS));
    expect(Object.keys(matrix.variants), `the matrix is out of date: ${HOW_TO_UPDATE}`).toEqual(named(VARIANTS));
    expect(new Set([...named(MUTANTS), ...named(VARIANTS)]).size).toBe(MUTANTS.length + VARIANTS.length);
    const impostors = MUTANTS.flatMap(({ impostor }) => impostor ?? []);
    expect(impostors).toEqual(Array.from({ length: 12 }, (_, index) => `I${index + 1}`));
  });

  test('names cases and clauses that there are', () => {
    const known = new Set(CASES.map(({ id }) => id));
    const named = Object.values(matrix.mutants).flatMap(({ killers }) => killers);
    expect(
      named.filter((id) => !known.has(id)),
      `the matrix is out of date: ${HOW_TO_UPDATE}`,
    ).toEqual([]);
    expect(
      MUTANTS.filter(({ name, clause }) => matrix.mutants[name]?.clause !== clause),
      `the matrix is out of date: ${HOW_TO_UPDATE}`,
    ).toEqual([]);
  });

  test('says that every mutant is found out, and that every variant passes', () => {
    expect(survivors(matrix)).toEqual([]);
    expect(accused(matrix)).toEqual([]);
  });

  test('is what README.md shows', () => {
    expect(readReadme() === readme(matrix), `the matrix is out of date: ${HOW_TO_UPDATE}`).toBe(true);
  });

  test('a drift is told', () => {
    expect(drift(matrix, matrix)).toEqual([]);
    const [name = '', row] =
      Object.entries(matrix.mutants).find(([, { killers, by }]) => by === 'FAIL' && killers.length > 1) ?? [];
    const { [name]: _, ...others } = matrix.mutants;
    expect(drift(matrix, { ...matrix, mutants: others })).toEqual([`the mutant ${name} is gone`]);
    const lost = { ...matrix.mutants, [name]: { ...row!, killers: row!.killers.slice(1) } };
    expect(drift(matrix, { ...matrix, mutants: lost })).toEqual([
      `${name} is found out by: no more by ${row!.killers[0]}`,
    ]);
    expect(survivors({ ...matrix, mutants: { [name]: { ...row!, killers: [] } } })).toEqual([name]);
  });
});
