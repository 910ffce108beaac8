/** A server as a process, whose files the system lets grow to a size and no further: a real write(2) that fails. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, expect, test, vi } from 'vitest';
import { Speicher, SpeicherError } from '../client/index.ts';
import { SPEICHER } from '../testing/speicher-command.ts';
import { cleanEnvironment, serve } from './testing/run-speicher.ts';

// Processes are started here, and on a busy machine each takes a second to begin.
vi.setConfig({ testTimeout: 60_000 });

/** What `ulimit -f` of bash counts in. */
const FILE_KIB_MAX = 256;
const VALUE_BYTES = 10_000;

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** `speicher serve` that can write no file beyond the limit. */
async function serveLimited(data: string) {
  const command = [...SPEICHER, 'serve', '--listen', 'tcp://127.0.0.1:0', '--data', data, '--durability', 'always'];
  const script = `ulimit -f ${FILE_KIB_MAX}; exec "$@"`;
  // Counts of coverage would be cut off at the limit as well. What is left out the runtime hands on all the same.
  const env = cleanEnvironment({ NODE_V8_COVERAGE: '' });
  const child = spawn('bash', ['-c', script, 'bash', ...command], { env, stdio: 'pipe' });
  cleanups.push(() => child.kill('SIGKILL'));
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const exited = once(child, 'close') as Promise<[number | null]>;
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { url: line.replace(/^.* on /, ''), child, exited, stderr: () => stderr };
}

/** Stores items until one fails, and gives how many were acknowledged and what the failure was. */
async function storeUntilFailure(client: Speicher): Promise<{ acknowledged: number; failure: SpeicherError }> {
  for (let number = 0; number * VALUE_BYTES < 2 * FILE_KIB_MAX * 1024; number++) {
    try {
      await client.set(`k${number}`, String(number).padEnd(VALUE_BYTES));
    } catch (error) {
      if (!(error instanceof SpeicherError)) throw error;
      return { acknowledged: number, failure: error };
    }
  }
  throw new Error('no write failed');
}

async function hasAll(client: Speicher, count: number): Promise<void> {
  for (let number = 0; number < count; number++) {
    expect((await client.get(`k${number}`)) === String(number).padEnd(VALUE_BYTES)).toBe(true);
  }
}

test('a write that fails ends acknowledgements, not reads, and the exit code tells', async () => {
  const data = await mkdtemp(join(tmpdir(), 'speicher-'));
  cleanups.push(() => rm(data, { recursive: true }));
  const limited = await serveLimited(data);
  const client = new Speicher(limited.url);
  cleanups.push(() => client.close());

  const { acknowledged, failure } = await storeUntilFailure(client);
  expect(acknowledged).toBeGreaterThan(20);
  // What was carried out and could not be written is neither confirmed nor denied.
  expect(failure).toMatchObject({ code: 'SPEICHER_CONNECTION_LOST', outcome: 'unknown' });
  await expect(client.set('later', 'x')).rejects.toMatchObject({ status: 503, outcome: 'rejected' });
  await expect(client.delete('k0')).rejects.toMatchObject({ status: 503, outcome: 'rejected' });
  await expect(client.sync()).rejects.toMatchObject({ status: 503 });
  await hasAll(client, acknowledged);
  expect(await client.get('later')).toBeUndefined();
  expect(await client.stats()).toMatchObject({ 'log-state': 'failed' });

  limited.child.kill('SIGTERM');
  expect((await limited.exited)[0]).toBe(1);
  expect(limited.stderr()).toContain('storage-failed');
  expect(limited.stderr()).toMatch(/speicher: SPEICHER_STORAGE: .*EFBIG/);

  const again = await serve(['--data', data]);
  const reader = new Speicher(again.urls[0]);
  await hasAll(reader, acknowledged);
  expect(await reader.get('later')).toBeUndefined();
  await reader.close();
  expect(await again.stop()).toBe(0);
});

test('a request on many items whose storage fails amid it ends, and is neither confirmed nor denied', async () => {
  const data = await mkdtemp(join(tmpdir(), 'speicher-'));
  cleanups.push(() => rm(data, { recursive: true }));
  const limited = await serveLimited(data);
  const [client, other] = [new Speicher(limited.url), new Speicher(limited.url)];
  cleanups.push(() => Promise.all([client.close(), other.close()]));
  // A log of half the limit, and a request whose changes take more than the other half.
  const keys = Array.from({ length: 2500 }, (_, at) => `k${at}`.padEnd(40, 'x'));
  await Promise.all(keys.map((key) => client.set(key, '1')));
  await expect(client.touchPrefix('k', 60_000)).rejects.toMatchObject({
    code: 'SPEICHER_CONNECTION_LOST',
    outcome: 'unknown',
  });
  await expect(other.set('later', 'x')).rejects.toMatchObject({ status: 503 });
  expect(await other.get(keys[0]!)).toBe('1');
  expect(await other.stats()).toMatchObject({ 'log-state': 'failed' });
  limited.child.kill('SIGTERM');
  expect((await limited.exited)[0]).toBe(1);
});
