/** A log for tests of it, on a simulated disk. */
import { silentLogger } from '../../logger.ts';
import type { LoggedStore } from '../../store/item-sink.ts';
import { DataLog } from '../data-log.ts';
import type { DataLogDependencies, DataLogOptions } from '../data-log-options.ts';
import type { Disk } from '../disk.ts';
import { SimDisk, seededRandom, type SimWorld } from './sim-disk.ts';

const atOnce = (_delayMs: number, call: () => void): void => queueMicrotask(call);

/** A world in which the disk answers at once and never fails, but for what the test says. */
export function calmWorld(other: Partial<SimWorld> = {}): SimWorld {
  return { random: seededRandom(1), later: atOnce, fault: () => undefined, slowMs: 0, ...other };
}

export const calmDisk = (other?: Partial<SimWorld>): SimDisk => new SimDisk(calmWorld(other));

/**
 * Loads what the disk has into the store, and opens a log that keeps what the store is told from then on. It begins no
 * snapshot by itself, and its file ends where its last block does, unless the test says otherwise.
 */
export async function openLog(
  disk: Disk,
  store: LoggedStore,
  other: Partial<DataLogOptions & DataLogDependencies> = {},
): Promise<DataLog> {
  return DataLog.open(
    { mode: 'everysec', rewriteBytesMin: 1e9, snapshotEveryMs: 1e9, zerosAheadBytes: 0, ...other },
    {
      logger: silentLogger,
      nowMs: () => 1000,
      elapsedMs: () => 0,
      random32: () => 7,
      defer: (call) => queueMicrotask(call),
      ...other,
      disk,
      store,
    },
    await DataLog.load(disk, store),
  );
}
