/** An acknowledged change survives a kill in every mode that has a log (DURABLE-1, and more than that). */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { killRounds } from './testing/kill-rounds.ts';
import { seededRandom } from './testing/sim-disk.ts';

/** Kills in all: a thousand in `npm run test:soak`. */
const KILLS = Number(process.env['SPEICHER_TEST_KILLS'] ?? 10);
const MS_PER_KILL = 10_000;

test.each(['everysec', 'always'] as const)(
  'what was acknowledged with %s is there after a kill',
  async (mode) => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const directory = await mkdtemp(join(tmpdir(), 'speicher-'));
    try {
      const { kills, acknowledged, broken } = await killRounds(directory, mode, KILLS / 2, seededRandom(seed));
      const figures = `seed ${seed}, ${acknowledged} changes acknowledged, ${broken.length} times something was lost`;
      process.stdout.write(`${mode}: ${kills} kills, ${figures}\n`);
      expect(broken).toEqual([]);
      expect(acknowledged).toBeGreaterThan(kills * 20);
    } finally {
      await rm(directory, { recursive: true });
    }
  },
  60_000 + KILLS * MS_PER_KILL,
);
