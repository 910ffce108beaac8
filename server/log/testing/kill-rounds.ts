/**
 * Real kills of a real server under load: what was acknowledged is there when it comes back, without any SYNC, and of
 * what was not, each connection's changes are there up to one of them and not beyond.
 */
import { asError } from '../as-error.ts';
import { once } from 'node:events';
import type { DurabilityMode } from '../data-log-options.ts';
import { RawPeer, requestBytes, type RequestParts } from '../../testing/raw-peer.ts';
import { ServerProcess } from '../../testing/server-process.ts';

const WORKERS = 4;
const KEYS_PER_WORKER = 6;
const BURST_MAX = 8;
const REPLIES_MIN = 20;
const REPLIES_SPREAD = 400;
const DELAY_MS_MAX = 3;
/** Now and then a value is long, so that a log is replaced by a snapshot under way every few rounds. */
const LONG_BYTES = 3000;
const REWRITE_MIN = '64KiB';

const STATUS_OK = 200;
const STATUS_NOT_FOUND = 404;

interface Change {
  readonly key: string;
  /** Undefined: the item is deleted. */
  readonly value: string | undefined;
}

/** What one connection's keys are, as far as that is known. */
class Worker {
  readonly keys: readonly string[];
  readonly #items = new Map<string, string>();
  /** Sent and not acknowledged, in order. */
  readonly #pending: Change[] = [];
  acknowledged = 0;

  constructor(number: number) {
    this.keys = Array.from({ length: KEYS_PER_WORKER }, (_, key) => `w${number}-${key}`);
  }

  sent(change: Change): void {
    this.#pending.push(change);
  }

  acknowledge(): void {
    apply(this.#items, this.#pending.shift()!);
    this.acknowledged++;
  }

  /**
   * Takes what was found for what is there from now on.
   *
   * @returns whether it is the acknowledged state, with some beginning of what was pending
   */
  takeFound(found: ReadonlyMap<string, string>): boolean {
    const state = new Map(this.#items);
    let isKept = isSame(state, found);
    for (const change of this.#pending) {
      apply(state, change);
      isKept ||= isSame(state, found);
    }
    this.#pending.length = 0;
    this.#items.clear();
    for (const [key, value] of found) this.#items.set(key, value);
    return isKept;
  }
}

function apply(items: Map<string, string>, { key, value }: Change): void {
  if (value === undefined) items.delete(key);
  else items.set(key, value);
}

function isSame(left: ReadonlyMap<string, string>, right: ReadonlyMap<string, string>): boolean {
  return left.size === right.size && [...left].every(([key, value]) => right.get(key) === value);
}

export interface KillRounds {
  readonly kills: number;
  /** Changes that were acknowledged, in all. */
  readonly acknowledged: number;
  /** Kills behind which something was not as promised, as texts. */
  readonly broken: readonly string[];
}

interface Round {
  readonly random: () => number;
  readonly number: number;
  /** Counts replies down to the kill. */
  repliesLeft: number;
  isOver: boolean;
  readonly kill: () => void;
}

/**
 * Loads and kills a server on one directory again and again.
 *
 * @param random from 0 up to, not including, 1
 */
export async function killRounds(
  directory: string,
  mode: Exclude<DurabilityMode, 'snapshot'>,
  kills: number,
  random: () => number,
): Promise<KillRounds> {
  const workers = Array.from({ length: WORKERS }, (_, number) => new Worker(number));
  const broken: string[] = [];
  const flags = ['--data', directory, '--durability', mode, '--rewrite-min', REWRITE_MIN];
  let server = await ServerProcess.start(...flags);
  try {
    for (let number = 0; number < kills; number++) {
      await loadAndKill(server, workers, number, random);
      server = await ServerProcess.start(...flags);
      for (const [at, worker] of workers.entries()) {
        const found = await readAll(server, worker.keys);
        if (!worker.takeFound(found)) broken.push(`${mode}, kill ${number}, connection ${at}: ${showFound(found)}`);
      }
    }
  } finally {
    await server.stop('SIGKILL');
  }
  return { kills, acknowledged: workers.reduce((sum, { acknowledged }) => sum + acknowledged, 0), broken };
}

/** Kills the server at a moment that chance decides, while all connections change items. */
async function loadAndKill(
  server: ServerProcess,
  workers: readonly Worker[],
  number: number,
  random: () => number,
): Promise<void> {
  const peers = await Promise.all(workers.map(() => RawPeer.connect(server)));
  await new Promise<void>((resolve, reject) => {
    const delayMs = random() * DELAY_MS_MAX;
    const round: Round = {
      random,
      number,
      repliesLeft: REPLIES_MIN + Math.floor(random() * REPLIES_SPREAD),
      isOver: false,
      kill: () =>
        setTimeout(() => {
          round.isOver = true;
          server.stop('SIGKILL').then(() => resolve(), reject);
        }, delayMs),
    };
    for (const [at, worker] of workers.entries()) {
      work(peers[at]!, worker, round).catch((error: unknown) => {
        if (!round.isOver) reject(asError(error));
      });
    }
  });
  // What the system had taken of the server's replies before it was killed still comes, and counts.
  for (const { socket } of peers) if (!socket.closed) await once(socket, 'close');
}

async function work(peer: RawPeer, worker: Worker, round: Round): Promise<void> {
  // The server is killed: whatever it has answered before is read, and then the socket closes.
  void peer.closed.then(() => peer.socket.end());
  for (let burst = 0; ; burst++) {
    const changes = Array.from({ length: 1 + Math.floor(round.random() * BURST_MAX) }, (_, index) =>
      drawChange(worker, round, `${round.number}.${burst}.${index}`),
    );
    peer.send(Buffer.concat(changes.map(bytesOf)));
    for (const change of changes) worker.sent(change);
    for (const _ of changes) {
      const { status } = await peer.reply();
      if (status !== STATUS_OK && status !== STATUS_NOT_FOUND) throw new Error(`a change was answered with ${status}`);
      worker.acknowledge();
      if (--round.repliesLeft === 0) round.kill();
    }
  }
}

function drawChange({ keys }: Worker, { random }: Round, unique: string): Change {
  const key = keys[Math.floor(random() * keys.length)]!;
  if (random() < 0.2) return { key, value: undefined };
  return { key, value: random() < 0.1 ? unique.padEnd(LONG_BYTES) : unique };
}

function bytesOf({ key, value }: Change): Uint8Array {
  const parts: RequestParts = value === undefined ? { key } : { key, value };
  return requestBytes(value === undefined ? 'DELETE' : 'SET', parts);
}

async function readAll(server: ServerProcess, keys: readonly string[]): Promise<Map<string, string>> {
  const peer = await RawPeer.connect(server);
  const found = new Map<string, string>();
  for (const key of keys) {
    const { status, text } = await peer.ask('GET', { key });
    if (status === STATUS_OK) found.set(key, text);
    else if (status !== STATUS_NOT_FOUND) throw new Error(`GET was answered with ${status}`);
  }
  peer.close();
  return found;
}

function showFound(found: ReadonlyMap<string, string>): string {
  return JSON.stringify(Object.fromEntries([...found].map(([key, value]) => [key, value.trimEnd()])));
}
