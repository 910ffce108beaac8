/**
 * Plants each mutant in a copy of the sources, lets the simulation look for it, and prints what it found as JSON, one
 * mutant a line:
 *
 *     node --import tsx server/log/testing/run-mutants.ts [SEEDS] [FIRST_SEED]
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { MUTANTS, type Mutant } from './mutants.ts';

const ROOT = join(import.meta.dirname, '../../..');
const SEEDS_MAX = 3000;

/** The parts of the sources that the simulation is made of. */
const PARTS = [
  'protocol',
  'server/log',
  'server/store/item-sink.ts',
  'server/logger.ts',
  'package.json',
  'tsconfig.json',
];

async function judge(mutant: Mutant, folder: string, seeds: number, firstSeed: number): Promise<object> {
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
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    try {
      await simulate(seed);
    } catch (error) {
      return { name: mutant.name, seeds: seed - firstSeed + 1, found: (error as Error).message };
    }
  }
  return { name: mutant.name, seeds };
}

async function main(): Promise<void> {
  const seeds = Number(process.argv[2] ?? SEEDS_MAX);
  const firstSeed = Number(process.argv[3] ?? 1);
  for (const mutant of MUTANTS) {
    const folder = mkdtempSync(join(tmpdir(), 'speicher-mutant-'));
    try {
      process.stdout.write(`${JSON.stringify(await judge(mutant, folder, seeds, firstSeed))}\n`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}

await main();
