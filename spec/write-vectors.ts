/** The vectors as a directory of their own, with the interpreter that needs nothing else. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { vectorFiles } from './export.ts';

/**
 * Writes the vectors, and what stands beside them, such as run.py and its README. Other files in the directory stay.
 *
 * @returns how many files the cases make
 */
export function writeVectors(directory: string): number {
  mkdirSync(directory, { recursive: true });
  cpSync(fileURLToPath(new URL('vectors', import.meta.url)), directory, { recursive: true });
  const files = vectorFiles();
  for (const [name, text] of files) writeFileSync(join(directory, name), text);
  return files.size;
}
