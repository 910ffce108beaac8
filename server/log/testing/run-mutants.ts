/**
 * Plants each mutant in a copy of the sources, lets the simulation look for it, and prints what it found as JSON, one
 * mutant a line:
 *
 *     node --import tsx server/log/testing/run-mutants.ts
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { MUTANTS, type Mutant } from './mutants.ts';

const ROOT = join(import.meta.dirname, '../../..');
/** A block that is lost between two files is rare: it is found once in some thousand seeds. */
const SEEDS_MAX = 20_000;

/** The parts of the sources that the simulation is made of. */
const PARTS = [
  'protocol',
  'server/log',
  'server/store/item-sink.ts',
  'server/logger.ts',
  'package.json',
  'tsconfig.json',
];

async function judge(mutant: Mutant, folder: string): Promise<object> {
  for (const part of PARTS) cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const path = join(folder, 'server/log', mutant.file);
  const source = readFileSync(path, 'utf8');
  if (source.split(mutant.find).length !== 2)
    return { name: mutant.name, error: 'the place to plant it is not there once' };
  writeFileSync(
    path,
    source.replace(mutant.find, () => mutant.replace),
  );
  const url = pathToFileURL(join(folder, 'server/log/testing/simulation.ts')).href;
  const { simulate } = (await import(url)) as typeof import('./simulation.ts');
  for (let seed = 1; seed <= SEEDS_MAX; seed++) {
    try {
      await simulate(seed);
    } catch (error) {
      return { name: mutant.name, seeds: seed, found: (error as Error).message };
    }
  }
  return { name: mutant.name, seeds: SEEDS_MAX };
}

async function main(): Promise<void> {
  for (const mutant of MUTANTS) {
    const folder = mkdtempSync(join(tmpdir(), 'speicher-mutant-'));
    try {
      process.stdout.write(`${JSON.stringify(await judge(mutant, folder))}\n`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}

await main();
