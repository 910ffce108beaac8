/** The matrix for people: README.md beside this file is this text and nothing else. */
import { clauses } from '../clauses.ts';
import { MUTANTS } from '../mutants/index.ts';
import { VARIANTS } from '../variants/index.ts';
import { accused, survivors, type Matrix, type MutantRow } from './matrix.ts';

/** A row has room for so many ids. */
const IDS_MAX = 4;

const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(whole === part ? 0 : 1)} %`;

function some(ids: readonly string[]): string {
  const shown = ids.slice(0, IDS_MAX).map((id) => `\`${id}\``);
  return [...shown, ...(ids.length > IDS_MAX ? [`and ${ids.length - IDS_MAX} more`] : [])].join(', ');
}

function foundOut({ by, killers, also }: MutantRow): string {
  if (by === 'unreachable') return 'the run does not begin: nobody listens';
  const others = typeof also === 'number' ? also : also.length;
  return some(killers) + (others > 0 ? `; ${others} of other clauses` : '') + (by === 'WARN' ? ' (a warning)' : '');
}

const nine = ({ passesTheNine }: MutantRow): string => (passesTheNine ? 'pass' : 'fail');

/** The rates, each with what it is a rate of. */
export function rates(matrix: Matrix): string[] {
  const rows = Object.values(matrix.mutants);
  const impostors = rows.filter(({ impostor }) => impostor !== undefined);
  const byNine = impostors.filter(({ passesTheNine }) => passesTheNine).length;
  const byOurs = impostors.filter(({ killers }) => killers.length === 0).length;
  const found = rows.length - survivors(matrix).length;
  const variants = Object.keys(matrix.variants).length;
  const passing = variants - accused(matrix).length;
  const must = [...clauses().values()].filter(({ level }) => level === 'MUST');
  const bound = new Set(rows.map((row) => row.clause));
  const broken = must.filter(({ id }) => bound.has(id)).length;
  return [
    `- Twelve wrong servers: passed by the nine: ${byNine} of ${impostors.length}; ` +
      `by ours: ${byOurs} of ${impostors.length}.`,
    `- Sensitivity: ${found} of ${rows.length} mutants are found out by a case that cites the clause that they break ` +
      `(${percent(found, rows.length)}).`,
    `- Specificity: ${passing} of ${variants} variants, legal but odd servers, pass every case ` +
      `(${percent(passing, variants)}).`,
    `- Clauses: ${broken} of ${must.length} that demand something have a mutant.`,
    `- ${matrix.cases} cases were run against each.`,
  ];
}

/** The text of README.md. */
export function readme(matrix: Matrix): string {
  const rows = Object.entries(matrix.mutants);
  const impostors = rows.filter(([, { impostor }]) => impostor !== undefined);
  const about = new Map([...MUTANTS, ...VARIANTS].map((subject) => [subject.name, subject.about]));
  return [
    '# The judge, judged',
    '',
    'Written by `npm run test:matrix -- --update`; a run without it compares.',
    '',
    ...rates(matrix),
    '',
    'Any of them can be started, to point this suite or another one at it:',
    '',
    '    node --import tsx spec/mutants/serve.ts NAME --listen tcp://127.0.0.1:0',
    '    node --import tsx spec/variants/serve.ts NAME --listen tcp://127.0.0.1:0',
    '',
    '## The twelve',
    '',
    '|  | server | what it does | the nine | the case that finds it out |',
    '| --- | --- | --- | --- | --- |',
    ...impostors.map(
      ([name, row]) => `| ${row.impostor} | \`${name}\` | ${about.get(name)} | ${nine(row)} | ${some(row.killers)} |`,
    ),
    '',
    '## Mutants',
    '',
    '| clause | server | what it does | found out by |',
    '| --- | --- | --- | --- |',
    ...inClauseOrder(rows).map(
      ([name, row]) => `| ${row.clause} | \`${name}\` | ${about.get(name)} | ${foundOut(row)} |`,
    ),
    '',
    '## Variants',
    '',
    '| server | what it does | passed | skipped | warned |',
    '| --- | --- | --- | --- | --- |',
    ...Object.entries(matrix.variants).map(
      ([name, { passed, skipped, warned }]) =>
        `| \`${name}\` | ${about.get(name)} | ${passed} | ${skipped} | ${some(warned)} |`,
    ),
    '',
  ].join('\n');
}

function inClauseOrder(rows: readonly [string, MutantRow][]): [string, MutantRow][] {
  const order = [...clauses().keys()];
  return rows.toSorted(([, a], [, b]) => order.indexOf(a.clause) - order.indexOf(b.clause));
}
