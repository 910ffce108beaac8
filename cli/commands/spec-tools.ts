/** What goes with `speicher spec`: looking up cases, looking at a server, and reading the records of runs. */
import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import type { RunRecord } from '../../spec/records.ts';
import { act } from './spec-action.ts';

async function readRun(path: string): Promise<RunRecord[]> {
  const [{ readRecords }, { readTextFile }] = await Promise.all([
    import('../../spec/report/json.ts'),
    import('../../spec/command.ts'),
  ]);
  return readRecords(readTextFile(path), path);
}

async function list(globs: readonly string[], isJson: boolean): Promise<number> {
  const [{ listCases, renderList }, { CASES }] = await Promise.all([
    import('../../spec/explain.ts'),
    import('../../spec/registry.ts'),
  ]);
  const listed = listCases(CASES, globs);
  process.stdout.write(isJson ? `${JSON.stringify(listed, undefined, 2)}\n` : renderList(listed));
  return listed.length === 0 ? 5 : 0;
}

async function explainName(name: string): Promise<number> {
  const [{ explain }, { CASES }] = await Promise.all([
    import('../../spec/explain.ts'),
    import('../../spec/registry.ts'),
  ]);
  process.stdout.write(explain(name, CASES));
  return 0;
}

async function doctor(text: string, password: string | undefined): Promise<number> {
  const [{ diagnose, showFinding }, { checkAddress, checkPassword }, { parseAddress }] = await Promise.all([
    import('../../spec/doctor/doctor.ts'),
    import('../../spec/command.ts'),
    import('../../spec/target/address.ts'),
  ]);
  const credentials = checkPassword(password ?? process.env['SPEICHER_PASSWORD']);
  const address = parseAddress(checkAddress(text));
  const { findings, isReady } = await diagnose(address, { hasCredentials: credentials !== undefined });
  const marks = { blocks: '✗', mistake: '✗', advice: '!' };
  for (const finding of findings) process.stdout.write(`${marks[finding.weight]} ${showFinding(finding)}\n`);
  if (!isReady) return 3;
  if (findings.length === 0)
    process.stdout.write('✓ It speaks the protocol, and none of the usual mistakes is seen.\n');
  return findings.some(({ weight }) => weight === 'mistake') ? 1 : 0;
}

interface ReplayFlags {
  readonly target?: string;
  readonly password?: string;
}

async function replay(path: string, id: string | undefined, flags: ReplayFlags): Promise<number> {
  const [{ isFinding }, { readTextFile }] = await Promise.all([
    import('../../spec/fuzz/finding.ts'),
    import('../../spec/command.ts'),
  ]);
  return isFinding(readTextFile(path)) ? replayFinding(path, id, flags) : replayRecords(path, id, flags);
}

/** Judges a server by what the fuzzer found of another, or of the same before it was mended. */
async function replayFinding(path: string, id: string | undefined, flags: ReplayFlags): Promise<number> {
  const [{ UsageError }, { checkAddress, checkPassword, readTextFile }, { playFinding }, { attach }] =
    await Promise.all([
      import('../../spec/usage.ts'),
      import('../../spec/command.ts'),
      import('../../spec/fuzz/play-finding.ts'),
      import('../../spec/target/target.ts'),
    ]);
  if (id !== undefined) throw new UsageError(`${path} is a finding, which has one case: leave out ${id}`);
  if (flags.target === undefined) throw new UsageError(`${path} is a finding: name a server with --target`);
  const credentials = checkPassword(flags.password ?? process.env['SPEICHER_PASSWORD']);
  const { text, exitCode } = await playFinding(
    readTextFile(path),
    path,
    attach(checkAddress(flags.target), credentials),
  );
  process.stdout.write(text);
  return exitCode;
}

async function replayRecords(path: string, id: string | undefined, flags: ReplayFlags): Promise<number> {
  const [{ replayCase }, { resultOf }, { UsageError }, { checkAddress, checkPassword }, { parseAddress }] =
    await Promise.all([
      import('../../spec/replay.ts'),
      import('../../spec/score.ts'),
      import('../../spec/usage.ts'),
      import('../../spec/command.ts'),
      import('../../spec/target/address.ts'),
    ]);
  const { header, cases } = resultOf(await readRun(path));
  const chosen = cases.filter((each) => each.transcripts !== undefined && (id === undefined || each.id === id));
  if (chosen.length === 0) {
    throw new UsageError(`${path} has no transcript${id === undefined ? '' : ` of ${id}`}: only cases that failed do`);
  }
  const address = parseAddress(checkAddress(flags.target ?? header.target));
  const credentials = checkPassword(flags.password ?? process.env['SPEICHER_PASSWORD']);
  for (const each of chosen) {
    try {
      process.stdout.write(await replayCase(each, address, credentials));
    } catch (error) {
      process.stderr.write(`speicher: no connection: ${error instanceof Error ? error.message : String(error)}\n`);
      return 3;
    }
  }
  return 0;
}

async function report(path: string, flags: Readonly<Record<string, boolean>>): Promise<number> {
  const [{ FORMATS }, { renderTerminal }, { UsageError }, { whyNoBadge }] = await Promise.all([
    import('../../spec/report/formats.ts'),
    import('../../spec/report/terminal.ts'),
    import('../../spec/usage.ts'),
    import('../../spec/report/badge.ts'),
  ]);
  const names = Object.keys(FORMATS).filter((name) => flags[name] === true) as (keyof typeof FORMATS)[];
  const [name] = names;
  if (names.length > 1) throw new UsageError('a report has one form: standard output takes one');
  const records = await readRun(path);
  const why = name === 'badge' ? whyNoBadge(records) : undefined;
  if (why !== undefined) {
    process.stderr.write(`speicher: no badge: ${why}\n`);
    return 1;
  }
  process.stdout.write(name === undefined ? renderTerminal(records) : FORMATS[name](records));
  return 0;
}

async function diff(first: string, second: string): Promise<number> {
  const { diffRuns } = await import('../../spec/report/diff.ts');
  const { text, isWorse } = diffRuns(await readRun(first), await readRun(second));
  process.stdout.write(text);
  return isWorse ? 1 : 0;
}

async function baseline(path: string, file: string | undefined): Promise<number> {
  const [{ proposeBaseline }, { resultOf }] = await Promise.all([
    import('../../spec/expected-failures.ts'),
    import('../../spec/score.ts'),
  ]);
  const text = proposeBaseline(resultOf(await readRun(path)).cases);
  if (file === undefined) process.stdout.write(text);
  else writeFileSync(file, text);
  return 0;
}

async function exportVectors(directory: string): Promise<number> {
  const { writeVectors } = await import('../../spec/write-vectors.ts');
  process.stdout.write(`${writeVectors(directory)} files of vectors in ${directory}\n`);
  return 0;
}

/** The subcommands of `speicher spec`. */
export function specTools(): Command[] {
  return [
    new Command('list')
      .description('Lists the cases: id, level, profile, clauses.')
      .argument('[GLOB...]', 'only those whose id or clause fits')
      .option('--json', 'as JSON')
      .action((globs: string[], { json }: { json?: boolean }) => act(() => list(globs, json === true))),
    new Command('explain')
      .description('Explains a case or a clause: what it demands, why it matters, what is done.')
      .argument('<ID|CLAUSE>', 'such as set.creates-and-replaces or SET-1')
      .action((name: string) => act(() => explainName(name))),
    new Command('doctor')
      .description('Connects, looks at the bytes, and names the usual mistakes.')
      .argument('<TARGET>', 'the server: host:port, unix:/path or tls://host:port')
      .option('--password <USER:PASSWORD>', 'so that AUTH is not asked for')
      .action((target: string, { password }: { password?: string }) => act(() => doctor(target, password))),
    new Command('replay')
      .description(
        'Sends what the failed cases of a run sent once more, and shows what comes now; judges by a finding.',
      )
      .argument('<FILE>', 'records that --json wrote, or a finding that --findings wrote')
      .argument('[ID]', 'of one case')
      .option('--target <TARGET>', 'another server than that of the run; a finding names none')
      .option('--password <USER:PASSWORD>', 'records do not have it')
      .action((path: string, id: string | undefined, flags: ReplayFlags) => act(() => replay(path, id, flags))),
    new Command('report')
      .description('Prints the records of a run as it was printed, or in another form.')
      .argument('<FILE>', 'records that --json wrote')
      .option('--junit', 'as JUnit XML')
      .option('--tap', 'as TAP 14')
      .option('--html', 'as a page')
      .option('--badge', 'as a badge (SVG), if the run was whole')
      .option('--github', 'as annotations for a workflow of GitHub')
      .action((path: string, flags: Record<string, boolean>) => act(() => report(path, flags))),
    new Command('diff')
      .description('Compares two runs; exit code 1 if a case fails in B that did not in A.')
      .argument('<A>', 'records that --json wrote')
      .argument('<B>', 'of the later run')
      .action((first: string, second: string) => act(() => diff(first, second))),
    new Command('baseline')
      .description('Proposes a file of expected failures from a run.')
      .argument('<FILE>', 'records that --json wrote')
      .option('--write <FILE>', 'write it there')
      .action((path: string, { write }: { write?: string }) => act(() => baseline(path, write))),
    new Command('export')
      .description('Writes the cases that are data as JSON, with an interpreter in Python.')
      .argument('<DIR>', 'where to')
      .action((directory: string) => act(() => exportVectors(directory))),
  ];
}
