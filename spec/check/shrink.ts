/**
 * A violation made small. Every step takes away only what cannot have helped to explain the rest: were the whole
 * history linearizable, so would be what is left. A smaller history that is violated is therefore no accident of the
 * taking away, and shows what the server did wrong.
 */
import { overlap, type History, type Operation } from './history.ts';
import { checkKey, finalStates } from './linearizability.ts';
import { ABSENT, isOverwrite, isWithoutEffect, stateBehind, step, type State } from './model.ts';

export interface Counterexample {
  /** The state before the first operation. */
  readonly initial: State;
  readonly history: History;
  /** The operation that finds no place. */
  readonly stuck: Operation | undefined;
}

const SEARCH_STEPS_MAX = 200_000;

/** The smallest counterexample that can be made of the history of one key, which is violated. */
export function shrinkViolation(history: History): Counterexample {
  let smallest: Counterexample = { initial: ABSENT, history, stuck: undefined };
  for (;;) {
    const before = smallest.history.length;
    smallest = withoutStart(withoutNeedless(firstViolated(smallest)));
    if (smallest.history.length === before) break;
  }
  const verdict = check(smallest);
  return { ...smallest, stuck: verdict.kind === 'violated' ? verdict.stuck : undefined };
}

function check({ initial, history }: Pick<Counterexample, 'initial' | 'history'>): ReturnType<typeof checkKey> {
  return checkKey(history, { initial, stepsMax: SEARCH_STEPS_MAX });
}

const isViolated = (each: Pick<Counterexample, 'initial' | 'history'>): boolean => check(each).kind === 'violated';

/** What had happened when the counter stood at `at`; what was under way then has no end. */
export function until(history: History, at: number): History {
  return history
    .filter(({ call }) => call <= at)
    .map((each) => ((each.end ?? Infinity) <= at ? each : withoutEnd(each)));
}

function withoutEnd({ end: _end, output: _output, ...rest }: Operation): Operation {
  return rest;
}

/** The shortest beginning that is violated. A longer one cannot be right again, so that halving finds it. */
function firstViolated(whole: Counterexample): Counterexample {
  const ends = whole.history.flatMap(({ end }) => end ?? []).toSorted((a, b) => a - b);
  let [low, high] = [0, ends.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    const history = until(whole.history, ends[middle] ?? 0);
    if (isViolated({ ...whole, history })) high = middle;
    else low = middle + 1;
  }
  const history = until(whole.history, ends[high] ?? 0);
  return isViolated({ ...whole, history }) ? { ...whole, history } : whole;
}

/** Takes away one operation after another, as long as that is allowed and the rest is still violated. */
function withoutNeedless(whole: Counterexample): Counterexample {
  let { history } = whole;
  for (const operation of whole.history) {
    const rest = history.filter((each) => each !== operation);
    if (mayGo(operation, rest) && isViolated({ ...whole, history: rest })) history = rest;
  }
  return { ...whole, history };
}

/**
 * Whether an operation may be left out. One that changes nothing may. A write may if nothing but a SET, which fits
 * everywhere, can have come directly behind it: no other operation that had not ended before it fits its state.
 */
export function mayGo(operation: Operation, others: History): boolean {
  if (isWithoutEffect(operation.input, operation.output)) return true;
  const behind = stateBehind(operation.input, operation.output);
  if (behind === undefined) return false;
  return others.every(
    (other) =>
      (other.end ?? Infinity) < operation.call ||
      isOverwrite(other.input, other.output) ||
      step(behind, other.input, other.output) === undefined,
  );
}

/** Cuts where nothing was under way, and only one state can have been reached. */
function withoutStart(whole: Counterexample): Counterexample {
  const sorted = whole.history.toSorted((a, b) => a.call - b.call);
  for (let cut = sorted.length - 1; cut > 0; cut -= 1) {
    const [before, behind] = [sorted.slice(0, cut), sorted.slice(cut)];
    if (before.some((each) => behind.some((other) => overlap(each, other)))) continue;
    const options = { initial: whole.initial, stepsMax: SEARCH_STEPS_MAX };
    const [initial, ...others] = finalStates(before, options) ?? [];
    if (initial === undefined || others.length > 0) continue;
    if (isViolated({ initial, history: behind })) return { ...whole, initial, history: behind };
  }
  return whole;
}
