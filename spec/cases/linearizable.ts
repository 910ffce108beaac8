/**
 * Random requests on several connections at once, and whether the replies can be explained at all: each request has to
 * take effect at one moment between sending and reply (CONSISTENT-1). What no case could foresee is found here, and
 * shown as the smallest part of what happened that nothing explains. Where the budget does not suffice, or too little
 * happened at the same time, the outcome is UNKNOWN.
 */
import { area, type Case } from '../case.ts';
import type { History } from '../check/history.ts';
import type { Input } from '../check/model.ts';
import { demandLinearizable, play, type Play, type Player } from '../check/play.ts';
import type { CaseContext } from '../context.ts';

const linearizable = area({
  profile: 'core',
  clauses: ['CONSISTENT-1'],
  deadlineMs: 30_000,
  hint: 'the requests drawn took effect in no order: look for a read and a write of an item with a wait between them',
});

const ROUNDS = 3;
/** With a server so far away one play takes long enough, and is as telling. */
const FAR_MS = 20;

/** Plays several times, each on keys of its own, and demands that every history has an explanation. */
async function rounds(context: CaseContext, plan: Play, more: (history: History) => void = () => {}): Promise<void> {
  const count = context.session.roundTripMs > FAR_MS ? 1 : ROUNDS;
  for (let round = 0; round < count && !context.signal.aborted; round += 1) {
    const history = await play(context, plan, round);
    demandLinearizable(context, history);
    more(history);
  }
}

const value = (player: Player): Input => ({ op: 'SET', value: player.unique() });

/** Chooses among what `weights` gives, each as often as its number says. */
function among(
  ...weights: readonly (readonly [number, (player: Player, key: string) => Input])[]
): (player: Player, key: string) => Input {
  const total = weights.reduce((sum, [weight]) => sum + weight, 0);
  return (player, key) => {
    let left = player.random.below(total);
    for (const [weight, make] of weights) {
      left -= weight;
      if (left < 0) return make(player, key);
    }
    return { op: 'GET' };
  };
}

const GET = (): Input => ({ op: 'GET' });
const DELETE = (): Input => ({ op: 'DELETE' });
const ADD = (player: Player): Input => ({ op: 'ADD', value: player.unique() });
const INCREMENT = (): Input => ({ op: 'INCREMENT', by: 1n });
const COUNT_OR_CREATE = (): Input => ({ op: 'INCREMENT', by: 1n, initial: 1n });

/** A write under the condition that the version is the one seen last, if one was. */
const conditionally =
  (make: (player: Player) => Extract<Input, { op: 'SET' | 'DELETE' }>) =>
  (player: Player, key: string): Input => {
    const version = player.versions.get(key);
    return version === undefined ? { op: 'GET' } : { ...make(player), version };
  };
const SET_IF = conditionally((player) => ({ op: 'SET', value: player.unique() }));
const DELETE_IF = conditionally(() => ({ op: 'DELETE' }));

/**
 * VERSION-1: of two writes of any keys, the one that began when the other had been answered has the greater version.
 */
function demandVersionsFollowTime(context: CaseContext, history: History): void {
  const writes = history.filter(({ input, output }) => input.op !== 'GET' && output?.version !== undefined);
  for (const later of writes) {
    for (const earlier of writes) {
      if ((earlier.end ?? Infinity) > later.call) continue;
      const [before, behind] = [earlier.output?.version ?? 0n, later.output?.version ?? 0n];
      if (behind > before) continue;
      const observed = `${behind} for ${later.key}, behind ${before} for ${earlier.key}`;
      context.fail('a version above that of every write that had been answered before', observed);
    }
  }
}

export const linearizableCases: readonly Case[] = [
  linearizable({
    id: 'linearizable.sets-gets-and-deletes',
    clauses: ['CONSISTENT-1', 'SET-1', 'GET-1', 'DELETE-1'],
    why: 'Threads, shards, caches: their mistakes show only between requests that meet, and then as lost data.',
    run: (context) =>
      rounds(context, {
        connections: 8,
        keys: 4,
        requests: 30,
        detail: false,
        choose: among([4, value], [5, GET], [2, DELETE]),
      }),
  }),
  linearizable({
    id: 'linearizable.pipelines',
    clauses: ['CONSISTENT-1', 'TRANSPORT-3'],
    why: 'Pipelines of several clients are worked off side by side: batches that are applied late overtake each other.',
    run: (context) =>
      rounds(context, {
        connections: 6,
        keys: 5,
        requests: 30,
        depth: 3,
        detail: false,
        choose: among([5, value], [5, GET], [2, DELETE]),
      }),
  }),
  linearizable({
    id: 'linearizable.every-write-and-its-version',
    also: ['standard'],
    clauses: ['CONSISTENT-1', 'VERSION-1', 'ADD-1', 'INCREMENT-1', 'VERSION-2'],
    why: 'Each operation has its own way to be half done: the check before a write, the reply that tells another’s version.',
    run: (context) =>
      rounds(
        context,
        {
          connections: 8,
          keys: 5,
          requests: 30,
          detail: true,
          choose: among([5, value], [3, SET_IF], [6, GET], [3, DELETE], [1, DELETE_IF], [3, ADD], [2, COUNT_OR_CREATE]),
        },
        (history) => demandVersionsFollowTime(context, history),
      ),
  }),
  linearizable({
    id: 'linearizable.counters',
    also: ['standard'],
    clauses: ['CONSISTENT-1', 'INCREMENT-1', 'INCREMENT-3'],
    why: 'A counter that is deleted, created and counted at once gives a number twice, or forgets what it was.',
    run: (context) =>
      rounds(context, {
        connections: 6,
        keys: 3,
        requests: 30,
        detail: true,
        choose: among([6, INCREMENT], [5, COUNT_OR_CREATE], [3, GET], [2, DELETE], [1, value]),
      }),
  }),
  linearizable({
    id: 'linearizable.conditional-writes',
    also: ['standard'],
    clauses: ['CONSISTENT-1', 'VERSION-2', 'VERSION-3'],
    why: 'Compare-and-set is what locks, queues and accounts are built on: one that lets two through breaks them all.',
    run: (context) =>
      rounds(context, {
        connections: 8,
        keys: 3,
        requests: 30,
        detail: true,
        choose: among([6, SET_IF], [4, GET], [2, DELETE_IF], [2, ADD], [1, value]),
      }),
  }),
  linearizable({
    id: 'linearizable.both-dialects',
    profile: 'json',
    clauses: ['CONSISTENT-1', 'JSON-6', 'JSON-5'],
    why: 'Where JSON has a path of its own to the items, the two paths do not see each other’s writes in time.',
    run: (context) =>
      rounds(context, {
        connections: 6,
        keys: 4,
        requests: 30,
        detail: false,
        isJson: (connection) => connection % 2 === 0,
        choose: among([4, value], [5, GET], [2, DELETE]),
      }),
  }),
];
