/**
 * A whole run over a target, as a stream of records. Cases run side by side as far as they may; a server that ends is
 * started again, or waited for; a failure is run again, alone, to tell whether it always fails.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { PROTOCOL_VERSION } from '../protocol/limits.ts';
import { caseRecord } from './case-record.ts';
import type { Case } from './case.ts';
import { diagnose, NotReadyError } from './doctor/doctor.ts';
import { observe } from './doctor/observe.ts';
import { OWN_PROBES } from './doctor/probes.ts';
import { applyExpectedFailure, findExpectedFailure, type ExpectedFailure } from './expected-failures.ts';
import type { CaseResult, FailureCode } from './outcome.ts';
import { RECORD_FORMAT, type CaseRecord, type RunEnd, type RunHeader, type RunRecord } from './records.ts';
import { Runner, shuffledCases } from './runner.ts';
import { resultOf, type RunResult } from './score.ts';
import { selectCases, type Selection } from './selection.ts';
import { openSession, type Session, type SessionOptions } from './session.ts';
import { IMPATIENT_CASES, Silence } from './silence.ts';
import { Slots } from './slots.ts';
import { connectionsOf } from './steps-in-words.ts';
import { showAddress } from './target/address.ts';
import { showEnd, type Target } from './target/target.ts';
import { UsageError } from './usage.ts';

export interface RunOptions {
  readonly target: Target;
  /** All cases; the selection is made among them. */
  readonly cases: readonly Case[];
  readonly selection?: Selection;
  readonly session?: SessionOptions;
  readonly expectedFailures?: readonly ExpectedFailure[];
  /** How many connections' worth of cases run at once: 1 to 8. */
  readonly jobs?: number;
  readonly suiteVersion: string;
  /** The command that repeats the run, without what it selects. */
  readonly repeat: string;
  /** Ends the run early; what is done by then stays. */
  readonly signal?: AbortSignal;
  /** Gets each record as soon as it is known. */
  readonly emit: (record: RunRecord) => void;
}

export const JOBS_MAX = 8;
const RERUNS_MAX = 3;
/** In all: a server that fails by not answering would otherwise be waited for four times per case, however long. */
const RERUN_MS_MAX = 20_000;
const COME_BACK_MS = 5000;

/** Failures after which the server may be gone, or hang. */
const MAY_BE_GONE: ReadonlySet<FailureCode | undefined> = new Set<FailureCode>([
  'closed',
  'no-connection',
  'no-reply',
  'crash',
]);
const POLL_MS = 100;

/** Thrown where the selection leaves no case: exit code 5. */
export class NothingSelectedError extends Error {
  constructor() {
    super('no case is selected: see speicher spec list');
    this.name = 'NothingSelectedError';
  }
}

/**
 * Runs the selected cases.
 *
 * @returns what the run comes to
 * @throws NothingSelectedError, UsageError; NotReadyError if the target cannot be judged at all
 */
export async function runSuite(options: RunOptions): Promise<RunResult> {
  const { target, cases, selection = { run: [], skip: [] } } = options;
  const selected = selectCases(cases, selection);
  if (selected.length === 0) throw new NothingSelectedError();
  const timeoutScale = options.session?.timeoutScale ?? 1;
  const hasCredentials = target.credentials !== undefined;
  const diagnosis = await diagnose(target.address, { hasCredentials, timeoutScale });
  if (!diagnosis.isReady) throw new NotReadyError(target.address, diagnosis);
  const allowReset = target.spawned || options.session?.allowReset === true;
  const seed = options.session?.seed ?? randomBytes(2).toString('hex');
  const session = await openSession(target, { ...options.session, seed, allowReset });
  if (session.profiles.has('auth') && !hasCredentials) {
    throw new UsageError('the target asks for AUTH: give --password USER:PASSWORD');
  }
  return new SuiteRun(options, session).run(selected, selection);
}

class SuiteRun {
  readonly #options: RunOptions;
  readonly #session: Session;
  readonly #runner: Runner;
  readonly #slots: Slots;
  readonly #silence: Silence;
  /** Without transcripts, which may be large. */
  readonly #records: RunRecord[] = [];
  readonly #startMs = performance.now();
  #end: RunEnd = 'complete';
  #rerunMs = 0;
  #lastId: string | undefined;
  /** Ends of the server's process that a case, or a record of their own, has answered for. */
  #crashesSeen = 0;
  #recovery: Promise<boolean> | undefined;

  constructor(options: RunOptions, session: Session) {
    this.#options = options;
    this.#session = session;
    this.#runner = new Runner(session);
    this.#silence = new Silence(session);
    this.#slots = new Slots(Math.min(Math.max(options.jobs ?? JOBS_MAX, 1), JOBS_MAX));
  }

  async run(selected: readonly Case[], selection: Selection): Promise<RunResult> {
    this.#emit(this.#header(selected, selection));
    const { signal } = this.#options;
    const interrupted = new Promise<void>((resolve) => {
      const interrupt = (): void => {
        this.#end = 'interrupted';
        resolve();
      };
      if (signal?.aborted === true) interrupt();
      else signal?.addEventListener('abort', interrupt, { once: true });
    });
    const done = new Map<string, Promise<void>>();
    for (const each of shuffledCases(selected, this.#session.seed)) {
      const before = (each.dependsOn ?? []).map((id) => done.get(id) ?? Promise.resolve());
      done.set(
        each.id,
        Promise.all(before).then(() => this.#runCase(each)),
      );
    }
    await Promise.race([Promise.all(done.values()), interrupted]);
    if (this.#end === 'complete') this.#reportCrashes();
    const { exitCode } = resultOf([...this.#records, this.#summary(0)]);
    this.#emit(this.#summary(exitCode));
    return resultOf(this.#records);
  }

  #header(selected: readonly Case[], { run, skip }: Selection): RunHeader {
    const { target, hello, profiles, seed, timeoutScale, helloProblem } = this.#session;
    const server = hello.get('server');
    return {
      record: 'run',
      format: RECORD_FORMAT,
      target: showAddress(target.address),
      spawned: target.spawned,
      versions: {
        suite: this.#options.suiteVersion,
        protocol: String(PROTOCOL_VERSION),
        ...(server !== undefined && { server }),
      },
      profiles: [...profiles],
      claimed: (hello.get('profiles') ?? '').split(' ').filter((name) => name !== ''),
      seed,
      timeoutScale,
      selection: { run, skip },
      declared: this.#options.cases.length,
      selected: selected.length,
      repeat: this.#options.repeat,
      ...(helloProblem !== undefined && { helloProblem }),
      startedAt: new Date().toISOString(),
    };
  }

  #summary(exitCode: number): RunRecord {
    const durationMs = Math.round(performance.now() - this.#startMs);
    return { record: 'summary', end: this.#end, exitCode, durationMs };
  }

  #emit(record: RunRecord): void {
    this.#options.emit(record);
    if (record.record !== 'case') {
      this.#records.push(record);
      return;
    }
    const { transcripts: _, ...light } = record;
    this.#records.push(light);
  }

  /** One case, from its turn to its record. */
  async #runCase(each: Case): Promise<void> {
    const isAlone = each.isolation === 'exclusive' || (each.needs?.includes('spawn') ?? false);
    const { capacity } = this.#slots;
    const wanted = isAlone ? capacity : Math.min(connectionsOf(each), capacity);
    // Who has all slots keeps them until it is clear what a failure means: the server may be gone.
    const first = await this.#slots.use(wanted, async () => {
      const result = await this.#once(each);
      if (result?.status !== 'FAIL' || wanted < capacity) return result;
      await this.#classify(each, result, true);
      return 'done';
    });
    if (first === 'done') return;
    if (first === undefined) return this.#block(each);
    if (first.status !== 'FAIL') return this.#finish(each, first, 1);
    await this.#slots.use(capacity, () => this.#classify(each, first, false), true);
  }

  /** Runs it once, on a server that is there; gives nothing if the run has come to an end. */
  async #once(each: Case): Promise<CaseResult | undefined> {
    if (this.#end !== 'complete' || !(await this.#ensureRunning())) return undefined;
    const { profile } = each;
    if (this.#silence.isMute(profile)) {
      const reason = `nothing of ${profile} is answered: ${this.#silence.of(profile)} cases in a row had no reply`;
      return this.#runner.notRun(each, reason);
    }
    const result = await this.#runner.run(each, this.#silence.sessionFor(profile));
    this.#silence.note(profile, result);
    return result;
  }

  /**
   * Runs a failed case again, alone, up to three times: one that passes then is FLAKY. Whether the first failure counts
   * is uncertain if the server ended while others ran too: any of them may have been its end.
   */
  async #classify(each: Case, first: CaseResult, wasAlone: boolean): Promise<void> {
    const isOwn = wasAlone || first.code !== 'crash';
    let failure = isOwn ? first : undefined;
    let failures = isOwn ? 1 : 0;
    let last = first;
    let runs = 1;
    const startMs = performance.now();
    const most = this.#rerunsFor(each, first);
    while (last.status === 'FAIL' && runs <= most && this.#end === 'complete') {
      const nextMs = this.#rerunMs + (performance.now() - startMs) + last.durationMs;
      if (nextMs > RERUN_MS_MAX * this.#session.timeoutScale) break;
      // Who gave a wrong answer is there.
      if (MAY_BE_GONE.has(last.code) && !(await this.#isAlive()) && !(await this.#recover())) break;
      const again = await this.#once(each);
      if (again === undefined) break;
      last = again;
      runs += 1;
      if (last.status !== 'FAIL') break;
      failure ??= last;
      failures += 1;
    }
    this.#rerunMs += performance.now() - startMs;
    if (last.status === 'FAIL') return this.#finish(each, failure ?? last, runs);
    if (failure === undefined) return this.#finish(each, last, runs);
    this.#finish(each, { ...failure, reason: `it failed ${failures} of ${failures + 1} times` }, runs, true);
  }

  /** How often a failure is run again, to tell whether it always fails. */
  #rerunsFor({ profile }: Case, { code }: CaseResult): number {
    // Who ended the server while others ran too is still to be found out.
    if (!MAY_BE_GONE.has(code) && this.#silence.isHopeless(profile)) return 0;
    // Where nothing at all is answered, another silence tells nothing.
    if (code === 'no-reply' && this.#silence.of(profile) >= IMPATIENT_CASES) return 0;
    if (code === 'no-reply' && this.#silence.isWary(profile)) return 1;
    // A server that ended twice at the same case needs no further proof, and each start takes its time.
    return code === 'crash' ? 1 : RERUNS_MAX;
  }

  #finish(each: Case, result: CaseResult, runs: number, isFlaky = false): void {
    if (this.#end === 'interrupted') return;
    const { target } = this.#session;
    this.#lastId = each.id;
    if (result.code === 'crash') this.#crashesSeen = target.process?.crashes.length ?? 0;
    const record = caseRecord(each, result, target.credentials, runs);
    const expected = findExpectedFailure(this.#options.expectedFailures ?? [], each.id);
    const judged: CaseRecord = isFlaky ? { ...record, status: 'FLAKY' } : applyExpectedFailure(record, expected);
    this.#emit(judged);
  }

  #block(each: Case): void {
    if (this.#end !== 'target-lost') return;
    const result = this.#runner.notRun(each, 'the target is gone');
    this.#emit(caseRecord(each, result));
  }

  /** Starts a server that has ended, or whose last case left it ended. */
  async #ensureRunning(): Promise<boolean> {
    const { process } = this.#session.target;
    if (process === undefined || process.isRunning) return true;
    return this.#recover();
  }

  async #isAlive(): Promise<boolean> {
    const { target, timeoutScale } = this.#session;
    if (target.process !== undefined && !target.process.isRunning) return false;
    // Side by side: one that answers a single kind of request is there, and the others are not waited for.
    const answers = Object.values(OWN_PROBES).map(async (probe) => {
      const { received } = await observe(target.address, probe, COME_BACK_MS * timeoutScale);
      if (received.length === 0) throw new Error('nothing came');
    });
    return Promise.any(answers).then(
      () => true,
      () => false,
    );
  }

  /** Brings the server back, or waits until somebody does. Without success the run ends. */
  async #recover(): Promise<boolean> {
    this.#recovery ??= this.#bringBack().finally(() => {
      this.#recovery = undefined;
    });
    const isBack = await this.#recovery;
    if (!isBack && this.#end === 'complete') this.#end = 'target-lost';
    return isBack;
  }

  async #bringBack(): Promise<boolean> {
    const { target, timeoutScale } = this.#session;
    if (target.process !== undefined) {
      return target.process.restart().then(
        () => true,
        () => false,
      );
    }
    const deadline = performance.now() + COME_BACK_MS * timeoutScale;
    while (performance.now() < deadline) {
      if (await this.#isAlive()) return true;
      await delay(POLL_MS);
    }
    return false;
  }

  /** Ends of the server that no case stands for fail the run all the same. */
  #reportCrashes(): void {
    const { process } = this.#session.target;
    for (const end of process?.crashes.slice(this.#crashesSeen) ?? []) {
      this.#emit({
        record: 'crash',
        ...(this.#lastId !== undefined && { after: this.#lastId }),
        observed: `the server ${showEnd(end)}`,
        serverOutput: this.#session.target.output(),
      });
    }
  }
}
