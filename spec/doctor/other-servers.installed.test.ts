/** Real servers of other protocols: the run ends by itself, soon, and its first line says what is there instead. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { SPEICHER } from '../../testing/speicher-command.ts';
import { freePort } from '../target/free-port.ts';

/** Several times what it takes, and far less than a user would wait. */
const END_MS_MAX = 30_000;
const START_MS_MAX = 10_000;

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const came = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return came;
}

/** Starts a real server on a free port of its own and waits until it accepts. */
async function start(program: string, argsFor: (port: number) => readonly string[]): Promise<string> {
  const port = await freePort();
  const child = spawn(program, argsFor(port), { stdio: 'ignore' });
  await once(child, 'spawn');
  const exited = once(child, 'exit');
  stops.push(() => {
    child.kill('SIGKILL');
    return exited;
  });
  await expect.poll(() => accepts(port), { timeout: START_MS_MAX }).toBe(true);
  return `127.0.0.1:${port}`;
}

function spec(address: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const [program = '', ...before] = SPEICHER;
  return new Promise((resolve) => {
    const child = execFile(program, [...before, 'spec', address], { timeout: END_MS_MAX }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}

const asNobody = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];

test.each([
  ['memcached', 'a memcached server', (port: number) => [...asNobody, '-l', '127.0.0.1', '-p', `${port}`]],
  [
    'redis-server',
    'a Redis (RESP) server',
    (port: number) => ['--bind', '127.0.0.1', '--port', `${port}`, '--save', '', '--appendonly', 'no'],
  ],
])('%s: the run ends with 3, and says that %s answers there', { timeout: 60_000 }, async (program, name, argsFor) => {
  const address = await start(program, argsFor);
  expect(await spec(address)).toEqual({
    code: 3,
    stdout: '',
    stderr: `speicher: ${address}: ${name} answers there. Check the port: this is another server.\n`,
  });
});
