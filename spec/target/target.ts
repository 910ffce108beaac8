/** A server under test: one that is running already, or one that the suite starts and stops. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { openSocket, parseAddress, showAddress, type Address } from './address.ts';

export interface Target {
  readonly address: Address;
  readonly label: string;
  /** `user:password`, if they are known. */
  readonly credentials?: string;
  /** Whether the suite started it: then nobody else's data is in it. */
  readonly spawned: boolean;
  /** The last part of what it printed. */
  output(): string;
  stop(): Promise<void>;
}

/** A server that is running already, at `host:port`, `unix:/path` or `tls://host:port`. */
export function attach(address: string, credentials?: string): Target {
  const parsed = parseAddress(address);
  return {
    address: parsed,
    label: showAddress(parsed),
    ...(credentials !== undefined && { credentials }),
    spawned: false,
    output: () => '',
    stop: async () => {},
  };
}

export interface SpawnOptions {
  /** The program and its arguments; `{port}` in one is replaced by a free port. */
  readonly command: readonly string[];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly credentials?: string;
  readonly label?: string;
  readonly readyMs?: number;
}

const OUTPUT_CHARS_MAX = 64 << 10;
const READY_MS = 20_000;
const STOP_MS = 6000;
const POLL_MS = 20;
const LISTENING = /listening on (?:tcp:\/\/)?((?:[^\s:[\]]+|\[[^\]]+\]):[0-9]+)/;

/**
 * Starts a server and waits until it serves: where the command names `{port}`, until that port accepts; otherwise until
 * the server prints `listening on tcp://host:port`. Throws an Error with the server's output if it does not come up.
 */
export async function spawnTarget(options: SpawnOptions): Promise<Target> {
  const port = options.command.some((part) => part.includes('{port}')) ? await freePort() : undefined;
  const [program = '', ...args] = options.command.map((part) => part.replaceAll('{port}', String(port)));
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    ...(options.env !== undefined && { env: options.env }),
  });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString('utf8')).slice(-OUTPUT_CHARS_MAX);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.on('error', (error) => keep(Buffer.from(`${String(error)}\n`)));
  const found = (): string | undefined => (port === undefined ? LISTENING.exec(output)?.[1] : `127.0.0.1:${port}`);
  try {
    const address = await ready(child, found, options.readyMs ?? READY_MS);
    return {
      address,
      label: options.label ?? showAddress(address),
      ...(options.credentials !== undefined && { credentials: options.credentials }),
      spawned: true,
      output: () => output,
      stop: () => stop(child),
    };
  } catch (error) {
    await stop(child);
    throw new Error(`the server did not come up: ${options.command.join(' ')}\n${output}`, { cause: error });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

async function ready(child: ChildProcess, found: () => string | undefined, readyMs: number): Promise<Address> {
  const deadline = performance.now() + readyMs;
  while (performance.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('it exited');
    const text = found();
    if (text !== undefined && (await accepts(parseAddress(text)))) return parseAddress(text);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`it was not ready after ${readyMs} ms`);
}

async function accepts(address: Address): Promise<boolean> {
  const socket = openSocket(address);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await exited;
  clearTimeout(timer);
}
