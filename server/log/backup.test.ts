/** Backups of directories that a server is writing to: each is what a kill at one moment would have left. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createServer, type Server, type ServerOptionsInput } from '../index.ts';
import { RawPeer, requestBytes } from '../testing/raw-peer.ts';
import { backupData } from './backup.ts';
import { checkData } from './check.ts';
import { nodeDisk, openNodeDisk } from './node-disk.ts';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'speicher-'));
  cleanups.push(() => rm(folder, { recursive: true }));
  return folder;
}

async function serve(data: string, options: ServerOptionsInput = {}): Promise<Server> {
  const server = createServer({ listen: ['tcp://127.0.0.1:0'], data, ...options });
  await server.start();
  cleanups.push(() => server.stop());
  return server;
}

const VALUE = 'v'.repeat(2000);

/** Stores `n` as 1, 2, 3, … and after each of them `k<n>`, so that a gap or a wrong order in a copy shows. */
async function writeUntil(peer: RawPeer, isOver: () => boolean, progress: { written: number }): Promise<void> {
  while (!isOver()) {
    const n = progress.written + 1;
    peer.send(requestBytes('SET', { key: 'n', value: String(n) }));
    peer.send(requestBytes('SET', { key: `k${n % 50}`, value: `${n} ${VALUE}` }));
    expect([(await peer.reply()).status, (await peer.reply()).status]).toEqual([200, 200]);
    progress.written = n;
  }
}

async function valueOf(peer: RawPeer, key: string): Promise<string> {
  peer.send(requestBytes('GET', { key }));
  const reply = await peer.reply();
  expect(reply.status).toBe(200);
  return Buffer.from(reply.value).toString();
}

test('of a server under writes, with snapshots in between, every copy is whole and starts', async () => {
  const folder = await temporaryFolder();
  const data = join(folder, 'data');
  const server = await serve(data, { rewriteMinBytes: 64 * 1024 });
  const peer = await RawPeer.connect(server);
  const progress = { written: 0 };
  let isOver = false;
  const writing = writeUntil(peer, () => isOver, progress);
  const filesSeen = new Set<string>();
  for (let number = 0; number < 20; number++) {
    const copy = join(folder, `copy-${number}`);
    const before = progress.written;
    await backupData(nodeDisk(data), openNodeDisk(copy));
    const after = progress.written;
    for (const name of await readdir(copy)) filesSeen.add(name);
    const reader = await serve(copy);
    const copied = await RawPeer.connect(reader);
    const n = Number(await valueOf(copied, 'n'));
    expect(n).toBeGreaterThanOrEqual(before);
    expect(n).toBeLessThanOrEqual(after + 1);
    // The items of the fifty numbers before are there, and none of them is older.
    for (let behind = 1; behind < Math.min(n, 50); behind++) {
      expect(await valueOf(copied, `k${(n - behind) % 50}`)).toMatch(new RegExp(`^${n - behind} `));
    }
    copied.close();
    await reader.stop();
  }
  isOver = true;
  await writing;
  peer.close();
  // Otherwise the server has not begun a file, and nothing was tried.
  expect([...filesSeen].filter((name) => name.startsWith('snapshot-')).length).toBeGreaterThan(1);
}, 60_000);

test('of a server that is stopped nothing is missing, and the copy has no lock', async () => {
  const folder = await temporaryFolder();
  const data = join(folder, 'data');
  const server = await serve(data, { durability: 'snapshot' });
  const peer = await RawPeer.connect(server);
  peer.send(requestBytes('SET', { key: 'a', value: '1' }));
  expect((await peer.reply()).status).toBe(200);
  peer.close();
  await server.stop();
  await backupData(nodeDisk(data), openNodeDisk(join(folder, 'copy')));
  expect(await readdir(join(folder, 'copy'))).toEqual(await readdir(data));
  expect(await checkData(nodeDisk(join(folder, 'copy')))).toMatchObject({ items: 1, problem: undefined });
});

test('a directory that has something is left alone, and one without data is no source', async () => {
  const folder = await temporaryFolder();
  const [empty, full] = [openNodeDisk(join(folder, 'empty')), openNodeDisk(join(folder, 'full'))];
  await writeFile(join(folder, 'full', 'letter'), 'dear');
  await expect(backupData(empty, full)).rejects.toMatchObject({ code: 'SPEICHER_OPTION' });
  expect(await readdir(join(folder, 'full'))).toEqual(['letter']);
  await expect(backupData(full, empty)).rejects.toMatchObject({ code: 'SPEICHER_OPTION' });
  expect(await readdir(join(folder, 'empty'))).toEqual([]);
});
