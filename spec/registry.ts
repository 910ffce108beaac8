/** Every case of the suite. The test runner, the command and the exporter are drivers of this one list. */
import type { Case } from './case.ts';
import { checkSteps } from './step.ts';
import { pingCases } from './cases/ping.ts';

const all: readonly (readonly Case[])[] = [pingCases];

/**
 * The cases, checked: ids are unique and well formed, steps hold to their schema. Throws an Error that names the case.
 */
export function checkCases(cases: readonly Case[]): readonly Case[] {
  const seen = new Set<string>();
  for (const each of cases) {
    if (!/^[a-z]+\.[a-z0-9]+(?:-[a-z0-9]+)*$/.test(each.id)) throw new Error(`${each.id} is no area.slug`);
    if (seen.has(each.id)) throw new Error(`two cases are called ${each.id}`);
    seen.add(each.id);
    if (each.clauses.length === 0) throw new Error(`${each.id} names no clause`);
    try {
      if ('steps' in each) checkSteps(each.steps);
    } catch (error) {
      throw new Error(`the steps of ${each.id} are malformed`, { cause: error });
    }
  }
  return cases;
}

/** All cases, by area. */
export const CASES: readonly Case[] = checkCases(all.flat());
