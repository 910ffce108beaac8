/** Every case of the suite. The test runner, the command and the exporter are drivers of this one list. */
import type { Case } from './case.ts';
import { authLoginCases } from './cases/auth-login.ts';
import { authCases } from './cases/auth.ts';
import { consistentCases } from './cases/consistent.ts';
import { coreCases } from './cases/core.ts';
import { durableCases } from './cases/durable.ts';
import { exampleCases } from './cases/examples.ts';
import { frameCases } from './cases/frame.ts';
import { gapCases } from './cases/gaps.ts';
import { fuzzCases } from './cases/fuzz.ts';
import { helloCases } from './cases/hello.ts';
import { jsonItemCases } from './cases/json-items.ts';
import { jsonMalformedCases } from './cases/json-malformed.ts';
import { jsonValueCases } from './cases/json-values.ts';
import { jsonCases } from './cases/json.ts';
import { keyCases } from './cases/key.ts';
import { linearizableCases } from './cases/linearizable.ts';
import { listCases } from './cases/list.ts';
import { lockCases } from './cases/lock.ts';
import { metaCases } from './cases/meta.ts';
import { neighbourCases } from './cases/neighbours.ts';
import { numberCases } from './cases/number.ts';
import { originalCases } from './cases/original.ts';
import { prefixCases } from './cases/prefix.ts';
import { profileCases } from './cases/profile.ts';
import { quietCases } from './cases/quiet.ts';
import { statsCases } from './cases/stats.ts';
import { statusCases } from './cases/status.ts';
import { sweepCases } from './cases/sweeps.ts';
import { syncCases } from './cases/sync.ts';
import { takenCases } from './cases/taken.ts';
import { timeCases } from './cases/time.ts';
import { transportCases } from './cases/transport.ts';
import { versionCases } from './cases/version.ts';
import { writeCases } from './cases/write.ts';
import { checkSteps } from './step.ts';

const all: readonly (readonly Case[])[] = [
  authCases,
  authLoginCases,
  consistentCases,
  coreCases,
  durableCases,
  exampleCases,
  frameCases,
  gapCases,
  fuzzCases,
  helloCases,
  jsonItemCases,
  jsonMalformedCases,
  jsonValueCases,
  jsonCases,
  keyCases,
  linearizableCases,
  listCases,
  lockCases,
  metaCases,
  neighbourCases,
  numberCases,
  originalCases,
  prefixCases,
  profileCases,
  quietCases,
  statsCases,
  statusCases,
  sweepCases,
  syncCases,
  takenCases,
  timeCases,
  transportCases,
  versionCases,
  writeCases,
];

/**
 * Throws an Error that names the case unless ids are unique and well formed, and steps hold to their schema. CASES does
 * so by a test: to check it in every process took more time than all that a command like `explain` has to do.
 */
export function checkCases(cases: readonly Case[]): void {
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
}

/** All cases, by area. */
export const CASES: readonly Case[] = all.flat();
