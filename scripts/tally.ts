/**
 * The closing line of `.ci/run`: "N passed, N failed, N skipped", where each test of `npm test` and each environment of
 * tox counts as one. What left no results counts as one failure, so that a crash is never silent.
 *
 * A run that ended with a status other than 0 and names no failure (vitest's "unhandled errors") is a failure too.
 *
 * usage: node --import tsx scripts/tally.ts VITEST.json ITS_STATUS TOX.json ITS_STATUS
 */
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { countEnvironments, countTests, toxResults, vitestResults, type Tally } from './tally-count.ts';

function read<Result>(
  path: string,
  status: string,
  schema: z.ZodType<Result>,
  tally: (result: Result) => Tally,
): Tally {
  try {
    const counted = tally(schema.parse(JSON.parse(readFileSync(path, 'utf8'))));
    return status === '0' || counted.failed > 0 ? counted : { ...counted, failed: 1 };
  } catch (error) {
    console.error(`tally: ${path}: ${error instanceof Error ? error.message : String(error)}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

const [vitestPath = '', vitestStatus = '', toxPath = '', toxStatus = ''] = process.argv.slice(2);
const tests = read(vitestPath, vitestStatus, vitestResults, countTests);
const environments = read(toxPath, toxStatus, toxResults, countEnvironments);
const failed = tests.failed + environments.failed;
console.log(
  `${tests.passed + environments.passed} passed, ${failed} failed, ${tests.skipped + environments.skipped} skipped`,
);
process.exitCode = failed === 0 ? 0 : 1;
