/**
 * `npm run test:matrix`: every mutant and every variant against every case, compared with the matrix that is checked
 * in. `--update` writes it instead; names run these alone. The exit status is 0 if every mutant is found out, every
 * variant passes, and nothing has drifted.
 */
import { performance } from 'node:perf_hooks';
import { MUTANTS } from '../mutants/index.ts';
import { CASES } from '../registry.ts';
import type { Mutant, Variant } from '../subjects/subject.ts';
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
import { rates } from './readme.ts';

/** Mutants at a time, as many variants, and cases of each: two cores are busy then, and nobody waits long. */
const SUBJECTS_AT_ONCE = 2;
const CASES_AT_ONCE = 8;

const update = process.argv.includes('--update');
const only = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const isChosen = ({ name }: { readonly name: string }): boolean => only.length === 0 || only.includes(name);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const problems: string[] = [];

const EMPTY: Matrix = { cases: CASES.length, mutants: {}, variants: {} };
const old: Matrix = update && only.length === 0 ? EMPTY : readMatrix();
// Rows of several sets of cases side by side would be a table of no run.
if (only.length > 0 && old.cases !== CASES.length) {
  say(`the matrix is of ${old.cases} cases and there are ${CASES.length}: run all of it`);
  process.exit(2);
}

/** Does the same for each of a list, several at a time. What fails is a problem, and has no row. */
async function each<Item extends { readonly name: string }, Row>(
  items: readonly Item[],
  work: (item: Item) => Promise<Row>,
): Promise<ReadonlyMap<string, Row>> {
  const rows = new Map<string, Row>();
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      const startMs = performance.now();
      try {
        rows.set(item.name, await work(item));
      } catch (error) {
        problems.push(`${item.name}: ${String(error)}`);
      }
      say(`${item.name}: ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
    }
  };
  await Promise.all(Array.from({ length: SUBJECTS_AT_ONCE }, worker));
  return rows;
}

/** The rows of a run, and of what it did not run those that there were, in the order of the tables. */
function merged<Row>(
  items: readonly { readonly name: string }[],
  now: ReadonlyMap<string, Row>,
  old: Readonly<Record<string, Row>>,
): Record<string, Row> {
  const rows = items.map(({ name }) => [name, now.get(name) ?? old[name]] as const);
  return Object.fromEntries(rows.filter((row): row is readonly [string, Row & {}] => row[1] !== undefined));
}

// Both at once: some variants are slow, which is waiting and no work.
const [variants, mutants] = await Promise.all([
  each<Variant, VariantRow>(VARIANTS.filter(isChosen), (variant) => variantRow(variant, CASES, CASES_AT_ONCE, say)),
  each<Mutant, MutantRow>(MUTANTS.filter(isChosen), async (mutant) => {
    const row = await mutantRow(mutant, CASES, CASES_AT_ONCE, say);
    const nine = mutant.impostor === undefined ? undefined : await passesTheNine(mutant);
    return { ...row, ...(nine !== undefined && { passesTheNine: nine }) };
  }),
]);
const matrix: Matrix = {
  cases: CASES.length,
  mutants: merged(MUTANTS, mutants, old.mutants),
  variants: merged(VARIANTS, variants, old.variants),
};

for (const line of rates(matrix)) say(line);
problems.push(
  ...survivors(matrix).map((name) => `${name} survives: no case that cites its clause finds it out`),
  ...accused(matrix).map((name) => `a case is too strict with ${name}`),
);
if (update) writeMatrix(matrix);
else problems.push(...drift(old, matrix).map((line) => `${line}; ${HOW_TO_UPDATE}`));
for (const problem of problems) say(`✗ ${problem}`);
process.exit(problems.length === 0 ? 0 : 1);
