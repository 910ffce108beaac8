/** A server that the suite starts: readiness, its output, kills and restarts on the same data. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { OPCODE } from '../../protocol/operations.ts';
import { buildRequest } from '../wire/request.ts';
import { openSocket, parseAddress, showAddress, type Address } from './address.ts';
import { freePort } from './free-port.ts';
import { showEnd, type ProcessEnd, type ServerProcess, type Target } from './target.ts';

export interface SpawnOptions {
  /**
   * The program and its arguments. `{port}` in one is replaced by a free port, `{data}` by a directory that is empty at
   * first.
   */
  readonly command: readonly string[];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly credentials?: string;
  readonly label?: string;
  /** How long it may take until it accepts connections. */
  readonly readyMs?: number;
  /** How long, from the first connection that it accepts, it may take until it answers. */
  readonly answerMs?: number;
  /** Whether signals go to everything that the command starts: needed where a shell or npm stands before the server. */
  readonly group?: boolean;
}

const OUTPUT_CHARS_MAX = 64 << 10;
const READY_MS = 20_000;
const ANSWER_MS = 5000;
const ONE_ANSWER_MS = 1000;
const STOP_MS = 6000;
const LAST_OUTPUT_MS = 200;
const POLL_MS = 20;
const LISTENING = /listening on (?:(?:tcp:\/\/)?((?:[^\s:[\]]+|\[[^\]]+\]):[0-9]+)|unix:\/\/(\/\S+))/;

/** The server did not come up. The first line of the message says why, the rest is what it printed. */
export class NotStartedError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NotStartedError';
  }
}

/**
 * Starts a server and waits until it serves: where the command names `{port}`, that port; otherwise the address that
 * the server prints as `listening on tcp://host:port` or `listening on unix:///path`. It serves once it answers a PING
 * with anything at all; one that accepts and does not answer is taken as it is after `answerMs`. Throws a
 * NotStartedError if it does not accept.
 */
export async function spawnTarget(options: SpawnOptions): Promise<SpawnedTarget> {
  const port = options.command.some((part) => part.includes('{port}')) ? await freePort() : undefined;
  const target = new SpawnedTarget(options, port);
  try {
    await target.start();
    return target;
  } catch (error) {
    await target.stop();
    const why = error instanceof Error ? error.message : String(error);
    throw new NotStartedError(`the server did not come up: ${why}\n${target.output()}`, { cause: error });
  }
}

export class SpawnedTarget implements Target, ServerProcess {
  readonly spawned = true;
  readonly crashes: ProcessEnd[] = [];
  readonly credentials?: string;
  readonly #options: SpawnOptions;
  readonly #port: number | undefined;
  #child: ChildProcess | undefined;
  /** Resolves when the present process has ended. */
  #ended: Promise<ProcessEnd> = Promise.resolve({ code: 0, signal: null });
  #endWanted = true;
  /** How many crashes there were before the present process was started. */
  #crashesBefore = 0;
  #address: Address | undefined;
  #dataPath: string | undefined;
  #output = '';
  /** Where the present process's output begins: an address that an earlier one printed no longer holds. */
  #outputStart = 0;

  /** @param port stands for `{port}`. */
  constructor(options: SpawnOptions, port: number | undefined) {
    this.#options = options;
    this.#port = port;
    if (options.credentials !== undefined) this.credentials = options.credentials;
  }

  get address(): Address {
    if (this.#address === undefined) throw new Error('the server has not been started');
    return this.#address;
  }

  get label(): string {
    return this.#options.label ?? showAddress(this.address);
  }

  get process(): ServerProcess {
    return this;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get dataPath(): string {
    this.#dataPath ??= mkdtempSync(join(tmpdir(), 'speicher-spec-'));
    return this.#dataPath;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  output(): string {
    return this.#output;
  }

  /** Starts the process and waits until it serves. Throws an Error if it does not. */
  async start(): Promise<void> {
    const { command, cwd, env, group } = this.#options;
    const [program = '', ...args] = command.map((part) =>
      part.replaceAll('{port}', String(this.#port)).replaceAll('{data}', () => this.dataPath),
    );
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: group ?? false,
      ...(cwd !== undefined && { cwd }),
      ...(env !== undefined && { env }),
    });
    this.#child = child;
    this.#endWanted = false;
    this.#crashesBefore = this.crashes.length;
    this.#outputStart = this.#output.length;
    child.stdout.on('data', (chunk: Buffer) => this.#keep(chunk.toString('utf8')));
    child.stderr.on('data', (chunk: Buffer) => this.#keep(chunk.toString('utf8')));
    this.#ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        if (!this.#endWanted) this.crashes.push({ code, signal });
        // What it printed last may still be on its way, and a child of its own may hold the pipe open for ever.
        const closed = once(child, 'close', { signal: AbortSignal.timeout(LAST_OUTPUT_MS) }).catch(() => []);
        void closed.then(() => resolve({ code, signal }));
      });
      child.once('error', (error) => {
        this.#keep(`${String(error)}\n`);
        // A program that cannot be started never exits.
        if (child.pid === undefined) resolve({ code: null, signal: null });
      });
    });
    await this.#ready(child);
  }

  async restart(): Promise<void> {
    if (this.isRunning) await this.kill();
    await this.start();
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<ProcessEnd> {
    this.#signal(signal);
    return this.#ended;
  }

  permitEnd(): void {
    this.#endWanted = true;
  }

  #signal(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid;
    if (pid === undefined || !this.isRunning) return;
    this.#endWanted = true;
    try {
      process.kill(this.#options.group === true ? -pid : pid, signal);
    } catch {
      // It ended a moment ago.
    }
  }

  async crashed(waitMs: number): Promise<ProcessEnd | undefined> {
    const controller = new AbortController();
    const timeout = delay(waitMs, undefined, { signal: controller.signal }).catch(() => undefined);
    await Promise.race([this.#ended, timeout]);
    controller.abort();
    return this.crashes[this.#crashesBefore];
  }

  /** Ends it with SIGTERM, then with SIGKILL, and removes its data. */
  async stop(): Promise<void> {
    const timer = setTimeout(() => this.#signal('SIGKILL'), STOP_MS);
    await this.kill('SIGTERM');
    clearTimeout(timer);
    this.#removeData();
  }

  /** Kills it and removes its data, without waiting: for the moment at which the suite itself is ended. */
  abandon(): void {
    this.#signal('SIGKILL');
    this.#removeData();
  }

  #removeData(): void {
    if (this.#dataPath !== undefined) rmSync(this.#dataPath, { recursive: true, force: true, maxRetries: 3 });
  }

  #keep(text: string): void {
    const all = this.#output + text;
    const cut = Math.max(0, all.length - OUTPUT_CHARS_MAX);
    this.#output = all.slice(cut);
    this.#outputStart = Math.max(0, this.#outputStart - cut);
  }

  #found(): Address | undefined {
    if (this.#port !== undefined) return { kind: 'tcp', host: '127.0.0.1', port: this.#port };
    const [, hostAndPort, path] = LISTENING.exec(this.#output.slice(this.#outputStart)) ?? [];
    if (path !== undefined) return { kind: 'unix', path };
    return hostAndPort === undefined ? undefined : parseAddress(hostAndPort);
  }

  async #ready(child: ChildProcess): Promise<void> {
    const { readyMs = READY_MS, answerMs = ANSWER_MS } = this.#options;
    const deadline = performance.now() + readyMs;
    let answerDeadline: number | undefined;
    while (performance.now() < (answerDeadline ?? deadline)) {
      if (child.pid === undefined) throw new Error('it cannot be started');
      if (!this.isRunning) throw new Error(`it ${showEnd(await this.#ended)}`);
      const address = this.#found();
      const came = address === undefined ? 'nobody' : await askPing(address, Math.min(ONE_ANSWER_MS, answerMs));
      if (came !== 'nobody') {
        this.#address = address;
        answerDeadline ??= performance.now() + answerMs;
      }
      if (came === 'answered') return;
      await delay(POLL_MS);
    }
    if (answerDeadline === undefined) throw new Error(`it was not ready after ${readyMs} ms`);
  }
}

/** What a PING on a connection of its own comes to; what the answer is, is not asked here. */
async function askPing(address: Address, waitMs: number): Promise<'answered' | 'accepted' | 'nobody'> {
  const socket = openSocket(address);
  try {
    await once(socket, 'connect');
    socket.write(buildRequest({ opcode: OPCODE.PING, id: 1 }));
    const came: unknown[] = await once(socket, 'data', { signal: AbortSignal.timeout(waitMs) }).catch(() => []);
    return came.length > 0 ? 'answered' : 'accepted';
  } catch {
    return 'nobody';
  } finally {
    socket.on('error', () => {});
    socket.destroy();
  }
}
