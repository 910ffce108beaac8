/** A server of this repository as a process of its own, on a free port. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { SPEICHER } from '../testing/speicher-command.ts';
import { REPOSITORY } from './repository.ts';

export interface ServerProcess {
  readonly host: string;
  readonly port: number;
  /** Sends SIGTERM and resolves to the exit status, which is 0 for a server that keeps DURABLE-2. */
  stop(): Promise<number>;
}

const READY_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 15_000;

/** The line that says where the server listens; port 0 is what was asked for and not what was given. */
const LISTENING = /127\.0\.0\.1:([1-9]\d*)/;

/**
 * Starts a server on 127.0.0.1 and waits until it says that it listens.
 *
 * @param command the `speicher` command, `serve` and its arguments are added; the one of the checkout if left out.
 * @throws Error with the server's output if it ends before it listens, or does not listen within 20 s.
 */
export async function startServer(command: readonly string[] = SPEICHER, cwd = REPOSITORY): Promise<ServerProcess> {
  const [program = '', ...args] = command;
  const child = spawn(program, [...args, 'serve', '--listen', 'tcp://127.0.0.1:0'], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? (signal === null ? 1 : 128)));
  });
  let output = '';
  const port = await new Promise<number>((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`the server ${why}:\n${output}`));
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      fail(`did not listen within ${READY_TIMEOUT_MS / 1000} seconds`);
    }, READY_TIMEOUT_MS);
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const match = LISTENING.exec(output);
      if (match === null) return;
      clearTimeout(timer);
      resolve(Number(match[1]));
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    exited.then((code) => fail(`ended with status ${code}`), reject);
  });
  const stop = async (): Promise<number> => {
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    child.kill('SIGTERM');
    const code = await exited;
    clearTimeout(timer);
    return code;
  };
  return { host: '127.0.0.1', port, stop };
}

/** Runs a program with the terminal's own input and output, and resolves to its exit status. */
export async function runWith(command: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}
