/** The repository's own files, for the checks that read them. Nothing here needs git: a tarball is checked as well. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';

/** The folder that holds package.json. */
export const REPOSITORY = resolve(import.meta.dirname, '..');

/** What is made and not written. */
const MADE = new Set(['.git', '.tox', 'coverage', 'dist', 'node_modules']);

/**
 * The paths of all written files, relative to the repository, with `/`, sorted.
 *
 * @param folder where to look, relative to the repository; everywhere if it is left out.
 */
export function writtenFiles(folder = '.'): string[] {
  const found: string[] = [];
  const walk = (path: string): void => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (MADE.has(entry.name)) continue;
      const entryPath = join(path, entry.name);
      if (entry.isDirectory()) walk(entryPath);
      else if (entry.isFile()) found.push(relative(REPOSITORY, entryPath).split(sep).join('/'));
    }
  };
  walk(join(REPOSITORY, folder));
  return found.toSorted();
}

/** The text of a file of the repository. */
export function readText(path: string): string {
  return readFileSync(join(REPOSITORY, path), 'utf8');
}
