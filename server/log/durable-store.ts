/** A server's store on a directory of the machine: lock, load, and the log that keeps it from then on. */
import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { SpeicherError } from '../../protocol/index.ts';
import type { RaisedClock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { LoggedStore } from '../store/item-sink.ts';
import { DataLog } from './data-log.ts';
import type { DataLogOptions } from './data-log-options.ts';
import { lockDirectory, type DirectoryLock } from './directory-lock.ts';
import type { Disk } from './disk.ts';
import { isOurs } from './manifest.ts';
import { openNodeDisk } from './node-disk.ts';

export interface OpenData {
  readonly log: DataLog;
  /** Makes all safe and lets the directory go. */
  close(): Promise<void>;
}

export interface DataDependencies {
  readonly store: LoggedStore;
  readonly logger: Logger;
  readonly clock: RaisedClock;
  /** Default: the directory itself. */
  readonly disk?: Disk;
}

/** Whether a directory has files of a server's data. One that cannot be looked at has none that anybody could load. */
export async function hasData(directory: string): Promise<boolean> {
  const names = await readdir(directory).catch(() => []);
  return names.some(isOurs);
}

/**
 * Loads a directory into a store, and keeps the store in it.
 *
 * @throws SpeicherError `SPEICHER_DATA_IN_USE`, `SPEICHER_DATA_CORRUPT`, `SPEICHER_DATA_NEWER`, `SPEICHER_STORAGE`
 */
export async function openData(directory: string, options: DataLogOptions, deps: DataDependencies): Promise<OpenData> {
  let disk: Disk;
  try {
    disk = deps.disk ?? openNodeDisk(directory);
  } catch (error) {
    throw new SpeicherError('SPEICHER_STORAGE', `${directory} cannot be made`, { cause: error });
  }
  const lock = deps.disk === undefined ? await lockDirectory(directory) : undefined;
  try {
    const log = await load(disk, directory, options, deps);
    return { log, close: () => closeAll(log, lock) };
  } catch (error) {
    await lock?.release();
    throw withAdvice(error, directory);
  }
}

async function load(disk: Disk, directory: string, options: DataLogOptions, deps: DataDependencies): Promise<DataLog> {
  const { store, logger, clock } = deps;
  const begunMs = performance.now();
  const recovered = await DataLog.load(disk, store, ({ doneBytes, totalBytes, records }) => {
    const percent = Math.floor((100 * doneBytes) / totalBytes);
    logger.info({ event: 'loading', percent, records }, `loading: ${percent} %`);
  });
  const { dropped, records, snapshotBytes, logBytes } = recovered;
  if (dropped !== undefined) {
    logger.warn({ event: 'tail-dropped', ...dropped }, 'the end of the log was torn off, and is dropped');
  }
  const raisedMs = clock.raiseTo(recovered.lastTimeMs);
  if (raisedMs > 0) logger.warn({ event: 'clock-raised', raisedMs }, 'the clock was set back: the time goes on');
  const log = await DataLog.open(
    options,
    {
      disk,
      store,
      logger,
      nowMs: () => clock.nowMs(),
      elapsedMs: () => performance.now(),
      random32: () => randomBytes(4).readUInt32BE(),
      defer: (call) => void setImmediate(call),
    },
    recovered,
  );
  const tookMs = Math.round(performance.now() - begunMs);
  logger.info({ event: 'loaded', directory, records, bytes: snapshotBytes + logBytes, tookMs }, 'the data are loaded');
  return log;
}

async function closeAll(log: DataLog, lock: DirectoryLock | undefined): Promise<void> {
  try {
    await log.close();
  } finally {
    await lock?.release();
  }
}

/** Whoever meets damage wants to know what to do. */
function withAdvice(error: unknown, directory: string): unknown {
  if (!(error instanceof SpeicherError) || error.code !== 'SPEICHER_DATA_CORRUPT') return error;
  const detail = error.message.slice(error.message.indexOf(': ') + 2);
  const advice = `"speicher check ${directory}" tells more, "speicher repair ${directory} --to OTHER" saves the rest`;
  return new SpeicherError('SPEICHER_DATA_CORRUPT', `${detail}; ${advice}`, { cause: error });
}
