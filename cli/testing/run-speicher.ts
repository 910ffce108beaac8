/** Runs the `speicher` command as a process of its own, as a user would, for tests. */
import { spawn, spawnSync, type ChildProcess, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { buffer, text } from 'node:stream/consumers';
import { SPEICHER } from '../../testing/speicher-command.ts';

/** The environment without what would configure the command. */
export function cleanEnvironment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('SPEICHER_'));
  return { ...Object.fromEntries(inherited), ...more };
}

export interface Run {
  readonly code: number | null;
  readonly bytes: Buffer;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the command; the caller ends it. */
export function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  const [node = '', ...before] = SPEICHER;
  return spawn(node, [...before, ...args], { env: cleanEnvironment(env), stdio: 'pipe' });
}

/** Whether `startOnTerminal` works here: it needs `script` of util-linux. */
export const hasTerminal = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0;

/** Starts the command on a terminal of 120 columns, which is its input and all of its output; the caller ends it. */
export function startOnTerminal(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcessWithoutNullStreams {
  const command = [...SPEICHER, ...args].map((word) => `'${word}'`).join(' ');
  return spawn('script', ['-qec', `stty cols 120; exec ${command}`, '/dev/null'], {
    env: cleanEnvironment({ TERM: 'xterm-256color', ...env }),
  });
}

/** Runs the command to its end. */
export async function run(
  args: readonly string[],
  { env = {}, input = '' }: { env?: NodeJS.ProcessEnv; input?: string | Uint8Array } = {},
): Promise<Run> {
  const child = start(args, env);
  child.stdin?.end(input);
  const exited = once(child, 'close') as Promise<[number | null]>;
  const [bytes, stderr, [code]] = await Promise.all([buffer(child.stdout!), text(child.stderr!), exited]);
  return { code, bytes, stdout: bytes.toString(), stderr };
}

export interface Served {
  readonly urls: readonly string[];
  readonly child: ChildProcess;
  /** What it has said on stderr so far. */
  stderr(): string;
  /** Ends it and gives its exit code, or the signal that it died of. */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
}

/** `speicher serve` on a free port, once it has said where each of its listeners is. */
export async function serve(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}, listeners = 1): Promise<Served> {
  const child = start(
    ['serve', ...(env['SPEICHER_LISTEN'] === undefined ? ['--listen', 'tcp://127.0.0.1:0'] : []), ...args],
    env,
  );
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const exited = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  const urls: string[] = [];
  for await (const line of createInterface({ input: child.stdout! })) {
    urls.push(line.replace(/^speicher is listening on /, ''));
    if (urls.length === listeners) break;
  }
  if (urls.length < listeners) throw new Error(`serve ended: ${stderr}`);
  return {
    urls,
    child,
    stderr: () => stderr,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      const [code, killedBy] = await exited;
      return killedBy ?? code;
    },
  };
}
