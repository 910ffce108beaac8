/** A target as the suite knows it: what it claims in HELLO, its limits, and how fast it answers. */
import { randomBytes } from 'node:crypto';
import { COUNTER_MAX, FRAME_BYTES_OVERHEAD, KEY_BYTES_FLOOR, VALUE_BYTES_FLOOR } from '../protocol/limits.ts';
import { OPCODE } from '../protocol/operations.ts';
import { PROFILES, type Profile } from '../protocol/profiles.ts';
import { STATUS } from '../protocol/statuses.ts';
import type { TargetFacts } from './target/facts.ts';
import type { ServerProcess, Target } from './target/target.ts';
import { Connection } from './wire/connection.ts';
import { entriesToTexts, parseEntries } from './wire/entries.ts';
import { buildRequest } from './wire/request.ts';

export interface SessionOptions {
  /** Four hexadecimal digits or more; it decides ids, keys, random choices and the order of the cases. */
  readonly seed?: string;
  /** What the target is held to, in place of what it claims. */
  readonly profiles?: readonly Profile[];
  readonly allowReset?: boolean;
  /** All waits and deadlines are multiplied by this. */
  readonly timeoutScale?: number;
  readonly fuzz?: FuzzOptions;
  readonly durability?: DurabilityOptions;
}

export interface FuzzOptions {
  /** How many iterations each case of the fuzzer has; about a hundred if left out. */
  readonly iterations?: number;
  /** The first iteration, 0 if left out: with `iterations: 1` one of them is repeated alone. */
  readonly first?: number;
  /** The directory into which findings are written; nowhere if left out. */
  readonly findingsPath?: string;
}

export interface DurabilityOptions {
  /** How often a server is killed under load; 20 times if left out. */
  readonly kills?: number;
  /**
   * Ends the server so that it loses what it has not made durable, as a loss of power would. Where this cannot be done,
   * nothing shows that data withstands it.
   */
  readonly losePower?: (server: ServerProcess) => Promise<void>;
}

export interface Session extends TargetFacts {
  readonly target: Target;
  readonly seed: string;
  readonly allowReset: boolean;
  readonly timeoutScale: number;
  readonly fuzz: FuzzOptions;
  readonly durability: DurabilityOptions;
  /** The median of the round trips at the start, in milliseconds; 0 if there was none. */
  readonly roundTripMs: number;
  /** The longest wait for one reply, in milliseconds, from the round trips at the start. */
  readonly waitMs: number;
  /** HELLO's entries; empty if there was no good reply. */
  readonly hello: ReadonlyMap<string, string>;
  /** Why HELLO told nothing. */
  readonly helloProblem?: string;
  /** Whether nothing came back for it in time. */
  readonly isSilentToHello: boolean;
}

/** Until HELLO has told the limit, no reply may be longer than this. */
const FRAME_BYTES_UNKNOWN = 64 << 20;
const WAIT_MS_MIN = 4000;
const WAIT_PER_ROUND_TRIP = 100;
const ROUND_TRIPS = 5;

/** Connects, reads HELLO and measures round trips. Throws the socket's error if the target does not accept. */
export async function openSession(target: Target, options: SessionOptions = {}): Promise<Session> {
  const timeoutScale = options.timeoutScale ?? 1;
  // Timers take whole milliseconds.
  const waitMs = Math.ceil(WAIT_MS_MIN * timeoutScale);
  const connection = await Connection.open(target.address, {
    name: 'hello',
    frameBytesMax: FRAME_BYTES_UNKNOWN,
    waitMs,
  });
  try {
    const { hello, problem, isSilent = false } = await readHello(connection);
    const roundTripMs = problem === undefined ? await measure(connection) : 0;
    const claimed = (hello.get('profiles') ?? 'core json').split(' ').filter((name) => name in PROFILES);
    const keyBytesMax = limitOf(hello, 'max-key') ?? KEY_BYTES_FLOOR;
    const valueBytesMax = limitOf(hello, 'max-value') ?? VALUE_BYTES_FLOOR;
    return {
      target,
      seed: options.seed ?? randomBytes(2).toString('hex'),
      allowReset: options.allowReset ?? false,
      timeoutScale,
      fuzz: options.fuzz ?? {},
      durability: options.durability ?? {},
      roundTripMs,
      waitMs: Math.max(waitMs, Math.ceil(roundTripMs * WAIT_PER_ROUND_TRIP)),
      hello,
      ...(problem !== undefined && { helloProblem: problem }),
      isSilentToHello: isSilent,
      // Section 6: core is always claimed, so that a HELLO that says nothing readable is judged and not skipped.
      profiles: new Set(options.profiles ?? ['core', ...(claimed as Profile[])]),
      keyBytesMax,
      valueBytesMax,
      frameBytesMax: limitOf(hello, 'max-frame') ?? keyBytesMax + valueBytesMax + FRAME_BYTES_OVERHEAD,
    };
  } finally {
    connection.close();
  }
}

function limitOf(hello: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = hello.get(name) ?? '';
  const value = Number(text);
  return /^[0-9]+$/.test(text) && value > 0 && value <= COUNTER_MAX ? value : undefined;
}

interface HelloRead {
  readonly hello: Map<string, string>;
  readonly problem?: string;
  readonly isSilent?: boolean;
}

async function readHello(connection: Connection): Promise<HelloRead> {
  connection.send(buildRequest({ opcode: OPCODE.HELLO, id: 1 }));
  const reply = await connection.next();
  if (reply.kind !== 'binary') {
    const isSilent = reply.kind === 'timeout';
    return { hello: new Map(), problem: `HELLO was answered by ${reply.kind}`, isSilent };
  }
  if (reply.status !== STATUS.OK) return { hello: new Map(), problem: `HELLO was answered with ${reply.status}` };
  const { entries, problem } = parseEntries(reply.value);
  return { hello: entriesToTexts(entries), ...(problem !== undefined && { problem }) };
}

/** The median of a few round trips, in milliseconds: one hiccup of a busy machine must not stretch every wait. */
async function measure(connection: Connection): Promise<number> {
  const tripsMs: number[] = [];
  for (let id = 2; id < 2 + ROUND_TRIPS; id += 1) {
    const startMs = performance.now();
    connection.send(buildRequest({ opcode: OPCODE.PING, id }));
    const reply = await connection.next();
    if (reply.kind !== 'binary') break;
    tripsMs.push(performance.now() - startMs);
  }
  return tripsMs.toSorted((a, b) => a - b)[tripsMs.length >> 1] ?? 0;
}
