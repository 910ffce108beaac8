/** The directory takes a few times what the items take, however fast they change. */
import { expect, test } from 'vitest';
import { silentLogger } from '../logger.ts';
import { writeSnapshot } from './snapshot.ts';
import { ModelStore } from './testing/model-store.ts';
import { calmDisk, openLog } from './testing/open-log.ts';

const REWRITE_BYTES = 2000;
const VALUE = 'v'.repeat(100);

/** A disk that does nothing from `stop` until `goOn`, and a log on it. */
async function logOnSlowDisk() {
  let held: (() => void)[] | undefined;
  const later = (_delayMs: number, call: () => void): void => {
    if (held === undefined) queueMicrotask(call);
    else held.push(call);
  };
  const disk = calmDisk({ later });
  const store = new ModelStore();
  let tell: (() => void) | undefined;
  const written = new Promise<void>((resolve) => (tell = resolve));
  const logger = { ...silentLogger, info: ({ event }: { event: unknown }) => event === 'snapshot' && tell?.() };
  const log = await openLog(disk, store, { rewriteBytesMin: REWRITE_BYTES, logger });
  const stop = (): void => void (held ??= []);
  const goOn = (): void => {
    const calls = held ?? [];
    held = undefined;
    for (const call of calls) call();
  };
  const change = (): number => {
    store.set('k', VALUE, 1000);
    return log.commit();
  };
  return { disk, log, written, stop, goOn, change };
}

const sizeOf = (bytes: Buffer | undefined): number => bytes?.length ?? 0;

test('a log that has become too long is rewritten at once, not at the next tick', async () => {
  const { disk, written, change } = await logOnSlowDisk();
  while (sizeOf(disk.contents().get('log-1')) < REWRITE_BYTES) expect(change()).toBe(0);
  await written;
  expect([...disk.contents().keys()].toSorted()).toEqual(expect.arrayContaining(['log-2', 'manifest', 'snapshot-2']));
});

test('who changes items faster than a snapshot can be written waits for the disk', async () => {
  const { disk, log, stop, goOn, change } = await logOnSlowDisk();
  const done = log.snapshot();
  // The log goes on in its next file by then.
  while (!disk.contents().has('snapshot-2')) await Promise.resolve();
  stop();
  let ticket = 0;
  let changes = 0;
  while (ticket === 0) {
    expect(changes++).toBeLessThan(REWRITE_BYTES / VALUE.length);
    ticket = change();
  }
  expect(sizeOf(disk.contents().get('log-2'))).toBeGreaterThanOrEqual(REWRITE_BYTES);
  let isSafe = false;
  log.whenSafe(ticket, (error) => {
    expect(error).toBeUndefined();
    isSafe = true;
  });
  expect(isSafe).toBe(false);
  goOn();
  await done;
  expect(isSafe).toBe(true);
  expect(disk.contents().has('log-1')).toBe(false);
});

test('a slice of a snapshot has as much as the log has got meanwhile', async () => {
  const store = new ModelStore();
  for (let item = 0; item < 40_000; item++) store.set(`k${item}`, VALUE, 1000);
  const slicesAt = async (bytesPerSlice: number): Promise<number> => {
    let [slices, loggedBytes] = [0, 0];
    await writeSnapshot(calmDisk(), 'snapshot-1', 1, store, {
      nowMs: () => 1000,
      nonce: 7,
      loggedBytes: () => (loggedBytes += bytesPerSlice),
      pause: () => Promise.resolve(void slices++),
    });
    return slices;
  };
  const calm = await slicesAt(0);
  expect(calm).toBeGreaterThan(20);
  expect(await slicesAt(1024 * 1024)).toBeLessThan(calm / 3);
});
