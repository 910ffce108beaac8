/** Runs cases against a target, each with its own keys, connections and deadline. */
import { setMaxListeners } from 'node:events';
import { caseLevel, type Case, type Need } from './case.ts';
import { unmetCondition } from './condition.ts';
import { CaseContext } from './context.ts';
import {
  Skipped,
  Undecided,
  Violation,
  type CaseResult,
  type FailureCode,
  type Outcome,
  type SkipKind,
} from './outcome.ts';
import { seededRandom } from './random.ts';
import type { Session } from './session.ts';
import { showEnd } from './target/target.ts';
import { toHex } from './wire/bytes.ts';
import { Connection } from './wire/connection.ts';

/** The deadline of a case that has none of its own, in milliseconds, before scaling. */
export const DEADLINE_MS = 15_000;
const SMALL_FRAME_BYTES_MAX = 4 << 20;

/** More than any case makes one after the other. */
const ROUND_TRIPS_PER_CASE = 3000;

const CLEAN_UP_MS = 2000;
const CLEAN_UP_SILENT_MS = 100;
const CRASH_GRACE_MS = 300;

/** Failures that the end of the server's process may be behind. */
const ENDS: ReadonlySet<FailureCode | undefined> = new Set<FailureCode>(['closed', 'no-connection', 'no-reply']);

/** A reason not to run a case. */
export interface Skip {
  readonly kind: SkipKind;
  readonly reason: string;
}

/** Why a case cannot be run against this target, or undefined. */
export function skipReason(each: Case, session: Session): string | undefined {
  return findSkip(each, session)?.reason;
}

function findSkip(each: Case, session: Session): Skip | undefined {
  for (const profile of [each.profile, ...(each.also ?? [])]) {
    if (!session.profiles.has(profile)) return { kind: 'unclaimed', reason: `the target does not claim ${profile}` };
  }
  for (const need of each.needs ?? []) {
    const skip = unmetNeed(need, session);
    if (skip !== undefined) return skip;
  }
  const locked = session.profiles.has('auth') && session.target.credentials === undefined;
  if (locked) return { kind: 'withheld', reason: 'the target asks for AUTH and no credentials were given' };
  for (const condition of each.only ?? []) {
    const reason = unmetCondition(condition, session);
    if (reason !== undefined) return { kind: 'inapplicable', reason };
  }
  return undefined;
}

function unmetNeed(need: Need, session: Session): Skip | undefined {
  const { profiles, allowReset, target, frameBytesMax } = session;
  if (need === 'auth' && !profiles.has('auth')) {
    return { kind: 'inapplicable', reason: 'the target does not ask for AUTH' };
  }
  if (need === 'reset' && !allowReset) return { kind: 'withheld', reason: 'the suite may not RESET this target' };
  if (need === 'spawn' && target.process === undefined) {
    return { kind: 'withheld', reason: 'the target was not started by the suite' };
  }
  if (need !== 'small-limits' || frameBytesMax <= SMALL_FRAME_BYTES_MAX) return undefined;
  return { kind: 'inapplicable', reason: `max-frame is ${frameBytesMax}, too large to be tried out` };
}

export class Runner {
  readonly session: Session;
  readonly #results = new Map<string, CaseResult>();
  readonly #serials = new Map<string, number>();

  constructor(session: Session) {
    this.session = session;
  }

  /** The latest result of each case that was run. */
  get results(): ReadonlyMap<string, CaseResult> {
    return this.#results;
  }

  /**
   * Runs one case. It never throws: whatever happens is in the result.
   *
   * @param session in place of the runner's own, such as one with other waits
   */
  async run(each: Case, session = this.session): Promise<CaseResult> {
    const result = await this.#run(each, session);
    this.#results.set(each.id, result);
    return result;
  }

  /** The result of a case that cannot be run because of something else. */
  notRun(each: Case, reason: string): CaseResult {
    return this.#result(each, 'BLOCKED', { reason });
  }

  async #run(each: Case, session: Session): Promise<CaseResult> {
    const skip = findSkip(each, session);
    if (skip !== undefined) return this.#result(each, 'SKIP', { reason: skip.reason, skip: skip.kind });
    for (const id of each.dependsOn ?? []) {
      const status = this.#results.get(id)?.status ?? 'PASS';
      if (status === 'FAIL' || status === 'BLOCKED') return this.notRun(each, `${id} failed`);
    }
    return this.#execute(each, session);
  }

  async #execute(each: Case, session: Session): Promise<CaseResult> {
    // Slowness alone is never a failure.
    const slownessMs = session.roundTripMs * ROUND_TRIPS_PER_CASE;
    const iterationsMs = (each.iterationMs ?? 0) * (session.fuzz.iterations ?? 0);
    const ownMs = (each.deadlineMs ?? DEADLINE_MS) + iterationsMs;
    const deadlineMs = Math.ceil(ownMs * session.timeoutScale + slownessMs);
    const controller = new AbortController();
    // Each connection of the case listens to it, and a case may have many.
    setMaxListeners(0, controller.signal);
    const timer = setTimeout(() => controller.abort(), deadlineMs);
    const context = new CaseContext(session, {
      profile: each.profile,
      rawAuth: each.needs?.includes('auth') ?? false,
      prefix: this.#prefix(each),
      signal: controller.signal,
    });
    const startMs = performance.now();
    const outputBefore = session.target.output();
    const crashesBefore = session.target.process?.crashes.length ?? 0;
    const facts = (): Partial<CaseResult> => ({
      durationMs: performance.now() - startMs,
      alternatives: context.alternatives,
      warnings: context.warnings,
      transcripts: context.connections.map(({ transcript }) => transcript),
    });
    try {
      if ('run' in each) await each.run(context);
      else for (const step of each.steps) await context.step(step);
      await context.finish();
      const crash = await this.#crash(crashesBefore, undefined);
      if (crash !== undefined) throw crash;
      return this.#result(each, context.warnings.length > 0 ? 'WARN' : 'PASS', facts());
    } catch (error) {
      const cause = (await this.#crash(crashesBefore, error)) ?? error;
      const serverOutput = newOutput(outputBefore, session.target.output());
      const output = serverOutput === '' ? {} : { serverOutput };
      return this.#failure(each, cause, { ...facts(), ...output }, controller.signal.aborted ? deadlineMs : undefined);
    } finally {
      clearTimeout(timer);
      context.closeAll();
      if (!session.target.spawned) await cleanUp(context);
    }
  }

  /** If the server that the suite started has ended by itself since, the violation that this is. */
  async #crash(crashesBefore: number, error: unknown): Promise<Violation | undefined> {
    const { process } = this.session.target;
    if (process === undefined || (error instanceof Violation && error.facts.code === 'crash')) return undefined;
    // The connection's end is often seen before that of the process.
    const facts = error instanceof Violation ? error.facts : undefined;
    if (facts !== undefined) await process.crashed(ENDS.has(facts.code) ? CRASH_GRACE_MS : 0);
    const end = process.crashes[crashesBefore];
    if (end === undefined) return undefined;
    const seen = facts === undefined ? '' : `; ${facts.observed}`;
    const expected = facts?.expected ?? 'a server that goes on serving';
    return new Violation({ expected, observed: `the server ${showEnd(end)}${seen}`, code: 'crash' });
  }

  #failure(each: Case, error: unknown, facts: Partial<CaseResult>, passedMs: number | undefined): CaseResult {
    if (error instanceof Skipped) {
      return this.#result(each, 'SKIP', { ...facts, reason: error.message, skip: 'inapplicable' });
    }
    if (error instanceof Undecided) return this.#result(each, 'UNKNOWN', { ...facts, reason: error.message });
    if (!(error instanceof Violation)) {
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return this.#result(each, 'ERROR', { ...facts, reason });
    }
    const { expected, clause, timeline, code = 'wrong-content' } = error.facts;
    const late = passedMs === undefined ? '' : ` (the case's deadline of ${passedMs} ms is over)`;
    const hint = error.facts.hint ?? each.hint;
    return this.#result(each, caseLevel(each) === 'MUST' ? 'FAIL' : 'WARN', {
      ...facts,
      expected,
      observed: error.facts.observed + late,
      code,
      ...(hint !== undefined && { hint }),
      ...(clause !== undefined && { clause }),
      ...(timeline !== undefined && { timeline }),
    });
  }

  #result(each: Case, status: Outcome, facts: Partial<CaseResult>): CaseResult {
    return {
      id: each.id,
      status,
      level: caseLevel(each),
      clauses: each.clauses,
      seed: this.session.seed,
      durationMs: 0,
      alternatives: [],
      warnings: [],
      transcripts: [],
      ...facts,
    };
  }

  /** Ten characters that JSON need not escape: the seed, a hash of the id, and how often the case was run. */
  #prefix(each: Case): string {
    const serial = this.#serials.get(each.id) ?? 0;
    this.#serials.set(each.id, serial + 1);
    const mark = seededRandom(`${this.session.seed}/${each.id}/${serial}`).bytes(5).toString('hex');
    return `${mark.slice(0, 9)}~`;
  }
}

/** What was printed meanwhile, as far as it was kept. */
function newOutput(before: string, after: string): string {
  return after.startsWith(before) ? after.slice(before.length) : after;
}

/** Removes the case's keys from a server that is not the suite's own. Whether it succeeds is no part of the verdict. */
async function cleanUp(context: CaseContext): Promise<void> {
  const { session, resolver } = context;
  try {
    const { address } = session.target;
    const { frameBytesMax } = session;
    // Who did not answer HELLO hardly answers this.
    const waitMs = session.isSilentToHello ? CLEAN_UP_SILENT_MS : Math.min(CLEAN_UP_MS, session.waitMs);
    const connection = await Connection.open(address, { name: 'clean-up', frameBytesMax, waitMs });
    if (session.profiles.has('auth')) await context.authenticate(connection);
    // Keys that a case built by itself, in an envelope's text for instance, are known by their prefix alone.
    if (session.profiles.has('prefix')) {
      const own = { key: { raw: toHex(resolver.prefix) }, flags: ['PREFIX'] } as const;
      if (session.profiles.has('locks')) connection.send(resolver.piece({ op: 'UNLOCK', ...own }));
      connection.send(resolver.piece({ op: 'DELETE', ...own }));
    }
    for (const raw of resolver.keysUsed) {
      if (session.profiles.has('locks')) connection.send(resolver.piece({ op: 'UNLOCK', key: { raw } }));
      connection.send(resolver.piece({ op: 'DELETE', key: { raw } }));
    }
    while (connection.due.length > 0) {
      const came = await connection.next();
      if (came.kind !== 'binary') break;
      connection.due.shift();
    }
    connection.close();
  } catch {
    // The target may be gone, which the cases themselves report.
  }
}

/** The cases in an order that the seed decides, each behind those that it depends on. */
export function shuffledCases(cases: readonly Case[], seed: string): Case[] {
  const byId = new Map(cases.map((each) => [each.id, each]));
  const placed = new Set<Case>();
  const place = (each: Case): void => {
    if (placed.has(each)) return;
    for (const id of each.dependsOn ?? []) {
      const other = byId.get(id);
      if (other !== undefined) place(other);
    }
    placed.add(each);
  };
  for (const each of seededRandom(seed).shuffled(cases)) place(each);
  return [...placed];
}
