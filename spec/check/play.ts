/** Plays random requests on several connections at once, takes down what happened, and has it checked. */
import { del, get, request, set } from '../actions.ts';
import type { CaseContext } from '../context.ts';
import { jsonDel, jsonGet, jsonSet } from '../json-actions.ts';
import { describeIncoming } from '../match.ts';
import { Violation } from '../outcome.ts';
import { seededRandom, type Random } from '../random.ts';
import type { Expectation, Piece } from '../step.ts';
import type { Incoming } from '../wire/connection.ts';
import { byKey, concurrentPairs, Recorder, type History } from './history.ts';
import { checkKey } from './linearizability.ts';
import type { Input, Output } from './model.ts';
import { shrinkViolation } from './shrink.ts';
import { drawTimeline, timelineOf } from './timeline.ts';

/** What one connection knows when it chooses its next request. */
export interface Player {
  readonly random: Random;
  /** The version of each key that it saw last. */
  readonly versions: Map<string, bigint>;
  /** A text that no other request has. */
  unique(): string;
}

export interface Play {
  readonly connections: number;
  readonly keys: number;
  /** How many requests each connection makes. */
  readonly requests: number;
  /** How many of them it sends before it waits for their replies. */
  readonly depth?: number;
  /** Whether replies carry versions. */
  readonly detail: boolean;
  /** Which of the connections speak JSON. */
  readonly isJson?: (connection: number) => boolean;
  readonly choose: (player: Player, key: string) => Input;
}

/** Fewer pairs of requests that were under way together do not prove that a server can do with concurrency. */
const CONCURRENT_PAIRS_MIN = 20;

/** What may be answered; anything else is no matter of order. */
const STATUSES: Readonly<Record<Input['op'], readonly number[]>> = {
  GET: [200, 404],
  SET: [200, 404, 409],
  ADD: [200, 409],
  DELETE: [200, 404, 409],
  INCREMENT: [200, 404, 422],
};

/** Plays, and gives what happened. `round` tells the keys of one play from those of another. */
export async function play(context: CaseContext, plan: Play, round: number): Promise<History> {
  const recorder = new Recorder();
  const names = Array.from({ length: plan.connections }, (_, index) => `c${index}`);
  const keys = Array.from({ length: plan.keys }, (_, index) => `k${round}-${index}`);
  // Choices are drawn before anything is sent, so that the seed decides them and not who is first.
  const seeds = names.map(() => context.random.bytes(4).toString('hex'));
  for (const name of names) await context.connection(name);
  await Promise.all(names.map((_, index) => playOne(context, plan, recorder, keys, index, seeds[index] ?? '')));
  return recorder.history;
}

async function playOne(
  context: CaseContext,
  plan: Play,
  recorder: Recorder,
  keys: readonly string[],
  index: number,
  seed: string,
): Promise<void> {
  const name = `c${index}`;
  const connection = await context.connection(name);
  const random = seededRandom(seed);
  let written = 0;
  const player: Player = { random, versions: new Map(), unique: () => `${index}${String(written++).padStart(3, '0')}` };
  const isJson = plan.isJson?.(index) ?? false;
  const { depth = 1, detail } = plan;
  for (let done = 0; done < plan.requests && !context.signal.aborted; done += depth) {
    const batch = Array.from({ length: depth }, () => {
      const key = keys[random.below(keys.length)] ?? '';
      const input = plan.choose(player, key);
      const bytes = context.resolver.piece(isJson ? jsonPiece(key, input) : binaryPiece(key, input, detail));
      return { key, input, bytes };
    });
    const ends = batch.map(({ key, input }) => recorder.call(name, key, input));
    connection.send(Buffer.concat(batch.map(({ bytes }) => bytes)));
    for (const [at, { key, input }] of batch.entries()) {
      const came = await context.take(connection);
      const output = outputOf(context, input, came, isJson);
      ends[at]?.(output);
      if (output.version !== undefined) player.versions.set(key, output.version);
    }
  }
}

function binaryPiece(key: string, input: Input, detail: boolean): Piece {
  const flags = detail ? ({ flags: ['DETAIL'] } as const) : {};
  const condition = 'version' in input && input.version !== undefined ? { version: `${input.version}` } : {};
  if (input.op === 'GET') return get(key, flags);
  if (input.op === 'SET') return set(key, input.value, { ...flags, ...condition });
  if (input.op === 'ADD') return request('ADD', key, { value: input.value, ...flags });
  if (input.op === 'DELETE') return del(key, condition);
  const initial = input.initial === undefined ? {} : { value: `${input.initial}` };
  return request('INCREMENT', key, { number: `${input.by}`, ...initial, ...flags });
}

function jsonPiece(key: string, input: Input): Piece {
  if (input.op === 'GET') return jsonGet(key);
  return input.op === 'SET' ? jsonSet(key, JSON.stringify(input.value)) : jsonDel(key);
}

function outputOf(context: CaseContext, input: Input, came: Incoming, isJson: boolean): Output {
  const statuses = STATUSES[input.op];
  const expected: Expectation = isJson
    ? { anyOf: statuses.map((json) => ({ json })) }
    : { status: statuses, tag: 'any' };
  if (came.kind === 'json' && isJson) {
    const { value, status = 0 } = came;
    if (!statuses.includes(status)) context.judge(expected, came);
    return { status, ...(value?.type === 'string' && { value: value.text }) };
  }
  if (came.kind !== 'binary' || isJson || !statuses.includes(came.status)) {
    context.judge(expected, came);
    return context.fail('a reply of the request’s form', describeIncoming(came));
  }
  const { version, number } = came.fields;
  return {
    status: came.status,
    ...(input.op === 'GET' && came.status === 200 && { value: came.value.toString('latin1') }),
    ...(version !== undefined && { version }),
    ...(number !== undefined && { number }),
  };
}

/** Throws a Violation with the smallest part that no order explains; Undecided if the history proves nothing. */
export function demandLinearizable(context: CaseContext, history: History): void {
  let undecided = 0;
  for (const operations of byKey(history).values()) {
    const { kind } = checkKey(operations);
    if (kind === 'unknown') undecided += 1;
    if (kind !== 'violated') continue;
    const timeline = timelineOf(shrinkViolation(operations));
    const drawn = drawTimeline(timeline).join('\n');
    throw new Violation({
      expected: 'one moment between sending and reply for each request, so that all replies are explained',
      observed: `no such moments exist for these (time runs to the right):\n${drawn}`,
      clause: 'CONSISTENT-1',
      timeline,
    });
  }
  if (undecided > 0) context.undecided(`for ${undecided} keys the checker's budget did not suffice`);
  const pairs = concurrentPairs(history);
  if (pairs < CONCURRENT_PAIRS_MIN) {
    context.undecided(`only ${pairs} pairs of requests were under way at the same time: too few to prove anything`);
  }
}
