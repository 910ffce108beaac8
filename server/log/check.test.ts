/** What is saved of damaged data: all that can be read, and nothing that was over comes back with it. */
import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { checkData, repairData } from './check.ts';
import type { ReadableDisk } from './disk.ts';
import { recover } from './recovery.ts';
import { ModelStore } from './testing/model-store.ts';
import { calmDisk, openLog } from './testing/open-log.ts';
import type { SimDisk } from './testing/sim-disk.ts';

const NOW_MS = 1_000_000;

interface Written {
  readonly disk: SimDisk;
  readonly store: ModelStore;
}

/** A log of a server that was killed; one block for each change. */
async function writeLog(...changes: readonly ((store: ModelStore) => unknown)[]): Promise<Written> {
  const disk = calmDisk();
  const store = new ModelStore();
  const log = await openLog(disk, store, { nowMs: () => NOW_MS });
  for (const change of changes) {
    change(store);
    expect(log.commit()).toBe(0);
  }
  return { disk, store };
}

/** The same with other bytes in a file. */
function damaged(disk: SimDisk, name: string, damage: (bytes: Buffer) => Buffer | void): SimDisk {
  const copy = calmDisk();
  for (const [each, bytes] of disk.contents()) copy.plant(each, each === name ? (damage(bytes) ?? bytes) : bytes);
  return copy;
}

function spoil(bytes: Buffer, text: string): void {
  bytes[bytes.indexOf(text)]! ^= 1;
}

/** What a server finds in what was saved. */
async function saved(disk: SimDisk, nowMs = NOW_MS) {
  const to = calmDisk();
  const report = await repairData(disk, to, () => nowMs);
  const store = new ModelStore();
  const recovered = await recover(to, store);
  return { report, store, recovered };
}

const CHANGES: readonly ((store: ModelStore) => unknown)[] = [
  (store) => store.set('a', 'first', NOW_MS),
  (store) => store.set('b', 'spoilt', NOW_MS),
  (store) => store.lock('a', Infinity, NOW_MS),
  (store) => store.set('c', 'third', NOW_MS),
];

test('versions and tokens that the damage hides are not given again (DURABLE-4)', async () => {
  const { disk, store } = await writeLog(...CHANGES, (each) => each.delete('c'));
  const { store: found } = await saved(damaged(disk, 'log-1', (bytes) => bytes.subarray(0, bytes.indexOf('spoilt'))));
  expect([...found.items.keys()]).toEqual(['a']);
  expect(found.lastVersion).toBeGreaterThanOrEqual(store.lastVersion);
  expect(found.lastToken).toBeGreaterThanOrEqual(store.lastToken);
});

test('nor are they without a manifest', async () => {
  const { disk, store } = await writeLog(...CHANGES);
  const files = disk.contents();
  const left = calmDisk();
  left.plant('log-1', files.get('log-1')!.subarray(0, files.get('log-1')!.indexOf('third')));
  const { store: found, report } = await saved(left);
  expect(report.problem?.code).toBe('SPEICHER_DATA_CORRUPT');
  expect([...found.items.keys()].toSorted()).toEqual(['a', 'b']);
  expect(found.lastVersion).toBeGreaterThanOrEqual(store.lastVersion);
  expect(found.lastToken).toBeGreaterThanOrEqual(store.lastToken);
});

test('the time goes on from that of the data: nothing that has expired comes to life (EXPIRY-1)', async () => {
  const { disk } = await writeLog(...CHANGES);
  const { recovered } = await saved(
    damaged(disk, 'log-1', (bytes) => spoil(bytes, 'spoilt')),
    NOW_MS / 2,
  );
  expect(recovered.lastTimeMs).toBe(NOW_MS);
});

test('what is behind a sector that the disk does not give back is saved', async () => {
  const long = 'v'.repeat(3000);
  const keys = Array.from({ length: 20 }, (_, at) => `k${at}`);
  const { disk } = await writeLog(...keys.map((key) => (store: ModelStore) => store.set(key, long, NOW_MS)));
  const badFrom = 5 * 4096;
  const failing: ReadableDisk = {
    list: () => disk.list(),
    open: async (name) => {
      const file = await disk.open(name);
      return {
        sizeBytes: () => file.sizeBytes(),
        close: () => file.close(),
        read: async (into, at) => {
          if (name === 'log-1' && at < badFrom + 4096 && at + into.length > badFrom) throw new Error('EIO');
          return file.read(into, at);
        },
      };
    },
  };
  const to = calmDisk();
  const { items, problem, files } = await repairData(failing, to, () => NOW_MS);
  expect(problem?.code).toBe('SPEICHER_STORAGE');
  expect(files).toMatchObject([{ name: 'log-1', trouble: undefined }]);
  const store = new ModelStore();
  await recover(to, store);
  // A sector of 4 KiB lies in two or three of the items.
  expect(items).toBe(store.items.size);
  expect(items).toBeGreaterThanOrEqual(keys.length - 3);
  expect(items).toBeLessThan(keys.length);
});

test('a file that cannot be opened is passed over, and it is said why', async () => {
  const { disk } = await writeLog(...CHANGES);
  await openLog(disk, new ModelStore());
  const failing: ReadableDisk = {
    list: () => disk.list(),
    open: async (name) => {
      if (name === 'log-2') throw new Error('EACCES: log-2');
      return disk.open(name);
    },
  };
  const report = await checkData(failing);
  expect(report).toMatchObject({ items: 3, problem: { code: 'SPEICHER_STORAGE' } });
  expect(report.files).toMatchObject([
    { name: 'log-1', records: 4 },
    { name: 'log-2', trouble: 'EACCES: log-2' },
  ]);
});

test('zeros behind a torn end are no damage', async () => {
  const { disk } = await writeLog(...CHANGES);
  const torn = damaged(disk, 'log-1', (bytes) => {
    spoil(bytes, 'third');
    return Buffer.concat([bytes, Buffer.alloc(5000)]);
  });
  const { files, droppedBytes } = await checkData(torn);
  expect(files[0]!.badBytes).toBe(droppedBytes);
  expect(droppedBytes).toBeLessThan(100);
});

test('data of a newer version are left to it', async () => {
  const { disk } = await writeLog(...CHANGES);
  const newer = damaged(disk, 'manifest', (bytes) => {
    const line = JSON.stringify({ ...(JSON.parse(bytes.toString().split('\n')[0]!) as object), format: 99 });
    return Buffer.from(`${line}\n${crc32(line).toString(16).padStart(8, '0')}\n`);
  });
  const to = calmDisk();
  await expect(repairData(newer, to, () => NOW_MS)).rejects.toMatchObject({ code: 'SPEICHER_DATA_NEWER' });
  expect(await to.list()).toEqual([]);
});

test('a directory that a server has never written to is neither good nor damaged', async () => {
  const other = calmDisk();
  other.plant('passwd', Buffer.from('root'));
  for (const disk of [calmDisk(), other]) {
    await expect(checkData(disk)).rejects.toMatchObject({ code: 'SPEICHER_OPTION' });
    const to = calmDisk();
    await expect(repairData(disk, to, () => NOW_MS)).rejects.toMatchObject({ code: 'SPEICHER_OPTION' });
    expect(await to.list()).toEqual([]);
  }
});
