/**
 * Looks at a directory that no server uses: `checkData` tells what can be read of it, `repairData` writes that to
 * another one. Neither changes anything in the directory itself.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { SpeicherError } from '../../protocol/index.ts';
import { silentLogger } from '../logger.ts';
import { ArenaStore } from '../store/arena/arena-store.ts';
import { reservedBehind } from './data-files.ts';
import { DataLog } from './data-log.ts';
import type { Disk, ReadableDisk } from './disk.ts';
import { noData } from './manifest.ts';
import { recover } from './recovery.ts';
import { salvage, type FileReport, type Salvaged } from './salvage.ts';

export interface DataReport {
  readonly files: readonly FileReport[];
  readonly items: number;
  /** Why a server would not start; undefined: it would. */
  readonly problem: SpeicherError | undefined;
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
 * @throws SpeicherError `SPEICHER_OPTION` if a server has never written anything to it
 * @throws Error if it cannot be read
 */
export async function checkData(disk: ReadableDisk): Promise<DataReport> {
  const { store, sink } = newStore();
  const salvaged = newStore();
  const { files } = await salvage(disk, salvaged.sink);
  try {
    const { isNew, dropped } = await recover(disk, sink);
    if (isNew) throw noData();
    return { files, items: store.stats().items, problem: undefined, droppedBytes: dropped?.bytes ?? 0 };
  } catch (error) {
    if (!(error instanceof SpeicherError) || error.code === 'SPEICHER_OPTION') throw error;
    return { files, items: salvaged.store.stats().items, problem: error, droppedBytes: 0 };
  }
}

/**
 * Writes all that can be read of a directory to another one, which must be empty. What lies behind damage is taken too:
 * of the items that it concerns an older state may come back. What has expired does not, and no version or token is
 * given again, as far as the manifest or a block tells of it.
 *
 * @returns what was found, as `checkData` tells it
 * @throws SpeicherError `SPEICHER_OPTION` if there is nothing to save or the other one is not empty;
 *   `SPEICHER_DATA_NEWER`; `SPEICHER_STORAGE` if the other one cannot be written
 */
export async function repairData(disk: ReadableDisk, to: Disk, nowMs: () => number): Promise<DataReport> {
  if ((await to.list()).length > 0) throw new SpeicherError('SPEICHER_OPTION', 'a repair needs an empty directory');
  const report = await checkData(disk);
  if (report.problem?.code === 'SPEICHER_DATA_NEWER') throw report.problem;
  const { store, sink } = newStore();
  const salvaged = await salvage(disk, sink);
  const counters = givenBy(salvaged);
  sink.counters(counters.lastVersion, counters.lastToken);
  const log = await DataLog.open(
    { mode: 'snapshot', rewriteBytesMin: 0, snapshotEveryMs: Number.MAX_SAFE_INTEGER },
    {
      disk: to,
      store: sink,
      logger: silentLogger,
      nowMs: () => Math.max(nowMs(), salvaged.lastTimeMs),
      elapsedMs: nowMs,
      random32: () => randomBytes(4).readUInt32BE(),
      defer: (call) => void setImmediate(call),
    },
    { ...(await recover(to, newStore().sink)), ...counters },
  );
  await log.snapshot();
  await log.close();
  return { ...report, items: store.stats().items };
}

/** DURABLE-4: what may have been given. Without a manifest nothing tells how much was reserved. */
function givenBy({ manifest, lastVersion, lastToken }: Salvaged): { lastVersion: number; lastToken: number } {
  const reserved = manifest ?? reservedBehind({ lastVersion, lastToken });
  return {
    lastVersion: Math.max(lastVersion, reserved.lastVersion),
    lastToken: Math.max(lastToken, reserved.lastToken),
  };
}
