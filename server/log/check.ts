/**
 * Looks at a directory that no server uses: `checkData` tells what can be read of it, `repairData` writes that to
 * another one. Neither changes anything in the directory itself.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { SpeicherError } from '../../protocol/index.ts';
import { silentLogger } from '../logger.ts';
import { ArenaStore } from '../store/arena/arena-store.ts';
import { BlockReader } from './block-reader.ts';
import { DataLog } from './data-log.ts';
import type { Disk } from './disk.ts';
import { logName, readManifest, snapshotName } from './manifest.ts';
import { RecordReader } from './records.ts';
import { recover } from './recovery.ts';
import type { ItemSink } from '../store/item-sink.ts';

/** What could be read of a file. */
export interface FileReport {
  readonly name: string;
  readonly bytes: number;
  readonly blocks: number;
  readonly records: number;
  /** Bytes that are in no readable block. */
  readonly badBytes: number;
  /** Where the first of them is, in bytes; undefined if there are none. */
  readonly badAt: number | undefined;
}

export interface DataReport {
  readonly files: readonly FileReport[];
  readonly items: number;
  /** Why a server would not start; undefined: it would. */
  readonly problem: string | undefined;
  /** Bytes of a torn tail that a start would drop. */
  readonly droppedBytes: number;
}

const SEED_RANGE = 2 ** 32;

/** A sink that knows only how many items there are, by their keys. */
function newStore() {
  const seed = [randomInt(SEED_RANGE), randomInt(SEED_RANGE)] as const;
  const store = new ArenaStore({ clock: { nowMs: () => 0 }, valueBytesMax: Number.MAX_SAFE_INTEGER, seed });
  return { store, sink: store.logged };
}

/**
 * Reads all files of a directory.
 *
 * @throws Error if they cannot be read at all
 */
export async function checkData(disk: Disk): Promise<DataReport> {
  const { store, sink } = newStore();
  const files: FileReport[] = [];
  let problem: string | undefined;
  let droppedBytes = 0;
  try {
    droppedBytes = (await recover(disk, sink)).dropped?.bytes ?? 0;
  } catch (error) {
    if (!(error instanceof SpeicherError)) throw error;
    problem = `${error.code}: ${error.message}`;
  }
  const salvaged = newStore();
  for (const name of await namesInOrder(disk)) files.push(await salvage(disk, name, salvaged.sink));
  const { items } = (problem === undefined ? store : salvaged.store).stats();
  return { files, items, problem, droppedBytes };
}

/**
 * Writes all that can be read of a directory to another one, which must be empty. What lies behind damage is taken too:
 * of the items that it concerns an older state may come back.
 *
 * @returns what was found, as `checkData` tells it
 * @throws SpeicherError `SPEICHER_STORAGE` if the other one is not empty or cannot be written
 */
export async function repairData(disk: Disk, to: Disk, nowMs: () => number): Promise<DataReport> {
  if ((await to.list()).length > 0)
    throw new SpeicherError('SPEICHER_STORAGE', 'the directory to write to is not empty');
  const report = await checkData(disk);
  const { store, sink } = newStore();
  for (const name of await namesInOrder(disk)) await salvage(disk, name, sink);
  const recovered = await recover(to, newStore().sink);
  const counted = { ...recovered, lastVersion: sink.lastVersion, lastToken: sink.lastToken };
  const log = await DataLog.open(
    { mode: 'snapshot', rewriteBytesMin: 0, snapshotEveryMs: Number.MAX_SAFE_INTEGER },
    {
      disk: to,
      store: sink,
      logger: silentLogger,
      nowMs,
      elapsedMs: nowMs,
      random32: () => randomBytes(4).readUInt32BE(),
      defer: (call) => void setImmediate(call),
    },
    counted,
  );
  await log.snapshot();
  await log.close();
  return { ...report, items: store.stats().items };
}

/** The snapshot and the logs behind it: as the manifest says, or by their numbers if there is none to be read. */
async function namesInOrder(disk: Disk): Promise<string[]> {
  const names = await disk.list();
  try {
    const manifest = await readManifest(disk, names);
    if (manifest === undefined) return [];
    const { snapshot, logs } = manifest;
    return [...(snapshot === null ? [] : [snapshotName(snapshot)]), ...logs.map(logName)].filter((name) =>
      names.includes(name),
    );
  } catch (error) {
    if (!(error instanceof SpeicherError)) throw error;
  }
  const numbered = names.flatMap((name) => {
    const [, kind, number] = /^(snapshot|log)-(\d+)$/.exec(name) ?? [];
    // A snapshot has the number of the log that goes on behind it.
    return kind === undefined ? [] : [{ name, order: 2 * Number(number) + (kind === 'log' ? 1 : 0) }];
  });
  return numbered.toSorted((a, b) => a.order - b.order).map(({ name }) => name);
}

/** Reads every block of a file that can be read, and tells the sink. */
async function salvage(disk: Disk, name: string, sink: ItemSink): Promise<FileReport> {
  const reader = await BlockReader.open(disk, name);
  const records = new RecordReader(sink);
  let blocks = 0;
  let readBytes = reader.at;
  let badAt: number | undefined;
  try {
    // Without its head, none of a file's checksums can be known.
    if (typeof reader.head === 'string') {
      return { name, bytes: reader.sizeBytes, blocks, records: 0, badBytes: reader.sizeBytes, badAt: 0 };
    }
    for (let sequence = 0; ;) {
      const startAt = reader.at;
      const outcome = reader.next();
      if (outcome === 'end') break;
      if (outcome === 'more') {
        await reader.fill();
      } else if (outcome === 'bad') {
        badAt ??= reader.at;
        if (!(await reader.seek(sequence))) break;
      } else {
        blocks++;
        sequence = reader.header.sequence + 1;
        readBytes += reader.at - startAt;
        if (!records.read(reader.bytes, reader.recordsStart, reader.recordsEnd)) badAt ??= startAt;
      }
    }
    const badBytes = reader.endBytes - readBytes;
    return { name, bytes: reader.sizeBytes, blocks, records: records.records, badBytes, badAt };
  } finally {
    await reader.close();
  }
}
