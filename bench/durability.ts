/**
 * What durability costs: `npm run bench:durability`, with `-- ITEMS` for another number of items. It prints how long a
 * change takes in the log, how fast a directory is loaded, and what a snapshot does to the event loop meanwhile.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { FLAG, ReplyFrame, RequestFrame } from '../protocol/index.ts';
import { RaisedClock, systemClock } from '../server/clock.ts';
import type { DurabilityMode } from '../server/log/data-log-options.ts';
import { openData, type OpenData } from '../server/log/durable-store.ts';
import { openNodeDisk } from '../server/log/node-disk.ts';
import { recover } from '../server/log/recovery.ts';
import { silentLogger } from '../server/logger.ts';
import type { ItemSink } from '../server/store/item-sink.ts';
import { createStore } from '../server/server.ts';
import { parseServerOptions } from '../server/options.ts';
import type { Store } from '../server/store/store.ts';

const ITEMS = Number(process.argv[2] ?? 1_000_000);
const VALUE_BYTES = 100;
const BATCH = 32;
const NO_SINK: ItemSink = { put() {}, touch() {}, remove() {}, reset() {}, counters() {} };

function newStore(): Store {
  return createStore(parseServerOptions(), systemClock);
}

function open(directory: string, store: Store, mode: DurabilityMode): Promise<OpenData> {
  if (store.logged === undefined) throw new TypeError('this store cannot be logged');
  const options = { mode, rewriteBytesMin: Number.MAX_SAFE_INTEGER, snapshotEveryMs: 1e9 };
  return openData(directory, options, {
    store: store.logged,
    logger: silentLogger,
    clock: new RaisedClock(systemClock),
  });
}

/** Sets items in batches, as reads of a busy connection bring them; returns nanoseconds an item. */
async function fill(store: Store, items: number, data: OpenData | undefined): Promise<number> {
  const request = new RequestFrame();
  const reply = new ReplyFrame();
  request.valueBytes = new Uint8Array(VALUE_BYTES).fill(0x76);
  request.valueEnd = VALUE_BYTES;
  request.flags = FLAG.TAG;
  request.tag = 1;
  const begunMs = performance.now();
  for (let index = 0; index < items; index++) {
    request.keyBytes = Buffer.from(`key:${index}`, 'latin1');
    request.keyEnd = request.keyBytes.length;
    reply.clear();
    store.set(request, reply);
    if (index % BATCH !== BATCH - 1) continue;
    data?.log.commit();
    if (index % 4096 === 4095) {
      data?.log.tick();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return ((performance.now() - begunMs) * 1e6) / items;
}

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'speicher-durability-'));
  try {
    const plainNs = await fill(newStore(), ITEMS, undefined);
    const store = newStore();
    const data = await open(directory, store, 'everysec');
    const loggedNs = await fill(store, ITEMS, data);
    console.log(
      `SET in batches of ${BATCH}: ${plainNs.toFixed(0)} ns without a log, ${loggedNs.toFixed(0)} ns with one`,
    );

    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const begunMs = performance.now();
    await data.log.snapshot();
    delay.disable();
    const tookMs = performance.now() - begunMs;
    // The monitor's own interval of 1 ms is part of what it measures.
    const [p99Ms, maxMs] = [delay.percentile(99) / 1e6 - 1, delay.max / 1e6 - 1];
    console.log(
      `snapshot: ${ITEMS} items in ${tookMs.toFixed(0)} ms; loop delay p99 ${p99Ms.toFixed(1)} ms, max ${maxMs.toFixed(1)} ms`,
    );
    await data.close();

    const readMs = performance.now();
    const { records } = await recover(openNodeDisk(directory), NO_SINK);
    const decodeRate = records / (performance.now() - readMs) / 1000;
    const again = newStore();
    if (again.logged === undefined) throw new TypeError('this store cannot be logged');
    const loadMs = performance.now();
    await recover(openNodeDisk(directory), again.logged);
    const loadRate = records / (performance.now() - loadMs) / 1000;
    console.log(`recovery: ${decodeRate.toFixed(2)} M records/s decoded, ${loadRate.toFixed(2)} M/s into the store`);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

await main();
