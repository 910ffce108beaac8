/** Rounds of load that a kill ends: what was acknowledged before a SYNC is there, the rest is whole or absent. */
import { del, get, request, set } from '../actions.ts';
import type { CaseContext } from '../context.ts';
import { describeIncoming } from '../match.ts';
import { Violation } from '../outcome.ts';
import { seededRandom, type Random } from '../random.ts';
import type { Request } from '../step.ts';
import { killAndStart } from './restart.ts';
import {
  isItem,
  permittedItems,
  showFound,
  showItem,
  type Change,
  type Found,
  type Item,
  type Tracked,
} from './track.ts';

const WORKERS = 4;
const KEYS_PER_WORKER = 4;
const BURST_MAX = 5;
/** Each change that is not known to be durable may be there or not; all mixtures of more would be too many. */
const UNSYNCED_MAX = 10;
const REPLIES_MIN = 15;
const REPLIES_SPREAD = 250;
const DELAY_MS_MAX = 3;
const TTL_MS = 3_600_000;

interface KeyTrack {
  base: Item;
  changes: Tracked[];
  durable: number;
}

interface Round {
  readonly tracks: Map<string, KeyTrack>;
  /** VERSION-1, DURABLE-4: what new versions must exceed. */
  readonly floor: bigint;
  /** The kill has been sent. */
  ended: boolean;
  replies: number;
  /** Called with the number of replies so far. */
  readonly onReply: (replies: number) => void;
}

/** Loads and kills the server again and again. Throws a Violation for what is not as section 8 demands. */
export async function killUnderLoad(context: CaseContext, rounds: number): Promise<void> {
  const tracks = new Map<string, KeyTrack>();
  for (let worker = 0; worker < WORKERS; worker += 1) {
    for (let key = 0; key < KEYS_PER_WORKER; key += 1) {
      tracks.set(`w${worker}-${key}`, { base: undefined, changes: [], durable: 0 });
    }
  }
  let floor = 0n;
  for (let round = 0; round < rounds && !context.signal.aborted; round += 1) {
    await load(context, tracks, round, floor);
    await killAndStart(context);
    await verify(context, tracks, round);
    for (const track of tracks.values()) {
      const given = track.changes.slice(0, track.durable).map(({ reply }) => reply?.version ?? 0n);
      floor = given.reduce((greatest, version) => (version > greatest ? version : greatest), floor);
      track.changes = [];
      track.durable = 0;
    }
    // What went over the wire in rounds that were right would bury what did in the one that was not.
    const names = context.connections.map(({ name }) => name);
    for (const name of names) context.discard(name);
  }
}

/** Until a moment that the seed decides, and a little longer. */
async function load(context: CaseContext, tracks: Map<string, KeyTrack>, number: number, floor: bigint): Promise<void> {
  const replies = REPLIES_MIN + context.random.below(REPLIES_SPREAD);
  const delayMs = context.random.below(DELAY_MS_MAX + 1);
  const seeds = Array.from({ length: WORKERS }, () => context.random.bytes(4).toString('hex'));
  await new Promise<void>((resolve, reject) => {
    const round: Round = {
      tracks,
      floor,
      ended: false,
      replies: 0,
      onReply: (count) => {
        if (count !== replies) return;
        const timer = setTimeout(end, delayMs);
        context.signal.addEventListener('abort', end, { once: true });
        function end(): void {
          clearTimeout(timer);
          round.ended = true;
          resolve();
        }
      },
    };
    for (const [worker, seed] of seeds.entries()) {
      work(context, round, worker, `${number}-${worker}`, seededRandom(seed)).catch(reject);
    }
  });
}

async function work(context: CaseContext, round: Round, worker: number, name: string, random: Random): Promise<void> {
  const connection = await context.connection(name);
  const keys = [...round.tracks].filter(([key]) => key.startsWith(`w${worker}-`));
  for (let burst = 0; !round.ended && !context.signal.aborted; burst += 1) {
    const sent = Array.from({ length: 1 + random.below(BURST_MAX) }, (_, index) => {
      const [key, track] = keys[random.below(keys.length)] as [string, KeyTrack];
      const change = drawChange(context, random, `${name}.${burst}.${index}`);
      const tracked: Tracked = { change, sentMs: Date.now() };
      track.changes.push(tracked);
      return { tracked, bytes: context.resolver.piece(requestOf(context, key, change)) };
    });
    connection.send(Buffer.concat(sent.map(({ bytes }) => bytes)));
    for (const { tracked } of sent) if (!(await takeReply(context, round, name, tracked))) return;
    const unsynced = Math.max(...keys.map(([, { changes, durable }]) => changes.length - durable));
    if (random.below(4) > 0 && unsynced < UNSYNCED_MAX - BURST_MAX) continue;
    // Carried out before it is what had been answered, on whatever connection (SYNC-1).
    const marks = [...round.tracks.values()].map((track) => ({ track, durable: answered(track) }));
    connection.send(context.resolver.piece(request('SYNC')));
    const came = await context.take(connection);
    if (came.kind !== 'binary') return endOfLoad(round, describeIncoming(came));
    context.judge({ status: 200 }, came);
    for (const { track, durable } of marks) track.durable = Math.max(track.durable, durable);
  }
}

const answered = ({ changes }: KeyTrack): number => {
  const first = changes.findIndex(({ reply }) => reply === undefined);
  return first < 0 ? changes.length : first;
};

/** A connection ends because the server was killed, or else by mistake. */
function endOfLoad({ ended }: Round, observed: string): void {
  if (!ended) throw new Violation({ expected: 'a reply', observed, code: 'closed' });
}

function drawChange({ session }: CaseContext, random: Random, unique: string): Change {
  const draw = random.below(10);
  if (draw < 2) return { op: 'DELETE' };
  if (!session.profiles.has('standard')) return { op: 'SET', value: unique, tag: 0, ttlMs: 0 };
  if (draw < 4) return { op: 'APPEND', value: `+${unique}` };
  const value = random.below(4) === 0 ? `${unique} ${'long '.repeat(100)}` : unique;
  return { op: 'SET', value, tag: random.below(3), ttlMs: random.below(3) === 0 ? TTL_MS : 0 };
}

function requestOf({ session }: CaseContext, key: string, change: Change): Request {
  if (change.op === 'DELETE') return del(key);
  const detail = session.profiles.has('standard') ? ({ flags: ['DETAIL'] } as const) : {};
  if (change.op === 'APPEND') return request('APPEND', key, { value: change.value, ...detail });
  const { value, tag, ttlMs } = change;
  return set(key, value, { ...detail, ...(tag !== 0 && { tag }), ...(ttlMs !== 0 && { ttl: ttlMs }) });
}

/** Notes the reply to a change. Gives false when the connection has ended. */
async function takeReply(context: CaseContext, round: Round, name: string, tracked: Tracked): Promise<boolean> {
  const came = await context.take(await context.connection(name));
  if (came.kind !== 'binary') {
    endOfLoad(round, describeIncoming(came));
    return false;
  }
  context.judge({ status: tracked.change.op === 'SET' ? 200 : [200, 404] }, came);
  const { version } = came.fields;
  tracked.reply = { status: came.status, version, atMs: Date.now() };
  if (version !== undefined && version <= round.floor) {
    const expected = `a version above ${round.floor}, which was given before a SYNC and a restart`;
    throw new Violation({ expected, observed: `version ${version}`, clause: 'DURABLE-4' });
  }
  round.replies += 1;
  round.onReply(round.replies);
  return true;
}

async function verify(context: CaseContext, tracks: Map<string, KeyTrack>, round: number): Promise<void> {
  const detail = context.session.profiles.has('standard');
  for (const [key, track] of tracks) {
    const found = await find(context, key, `after ${round}`);
    const permitted = permittedItems(track.base, track.changes, track.durable);
    const item = permitted.find((each) => isItem(each, found, detail));
    if (item === undefined && !(found === undefined && permitted.includes(undefined))) {
      const durable = permittedItems(track.base, track.changes.slice(0, track.durable), track.durable)[0];
      const later = track.changes.slice(track.durable);
      const shown = later.map(({ change, reply }) => `${change.op}${reply === undefined ? ' (unanswered)' : ''}`);
      context.fail(
        `of ${key} what was synced, ${showItem(durable)}, or what later requests made of it (${shown.join(', ')})`,
        `${showFound(found)}, after kill ${round + 1}`,
      );
    }
    track.base = item === undefined || found === undefined ? undefined : { ...item, version: found.version };
  }
}

/** The item under a key, with all that can be asked of it. */
async function find(context: CaseContext, key: string, on: string): Promise<Found | undefined> {
  const detail = context.session.profiles.has('standard');
  const sentMs = Date.now();
  const came = await context.exchange(get(key, detail ? { flags: ['DETAIL'] } : {}), on);
  if (came.status === 404) return undefined;
  if (came.status !== 200) context.fail('200 or 404', describeIncoming(came));
  const { tag = 0n, ttl, version } = came.fields;
  const value = came.value.toString('latin1');
  const ttlMs = ttl === undefined ? undefined : Number(ttl);
  return { value, tag: Number(tag), ttlMs, version, sentMs, atMs: Date.now() };
}
