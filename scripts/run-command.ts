/** Running a program with its output told line by line, each line with a name before it. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

export interface RunOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** The program and all that it started are killed after this time. */
  readonly timeoutMs: number;
  /** Is given each line of standard output and standard error, without its end. */
  readonly onLine: (line: string) => void;
}

export interface RunResult {
  /** The exit status; 128 + n after signal n, as a shell has it, and 124 after a timeout, as timeout(1) has it. */
  readonly code: number;
  /** The last lines of output, for a message that has to quote them. */
  readonly tail: readonly string[];
}

const TAIL_LINES = 40;
const TIMEOUT_CODE = 124;

const SIGNALS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGABRT: 6, SIGKILL: 9, SIGTERM: 15 };

/** Runs a program to its end. A program that cannot be started gives code 127, as a shell has it. */
export async function runCommand(command: readonly string[], options: RunOptions): Promise<RunResult> {
  const [program = '', ...args] = command;
  const tail: string[] = [];
  const tell = (line: string): void => {
    tail.push(line);
    if (tail.length > TAIL_LINES) tail.shift();
    options.onLine(line);
  };
  // A group of its own, so that the servers that a suite started die with it at a timeout.
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const forward = async (stream: Readable): Promise<void> => {
    for await (const line of createInterface({ input: stream })) tell(line);
  };
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    tell(`killed after ${options.timeoutMs / 1000} seconds`);
    killGroup(child.pid);
  }, options.timeoutMs);
  const ended = new Promise<number>((resolve) => {
    child.once('error', (error) => {
      tell(`cannot run ${program}: ${error.message}`);
      resolve(127);
    });
    child.once('exit', (code, signal) => {
      // What it left running would hold the pipes open.
      killGroup(child.pid);
      resolve(code ?? 128 + (SIGNALS[signal ?? ''] ?? 0));
    });
  });
  const stop = (): void => killGroup(child.pid);
  process.once('exit', stop);
  const [code] = await Promise.all([ended, forward(child.stdout), forward(child.stderr)]);
  clearTimeout(timer);
  process.off('exit', stop);
  return { code: timedOut ? TIMEOUT_CODE : code, tail };
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group has already ended.
  }
}
