/** A server, a clock, a disk and clients from one seed (testing/simulation.ts), and the defects that it must find. */
import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { MUTANTS } from './testing/mutants.ts';
import { simulate } from './testing/simulation.ts';

/**
 * Seeds of one run: 10 000 in the environment `durability`, a million in `npm run test:soak`; the first one is drawn,
 * and printed.
 */
const SEEDS = Number(process.env['SPEICHER_TEST_SEEDS'] ?? 300);
const FIRST_SEED = Number(process.env['SPEICHER_TEST_FIRST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const MS_PER_SEED = 50;

/** What a program of testing/ prints; fails with what it complains of. */
async function run(program: string, ...args: readonly string[]): Promise<string> {
  const script = join(import.meta.dirname, 'testing', program);
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, ...args]);
  return stdout.trim();
}

test(
  `nothing that was promised is lost: ${SEEDS} seeds from ${FIRST_SEED} on`,
  async () => {
    const processes = availableParallelism();
    const runs = Array.from({ length: processes }, async (_, index) => {
      const [from, to] = [index, index + 1].map((part) => FIRST_SEED + Math.floor((SEEDS * part) / processes));
      expect(await run('run-seeds.ts', `${from}`, `${to! - from!}`)).toBe(`${to! - from!} seeds`);
    });
    await Promise.all(runs);
  },
  60_000 + SEEDS * MS_PER_SEED,
);

test('the same seed does the same again', async () => {
  const first = await simulate(1);
  expect(await simulate(1)).toEqual(first);
  expect(first.events).toBeGreaterThan(100);
});

const isWhole = SEEDS >= 10_000;
const withoutDefects = isWhole ? '' : ' (skipped: takes a minute, and runs in the environment durability)';

test.skipIf(!isWhole)(
  `every planted defect is found${withoutDefects}`,
  async () => {
    const found = (await run('run-mutants.ts'))
      .split('\n')
      .map((line) => JSON.parse(line) as { name: string; seeds?: number; found?: string; error?: string });
    expect(found).toHaveLength(MUTANTS.length);
    expect(found.filter((each) => each.found === undefined)).toEqual([]);
  },
  300_000,
);
