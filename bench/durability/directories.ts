/** Directories of data: how servers are told of them, and what lies in them. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { startSubject, type Subject, type SubjectName } from '../lib/subjects.ts';

/** `off` is without a directory. */
export const MODES = ['off', 'everysec', 'always'] as const;
export type Mode = (typeof MODES)[number];

/** Nothing is rewritten by itself. */
const NEVER_REWRITTEN: Partial<Record<SubjectName, readonly string[]>> = {
  speicher: ['--rewrite-min', '1024GiB'],
  Redis: ['--auto-aof-rewrite-percentage', '0'],
};

/**
 * Starts a server whose data lie in a directory, which is made if it is not there.
 *
 * @param isRewritten whether it may replace its log by a snapshot when it has become long
 */
export async function startOn(
  name: SubjectName,
  mode: Mode | 'snapshot',
  directory: string,
  isRewritten = true,
): Promise<Subject> {
  if (mode === 'off') return startSubject(name);
  mkdirSync(directory, { recursive: true });
  const args =
    name === 'Redis'
      ? ['--dir', directory, '--appendonly', 'yes', '--appendfsync', mode]
      : ['--data', directory, '--durability', mode];
  return startSubject(name, isRewritten ? args : [...args, ...(NEVER_REWRITTEN[name] ?? [])]);
}

/** What the files in a directory have in all. */
export function bytesIn(directory: string): number {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => statSync(join(directory, name)))
    .reduce((sum, stats) => sum + (stats.isFile() ? stats.size : 0), 0);
}

/** The kind of file system, such as `ext2/ext3`. */
export function filesystemOf(directory: string): string {
  return execFileSync('stat', ['-f', '-c', '%T', directory], { encoding: 'utf8' }).trim();
}
