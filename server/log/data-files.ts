/** The files of a directory: which of them count, how new ones are made, and how those go that count no more. */
import { HEAD_BYTES, KIND, headCrcOf, makeHead } from './blocks.ts';
import type { Disk } from './disk.ts';
import type { LogWriter, OpenLog } from './log-writer.ts';
import { MANIFEST, isOurs, logName, namesOf, replaceManifest, type Manifest } from './manifest.ts';
import type { Recovered } from './recovery.ts';

/** Versions and tokens are reserved so many at a time, and again once half of them are given (DURABLE-4). */
const COUNTER_BLOCK = 2 ** 24;

/** The last version and the last token that were given, or that are not given yet and may be. */
type Counters = Pick<Manifest, 'lastVersion' | 'lastToken'>;

/** What may be given behind those that were. */
export function reservedBehind({ lastVersion, lastToken }: Counters): Counters {
  return { lastVersion: lastVersion + COUNTER_BLOCK, lastToken: lastToken + COUNTER_BLOCK };
}

/** A log file that a snapshot can stand before. */
export interface BegunLog {
  readonly number: number;
  /** Of its first block. */
  readonly firstSequence: number;
  /** How much the file has that was written to before, in bytes. */
  readonly leftBytes: number;
}

export class DataFiles {
  readonly #disk: Disk;
  readonly #random32: () => number;
  #manifest: Manifest;
  /** What the manifest has reserved, which every change is held against: a field is quicker to come by. */
  lastVersion: number;
  lastToken: number;
  #lastNumber: number;
  #queue: Promise<void> = Promise.resolve();
  #isReserving = false;

  /** @param recovered what was found at the start */
  constructor(disk: Disk, random32: () => number, { manifest, logs }: Recovered) {
    this.#disk = disk;
    this.#random32 = random32;
    this.#manifest = { ...manifest, logs: [...logs] };
    this.lastVersion = manifest.lastVersion;
    this.lastToken = manifest.lastToken;
    this.#lastNumber = Math.max(0, manifest.snapshot ?? 0, ...manifest.logs);
  }

  get manifest(): Manifest {
    return this.#manifest;
  }

  /** A number that no file has had. */
  nextNumber(): number {
    return ++this.#lastNumber;
  }

  /** Changes the manifest; one replacement at a time. Of one that fails it is not known which manifest is there. */
  replace(change: Partial<Manifest>): Promise<void> {
    const done = this.#replaceBehind(this.#queue, change);
    this.#queue = done.catch(() => {});
    return done;
  }

  async #replaceBehind(before: Promise<void>, change: Partial<Manifest>): Promise<void> {
    await before;
    const next = { ...this.#manifest, ...change };
    await replaceManifest(this.#disk, next);
    this.#manifest = next;
    this.lastVersion = next.lastVersion;
    this.lastToken = next.lastToken;
  }

  /** DURABLE-4: what is given is below what the manifest says, always; so it says more once half of that is given. */
  async reserveBehind(given: Counters): Promise<void> {
    const left = Math.min(this.lastVersion - given.lastVersion, this.lastToken - given.lastToken);
    if (this.#isReserving || left > COUNTER_BLOCK / 2) return;
    this.#isReserving = true;
    try {
      await this.replace(reservedBehind(given));
    } finally {
      this.#isReserving = false;
    }
  }

  /** Makes a log file, which the manifest does not name yet. */
  async createLog(): Promise<{ open: OpenLog; number: number }> {
    const number = this.nextNumber();
    const head = makeHead(KIND.log, number, this.#random32());
    const file = await this.#disk.create(logName(number));
    try {
      await file.write(head, 0);
      await file.sync();
      await this.#disk.syncDirectory();
    } catch (error) {
      await file.close();
      throw error;
    }
    return { open: { file, headCrc: headCrcOf(head), atBytes: HEAD_BYTES }, number };
  }

  /** Makes a log file, and goes on in it. */
  async nextLog(writer: LogWriter): Promise<BegunLog> {
    const { open, number } = await this.createLog();
    try {
      await this.replace({ logs: [...this.#manifest.logs, number] });
      if (!writer.flush()) throw writer.cause ?? new Error('the log cannot be written');
    } catch (error) {
      await open.file.close();
      throw error;
    }
    const leftBytes = writer.fileBytes;
    return { number, firstSequence: writer.switchTo(open), leftBytes };
  }

  /** Removes what has a name of ours and is not named by the manifest. */
  async removeRemnants(): Promise<void> {
    const kept = new Set([MANIFEST, ...namesOf(this.#manifest)]);
    const remnants = (await this.#disk.list()).filter((name) => isOurs(name) && !kept.has(name));
    for (const name of remnants) await this.#disk.remove(name);
    if (remnants.length > 0) await this.#disk.syncDirectory();
  }
}
