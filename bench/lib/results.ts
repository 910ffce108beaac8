/** Results as files, one for each benchmark, with what they were measured on. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { REPOSITORY } from './native.ts';

export const summarySchema = z.strictObject({ median: z.number(), min: z.number(), max: z.number() });

const headerSchema = z.object({
  date: z.string(),
  machine: z.strictObject({ cpu: z.string(), cores: z.number(), kernel: z.string(), memoryGib: z.number() }),
  /** Undefined where the program is not installed. */
  versions: z.strictObject({
    commit: z.string(),
    node: z.string(),
    redis: z.string().optional(),
    memcached: z.string().optional(),
  }),
});

export type Header = z.infer<typeof headerSchema>;

const RESULTS = join(REPOSITORY, 'bench', 'results');

function firstMatch(command: readonly string[], pattern: RegExp): string | undefined {
  const [program = '', ...args] = command;
  return pattern.exec(spawnSync(program, args, { encoding: 'utf8' }).stdout ?? '')?.[1];
}

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: REPOSITORY, encoding: 'utf8' }).trim();
}

/** The commit, with `+changes` if the sources that run are not those of the commit. */
function commit(): string {
  try {
    const isChanged =
      git('status', '--porcelain', '--', 'protocol', 'server', 'cli', 'bench', ':!bench/results') !== '';
    return git('rev-parse', '--short=10', 'HEAD') + (isChanged ? '+changes' : '');
  } catch {
    return 'unknown';
  }
}

/** When, on what and with what. */
function header(): Header {
  const redis = firstMatch(['redis-server', '--version'], /v=(\S+)/);
  const memcached = firstMatch(['memcached', '-V'], /memcached (\S+)/);
  return {
    date: new Date().toISOString().slice(0, 16).replace('T', ' ') + ' UTC',
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      kernel: `${type()} ${release()}`,
      memoryGib: Math.round(totalmem() / 2 ** 30),
    },
    versions: {
      commit: commit(),
      node: process.version,
      ...(redis !== undefined && { redis }),
      ...(memcached !== undefined && { memcached }),
    },
  };
}

/** Writes `bench/results/NAME.json` in place of the one before. */
export function writeResult(name: string, result: object): void {
  mkdirSync(RESULTS, { recursive: true });
  const path = join(RESULTS, `${name}.json`);
  writeFileSync(path, `${JSON.stringify({ ...header(), ...result }, undefined, 2)}\n`);
  console.log(`written: bench/results/${name}.json; npm run bench:report puts it into bench/README.md`);
}

/**
 * Reads `bench/results/NAME.json`.
 *
 * @returns undefined if the benchmark has not been run
 * @throws Error if the file does not fit its schema
 */
export function readResult<T extends z.ZodRawShape>(
  name: string,
  schema: z.ZodObject<T>,
): (Header & z.infer<z.ZodObject<T>>) | undefined {
  const path = join(RESULTS, `${name}.json`);
  if (!existsSync(path)) return undefined;
  const content: unknown = JSON.parse(readFileSync(path, 'utf8'));
  return { ...headerSchema.parse(content), ...schema.parse(content) };
}
