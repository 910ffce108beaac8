/**
 * Simulates seeds, one after the other, up to the first that fails:
 *
 *     node --import tsx server/log/testing/run-seeds.ts FIRST COUNT
 *
 * A test runs it as processes, one for each core.
 */
import { simulate } from './simulation.ts';

const [first = 1, count = 1] = process.argv.slice(2).map(Number);
for (let seed = first; seed < first + count; seed++) await simulate(seed);
process.stdout.write(`${count} seeds\n`);
