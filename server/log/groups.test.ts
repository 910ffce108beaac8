/** With `always`, all who ask at a time share a sync: the time is a simulation's. */
import { expect, test } from 'vitest';
import { ArenaStore } from '../store/arena/arena-store.ts';
import { perform } from '../store/testing/requests.ts';
import type { DataLog } from './data-log.ts';
import { calmDisk, openLog } from './testing/open-log.ts';

const SYNC_MS = 2;
/** How long a client takes from a reply to its next request. */
const THINK_MS = 0.3;
const TURN_MS = 0.02;

/** Calls later, in the order of their times. */
class Timeline {
  nowMs = 1000;
  readonly #calls: { readonly atMs: number; readonly call: () => void }[] = [];

  later(delayMs: number, call: () => void): void {
    const atMs = this.nowMs + delayMs;
    const before = this.#calls.findIndex((each) => each.atMs > atMs);
    this.#calls.splice(before < 0 ? this.#calls.length : before, 0, { atMs, call });
  }

  /** Goes on from call to call, with what each of them leads to, until something holds. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise(setImmediate);
      const next = this.#calls.shift();
      if (next === undefined) continue;
      this.nowMs = next.atMs;
      next.call();
    }
  }
}

/** Clients that each store one value after the other, as soon as they have been told of the one before. */
async function storeBy(clients: number, valuesOfEach: number): Promise<{ syncs: number; tookMs: number }> {
  const time = new Timeline();
  const nowMs = (): number => time.nowMs;
  const store = new ArenaStore({ clock: { nowMs }, valueBytesMax: 100, seed: [1, 2] });
  const later = (delayMs: number, call: () => void): void => time.later(delayMs, call);
  // A sync takes half of `slowMs` where chance is always a half.
  const disk = calmDisk({ later, random: () => 0.5, slowMs: 2 * SYNC_MS });
  const opening = openLog(disk, store.logged, { mode: 'always', nowMs, defer: (call) => time.later(TURN_MS, call) });
  let log: DataLog | undefined;
  void opening.then((opened) => (log = opened));
  await time.until(() => log !== undefined);
  const before = log!.stats().syncs;
  const begunMs = time.nowMs;
  let left = clients * valuesOfEach;
  const storeNext = (client: number, value: number): void => {
    perform(store, 'set', { key: `client:${client}`, value: String(value) });
    log!.whenSafe(log!.commit(), (error) => {
      expect(error).toBeUndefined();
      left--;
      if (value < valuesOfEach) time.later(THINK_MS, () => storeNext(client, value + 1));
    });
  };
  // Not all begin at the same time.
  for (let client = 0; client < clients; client++) time.later(client * 0.1, () => storeNext(client, 1));
  await time.until(() => left === 0);
  return { syncs: log!.stats().syncs - before, tookMs: time.nowMs - begunMs };
}

test('clients that ask again and again come to share each sync, and do not wait for each other’s', async () => {
  const { syncs, tookMs } = await storeBy(10, 30);
  // As two groups in turn they would need twice as many.
  expect(syncs).toBeLessThan(36);
  expect(tookMs).toBeLessThan(36 * (SYNC_MS + THINK_MS + 0.2));
});

test('a client alone is not kept waiting for others', async () => {
  const { syncs, tookMs } = await storeBy(1, 30);
  expect(syncs).toBe(30);
  expect(tookMs).toBeLessThan(30 * (SYNC_MS + THINK_MS + 0.1));
});
