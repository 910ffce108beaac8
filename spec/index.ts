/**
 * The conformance suite for programs: the list of cases, and what it takes to run them against a server.
 *
 *     const target = attach('127.0.0.1:14567');
 *     const runner = new Runner(await openSession(target));
 *     for (const each of CASES) console.log((await runner.run(each)).status, each.id);
 */
export { caseRecord } from './case-record.ts';
export { caseLevel, type Case, type CodeCase, type Need, type StepsCase } from './case.ts';
export { type Timeline } from './check/timeline.ts';
export { clause, clauses, type Clause, type Level } from './clauses.ts';
export { EXEMPT_CLAUSES } from './exempt.ts';
export { readFinding } from './fuzz/finding.ts';
export { type CaseResult, type Outcome } from './outcome.ts';
export { CASES } from './registry.ts';
export { type CaseRecord, type RunHeader, type RunRecord, type RunSummary, type Status } from './records.ts';
export { renderFailure } from './report/failure.ts';
export { runSuite, type RunOptions } from './run.ts';
export { Runner, shuffledCases, skipReason } from './runner.ts';
export { resultOf, SPEC_EXIT, type RunResult } from './score.ts';
export { openSession, type DurabilityOptions, type FuzzOptions, type Session, type SessionOptions } from './session.ts';
export { parseAddress, showAddress, type Address } from './target/address.ts';
export { type TargetFacts } from './target/facts.ts';
export { SpawnedTarget, spawnTarget, type SpawnOptions } from './target/spawned.ts';
export { attach, type ProcessEnd, type ServerProcess, type Target } from './target/target.ts';
