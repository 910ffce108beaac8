/**
 * `npm run test:matrix`: every mutant and every variant against every case, compared with the matrix that is checked
 * in. `--update` writes it instead; names run these alone and neither compare nor write. The exit status is 0 if every
 * mutant is found out, every variant passes, and nothing has drifted.
 */
import { performance } from 'node:perf_hooks';
import { MUTANTS } from '../mutants/index.ts';
import { CASES } from '../registry.ts';
import { VARIANTS } from '../variants/index.ts';
import { HOW_TO_UPDATE, readMatrix, writeMatrix } from './file.ts';
import {
  accused,
  drift,
  mutantRow,
  survivors,
  variantRow,
  type Matrix,
  type MutantRow,
  type VariantRow,
} from './matrix.ts';
import { passesTheNine } from './nine.ts';

/** Mutants at a time, as many variants, and cases of each: two cores are busy then, and nobody waits long. */
const SUBJECTS_AT_ONCE = 2;
const CASES_AT_ONCE = 8;

const update = process.argv.includes('--update');
const only = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const isChosen = ({ name }: { readonly name: string }): boolean => only.length === 0 || only.includes(name);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Does the same for each of a list, several at a time, and keeps the order. */
async function each<Item extends { readonly name: string }, Row>(
  items: readonly Item[],
  work: (item: Item) => Promise<Row>,
): Promise<Record<string, Row>> {
  const rows = new Map<string, Row>();
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      const startMs = performance.now();
      rows.set(item.name, await work(item));
      say(`${item.name}: ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
    }
  };
  await Promise.all(Array.from({ length: SUBJECTS_AT_ONCE }, worker));
  return Object.fromEntries(items.map(({ name }) => [name, rows.get(name)!]));
}

// Both at once: some variants are slow, which is waiting and no work.
const [variants, mutants] = await Promise.all([
  each<(typeof VARIANTS)[number], VariantRow>(VARIANTS.filter(isChosen), (variant) =>
    variantRow(variant, CASES, CASES_AT_ONCE),
  ),
  each<(typeof MUTANTS)[number], MutantRow>(MUTANTS.filter(isChosen), async (mutant) => {
    const row = await mutantRow(mutant, CASES, CASES_AT_ONCE);
    const nine = mutant.impostor === undefined ? undefined : await passesTheNine(mutant);
    return { ...row, ...(nine !== undefined && { passesTheNine: nine }) };
  }),
]);
const matrix: Matrix = { cases: CASES.length, mutants, variants };

const impostors = Object.values(mutants).filter(({ impostor }) => impostor !== undefined);
const byNine = impostors.filter((row) => row.passesTheNine).length;
const alive = survivors(matrix);
const byOurs = impostors.filter(({ by, killers }) => by === 'FAIL' && killers.length === 0).length;
say(`passed by the nine: ${byNine} of ${impostors.length}; by ours: ${byOurs} of ${impostors.length}`);
say(`mutants found out: ${Object.keys(mutants).length - alive.length} of ${Object.keys(mutants).length}`);
say(`variants passed: ${Object.keys(variants).length - accused(matrix).length} of ${Object.keys(variants).length}`);
const problems = [
  ...alive.map((name) => `${name} survives: no case that cites its clause finds it out`),
  ...accused(matrix).map((name) => `a case is too strict with ${name}`),
];
if (update && only.length === 0) writeMatrix(matrix);
else if (only.length === 0) problems.push(...drift(readMatrix(), matrix).map((line) => `${line}; ${HOW_TO_UPDATE}`));
else say(JSON.stringify(matrix, undefined, 1));
for (const problem of problems) say(`✗ ${problem}`);
process.exit(problems.length === 0 ? 0 : 1);
