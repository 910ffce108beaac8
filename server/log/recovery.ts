/**
 * Reads a directory into a store: the snapshot, then the logs behind it, up to what a crash has torn off. What was safe
 * once and cannot be read is no torn tail: it is refused, and nothing is dropped (docs/decisions/0010).
 */
import { SpeicherError } from '../../protocol/index.ts';
import type { ItemSink } from '../store/item-sink.ts';
import { BLOCK_HEADER_BYTES, FORMAT, HEAD_BYTES, KIND, type FileKind } from './blocks.ts';
import { BlockReader } from './block-reader.ts';
import type { ReadableDisk } from './disk.ts';
import { FIRST_MANIFEST, logName, readManifest, snapshotName, type Manifest } from './manifest.ts';
import { RecordReader } from './records.ts';
import { UnsafeTail, type UnsafePart } from './unsafe-tail.ts';

/** So much of the logs tells how many items all of them put, about. */
const SAMPLE_BYTES = 1024 * 1024;

/** How often something is said of a long load. */
const PROGRESS_BYTES = 64 * 1024 * 1024;

export interface Progress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly records: number;
}

/** A tail that a crash has torn off. */
export interface DroppedTail {
  readonly file: string;
  /** Offset in the file, in bytes. */
  readonly at: number;
  /** In this file and those behind it, but for zeros at their ends. */
  readonly bytes: number;
}

export interface Recovered {
  readonly manifest: Manifest;
  /** Whether nothing was ever written to the directory. */
  readonly isNew: boolean;
  /** Logs that are to be kept; those behind a torn one have nothing that counts. */
  readonly logs: readonly number[];
  /** The sequence of the next block. */
  readonly nextSequence: number;
  /** The greatest time in any block, in milliseconds since the Unix epoch; 0 if there is none. */
  readonly lastTimeMs: number;
  readonly snapshotBytes: number;
  readonly logBytes: number;
  readonly records: number;
  readonly lastVersion: number;
  readonly lastToken: number;
  readonly dropped: DroppedTail | undefined;
  /** What counts and is not known to be synced. */
  readonly unsafe: readonly UnsafePart[];
}

/**
 * Reads what the directory has, and changes nothing in it.
 *
 * @param sink takes the items; versions and tokens that must not be given again are told at the end
 * @throws SpeicherError `SPEICHER_DATA_CORRUPT` with file and offset, `SPEICHER_DATA_NEWER`, `SPEICHER_STORAGE`
 */
export async function recover(
  disk: ReadableDisk,
  sink: ItemSink,
  onProgress: (progress: Progress) => void = () => {},
): Promise<Recovered> {
  try {
    const names = await disk.list();
    const manifest = await readManifest(disk, names);
    const recovered = await new Recovery(disk, sink, manifest ?? FIRST_MANIFEST, names, onProgress).run();
    return { ...recovered, isNew: manifest === undefined };
  } catch (error) {
    if (error instanceof SpeicherError) throw error;
    throw new SpeicherError('SPEICHER_STORAGE', 'the data cannot be read', { cause: error });
  }
}

class Recovery {
  readonly #disk: ReadableDisk;
  readonly #sink: ItemSink;
  readonly #manifest: Manifest;
  readonly #names: readonly string[];
  readonly #onProgress: (progress: Progress) => void;
  readonly #records: RecordReader;
  readonly #unsafe = new UnsafeTail();
  #nextSequence: number;
  #lastTimeMs = 0;
  #doneBytes = 0;
  /** Whether the sink has been told how many items to expect. */
  #isForetold = false;
  #totalBytes = 0;
  #saidBytes = 0;
  /** Where reading the logs ended before their end; there may still turn out to be something behind it. */
  #torn: { file: string; at: number } | undefined;
  #tornBytes = 0;

  constructor(
    disk: ReadableDisk,
    sink: ItemSink,
    manifest: Manifest,
    names: readonly string[],
    onProgress: (progress: Progress) => void,
  ) {
    this.#disk = disk;
    this.#sink = sink;
    this.#manifest = manifest;
    this.#names = names;
    this.#onProgress = onProgress;
    this.#records = new RecordReader(sink);
    this.#nextSequence = manifest.firstSequence;
  }

  async run(): Promise<Omit<Recovered, 'isNew'>> {
    const { snapshot, logs, lastVersion, lastToken } = this.#manifest;
    const readers: BlockReader[] = [];
    try {
      if (snapshot !== null) readers.push(await this.#open(snapshotName(snapshot), KIND.snapshot, snapshot));
      for (const number of logs) readers.push(await this.#open(logName(number), KIND.log, number));
      this.#totalBytes = readers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      const logReaders = snapshot === null ? readers : readers.slice(1);
      // A snapshot tells it itself, and logs behind it are about its items.
      this.#isForetold = snapshot !== null;
      if (snapshot !== null) await this.#readSnapshot(readers[0]!);
      let kept = 0;
      for (const [index, reader] of logReaders.entries()) {
        const isUsed = await this.#readLog(reader);
        if (isUsed || this.#torn === undefined) kept = index + 1;
      }
      this.#expectSafe(logReaders.at(-1));
      const greatestVersion = Math.max(lastVersion, this.#records.lastVersion);
      const greatestToken = Math.max(lastToken, this.#records.lastToken);
      this.#sink.counters(greatestVersion, greatestToken);
      return {
        manifest: this.#manifest,
        logs: logs.slice(0, kept),
        nextSequence: this.#nextSequence,
        lastTimeMs: this.#lastTimeMs,
        snapshotBytes: snapshot === null ? 0 : readers[0]!.sizeBytes,
        logBytes: logReaders.reduce((sum, { zerosAt }) => sum + zerosAt, 0),
        records: this.#records.records,
        lastVersion: greatestVersion,
        lastToken: greatestToken,
        unsafe: this.#unsafe.parts(),
        dropped: this.#torn && { ...this.#torn, bytes: this.#tornBytes },
      };
    } finally {
      await Promise.all(readers.map((reader) => reader.close()));
    }
  }

  /** A file that the manifest names was whole, head included, when it was named. */
  async #open(name: string, kind: FileKind, number: number): Promise<BlockReader> {
    if (!this.#names.includes(name)) throw corrupt(name, 0, 'it is missing');
    const reader = await BlockReader.open(this.#disk, name);
    const { head } = reader;
    if (typeof head === 'object' && head.kind === kind && head.number === number) return reader;
    await reader.close();
    if (head === 'newer') {
      throw new SpeicherError(
        'SPEICHER_DATA_NEWER',
        `${name} has a newer format, this version reads formats up to ${FORMAT}`,
      );
    }
    throw corrupt(name, 0, 'its head is damaged');
  }

  async #readSnapshot(reader: BlockReader): Promise<void> {
    this.#records.fileBytes = reader.sizeBytes;
    for (let sequence = 1; ;) {
      const outcome = reader.next();
      if (outcome === 'more') {
        await this.#fill(reader);
      } else if (outcome === 'block') {
        if (reader.header.sequence !== sequence++) throw corrupt(reader.name, reader.at, 'a block is missing');
        this.#readRecords(reader);
      } else if (outcome === 'bad') {
        throw corrupt(reader.name, reader.at, 'what is there is no block');
      } else {
        break;
      }
    }
    if (this.#records.endItems !== this.#records.puts) throw corrupt(reader.name, reader.at, 'its end is missing');
    this.#doneBytes += reader.sizeBytes;
  }

  /** @returns whether any block of the file counts */
  async #readLog(reader: BlockReader): Promise<boolean> {
    let keptAt = reader.at;
    this.#unsafe.beginFile(reader.name);
    let isSought = false;
    for (;;) {
      const outcome = reader.next();
      if (outcome === 'end') break;
      if (outcome === 'more') {
        await this.#fill(reader);
      } else if (outcome === 'bad') {
        this.#torn ??= { file: reader.name, at: reader.at };
        if (!(await reader.seek(this.#nextSequence))) break;
        isSought = true;
      } else if (this.#belongs(reader, isSought)) {
        keptAt = reader.at;
      }
    }
    if (this.#torn !== undefined) this.#tornBytes += Math.max(0, reader.zerosAt - keptAt);
    this.#doneBytes += reader.sizeBytes;
    return keptAt > HEAD_BYTES;
  }

  /** Takes a block that follows on the one before. One that does not tells what became of those between. */
  #belongs(reader: BlockReader, isSought: boolean): boolean {
    const { sequence, unsynced } = reader.header;
    if (sequence === this.#nextSequence && !isSought) {
      // What was torn off before it counted no more when this file was begun.
      this.#torn = undefined;
      this.#tornBytes = 0;
      this.#nextSequence++;
      this.#readRecords(reader);
      this.#unsafe.add(sequence, unsynced, blockStart(reader), reader.at);
      return true;
    }
    const { file, at } = (this.#torn ??= { file: reader.name, at: blockStart(reader) });
    if (sequence <= this.#nextSequence || sequence - unsynced > this.#nextSequence) {
      throw corrupt(file, at, `block ${this.#nextSequence} was safe once, and cannot be read`);
    }
    return false;
  }

  /** What the manifest says is safe cannot have been torn off with the end of the last file. */
  #expectSafe(last: BlockReader | undefined): void {
    if (last === undefined || this.#nextSequence > this.#manifest.safeSequence) return;
    const { file, at } = this.#torn ?? { file: last.name, at: last.at };
    throw corrupt(file, at, `block ${this.#nextSequence} was safe once, and cannot be read`);
  }

  #readRecords(reader: BlockReader): void {
    if (!this.#records.read(reader.bytes, reader.recordsStart, reader.recordsEnd)) {
      throw corrupt(reader.name, blockStart(reader), 'what is in the block are no records');
    }
    this.#lastTimeMs = Math.max(this.#lastTimeMs, reader.header.timeMs);
  }

  async #fill(reader: BlockReader): Promise<void> {
    await reader.fill();
    const doneBytes = this.#doneBytes + reader.at;
    if (!this.#isForetold && doneBytes >= SAMPLE_BYTES) {
      this.#isForetold = true;
      this.#sink.expect?.(Math.ceil((this.#records.puts * this.#totalBytes) / doneBytes), this.#totalBytes);
    }
    if (doneBytes - this.#saidBytes < PROGRESS_BYTES) return;
    this.#saidBytes = doneBytes;
    this.#onProgress({ doneBytes, totalBytes: this.#totalBytes, records: this.#records.records });
  }
}

function blockStart(reader: BlockReader): number {
  return reader.at - (reader.recordsEnd - reader.recordsStart) - BLOCK_HEADER_BYTES;
}

function corrupt(file: string, at: number, what: string): SpeicherError {
  return new SpeicherError('SPEICHER_DATA_CORRUPT', `${file}, at byte ${at}: ${what}`);
}
