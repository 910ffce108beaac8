/**
 * Reads what can be read of data, however damaged they are: files that cannot be opened are passed over, what the disk
 * does not give back of a file counts as zeros, and what is no block is skipped.
 */
import type { ItemSink } from '../store/item-sink.ts';
import { BlockReader } from './block-reader.ts';
import type { ReadableDisk, ReadableFile } from './disk.ts';
import { namesOf, readManifest, type Manifest } from './manifest.ts';
import { RecordReader } from './records.ts';

/** What a disk cannot read it cannot read by so much at a time, mostly. */
const SECTOR_BYTES = 4096;

/** What could be read of a file. */
export interface FileReport {
  readonly name: string;
  readonly bytes: number;
  readonly blocks: number;
  readonly records: number;
  /** Bytes that are in no readable block, but for zeros at the end. */
  readonly badBytes: number;
  /** Where the first of them is, in bytes; undefined if there are none. */
  readonly badAt: number | undefined;
  /** Why the file could not be opened; undefined: it could. */
  readonly trouble: string | undefined;
}

export interface Salvaged {
  readonly files: readonly FileReport[];
  /** Undefined if it cannot be read. */
  readonly manifest: Manifest | undefined;
  /** The greatest of all that were read; 0 if there are none. */
  readonly lastVersion: number;
  readonly lastToken: number;
  /** The greatest time in any block, in milliseconds since the Unix epoch; 0 if there is none. */
  readonly lastTimeMs: number;
}

/**
 * Reads every block that can be read, and tells the sink.
 *
 * @throws Error if the directory cannot be read
 */
export async function salvage(damaged: ReadableDisk, sink: ItemSink): Promise<Salvaged> {
  const disk = readableOf(damaged);
  const names = await disk.list();
  const manifest = await readManifest(disk, names).catch(() => undefined);
  const salvaged = { files: [] as FileReport[], manifest, lastVersion: 0, lastToken: 0, lastTimeMs: 0 };
  for (const name of manifest === undefined ? numberedNames(names) : namesInOrder(manifest, names)) {
    const records = new RecordReader(sink);
    const { lastTimeMs, ...report } = await salvageFile(disk, name, records);
    salvaged.files.push(report);
    salvaged.lastVersion = Math.max(salvaged.lastVersion, records.lastVersion);
    salvaged.lastToken = Math.max(salvaged.lastToken, records.lastToken);
    salvaged.lastTimeMs = Math.max(salvaged.lastTimeMs, lastTimeMs);
  }
  return salvaged;
}

/** The snapshot and the logs behind it, as far as they are there. */
function namesInOrder(manifest: Manifest, names: readonly string[]): string[] {
  return namesOf(manifest).filter((name) => names.includes(name));
}

/** The same without a manifest, by their numbers: a snapshot has that of the log that goes on behind it. */
function numberedNames(names: readonly string[]): string[] {
  const numbered = names.flatMap((name) => {
    const [, kind, number] = /^(snapshot|log)-(\d+)$/.exec(name) ?? [];
    return kind === undefined ? [] : [{ name, order: 2 * Number(number) + (kind === 'log' ? 1 : 0) }];
  });
  return numbered.toSorted((a, b) => a.order - b.order).map(({ name }) => name);
}

async function salvageFile(
  disk: ReadableDisk,
  name: string,
  records: RecordReader,
): Promise<FileReport & { readonly lastTimeMs: number }> {
  const none = { name, blocks: 0, records: 0, badAt: 0, trouble: undefined, lastTimeMs: 0 };
  let reader: BlockReader;
  try {
    reader = await BlockReader.open(disk, name);
  } catch (error) {
    const trouble = error instanceof Error ? error.message : String(error);
    return { ...none, bytes: 0, badBytes: 0, trouble };
  }
  try {
    const { head, sizeBytes } = reader;
    // Without its head, none of a file's checksums can be known.
    if (typeof head === 'string') return { ...none, bytes: sizeBytes, badBytes: sizeBytes };
    return { ...(await readBlocks(reader, records)), name, bytes: sizeBytes, trouble: undefined };
  } finally {
    await reader.close();
  }
}

async function readBlocks(reader: BlockReader, records: RecordReader) {
  let blocks = 0;
  let readBytes = reader.at;
  let readTo = reader.at;
  let badAt: number | undefined;
  let lastTimeMs = 0;
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
      lastTimeMs = Math.max(lastTimeMs, reader.header.timeMs);
      readBytes += reader.at - startAt;
      readTo = reader.at;
      if (!records.read(reader.bytes, reader.recordsStart, reader.recordsEnd)) badAt ??= startAt;
    }
  }
  const badBytes = Math.max(readTo, reader.zerosAt) - readBytes;
  return { blocks, records: records.records, badBytes, badAt, lastTimeMs };
}

/** The same disk, of which everything can be read: what it does not give back is zeros. */
function readableOf(disk: ReadableDisk): ReadableDisk {
  return { list: () => disk.list(), open: async (name) => readableFile(await disk.open(name)) };
}

function readableFile(file: ReadableFile): ReadableFile {
  const readSectors = async (into: Uint8Array, at: number): Promise<number> => {
    const sizeBytes = Math.max(0, Math.min(into.length, (await file.sizeBytes()) - at));
    for (let done = 0; done < sizeBytes;) {
      const end = Math.min(sizeBytes, done + SECTOR_BYTES - ((at + done) % SECTOR_BYTES));
      const sector = into.subarray(done, end);
      await file.read(sector, at + done).catch(() => void sector.fill(0));
      done = end;
    }
    return sizeBytes;
  };
  return {
    read: async (into, at) => file.read(into, at).catch(async () => readSectors(into, at)),
    sizeBytes: () => file.sizeBytes(),
    close: () => file.close(),
  };
}
