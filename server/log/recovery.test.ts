/** Torn tails and damage: what is dropped, what is refused, and what a snapshot is worth. */
import { expect, test } from 'vitest';
import { SpeicherError } from '../../protocol/index.ts';
import { BLOCK_HEADER_BYTES, HEAD_BYTES } from './blocks.ts';
import { recover, type Recovered } from './recovery.ts';
import { ModelStore } from './testing/model-store.ts';
import { calmDisk, calmWorld, openLog } from './testing/open-log.ts';
import { SimDisk, seededRandom, type SimWorld } from './testing/sim-disk.ts';

/** A world in which so many calls of the disk are carried out, and no more; and when the one behind them came. */
function worldUntil(calls: number, seed: number): { world: SimWorld; ended: Promise<void> } {
  let end: () => void;
  const ended = new Promise<void>((resolve) => (end = resolve));
  let left = calls;
  const later = (_delayMs: number, call: () => void): void => (left-- > 0 ? queueMicrotask(call) : end());
  return { world: calmWorld({ random: seededRandom(seed), later }), ended };
}

interface Written {
  readonly files: Map<string, Buffer>;
  readonly states: readonly string[];
  /** Where each block of the log ends. */
  readonly ends: readonly number[];
}

/** A log of so many bytes at least, and the state after each of its blocks. */
async function writeLog(bytesMin: number, valueBytesMax = 300): Promise<Written> {
  const disk = calmDisk();
  const store = new ModelStore();
  const log = await openLog(disk, store);
  const states = [store.fingerprint()];
  const ends = [HEAD_BYTES + BLOCK_HEADER_BYTES];
  for (let index = 0; ends.at(-1)! < bytesMin; index++) {
    store.set(
      `k${index % 50}`,
      'v'.repeat((index * 37) % valueBytesMax),
      index,
      index % 3 === 0 ? { tag: 1, lifeMs: 5000 } : {},
    );
    if (index % 7 === 0) store.delete(`k${(index * 3) % 50}`);
    if (index % 5 === 0) store.lock(`k${index % 50}`, Infinity, index);
    expect(log.commit()).toBe(0);
    states.push(store.fingerprint());
    ends.push(disk.contents().get('log-1')!.length);
  }
  return { files: disk.contents(), states, ends };
}

async function read(files: ReadonlyMap<string, Uint8Array>): Promise<{ found: string; recovered: Recovered }> {
  const disk = calmDisk();
  for (const [name, bytes] of files) disk.plant(name, bytes);
  const store = new ModelStore();
  const recovered = await recover(disk, store);
  return { found: store.fingerprint(), recovered };
}

/** How many bytes there are before the zeros at the end: these may have been written ahead. */
const bytesBeforeZeros = (bytes: Uint8Array): number => bytes.findLastIndex((byte) => byte !== 0) + 1;

/** What a copy with another log-1 reads as. */
const withLog = (files: ReadonlyMap<string, Uint8Array>, bytes: Uint8Array) => read(new Map(files).set('log-1', bytes));

/** The environment `durability` cuts at every byte and flips every bit; others do so with a few of them. */
const isWhole = Number(process.env['SPEICHER_TEST_SEEDS'] ?? 0) >= 10_000;
const CUT_BYTES = isWhole ? 1 : 61;
/** Odd, so that over the bytes of a file each of the eight bits has its turn. */
const FLIPPED_BITS = isWhole ? 1 : 9;

test('a log of 64 KiB, cut off at any byte, gives the longest valid beginning, and says what was dropped', async () => {
  const { files, states, ends } = await writeLog(65_536, 4000);
  const whole = files.get('log-1')!;
  for (let cut = HEAD_BYTES; cut <= whole.length; cut += CUT_BYTES) {
    const left = whole.subarray(0, cut);
    const { found, recovered } = await withLog(files, left);
    const kept = ends.findLastIndex((end) => end <= cut);
    expect(found).toBe(states[Math.max(kept, 0)]);
    const keptBytes = kept < 0 ? HEAD_BYTES : ends[kept]!;
    expect(recovered.dropped?.bytes ?? 0).toBe(Math.max(0, bytesBeforeZeros(left) - keptBytes));
  }
}, 600_000);

test('a sink is told about how many items a long log has', async () => {
  const { files } = await writeLog(2.5 * 1024 * 1024, 4000);
  const told: [items: number, bytes: number][] = [];
  const store = Object.assign(new ModelStore(), {
    expect: (...expected: [number, number]) => void told.push(expected),
  });
  const disk = calmDisk();
  for (const [name, bytes] of files) disk.plant(name, bytes);
  let puts = 0;
  const put = store.put.bind(store);
  store.put = (item) => {
    puts++;
    put(item);
  };
  await recover(disk, store);
  expect(told).toHaveLength(1);
  expect(told[0]![0] / puts).toBeCloseTo(1, 0.5);
  expect(told[0]![1]).toBe(files.get('log-1')!.length);
});

test('4096 tails of garbage are dropped', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = seededRandom(seed);
  const { files, states } = await writeLog(2048);
  const whole = files.get('log-1')!;
  for (let run = 0; run < 4096; run++) {
    const tail = Buffer.from(Array.from({ length: 1 + random() * 200 }, () => random() * 256));
    if (random() < 0.5) tail.fill(0, Math.floor(random() * tail.length));
    const { found, recovered } = await withLog(files, Buffer.concat([whole, tail]));
    expect({ seed, found }).toEqual({ seed, found: states.at(-1) });
    const bytes = bytesBeforeZeros(tail);
    expect(recovered.dropped).toEqual(bytes === 0 ? undefined : { file: 'log-1', at: whole.length, bytes });
  }
}, 60_000);

test.each(['everysec', 'always'] as const)(
  '%s: zeros behind a log are its end, and are no part of its last block',
  async (mode) => {
    for (const zerosAheadBytes of [0, 1, 100, 200_000]) {
      const disk = calmDisk();
      const store = new ModelStore();
      const log = await openLog(disk, store, { mode, zerosAheadBytes });
      for (let size = 0; size < 40; size++) {
        store.set('k', `${size}${'\0'.repeat(size * 5)}`, size);
        expect(log.commit()).toBe(0);
        const bytes = disk.contents().get('log-1')!;
        expect(bytes.length - bytesBeforeZeros(bytes)).toBeGreaterThanOrEqual(zerosAheadBytes / 2);
        const { found, recovered } = await read(disk.contents());
        expect({ found, dropped: recovered.dropped }).toEqual({ found: store.fingerprint(), dropped: undefined });
      }
    }
  },
);

/** Starts on the disk; returns whether the start has come to its end before its calls had. */
const begin = async (disk: SimDisk, ended: Promise<void>): Promise<boolean> =>
  Promise.race([openLog(disk, new ModelStore()).then(() => true), ended.then(() => false)]);

test('first starts that are killed and lose the power at any call leave what the next one takes', async () => {
  let seed = 0;
  for (let killedAt = 0, isOver = false; !isOver; killedAt++) {
    for (let lostAt = 0, isSecondOver = false; !isSecondOver; lostAt++) {
      for (let draw = 0; draw < 8; draw++) {
        const [first, second] = [worldUntil(killedAt, ++seed), worldUntil(lostAt, seed)];
        const disk = new SimDisk(first.world);
        isOver = await begin(disk, first.ended);
        const killed = disk.kill(second.world);
        isSecondOver = await begin(killed, second.ended);
        await expect(
          openLog(killed.losePower(calmWorld({ random: seededRandom(seed) })), new ModelStore()),
          `${killedAt}, ${lostAt}`,
        ).resolves.toBeDefined();
      }
    }
  }
  expect(seed).toBeGreaterThan(1000);
});

/** How many of so many bits are flipped. */
const flippedOf = (bits: number): number => Math.ceil(bits / FLIPPED_BITS);

/** Flips bits, and tells how often each outcome came: an error's code, or what was found. */
async function flipBits(files: Map<string, Buffer>, name: string, step = 1): Promise<Map<string, number>> {
  const whole = files.get(name)!;
  const outcomes = new Map<string, number>();
  for (let bit = 0; bit < whole.length * 8; bit += step) {
    const flipped = Buffer.from(whole);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    const outcome = await read(new Map(files).set(name, flipped)).then(
      ({ found }) => found,
      (error: unknown) => (error instanceof SpeicherError ? error.code : String(error)),
    );
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  return outcomes;
}

test('of a log that was closed in order every flipped bit is refused, and every end that is missing', async () => {
  const disk = calmDisk();
  const store = new ModelStore();
  const log = await openLog(disk, store);
  for (let count = 0; disk.contents().get('log-1')!.length < 4000; count++) {
    store.set(`k${count % 9}`, 'v'.repeat(count), 5);
    log.commit();
  }
  await log.close();
  const files = disk.contents();
  const bytes = files.get('log-1')!;
  const flipped = flippedOf(bytes.length * 8);
  expect(await flipBits(files, 'log-1', FLIPPED_BITS)).toEqual(new Map([['SPEICHER_DATA_CORRUPT', flipped]]));
  for (let size = 0; size < bytes.length; size++) {
    const zeroed = Buffer.alloc(bytes.length);
    bytes.copy(zeroed, 0, 0, size);
    // The last bytes may be zeros themselves.
    for (const cut of zeroed.equals(bytes) ? [bytes.subarray(0, size)] : [bytes.subarray(0, size), zeroed]) {
      await expect(read(new Map(files).set('log-1', cut))).rejects.toMatchObject({ code: 'SPEICHER_DATA_CORRUPT' });
    }
  }
}, 120_000);

test('a log that goes on behind one that was closed in order may be torn', async () => {
  const disk = calmDisk();
  const store = new ModelStore();
  const first = await openLog(disk, store);
  store.set('a', '1', 5);
  first.commit();
  await first.close();
  const before = store.fingerprint();
  await openLog(disk, new ModelStore());
  const files = disk.contents();
  const bytes = files.get('log-2')!;
  for (let size = HEAD_BYTES; size < bytes.length; size++) {
    const { found } = await read(new Map(files).set('log-2', bytes.subarray(0, size)));
    expect(found).toBe(before);
  }
});

test('every flipped bit of a snapshot and of a manifest is refused', async () => {
  const disk = calmDisk();
  const store = new ModelStore();
  const log = await openLog(disk, store);
  for (let index = 0; index < 40; index++) store.set(`k${index}`, 'v'.repeat(index * 2), index, { tag: 9, lifeMs: 77 });
  log.commit();
  await log.snapshot();
  const files = disk.contents();
  const snapshot = [...files.keys()].find((name) => name.startsWith('snapshot-'))!;
  const bits = files.get(snapshot)!.length * 8;
  expect(await flipBits(files, snapshot, FLIPPED_BITS)).toEqual(new Map([['SPEICHER_DATA_CORRUPT', flippedOf(bits)]]));
  // The newline behind the checksum says nothing, unless it becomes a part of it.
  const outcomes = await flipBits(files, 'manifest');
  const manifestBits = files.get('manifest')!.length * 8;
  expect([...outcomes.keys()].filter((each) => each !== store.fingerprint())).toEqual(['SPEICHER_DATA_CORRUPT']);
  expect(outcomes.get('SPEICHER_DATA_CORRUPT')).toBeGreaterThanOrEqual(manifestBits - 8);
}, 120_000);

test('damage before what was safe names file and offset', async () => {
  const disk = calmDisk();
  const store = new ModelStore();
  const log = await openLog(disk, store);
  for (let index = 0; index < 3; index++) {
    store.set('k', `${index}`, index);
    log.commit();
  }
  await log.close();
  const files = disk.contents();
  const at = HEAD_BYTES + BLOCK_HEADER_BYTES;
  files.get('log-1')![at + 40]! ^= 1;
  await expect(read(files)).rejects.toMatchObject({
    code: 'SPEICHER_DATA_CORRUPT',
    message: `the data are damaged: log-1, at byte ${at}: block 2 was safe once, and cannot be read`,
  });
});

test('a missing file, a missing manifest and a newer format are refused, each in its own words', async () => {
  const { files } = await writeLog(300);
  const without = (name: string) => read(new Map([...files].filter(([each]) => each !== name)));
  await expect(without('log-1')).rejects.toMatchObject({ code: 'SPEICHER_DATA_CORRUPT', message: /log-1.*missing/ });
  await expect(without('manifest')).rejects.toMatchObject({ code: 'SPEICHER_DATA_CORRUPT', message: /no manifest/ });
});

test('times, tags, versions and locks come back exactly, through a log and through a snapshot', async () => {
  const disk = calmDisk();
  const store = new ModelStore();
  const log = await openLog(disk, store, { mode: 'always' });
  store.set('a', 'x', 1234.0625, { tag: 2 ** 32 - 1, lifeMs: 2 ** 53 - 1 });
  store.lock('a', 17, 99.5);
  store.set('\0\u00ff', '', 0.1);
  store.lock('\0\u00ff', Infinity, 3);
  store.expire('a', Infinity, 4);
  log.commit();
  expect((await read(disk.contents())).found).toBe(store.fingerprint());
  await log.snapshot();
  const { found, recovered } = await read(disk.contents());
  expect(found).toBe(store.fingerprint());
  expect(recovered.logBytes).toBe(HEAD_BYTES);
});
