/** The servers that are measured, each as a process of its own on a free port of 127.0.0.1. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../spec/target/free-port.ts';
import { hasProgram, nativePath, REPOSITORY } from './native.ts';
import { pinned } from './pinning.ts';

const READY_TIMEOUT_MS = 20_000;
const POLL_MS = 20;

export interface Subject {
  readonly name: string;
  readonly protocol: 'speicher' | 'memcached-text' | 'memcached-binary' | 'resp';
  readonly port: number;
  readonly pid: number;
  /** What the load generator has to be told beside the protocol. */
  readonly loadArgs: readonly string[];
  stop(): Promise<void>;
}

export type SubjectName = 'speicher' | 'Redis' | 'memcached' | 'memcached text' | 'wire limit';

interface Kind {
  readonly protocol: Subject['protocol'];
  /** What must be installed. */
  readonly program?: string;
  readonly loadArgs?: readonly string[];
  readonly command: (port: number, folder: string) => readonly string[];
}

/** memcached takes `-u` only from root, who must name a user. */
const MEMCACHED_USER = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];

const memcached = (port: number): string[] => [
  'memcached',
  ...MEMCACHED_USER,
  '-l',
  '127.0.0.1',
  '-p',
  `${port}`,
  '-U',
  '0',
  '-t',
  '1',
  '-m',
  '4096',
  '-c',
  '4096',
];

const REDIS_OPTIONS = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];

/** Neither Redis nor memcached uses more than one thread for requests, and neither writes to the disk. */
const KINDS: Readonly<Record<SubjectName, Kind>> = {
  speicher: {
    protocol: 'speicher',
    command: (port) => [
      process.execPath,
      join(REPOSITORY, 'dist', 'cli', 'main.js'),
      'serve',
      '--listen',
      `tcp://127.0.0.1:${port}`,
    ],
  },
  Redis: {
    protocol: 'resp',
    program: 'redis-server',
    command: (port, folder) => ['redis-server', '--port', `${port}`, '--dir', folder, ...REDIS_OPTIONS],
  },
  memcached: { protocol: 'memcached-binary', program: 'memcached', command: memcached },
  'memcached text': { protocol: 'memcached-text', program: 'memcached', command: memcached },
  'wire limit': {
    protocol: 'speicher',
    loadArgs: ['--same-values'],
    command: (port) => [nativePath('wire-server'), `${port}`, '100'],
  },
};

/** Those that can be started here; says which are left out and what they need. */
export function installed(names: readonly SubjectName[]): SubjectName[] {
  return names.filter((name) => {
    const { program } = KINDS[name];
    if (program === undefined || hasProgram(program)) return true;
    console.log(`${name} is left out: ${program} is not installed (on Debian: apt-get install ${program})`);
    return false;
  });
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/**
 * Starts a server and waits until it accepts connections; not all of them say so, so it is tried.
 *
 * @param extraArgs further arguments of its command
 * @throws Error with its output if it ends before, or does not accept within 20 s
 */
export async function startSubject(name: SubjectName, extraArgs: readonly string[] = []): Promise<Subject> {
  const { protocol, loadArgs = [], command } = KINDS[name];
  if (name === 'speicher' && !existsSync(join(REPOSITORY, 'dist', 'cli', 'main.js'))) {
    throw new Error('there is no dist/: npm run build makes it');
  }
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'speicher-bench-'));
  const [program = '', ...args] = pinned('server', [...command(port, folder), ...extraArgs]);
  const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const killed = (): boolean => child.kill('SIGKILL');
  process.once('exit', killed);
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
    process.off('exit', killed);
    rmSync(folder, { recursive: true });
  };
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (!(await accepts(port))) {
    if (child.exitCode !== null || child.pid === undefined || performance.now() > deadline) {
      await stop();
      throw new Error(`${name} does not accept connections:\n${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return { name, protocol, port, pid: child.pid ?? 0, loadArgs, stop };
}
