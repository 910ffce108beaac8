/** Holds a subject against cases, in this process. */
import type { Case } from '../case.ts';
import type { CaseResult } from '../outcome.ts';
import { Runner } from '../runner.ts';
import { openSession } from '../session.ts';
import { startSubject } from '../subjects/start.ts';
import { isJudgedBy, type Mutant, type Subject } from '../subjects/subject.ts';
import { parseAddress } from '../target/address.ts';
import type { Target } from '../target/target.ts';

/** Keys, ids and random choices are the same in every run, so that the matrix is. */
const SEED = 'a11c';

/** Of the usual waits, where waiting is in vain. */
const HANGING_SCALE = 0.25;

/** Of the fuzzer's iterations few will do: a mutant is to be found out by a case that looks for it. */
const FUZZ_ITERATIONS = 5;

/** Of the kills under load, one finds a mutant out that they can find. */
const KILLS = 3;

/** A subject whose port nobody listens on gives no results. */
export type Verdicts = ReadonlyMap<string, CaseResult> | 'unreachable';

export interface JudgeOptions {
  /** How many cases run at a time, those apart that need the subject for themselves. */
  readonly atOnce?: number;
  /** Called with each result; true ends the run. */
  readonly done?: (result: CaseResult) => boolean;
}

/**
 * Runs all cases against a subject, and those once more, each alone, that failed only because their deadline was over:
 * beside others on a busy machine that says nothing of the subject. One that hangs is what such a failure is about.
 *
 * @param late called with the two results of a case that was run again
 */
export async function judgeAll(
  subject: Subject,
  cases: readonly Case[],
  atOnce: number,
  late: (first: CaseResult, again: CaseResult) => void,
): Promise<Verdicts> {
  const verdicts = await judge(subject, cases, { atOnce });
  if (verdicts === 'unreachable' || hangs(subject)) return verdicts;
  const settled = new Map(verdicts);
  for (const each of cases) {
    const first = settled.get(each.id);
    if (first === undefined || !isLate(first)) continue;
    const again = await judge(subject, [each]);
    const result = again === 'unreachable' ? undefined : again.get(each.id);
    if (result === undefined) throw new Error(`${subject.name} was not there for ${each.id} again`);
    settled.set(each.id, result);
    late(first, result);
  }
  return settled;
}

const isLate = ({ observed = '' }: CaseResult): boolean => /the case's deadline of \d+ ms is over/.test(observed);

const hangs = (subject: Subject): boolean => 'hangs' in subject && (subject as Mutant).hangs === true;

/** Runs cases against a subject that is started for them alone. */
export async function judge(subject: Subject, cases: readonly Case[], options: JudgeOptions = {}): Promise<Verdicts> {
  const running = await startSubject(subject);
  try {
    const target: Target = {
      address: parseAddress(running.address),
      label: subject.name,
      ...(running.credentials !== undefined && { credentials: running.credentials }),
      spawned: true,
      ...(running.process !== undefined && { process: running.process }),
      output: () => '',
      stop: () => running.stop(),
    };
    const timeoutScale = hangs(subject) ? HANGING_SCALE : 1;
    const session = await openSession(target, {
      seed: SEED,
      allowReset: true,
      timeoutScale,
      fuzz: { iterations: FUZZ_ITERATIONS },
      durability: { kills: KILLS, ...(running.losePower !== undefined && { losePower: running.losePower }) },
    }).catch(unreachable);
    if (session === undefined) return 'unreachable';
    const runner = new Runner(session);
    const own = cases.filter((each) => isJudgedBy(subject, each));
    await runAll(runner, own, options);
    return runner.results;
  } finally {
    await running.stop();
  }
}

function unreachable(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED') return undefined;
  throw error;
}

async function runAll(runner: Runner, cases: readonly Case[], { atOnce = 1, done }: JudgeOptions): Promise<void> {
  let ended = false;
  const run = async (queue: Case[]): Promise<void> => {
    for (let each = queue.shift(); each !== undefined && !ended; each = queue.shift()) {
      const { process } = runner.session.target;
      // The case before may have left it dead, which is no fault of this one's.
      if (process?.isRunning === false) await process.restart();
      const result = await runner.run(each);
      if (done?.(result) === true) ended = true;
    }
  };
  if (atOnce === 1) return run([...cases]);
  const shared = cases.filter(({ isolation }) => isolation !== 'exclusive');
  await Promise.all(Array.from({ length: atOnce }, () => run(shared)));
  await run(cases.filter(({ isolation }) => isolation === 'exclusive'));
}
