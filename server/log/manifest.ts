/**
 * The manifest names the files that count. It is one line of JSON with its checksum behind it, and is only ever
 * replaced as a whole: what it says is all true or all not yet.
 */
import { crc32 } from 'node:zlib';
import * as z from 'zod';
import { SpeicherError } from '../../protocol/index.ts';
import { FORMAT } from './blocks.ts';
import type { Disk, ReadableDisk, ReadableFile } from './disk.ts';

export const MANIFEST = 'manifest';
const MANIFEST_NEXT = 'manifest.next';

/** No manifest is longer: what is cannot be one. */
const MANIFEST_BYTES_MAX = 1024 * 1024;

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

const schema = z.object({
  format: count,
  /** The snapshot that the logs go on behind; null: none was made yet. */
  snapshot: count.nullable(),
  /** The log files in their order. */
  logs: z.array(count),
  /** The sequence of the first block of the first log. */
  firstSequence: count,
  /**
   * Up to this block all were safe when the log was closed in order: where fewer are found, some are lost, and not with
   * a torn tail. 0: it is not known.
   */
  safeSequence: count.default(0),
  /** Neither versions nor tokens up to these will be given again (DURABLE-4). */
  lastVersion: count,
  lastToken: count,
});

export type Manifest = Readonly<z.output<typeof schema>>;

export const FIRST_MANIFEST: Manifest = {
  format: FORMAT,
  snapshot: null,
  logs: [],
  firstSequence: 1,
  safeSequence: 0,
  lastVersion: 0,
  lastToken: 0,
};

export const logName = (number: number): string => `log-${number}`;
export const snapshotName = (number: number): string => `snapshot-${number}`;

/** Whether a name is one of those that the log gives to files. */
export function isOurs(name: string): boolean {
  return /^(?:log|snapshot)-\d+$/.test(name) || name === MANIFEST || name === MANIFEST_NEXT;
}

/** The names of the files that a manifest says count. */
export function namesOf({ snapshot, logs }: Manifest): string[] {
  return [...(snapshot === null ? [] : [snapshotName(snapshot)]), ...logs.map(logName)];
}

/** What is said of a directory that was never one of data. */
export function noData(): SpeicherError {
  return new SpeicherError('SPEICHER_OPTION', 'the directory has no data of a server');
}

/**
 * Reads the manifest.
 *
 * @param names of all files in the directory
 * @returns undefined if nothing was ever written to the directory
 * @throws SpeicherError `SPEICHER_DATA_CORRUPT`, `SPEICHER_DATA_NEWER`
 */
export async function readManifest(disk: ReadableDisk, names: readonly string[]): Promise<Manifest | undefined> {
  if (!names.includes(MANIFEST)) {
    const file = names.find((name) => name !== MANIFEST_NEXT && isOurs(name));
    if (file === undefined) return undefined;
    throw new SpeicherError('SPEICHER_DATA_CORRUPT', `there is ${file}, but no ${MANIFEST}`);
  }
  const file = await disk.open(MANIFEST);
  try {
    return parseManifest(await readAll(file));
  } finally {
    await file.close();
  }
}

async function readAll(file: ReadableFile): Promise<Buffer> {
  const bytes = Buffer.alloc(Math.min(await file.sizeBytes(), MANIFEST_BYTES_MAX));
  return bytes.subarray(0, await file.read(bytes, 0));
}

function damaged(cause?: unknown): SpeicherError {
  return new SpeicherError('SPEICHER_DATA_CORRUPT', `${MANIFEST} is damaged`, { cause });
}

function parseManifest(bytes: Buffer): Manifest {
  const [line = '', sum] = bytes.toString('utf8').split('\n');
  if (sum !== crcText(line)) throw damaged();
  let content: unknown;
  try {
    content = JSON.parse(line);
  } catch (error) {
    throw damaged(error);
  }
  const format = z.object({ format: count }).safeParse(content);
  if (format.success && format.data.format > FORMAT) {
    throw new SpeicherError(
      'SPEICHER_DATA_NEWER',
      `${MANIFEST} has format ${format.data.format}, this version reads formats up to ${FORMAT}`,
    );
  }
  const manifest = schema.safeParse(content);
  if (!manifest.success) throw damaged(manifest.error);
  return manifest.data;
}

function crcText(line: string): string {
  return crc32(line).toString(16).padStart(8, '0');
}

/** Replaces the manifest, in one step; once it returns, the new one is safe from a loss of power. */
export async function replaceManifest(disk: Disk, manifest: Manifest): Promise<void> {
  const line = JSON.stringify(manifest);
  const file = await disk.create(MANIFEST_NEXT);
  try {
    await file.write(Buffer.from(`${line}\n${crcText(line)}\n`), 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(MANIFEST_NEXT, MANIFEST);
  await disk.syncDirectory();
}
