import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Speicher } from '../client/index.ts';
import { SERVER_OPTIONS } from '../server/options.ts';
import { run, serve, type Served } from './testing/run-speicher.ts';

// Processes are started here, and on a busy machine each takes a second to begin.
vi.setConfig({ testTimeout: 60_000 });

let directory: string;
let served: Served;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'speicher-serve-'));
  served = await serve();
});

afterAll(async () => {
  await served.stop();
  rmSync(directory, { recursive: true });
});

test('it says where it listens, with the port that it got', async () => {
  expect(served.urls[0]).toMatch(/^tcp:\/\/127\.0\.0\.1:[1-9]\d*$/);
  expect(await run(['ping', 'here', '--url', served.urls[0]!])).toMatchObject({ code: 0, stdout: 'here' });
});

test('several listeners, from the environment; TCP and a Unix socket see the same items', async () => {
  const path = join(directory, 'a.sock');
  const both = await serve([], { SPEICHER_LISTEN: `tcp://127.0.0.1:0,unix://${path}` }, 2);
  try {
    expect(both.urls[1]).toBe(`unix://${path}`);
    expect(await run(['set', 'k', 'v', '-u', both.urls[0]!])).toMatchObject({ code: 0 });
    expect(await run(['get', 'k', '-u', both.urls[1]!])).toMatchObject({ code: 0, stdout: 'v' });
  } finally {
    expect(await both.stop()).toBe(0);
  }
});

describe('signals (DURABLE-2)', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('%s ends it with 0, though a client is connected', async (signal) => {
    const one = await serve();
    const socket = connect(Number(new URL(one.urls[0]!).port), '127.0.0.1');
    await once(socket, 'connect');
    // A RST is an end too: not every runtime's client gets to read a FIN first.
    socket.on('error', () => undefined);
    const closed = new Promise((resolve) => socket.resume().once('close', resolve));
    expect(await one.stop(signal)).toBe(0);
    await closed;
    const events = one
      .stderr()
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { event: string }).event);
    expect(events).toEqual(['listening', 'stopping', 'stopped']);
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('a second %s does not wait for a client that reads nothing', async (signal, code) => {
    const one = await serve(['--stop-timeout', '1h']);
    const stuck = connect(Number(new URL(one.urls[0]!).port), '127.0.0.1');
    stuck.on('error', () => undefined);
    await once(stuck, 'connect');
    await run(['set', 'big', '-u', one.urls[0]!], { input: Buffer.alloc(8 * 1024 * 1024) });
    // GETs of 8 MiB that nobody reads: the server cannot finish.
    stuck.pause();
    const get = Buffer.from('0000000b1000000300000001626967', 'hex');
    stuck.write(Buffer.concat([get, get, get, get]));
    const client = new Speicher(one.urls[0]);
    await expect.poll(() => client.stats(), { timeout: 10_000 }).toMatchObject({ hits: 1 });
    await client.close();
    one.child.kill(signal);
    await expect.poll(() => one.stderr(), { timeout: 10_000 }).toContain('"event":"stopping"');
    // Sooner it would count as the same signal: npm passes on what the terminal has sent already.
    await delay(600);
    expect(await one.stop(signal)).toBe(code);
    stuck.destroy();
  });
});

describe('what cannot be served', () => {
  test('an address in use: one line, 1', async () => {
    const { code, stdout, stderr } = await run(['serve', '--listen', served.urls[0]!, '--log-level', 'silent']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^speicher: SPEICHER_LISTEN: .*in use.*\n$/);
    expect(stderr).toContain(served.urls[0]);
  });

  test.each([
    [['--max-key', '1'], '--max-key must be 250 to 65535'],
    [['--listen', 'tcp://0.0.0.0:0'], '--listen tcp://0.0.0.0:0 can be reached from other machines'],
    [['now'], 'too many arguments'],
  ])('%j: wrong usage, 2', async (args, message) => {
    const { code, stdout, stderr } = await run(['serve', ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});

test('--print-config prints and does not serve; passwords are hidden', async () => {
  const env = { SPEICHER_MAX_KEY: '1KiB', SPEICHER_AUTH: 'alice:hunter2' };
  const { code, stdout, stderr } = await run(['serve', '--print-config', '--max-value', '1MB'], { env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('max-key = "1KiB" # SPEICHER_MAX_KEY\n');
  expect(stdout).toContain('max-value = 1000000 # --max-value\n');
  expect(stdout).toContain('alice:***');
  expect(stdout).not.toContain('hunter2');
});

test('--help explains every option with its default', async () => {
  const { code, stdout } = await run(['serve', '--help']);
  expect(code).toBe(0);
  for (const { flag } of SERVER_OPTIONS) expect(stdout).toContain(`  ${flag}`);
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain('longest value (KEY-3) (default 8MiB)');
});

test('where a password is required, the environment or the URL has it', async () => {
  const guarded = await serve(['--auth', 'alice:pa:ss']);
  try {
    const [url = ''] = guarded.urls;
    expect(await run(['get', 'k', '-u', url])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('SPEICHER_UNAUTHENTICATED'),
    });
    const env = { SPEICHER_URL: url, SPEICHER_PASSWORD: 'alice:pa:ss' };
    expect(await run(['get', 'k'], { env })).toMatchObject({ code: 1, stderr: '' });
    const withUser = url.replace('tcp://', 'tcp://alice:pa%3Ass@');
    expect(await run(['get', 'k', '-u', withUser], { env: { SPEICHER_PASSWORD: 'x:y' } })).toMatchObject({ code: 1 });
    const wrong = await run(['get', 'k', '-u', url], { env: { SPEICHER_PASSWORD: 'alice:hunter2' } });
    expect(wrong).toMatchObject({ code: 3 });
    expect(wrong.stderr).not.toContain('hunter2');
    expect(await run(['get', 'k', '-u', url], { env: { SPEICHER_PASSWORD: 'hunter2' } })).toMatchObject({
      code: 2,
      stderr: 'speicher: SPEICHER_OPTION: an option is wrong: SPEICHER_PASSWORD must be USER:PASSWORD\n',
    });
  } finally {
    expect(await guarded.stop()).toBe(0);
  }
  expect(guarded.stderr()).not.toMatch(/pa:ss|hunter2/);
});

test('over TLS, with client certificates', async () => {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] },
    ],
  });
  const keyFile = join(directory, 'key.pem');
  const certFile = join(directory, 'cert.pem');
  writeFileSync(keyFile, key);
  writeFileSync(certFile, cert);
  const tls = ['--tls-cert-file', certFile, '--tls-key-file', keyFile];
  const secured = await serve(
    ['--tls-client-ca-file', certFile, ...tls, '--listen', 'tls://localhost:0', '--auth-timeout', '2s'],
    {},
    2,
  );
  try {
    const url = secured.urls[1]!.replace(/\/\/.*:/, '//localhost:');
    const trusting = ['ping', 'x', '-u', url, '--tls-ca-file', certFile];
    expect(await run([...trusting, ...tls])).toMatchObject({ code: 0, stdout: 'x' });
    expect(await run(trusting)).toMatchObject({ code: 3 });
    expect(await run(['ping', '-u', url, ...tls])).toMatchObject({ code: 3 });
    expect(await run(['ping', '-u', url, '--tls-ca-file', join(directory, 'absent')])).toMatchObject({ code: 2 });
  } finally {
    // Clients that have given up during the handshake keep nobody from stopping.
    expect(await secured.stop()).toBe(0);
  }
});
