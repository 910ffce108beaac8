/** A server on a real directory: what it keeps, who may have the directory, and what it does when the disk fails. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { FLAG } from '../../protocol/index.ts';
import { createServer, type Server } from '../index.ts';
import { silentLogger, type Logger } from '../logger.ts';
import { serveData, temporaryFolder } from '../testing/data-server.ts';
import { RawPeer, requestBytes } from '../testing/raw-peer.ts';
import { checkData, repairData } from './check.ts';
import { lockDirectory } from './directory-lock.ts';
import { nodeDisk, openNodeDisk } from './node-disk.ts';

async function ask(server: Server, ...requests: Readonly<Parameters<typeof requestBytes>>[]): Promise<number[]> {
  const peer = await RawPeer.connect(server);
  peer.send(Buffer.concat(requests.map((request) => requestBytes(...request))));
  const statuses: number[] = [];
  for (const _ of requests) statuses.push((await peer.reply()).status);
  peer.close();
  return statuses;
}

test.each(['snapshot', 'everysec', 'always'] as const)('with %s a server that was stopped comes back', async (mode) => {
  const data = await temporaryFolder();
  const first = await serveData(data, { durability: mode });
  expect(await ask(first, ['SET', { key: 'a', value: '1' }], ['SET', { key: 'b', value: '2' }])).toEqual([200, 200]);
  expect(await ask(first, ['DELETE', { key: 'b' }], ['SYNC', {}], ['GET', { key: 'a' }])).toEqual([200, 200, 200]);
  await first.stop();
  const second = await serveData(data, { durability: mode });
  expect(await ask(second, ['GET', { key: 'a' }], ['GET', { key: 'b' }])).toEqual([200, 404]);
});

/** A logger that keeps its warnings, without their texts. */
function keepWarnings(): { logger: Logger; warnings: object[] } {
  const warnings: object[] = [];
  return { logger: { ...silentLogger, warn: (fields) => void warnings.push(fields) }, warnings };
}

test('with off data that are there are neither read nor written, and a warning tells', async () => {
  const data = await temporaryFolder();
  const kept = await serveData(data);
  expect(await ask(kept, ['SET', { key: 'a', value: '1' }])).toEqual([200]);
  await kept.stop();
  const { logger, warnings } = keepWarnings();
  const off = await serveData(data, { durability: 'off' }, { logger });
  expect(await ask(off, ['GET', { key: 'a' }], ['SET', { key: 'a', value: '2' }])).toEqual([404, 200]);
  expect(warnings).toEqual([{ event: 'data-unused', directory: data }]);
  await off.stop();
  const again = await serveData(data);
  expect(await ask(again, ['GET', { key: 'a' }], ['COUNT', {}])).toEqual([200, 200]);
});

test('with off there is no warning where there are no data', async () => {
  const { logger, warnings } = keepWarnings();
  const empty = await temporaryFolder();
  await serveData(empty, { durability: 'off' }, { logger });
  await serveData(join(empty, 'none'), { durability: 'off' }, { logger });
  expect(warnings).toEqual([]);
});

async function itemsOf(server: Server): Promise<number> {
  const peer = await RawPeer.connect(server);
  const { text } = await peer.ask('STATS');
  peer.close();
  return Number(/items(\d+)/.exec(text)?.[1]);
}

test('a start under a smaller limit warns, and evicts what is too much for good before anybody is served', async () => {
  const data = await temporaryFolder();
  const ITEMS = 3000;
  const first = await serveData(data);
  const requests = Array.from(
    { length: ITEMS },
    (_, at) => ['SET', { key: `k${at}`, value: 'v'.repeat(1000) }] as const,
  );
  expect(new Set(await ask(first, ...requests))).toEqual(new Set([200]));
  await first.stop();
  const { logger, warnings } = keepWarnings();
  const small = await serveData(data, { maxMemoryBytes: '1MiB' }, { logger });
  const left = await itemsOf(small);
  const limit = { limit: 'max-memory', bytes: 1024 * 1024 };
  expect(warnings).toEqual([{ event: 'evicted', items: ITEMS - left, ...limit }]);
  expect(left).toBeLessThan(1100);
  expect(left).toBeGreaterThan(800);
  await small.stop();
  const large = await serveData(data);
  expect(await itemsOf(large)).toBe(left);
});

test('with always many connections are served by few syncs, each in its order', async () => {
  const server = await serveData(await temporaryFolder(), { durability: 'always' });
  const peers = await Promise.all(Array.from({ length: 20 }, () => RawPeer.connect(server)));
  for (const [at, peer] of peers.entries()) {
    const requests = Array.from({ length: 10 }, (_, id) => requestBytes('SET', { key: `k${at}`, value: 'v', id }));
    peer.send(Buffer.concat(requests));
  }
  for (const peer of peers) {
    for (let id = 0; id < 10; id++) expect(await peer.reply()).toMatchObject({ status: 200, id });
    peer.close();
  }
});

test('one server at a time has a directory, and the lock is gone with its owner', async () => {
  const data = await temporaryFolder();
  const first = await serveData(data);
  await expect(createServer({ listen: ['tcp://127.0.0.1:0'], data }).start()).rejects.toMatchObject({
    code: 'SPEICHER_DATA_IN_USE',
  });
  await first.stop();
  const lock = await lockDirectory(data);
  await expect(lockDirectory(data)).rejects.toMatchObject({ code: 'SPEICHER_DATA_IN_USE' });
  await lock.release();
});

test('a path that is too long for a socket is locked all the same', async () => {
  const data = join(await temporaryFolder(), 'd'.repeat(120));
  openNodeDisk(data);
  const lock = await lockDirectory(data);
  await expect(lockDirectory(data)).rejects.toMatchObject({ code: 'SPEICHER_DATA_IN_USE' });
  await lock.release();
});

test('damage is refused with the commands that help; check finds it, repair saves the rest', async () => {
  const data = await temporaryFolder();
  const server = await serveData(data);
  for (const key of ['a', 'b', 'c']) await ask(server, ['SET', { key, value: `value of ${key}` }]);
  await server.stop();
  const before = await checkData(nodeDisk(data));
  expect(before).toMatchObject({ items: 3, problem: undefined, droppedBytes: 0 });
  const path = join(data, 'log-1');
  const bytes = await readFile(path);
  bytes[bytes.indexOf('value of b')]! ^= 1;
  await writeFile(path, bytes);
  await expect(createServer({ listen: ['tcp://127.0.0.1:0'], data }).start()).rejects.toMatchObject({
    code: 'SPEICHER_DATA_CORRUPT',
    message: expect.stringMatching(/log-1, at byte \d+: .*speicher check .*speicher repair .* --to OTHER/),
  });
  expect((await checkData(nodeDisk(data))).problem?.code).toBe('SPEICHER_DATA_CORRUPT');
  const saved = join(await temporaryFolder(), 'saved');
  expect((await repairData(nodeDisk(data), openNodeDisk(saved), () => Date.now())).items).toBe(2);
  expect(await readFile(path)).toEqual(bytes);
  const again = await serveData(saved);
  const statuses = await ask(again, ['GET', { key: 'a' }], ['GET', { key: 'b' }], ['GET', { key: 'c' }]);
  expect(statuses).toEqual([200, 404, 200]);
});

test('a clock that was set back brings no expired item to life (EXPIRY-1)', async () => {
  const data = await temporaryFolder();
  let nowMs = 1_000_000;
  const clock = { nowMs: () => nowMs };
  const first = createServer({ listen: ['tcp://127.0.0.1:0'], data }, { clock });
  await first.start();
  await ask(first, ['SET', { key: 'a', value: '1', ttlMs: 5000, flags: FLAG.TTL }]);
  nowMs += 6000;
  expect(await ask(first, ['GET', { key: 'a' }], ['SET', { key: 'b', value: '' }])).toEqual([404, 200]);
  await first.stop();
  nowMs -= 500_000;
  const second = createServer({ listen: ['tcp://127.0.0.1:0'], data }, { clock });
  await second.start();
  onTestFinished(() => second.stop());
  expect(await ask(second, ['GET', { key: 'a' }], ['GET', { key: 'b' }])).toEqual([404, 200]);
});
