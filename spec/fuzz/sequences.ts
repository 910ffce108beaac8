/**
 * Sequences of valid requests, each with the reply that a small model of the store demands. Requests go out one by one
 * or several in one write, over two connections, on keys that are prefixes of each other.
 */
import type { Profile } from '../../protocol/profiles.ts';
import type { Random } from '../random.ts';
import type { Expectation, Piece, Step } from '../step.ts';
import { PLAIN, type Draft, type SequenceOp } from './draft.ts';
import type { Generator, Place } from './plan.ts';
import { Replay } from './replay.ts';

const DRAFTS_MIN = 4;
const DRAFTS_MAX = 24;

const KEYS = ['a', 'ab', 'abc', 'b', 'b-'] as const;
const PREFIXES = ['', 'a', 'ab', 'b', 'c'] as const;
/** Short, so that a value which is appended to again and again stays below every server's limit (KEY-4). */
const VALUES = ['', 'v', '7', '-1', '9223372036854775807', '{"a":1}', '[', '007', 'true', '"x"', 'long value'] as const;
const TAGS = [0, 0, 1, 3, 7] as const;

const CORE: readonly SequenceOp[] = ['GET', 'SET', 'DELETE', 'SET', 'GET'];
const STANDARD: readonly SequenceOp[] = ['ADD', 'REPLACE', 'APPEND', 'PREPEND', 'INCREMENT', 'INCREMENT', 'TOUCH'];
const LOCKS: readonly SequenceOp[] = ['LOCK', 'UNLOCK'];
const LISTS: readonly SequenceOp[] = ['COUNT', 'KEYS'];
const WITH_PREFIX: ReadonlySet<SequenceOp> = new Set([
  'GET',
  'SET',
  'DELETE',
  'INCREMENT',
  'TOUCH',
  'LOCK',
  'UNLOCK',
  'COUNT',
  'KEYS',
]);

const pick = <Item>(random: Random, items: readonly Item[]): Item => items[random.below(items.length)] as Item;

function operationsOf(profiles: ReadonlySet<Profile>): readonly SequenceOp[] {
  const has = (profile: Profile, all: readonly SequenceOp[]): readonly SequenceOp[] =>
    profiles.has(profile) ? all : [];
  return [...CORE, ...has('standard', STANDARD), ...has('locks', LOCKS), ...has('prefix', LISTS)];
}

function drawDraft(random: Random, profiles: ReadonlySet<Profile>): Draft {
  const oneIn = (count: number, profile: Profile): boolean => random.below(count) === 0 && profiles.has(profile);
  const op = pick(random, operationsOf(profiles));
  const isJson = oneIn(6, 'json') && (op === 'GET' || op === 'SET' || op === 'DELETE');
  const isPrefix = op === 'COUNT' || op === 'KEYS' || (oneIn(4, 'prefix') && WITH_PREFIX.has(op) && !isJson);
  const claim = (profile: Profile): 'none' | 'right' | 'wrong' =>
    profiles.has(profile) ? pick(random, ['none', 'none', 'right', 'wrong'] as const) : 'none';
  const isStandard = profiles.has('standard');
  return {
    op,
    dialect: isJson ? 'json' : 'binary',
    isPrefix,
    key: isPrefix ? pick(random, PREFIXES) : pick(random, KEYS),
    value: pick(random, VALUES),
    tag: isStandard ? pick(random, TAGS) : 0,
    expires: oneIn(4, 'standard'),
    number: oneIn(2, 'standard') ? BigInt(random.below(5) - 2) : undefined,
    detail: oneIn(2, 'standard'),
    quiet: oneIn(6, 'standard'),
    version: claim('standard'),
    token: claim('locks'),
    connection: random.below(2) === 0 ? 0 : 1,
    isJoined: random.below(3) === 0,
  };
}

/** Requests that were not sent yet, all for one connection. */
interface Batch {
  on: string;
  pieces: Piece[];
  replies: Expectation[];
  /** Whether the last of them is not answered. */
  isSilent: boolean;
}

function flush(batch: Batch | undefined, steps: Step[]): void {
  if (batch === undefined) return;
  const { on, pieces, replies, isSilent } = batch;
  const [piece, reply] = [pieces[0], replies[0]];
  if (pieces.length === 1 && replies.length === 1 && piece !== undefined && reply !== undefined) {
    steps.push({ ask: piece, expect: reply, on });
    return;
  }
  steps.push({ send: pieces, on }, ...replies.map((recv): Step => ({ recv, on })));
  // Only a reply shows that what came before it is done, which matters to the other connection.
  if (isSilent) steps.push({ probe: on });
}

/** The steps of a sequence: the model runs along and says what must come back. */
function sequenceSteps(drafts: readonly Draft[], { space, on }: Place): Step[] {
  const steps: Step[] = [];
  const replay = new Replay(space);
  let batch: Batch | undefined;
  const end = (): void => {
    flush(batch, steps);
    batch = undefined;
    replay.settle();
  };
  for (const draft of drafts) {
    const connection = `${on}${draft.connection === 0 ? '' : ' too'}`;
    // What refers to an earlier reply has to wait for it.
    if (!draft.isJoined || batch?.on !== connection || replay.mustWait(draft)) end();
    const exchange = replay.next(draft);
    if ('listing' in exchange) {
      end();
      steps.push({ listing: exchange.listing, entries: [...exchange.entries], on: connection });
      continue;
    }
    batch ??= { on: connection, pieces: [], replies: [], isSilent: false };
    batch.pieces.push(exchange.piece);
    batch.isSilent = exchange.reply === undefined;
    if (exchange.reply !== undefined) batch.replies.push(exchange.reply);
  }
  end();
  const connections = new Set(drafts.map(({ connection }) => `${on}${connection === 0 ? '' : ' too'}`));
  return [...steps, ...[...connections].map((probe): Step => ({ probe }))];
}

export const sequences: Generator<Draft> = {
  draw: (random, { profiles }) =>
    Array.from({ length: DRAFTS_MIN + random.below(DRAFTS_MAX - DRAFTS_MIN) }, () => drawDraft(random, profiles)),
  steps: sequenceSteps,
  simpler: (draft) => {
    const members = [
      'isJoined',
      'connection',
      'quiet',
      'detail',
      'expires',
      'tag',
      'number',
      'version',
      'token',
    ] as const;
    return [...members, 'value' as const]
      .filter((name) => draft[name] !== PLAIN[name])
      .map((name) => Object.assign({ ...draft }, { [name]: PLAIN[name] }));
  },
};
