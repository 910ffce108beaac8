/** Every case of the suite. The test runner, the command and the exporter are drivers of this one list. */
import type { Case } from './case.ts';
import { checkSteps } from './step.ts';
import { authCases } from './cases/auth.ts';
import { consistentCases } from './cases/consistent.ts';
import { exampleCases } from './cases/examples.ts';
import { helloCases } from './cases/hello.ts';
import { jsonCases } from './cases/json.ts';
import { jsonValueCases } from './cases/json-values.ts';
import { metaCases } from './cases/meta.ts';
import { originalCases } from './cases/original.ts';
import { profileCases } from './cases/profile.ts';
import { statsCases } from './cases/stats.ts';
import { pingCases } from './cases/ping.ts';

const all: readonly (readonly Case[])[] = [
  pingCases,
  authCases,
  consistentCases,
  exampleCases,
  helloCases,
  jsonCases,
  jsonValueCases,
  metaCases,
  originalCases,
  profileCases,
  statsCases,
];

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
