/** Every start begins a log file: few are left behind, however many starts there are and however soon they end. */
import { expect, test } from 'vitest';
import { silentLogger } from '../logger.ts';
import { LOGS_AT_START_MAX, LOGS_MAX } from './data-log-options.ts';
import { recover } from './recovery.ts';
import { ModelStore } from './testing/model-store.ts';
import { calmDisk, openLog } from './testing/open-log.ts';
import type { SimDisk } from './testing/sim-disk.ts';

const logsOn = (disk: SimDisk): number => [...disk.contents().keys()].filter((name) => name.startsWith('log-')).length;

const noRoomForSnapshots = (operation: string, name: string): string | undefined =>
  operation === 'write' && name.startsWith('snapshot-') ? 'ENOSPC' : undefined;

/** Starts that change something and are killed before they do anything by themselves; the store of the last one. */
async function killedStarts(disk: SimDisk, count: number): Promise<{ store: ModelStore; mostLogs: number }> {
  let store = new ModelStore();
  let mostLogs = 0;
  for (let start = 0; start < count; start++) {
    store = new ModelStore();
    const log = await openLog(disk, store);
    mostLogs = Math.max(mostLogs, logsOn(disk));
    store.set(`k${start % 10}`, `value ${start}`, 1000);
    expect(log.commit()).toBe(0);
  }
  return { store, mostLogs };
}

test('a server that has found many files rewrites them while it serves', async () => {
  const disk = calmDisk();
  await killedStarts(disk, LOGS_MAX);
  const store = new ModelStore();
  const log = await openLog(disk, store);
  expect(logsOn(disk)).toBe(LOGS_MAX + 1);
  const before = store.fingerprint();
  log.tick();
  await log.snapshot();
  expect(logsOn(disk)).toBe(1);
  const again = new ModelStore();
  await openLog(disk, again);
  expect(again.fingerprint()).toBe(before);
});

test('starts that are killed too soon for that rewrite them before they serve', async () => {
  const disk = calmDisk();
  const { store, mostLogs } = await killedStarts(disk, 3 * LOGS_AT_START_MAX);
  expect(mostLogs).toBe(LOGS_AT_START_MAX);
  const again = new ModelStore();
  await openLog(disk, again);
  expect(again.fingerprint()).toBe(store.fingerprint());
});

test('a start that cannot rewrite them serves all the same, and tells', async () => {
  const disk = calmDisk({ fault: noRoomForSnapshots });
  await killedStarts(disk, LOGS_AT_START_MAX);
  const store = new ModelStore();
  const events: unknown[] = [];
  const logger = { ...silentLogger, error: ({ event }: { event: unknown }) => void events.push(event) };
  const log = await openLog(disk, store, { logger });
  expect(events).toEqual(['snapshot-failed']);
  // Its own one, and the one that the snapshot would have stood before.
  expect(logsOn(disk)).toBe(LOGS_AT_START_MAX + 2);
  expect(log.isAccepting).toBe(true);
});

test('a snapshot that is tried again and again leaves one file more, and what it goes on behind is read', async () => {
  let isRoom = false;
  const disk = calmDisk({ fault: (...call) => (isRoom ? undefined : noRoomForSnapshots(...call)) });
  const store = new ModelStore();
  const log = await openLog(disk, store);
  for (let tries = 0; tries < 5; tries++) {
    store.set('always', `value ${tries}`, 1000);
    store.set(`k${tries}`, 'value', 1000);
    if (tries > 0) store.delete(`k${tries - 1}`);
    expect(log.commit()).toBe(0);
    await expect(log.snapshot()).rejects.toThrow('ENOSPC');
  }
  expect([...disk.contents().keys()].toSorted()).toEqual(['log-1', 'log-2', 'manifest']);
  isRoom = true;
  await log.snapshot();
  store.set('behind', 'value', 1000);
  expect(log.commit()).toBe(0);
  expect(logsOn(disk)).toBe(1);
  const again = new ModelStore();
  await recover(disk, again);
  expect(again.fingerprint()).toBe(store.fingerprint());
  await log.snapshot();
  expect([...disk.contents().keys()]).not.toContain('log-2');
});
