/** Data directories of every version that was released are read for ever; each lies under golden/ with its version. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { nodeDisk } from './node-disk.ts';
import { recover } from './recovery.ts';
import { ModelStore } from './testing/model-store.ts';

const GOLDEN = join(import.meta.dirname, 'golden');
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function copyOf(version: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'speicher-'));
  cleanups.push(() => rm(folder, { recursive: true }));
  await cp(join(GOLDEN, version), folder, { recursive: true });
  return folder;
}

test('0.1.0: a snapshot, and a log behind it', async () => {
  const store = new ModelStore();
  const recovered = await recover(nodeDisk(await copyOf('0.1.0')), store);
  expect(recovered).toMatchObject({ dropped: undefined });
  expect(recovered.snapshotBytes).toBeGreaterThan(0);
  expect([...store.items.keys()].toSorted()).toEqual(['plain', 'tagged']);
  expect(store.items.get('plain')).toMatchObject({ value: 'in the snapshot', tag: 0, lifeMs: Infinity, token: 0 });
  expect(store.items.get('tagged')).toMatchObject({ value: 'in the log', tag: 7, lifeMs: 4e12, lockMs: Infinity });
  expect(store.items.get('tagged')!.token).toBeGreaterThan(0);
});

test('0.2.0: items that were read together', async () => {
  const store = new ModelStore();
  const recovered = await recover(nodeDisk(await copyOf('0.2.0')), store);
  expect(recovered).toMatchObject({ dropped: undefined, lastVersion: 4, lastToken: 1 });
  expect([...store.items.keys()].toSorted()).toEqual(['first', 'plain', 'second', 'tagged']);
  const plain = { lifeMs: Infinity, token: 0 };
  expect(store.items.get('plain')).toMatchObject({ value: 'in the snapshot', tag: 0, version: 1, ...plain });
  expect(store.items.get('first')).toMatchObject({ value: 'read together', tag: 0, version: 2, ...plain });
  expect(store.items.get('second')).toMatchObject({ value: 'with it', tag: 9, version: 3, ...plain });
  expect(store.items.get('tagged')).toMatchObject({ value: 'in the log', tag: 7, version: 4, lifeMs: 4e12, token: 1 });
});

test('0.3.0: items that were read together, with GETs between them', async () => {
  const store = new ModelStore();
  const recovered = await recover(nodeDisk(await copyOf('0.3.0')), store);
  expect(recovered).toMatchObject({ dropped: undefined, lastVersion: 5, lastToken: 1 });
  expect([...store.items.keys()].toSorted()).toEqual(['alone', 'first', 'plain', 'second', 'tagged']);
  const plain = { lifeMs: Infinity, token: 0 };
  expect(store.items.get('plain')).toMatchObject({ value: 'in the snapshot', tag: 0, version: 1, ...plain });
  expect(store.items.get('first')).toMatchObject({ value: 'read together', tag: 0, version: 2, ...plain });
  expect(store.items.get('second')).toMatchObject({ value: 'with it', tag: 9, version: 3, ...plain });
  expect(store.items.get('tagged')).toMatchObject({ value: 'in the log', tag: 7, version: 4, lifeMs: 4e12, token: 1 });
  expect(store.items.get('alone')).toMatchObject({ value: 'by itself', tag: 0, version: 5, ...plain });
});

test('0.3.1: a log that is older than the snapshot before it, closed in order', async () => {
  const folder = await copyOf('0.3.1');
  const store = new ModelStore();
  const recovered = await recover(nodeDisk(folder), store);
  expect(recovered).toMatchObject({ dropped: undefined, lastVersion: 5, lastToken: 1 });
  expect(recovered.snapshotBytes).toBeGreaterThan(0);
  expect([...store.items.keys()].toSorted()).toEqual(['older', 'plain', 'tagged']);
  expect(store.items.get('older')).toMatchObject({ value: 'before the file', version: 1 });
  expect(store.items.get('plain')).toMatchObject({ value: 'in the snapshot', version: 4 });
  expect(store.items.get('tagged')).toMatchObject({ value: 'in the log', tag: 7, version: 5, lifeMs: 4e12, token: 1 });
  const log = await readFile(join(folder, 'log-2'));
  await writeFile(join(folder, 'log-2'), log.subarray(0, log.indexOf('in the log')));
  await expect(recover(nodeDisk(folder), new ModelStore())).rejects.toMatchObject({ code: 'SPEICHER_DATA_CORRUPT' });
});

test('a newer format is refused, and its number is said', async () => {
  const folder = await copyOf('0.1.0');
  const path = join(folder, 'manifest');
  const [line = ''] = (await readFile(path, 'utf8')).split('\n');
  const newer = JSON.stringify({ ...(JSON.parse(line) as object), format: 99 });
  await writeFile(path, `${newer}\n${crc32(newer).toString(16).padStart(8, '0')}\n`);
  await expect(recover(nodeDisk(folder), new ModelStore())).rejects.toMatchObject({
    code: 'SPEICHER_DATA_NEWER',
    message: expect.stringContaining('99'),
  });
});

test.each(['log-3', 'snapshot-2'])('a newer %s is refused', async (name) => {
  const folder = await copyOf('0.1.0');
  const path = join(folder, name);
  const bytes = await readFile(path);
  bytes.writeUInt32BE(99, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 24)), 24);
  await writeFile(path, bytes);
  await expect(recover(nodeDisk(folder), new ModelStore())).rejects.toMatchObject({
    code: 'SPEICHER_DATA_NEWER',
    message: expect.stringContaining(name),
  });
});
