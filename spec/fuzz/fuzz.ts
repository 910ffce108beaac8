/**
 * The fuzzer: iterations, each of which its own seed repeats. Behind each of them a fresh connection must still serve,
 * and what no iteration touches must be as it was. What fails is made small, and written down as a vector.
 */
import type { Profile } from '../../protocol/profiles.ts';
import { found, get, set } from '../actions.ts';
import type { CaseContext } from '../context.ts';
import { Violation } from '../outcome.ts';
import { seededRandom } from '../random.ts';
import type { Step } from '../step.ts';
import { MEMORY_GROWTH_BYTES_MAX, memoryBytes } from '../target/memory.ts';
import { writeFinding } from './finding.ts';
import { SPACE_START, type Generator, type Place } from './plan.ts';
import { shrinkParts } from './shrink.ts';

export interface FuzzPlan<Part> {
  /** The case, as the seed of its iterations and in findings. */
  readonly id: string;
  readonly clauses: readonly string[];
  readonly profile: Profile;
  readonly generator: Generator<Part>;
  /** How many iterations a run has that is told nothing else. */
  readonly iterations: number;
}

const TRIES_MAX = 150;
const SHRINK_MS_MAX = 15_000;
const WATCHED = 4;
const USUAL_MS_MAX = 4000;
const ITERATIONS_MIN = 5;
const ROUND_TRIPS_PER_ITERATION = 10;

/** Runs the iterations. Throws a Violation for the first that finds something. */
export async function fuzz<Part>(context: CaseContext, plan: FuzzPlan<Part>): Promise<void> {
  const { first = 0, iterations = affordable(context, plan.iterations) } = context.session.fuzz;
  await watch(context);
  const before = memoryBytes(context.session.target);
  for (let iteration = first; iteration < first + iterations && !context.signal.aborted; iteration += 1) {
    const random = seededRandom(`${context.session.seed}/${plan.id}/${iteration}`);
    const space = `${SPACE_START}${iteration}-`;
    const parts = plan.generator.draw(random, place(context, space));
    const violation = await attempt(context, plan, parts, space);
    if (violation !== undefined) await report(context, plan, iteration, parts, violation);
  }
  demandBounded(context, before);
}

/** How many of a run's usual iterations there is time for: few with a server that is far away. */
function affordable({ session }: CaseContext, usual: number): number {
  const iterationMs = session.roundTripMs * ROUND_TRIPS_PER_ITERATION;
  return Math.min(usual, Math.max(ITERATIONS_MIN, Math.floor(USUAL_MS_MAX / iterationMs)));
}

function place({ session, resolver }: CaseContext, space: string): Place {
  const { profiles, frameBytesMax } = session;
  return { profiles, frameBytesMax, prefix: resolver.prefix, space, on: space };
}

const watched = Array.from({ length: WATCHED }, (_, index) => ({
  key: `watched${index}`,
  value: `as it was ${index}`,
}));

/** Sets the keys that no iteration touches. */
const watchSteps: readonly Step[] = watched.map(({ key, value }) => ({
  ask: set(key, value),
  expect: { status: 200 },
  on: 'watch',
}));

/** A fresh connection is served, and what was not touched is as it was (TRANSPORT-5, STATUS-3). */
function aftermathSteps(on: string): Step[] {
  return [
    { send: [set('served', on), get('served'), ...watched.map(({ key }) => get(key))], on },
    { recv: { status: 200 }, on },
    { recv: found(on), on },
    ...watched.map(({ value }) => ({ recv: found(value), on })),
  ];
}

async function play(context: CaseContext, steps: readonly Step[]): Promise<void> {
  for (const step of steps) await context.step(step);
}

async function watch(context: CaseContext): Promise<void> {
  await play(context, watchSteps);
  context.discard('watch');
}

/**
 * Runs parts on keys and connections of their own. Gives what went wrong; nothing is left of it if `keeps` is not set.
 */
async function attempt<Part>(
  context: CaseContext,
  { generator }: FuzzPlan<Part>,
  parts: readonly Part[],
  space: string,
  keeps = false,
): Promise<Violation | undefined> {
  const steps = generator.steps(parts, place(context, space));
  try {
    await play(context, [...steps, ...aftermathSteps(`${space}after`)]);
    return undefined;
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    return error;
  } finally {
    if (!keeps) for (const name of [space, `${space} too`, `${space}after`]) context.discard(name);
  }
}

/** Makes the iteration that found something small, writes it down, and throws what is left of it. */
async function report<Part>(
  context: CaseContext,
  plan: FuzzPlan<Part>,
  iteration: number,
  parts: readonly Part[],
  original: Violation,
): Promise<never> {
  const deadline = performance.now() + SHRINK_MS_MAX * context.session.timeoutScale;
  let tries = 0;
  const shows = async (fewer: readonly Part[]): Promise<boolean | undefined> => {
    tries += 1;
    if (context.signal.aborted || performance.now() > deadline || !(await isServing(context))) return undefined;
    return (await attempt(context, plan, fewer, `${SPACE_START}${iteration}-${tries}-`)) !== undefined;
  };
  const smallest = await shrinkParts(parts, plan.generator.simpler, shows, TRIES_MAX);
  const last = `${SPACE_START}${iteration}-last-`;
  // Once more, so that what went over the wire is that of the smallest alone.
  const again = (await isServing(context)) ? await attempt(context, plan, smallest, last, true) : undefined;
  const { facts } = again ?? original;
  const { seed, fuzz } = context.session;
  // What was seen may be what stands behind every iteration, or before it: a finding has that too.
  const steps = [
    ...watchSteps,
    ...aftermathSteps('before'),
    ...plan.generator.steps(again === undefined ? parts : smallest, place(context, last)),
    ...aftermathSteps('after'),
  ];
  const { id, clauses, profile } = plan;
  const finding = { id, clauses, profile, seed, iteration, expected: facts.expected, observed: facts.observed, steps };
  const file = fuzz.findingsPath === undefined ? undefined : writeFinding(fuzz.findingsPath, finding);
  const size = `${smallest.length} of its ${parts.length} parts are enough`;
  const where = file === undefined ? '' : `; written to ${file}`;
  const observed = `${facts.observed} (iteration ${iteration}, seed ${seed}; ${size}${where})`;
  throw new Violation({ ...facts, observed });
}

/** Whether there is a server to go on with; one that the suite started and that ended is started again. */
async function isServing(context: CaseContext): Promise<boolean> {
  const { process } = context.session.target;
  const name = 'still there';
  try {
    if (process !== undefined && !process.isRunning) {
      await process.restart();
      await watch(context);
    }
    await play(context, aftermathSteps(name));
    return true;
  } catch {
    return false;
  } finally {
    context.discard(name);
  }
}

/** A server whose process can be seen must not keep what was sent to it. */
function demandBounded(context: CaseContext, before: number | undefined): void {
  const after = memoryBytes(context.session.target);
  if (before === undefined || after === undefined || after - before <= MEMORY_GROWTH_BYTES_MAX) return;
  const observed = `${after - before} bytes more than before`;
  context.fail(`a process that grows by at most ${MEMORY_GROWTH_BYTES_MAX} bytes`, observed);
}
