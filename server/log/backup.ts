/**
 * Copies the data of a server, be it running or not, to another directory. Nothing of the server is asked: what its
 * files are at one moment is what a kill at that moment would have left, and a start knows how to read that.
 */
import { isDeepStrictEqual } from 'node:util';
import { SpeicherError } from '../../protocol/index.ts';
import { extentOf } from './block-reader.ts';
import type { Disk, DiskFile } from './disk.ts';
import { namesOf, noData, readManifest, replaceManifest, type Manifest } from './manifest.ts';

/** Files may go while they are opened, each time a snapshot ends: so often in a row that is no chance. */
const ATTEMPTS = 100;

const PIECE_BYTES = 1024 * 1024;

interface OpenPart {
  readonly name: string;
  readonly file: DiskFile;
  /** How much of it is copied, and from where on that was nothing but zeros. */
  sizeBytes: number;
  zerosAt: number;
}

/** The files that count at one moment. What is open can be read even if the server has removed it meanwhile. */
interface Cut {
  readonly manifest: Manifest;
  readonly parts: readonly OpenPart[];
}

/**
 * Copies what counts of one directory to another.
 *
 * The manifest is written last: a copy that was broken off is refused by a server, and not taken for a whole one.
 *
 * @param to an empty directory
 * @returns how many bytes were copied
 * @throws SpeicherError `SPEICHER_OPTION` if there is nothing to copy or `to` has files; `SPEICHER_DATA_CORRUPT`,
 *   `SPEICHER_DATA_NEWER`; `SPEICHER_STORAGE` if the files never stand still
 */
export async function backupData(from: Disk, to: Disk): Promise<number> {
  if ((await to.list()).length > 0) throw new SpeicherError('SPEICHER_OPTION', 'a backup needs an empty directory');
  const { manifest, parts } = await takeCut(from);
  try {
    let bytes = 0;
    for (const part of parts) {
      await copyPart(part, to);
      bytes += part.sizeBytes;
    }
    await to.syncDirectory();
    await replaceManifest(to, manifest);
    return bytes;
  } finally {
    await closeAll(parts);
  }
}

async function takeCut(from: Disk): Promise<Cut> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = await manifestOf(from);
    const parts = await openParts(from, before);
    if (parts === undefined) continue;
    let isKept = false;
    try {
      // The last log first: the server goes on to a log only once the one before it is complete, so whatever is
      // measured after a log holds every block that comes before the blocks of that.
      // Zeros that were written ahead are copied as such, whatever the server writes there meanwhile: of what was no
      // zero, all before it stands still.
      for (const part of parts.toReversed()) Object.assign(part, await extentOf(part.file));
      // DURABLE-4: the manifest that is copied must reserve what the copied blocks have been given.
      const manifest = await manifestOf(from);
      isKept = isDeepStrictEqual(filesOf(before), filesOf(manifest));
      if (isKept) return { manifest, parts };
    } finally {
      if (!isKept) await closeAll(parts);
    }
  }
  throw new SpeicherError('SPEICHER_STORAGE', 'the files of the directory never stand still');
}

/** What must be the same before and after all are measured: a later manifest may call safe what lies behind that. */
function filesOf({ snapshot, logs, firstSequence, safeSequence }: Manifest): unknown {
  return { snapshot, logs, firstSequence, safeSequence };
}

async function manifestOf(disk: Disk): Promise<Manifest> {
  const manifest = await readManifest(disk, await disk.list());
  if (manifest === undefined) throw noData();
  return manifest;
}

/** @returns undefined if one of them is gone: the manifest has been replaced since it was read */
async function openParts(disk: Disk, manifest: Manifest): Promise<OpenPart[] | undefined> {
  const parts: OpenPart[] = [];
  try {
    for (const name of namesOf(manifest)) parts.push({ name, file: await disk.open(name), sizeBytes: 0, zerosAt: 0 });
    return parts;
  } catch (error) {
    await closeAll(parts);
    if (Reflect.get(error as Error, 'code') !== 'ENOENT') throw error;
    if (!isDeepStrictEqual(filesOf(manifest), filesOf(await manifestOf(disk)))) return undefined;
    throw new SpeicherError('SPEICHER_DATA_CORRUPT', 'a file that the manifest names is missing', { cause: error });
  }
}

async function closeAll(parts: readonly OpenPart[]): Promise<void> {
  for (const { file } of parts) await file.close();
}

async function copyPart({ name, file, sizeBytes, zerosAt }: OpenPart, to: Disk): Promise<void> {
  const copy = await to.create(name);
  try {
    const piece = new Uint8Array(Math.min(PIECE_BYTES, sizeBytes));
    for (let at = 0; at < sizeBytes; at += PIECE_BYTES) {
      const wanted = piece.subarray(0, Math.min(PIECE_BYTES, sizeBytes - at));
      if ((await file.read(wanted, at)) < wanted.length) {
        throw new SpeicherError('SPEICHER_STORAGE', `${name} has become shorter while it was copied`);
      }

      wanted.fill(0, Math.max(0, zerosAt - at));
      await copy.write(wanted, at);
    }
    await copy.sync();
  } finally {
    await copy.close();
  }
}
