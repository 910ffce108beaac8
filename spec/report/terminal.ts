/** A run for people: what is going on, each failure in full, and a summary by area and profile. */
import type { CaseRecord, CrashRecord, RunHeader, RunRecord } from '../records.ts';
import { areaOf, countCases, isFailure, resultOf, type Counts, type RunResult } from '../score.ts';
import { markOf, renderFailure } from './failure.ts';
import { printable, printableLine } from './printable.ts';

export interface TerminalOptions {
  /** Whether lines may be written over and coloured. */
  readonly isTerminal: boolean;
  /** The width of the progress line. */
  readonly columns?: number | undefined;
}

/** Failures beyond these are shown in one line: the first ones are what somebody will look at. */
const FULL_FAILURES_MAX = 10;
const PROGRESS_STEPS = 10;
const CRASH_LINES_MAX = 20;
const COLUMNS = 80;
const ERASE_LINE = '\r\u001B[K';

const COLOURS = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 } as const;

/** Takes records one by one and gives the text to print for each; the same records give the same text. */
export class TerminalReport {
  readonly #options: TerminalOptions;
  readonly #records: RunRecord[] = [];
  #header: RunHeader | undefined;
  #cases = 0;
  #failures = 0;

  constructor(options: TerminalOptions) {
    this.#options = options;
  }

  add(record: RunRecord): string {
    this.#records.push(record);
    if (record.record === 'run') return this.#start(record);
    if (record.record === 'case') return this.#case(record);
    return this.#erase(record.record === 'crash' ? crashText(record) : this.#end());
  }

  #start(header: RunHeader): string {
    this.#header = header;
    const { target, spawned, versions, profiles, claimed, seed, selection, declared, selected } = header;
    const server = versions.server === undefined ? '' : `, which calls itself ${printableLine(versions.server)}`;
    const given =
      profiles.join(' ') === claimed.join(' ') ? '' : ` (HELLO: ${printableLine(claimed.join(' ')) || 'none'})`;
    const lines = [
      this.#paint('bold', `speicher ${versions.suite}, protocol ${versions.protocol}, seed ${seed}`),
      `target    ${target}${spawned ? ', started for this run' : ''}${server}`,
      `profiles  ${profiles.join(' ')}${given}`,
    ];
    if (header.helloProblem !== undefined) lines.push(`hello     ${header.helloProblem}`);
    const patterns = [
      ...selection.run.map((glob) => `--run ${glob}`),
      ...selection.skip.map((glob) => `--skip ${glob}`),
    ];
    const filtered = patterns.length === 0 ? '' : `, FILTERED by ${patterns.join(' ')}`;
    lines.push(`cases     ${declared} declared, ${selected} selected${filtered}`, '');
    return `${lines.join('\n')}\n`;
  }

  #case(record: CaseRecord): string {
    this.#cases += 1;
    const text = this.#verdict(record);
    const { selected = 0 } = this.#header ?? {};
    const progress = `${this.#cases}/${selected}${this.#failures > 0 ? `, ${this.#failures} failed` : ''}`;
    if (this.#options.isTerminal) {
      const line = `${progress}  ${record.id}`.slice(0, (this.#options.columns ?? COLUMNS) - 1);
      return `${ERASE_LINE}${text}${line}`;
    }
    // Elsewhere lines stay, so only every tenth part is worth one.
    const step = (count: number): number => Math.floor((count * PROGRESS_STEPS) / Math.max(1, selected));
    return text + (step(this.#cases) > step(this.#cases - 1) ? `${progress}\n` : '');
  }

  /** What is said of a case when it ends: nothing if it passed. */
  #verdict(record: CaseRecord): string {
    const { status } = record;
    const isBad = isFailure(status) || status === 'ERROR' || status === 'UNKNOWN';
    if (!isBad || this.#header === undefined) return '';
    this.#failures += 1;
    if (this.#failures <= FULL_FAILURES_MAX) {
      const [first = '', ...rest] = renderFailure(record, this.#header).split('\n');
      return `${[this.#paint('red', first), ...rest].join('\n')}\n\n`;
    }
    const observed = noteOf(record);
    const note =
      this.#failures === FULL_FAILURES_MAX + 1
        ? `From here on a line for each failure; --run ID shows one in full, --json FILE keeps all.\n`
        : '';
    return `${note}${this.#paint('red', `${markOf(status)} ${record.id}`)}  ${record.clauses[0]}  ${observed}\n`;
  }

  #end(): string {
    return renderSummary(resultOf(this.#records), (colour, text) => this.#paint(colour, text));
  }

  #erase(text: string): string {
    return this.#options.isTerminal ? ERASE_LINE + text : text;
  }

  #paint(colour: keyof typeof COLOURS, text: string): string {
    return this.#options.isTerminal ? `\u001B[${COLOURS[colour]}m${text}\u001B[0m` : text;
  }
}

/** The whole of a run at once, as it would have been printed elsewhere than on a terminal. */
export function renderTerminal(records: readonly RunRecord[]): string {
  const report = new TerminalReport({ isTerminal: false });
  const text = records.map((record) => report.add(record)).join('');
  const isCut = !records.some(({ record }) => record === 'summary');
  return isCut ? text + renderSummary(resultOf(records), (_, plain) => plain) : text;
}

function crashText({ after, observed, serverOutput }: CrashRecord): string {
  const where = after === undefined ? '' : `, after ${after}`;
  const printed = printable(serverOutput.trimEnd()).split('\n').slice(-CRASH_LINES_MAX).join('\n  | ');
  return `✗ ${observed}${where}, and no case can be blamed\n  | ${printed}\n`;
}

type Paint = (colour: keyof typeof COLOURS, text: string) => string;

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

/** A row of the summary's tables: what did not pass is shown only where there is some. */
function row(name: string, cases: readonly CaseRecord[]): string[] {
  const { byStatus, scored, met } = countCases(cases);
  const failed = byStatus.FAIL + byStatus.XPASS + byStatus.FLAKY;
  const open = byStatus.ERROR + byStatus.UNKNOWN + byStatus.BLOCKED + byStatus.XFAIL;
  const shown = [failed, byStatus.WARN, open, byStatus.SKIP].map((count) => (count === 0 ? '' : String(count)));
  return [name, `${met}/${scored}`, ...shown];
}

function groups(cases: readonly CaseRecord[], nameOf: (record: CaseRecord) => string): string[][] {
  const names = [...new Set(cases.map(nameOf))].sort();
  return names.map((name) =>
    row(
      name,
      cases.filter((each) => nameOf(each) === name),
    ),
  );
}

/** Why cases were not run, with how often. */
function skipLines(cases: readonly CaseRecord[]): string[] {
  const reasons = new Map<string, number>();
  for (const { status, reason = '', skip } of cases) {
    if (status === 'SKIP' && skip !== 'unclaimed') reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  return [...reasons].map(([reason, count]) => `  ${count} not run: ${reason}`);
}

/** Everything that a run comes to; the last line is the verdict. */
function renderSummary(result: RunResult, paint: Paint): string {
  const { cases, header, summary, isFiltered, declared, selected } = { ...result, ...result.header };
  const heads = ['passed', 'failed', 'warned', 'undecided', 'skipped'];
  const claimed = cases.filter(({ skip }) => skip !== 'unclaimed');
  const lines = [
    ...table([['area', ...heads], ...groups(claimed, ({ id }) => areaOf(id))]),
    '',
    ...table([['profile', ...heads], ...groups(claimed, ({ profile }) => profile)]),
    '',
    ...skipLines(cases),
    ...noteLines(cases),
    `declared ${declared}, selected ${selected}, executed ${result.executed}, scored ${result.scored}`,
    `score ${result.met}/${result.scored}${percentage(result)}${statusText(result)}`,
  ];
  if (isFiltered) lines.push(paint('yellow', 'FILTERED: this says nothing about the cases that were left out'));
  if (summary === undefined) lines.push(paint('yellow', 'INCOMPLETE: the run was cut short'));
  if (summary?.end === 'target-lost') lines.push(paint('red', 'the target went away and did not come back'));
  if (summary?.end === 'interrupted') lines.push(paint('yellow', 'INTERRUPTED'));
  const seconds = summary === undefined ? '' : ` after ${(summary.durationMs / 1000).toFixed(1)} s`;
  const isGood = result.exitCode === 0;
  lines.push(paint(isGood ? 'green' : 'red', `${verdict(result)}${seconds}, seed ${header.seed}`));
  return `${lines.join('\n')}\n`;
}

function percentage({ met, scored }: Counts): string {
  // Rounded down: what is not whole is never called 100 %.
  return scored === 0 ? '' : ` (${Math.floor((met * 1000) / scored) / 10} %)`;
}

function statusText({ byStatus }: Counts): string {
  const all = Object.entries(byStatus).filter(([, count]) => count > 0);
  return `: ${all.map(([status, count]) => `${count} ${status}`).join(', ')}`;
}

/** What there is to say of a case that did not pass, in a line. */
function noteOf({ status, observed, reason, warnings, expectedFailure }: CaseRecord): string {
  const expected = status === 'XFAIL' || status === 'XPASS' ? expectedFailure?.reason : undefined;
  const [line = ''] = (expected ?? observed ?? reason ?? warnings.join('; ')).split('\n');
  return printableLine(line);
}

function noteLines(cases: readonly CaseRecord[]): string[] {
  return cases
    .filter(({ status }) => status !== 'PASS' && status !== 'SKIP' && status !== 'OBS')
    .map((each) => `  ${markOf(each.status)} ${each.status.padEnd(7)} ${each.id}  ${each.clauses[0]}  ${noteOf(each)}`)
    .sort();
}

const VERDICTS: Readonly<Record<number, string>> = {
  0: 'conforms',
  1: 'DOES NOT CONFORM',
  4: 'UNDECIDED',
  5: 'nothing was run',
};

function verdict({ exitCode, isComplete, isFiltered, withheld }: RunResult): string {
  const text = VERDICTS[exitCode] ?? `exit code ${exitCode}`;
  if (exitCode !== 0 || isComplete || isFiltered || withheld === 0) return text;
  return `${text}, as far as it was tried: ${withheld} requirements were not`;
}
