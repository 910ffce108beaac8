/**
 * The conformance suite for programs: the list of cases, and what it takes to run them against a server.
 *
 *     const target = attach('127.0.0.1:14567');
 *     const runner = new Runner(await openSession(target));
 *     for (const each of CASES) console.log((await runner.run(each)).status, each.id);
 */
export { caseLevel, type Case, type CodeCase, type Need, type StepsCase } from './case.ts';
export { clause, clauses, type Clause, type Level } from './clauses.ts';
export { EXEMPT_CLAUSES } from './exempt.ts';
export { type CaseResult, type Outcome } from './outcome.ts';
export { CASES } from './registry.ts';
export { renderFailure } from './report.ts';
export { Runner, shuffledCases, skipReason } from './runner.ts';
export { openSession, type Session, type SessionOptions } from './session.ts';
export { parseAddress, showAddress, type Address } from './target/address.ts';
export { type TargetFacts } from './target/facts.ts';
export { SpawnedTarget, spawnTarget, type SpawnOptions } from './target/spawned.ts';
export { attach, type ProcessEnd, type ServerProcess, type Target } from './target/target.ts';
