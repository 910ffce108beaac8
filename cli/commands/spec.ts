/** `speicher spec`: the conformance suite against a server in any language. */
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { Command } from 'commander';
import type { RunRecord } from '../../spec/records.ts';
import { VERSION } from '../../server/version.ts';
import { specTools } from './spec-tools.ts';
import { act, collect } from './spec-action.ts';

const EXAMPLES = `
TARGET is host:port, unix:/path or tls://host:port. In --spawn {port} stands for a free port and {data} for an empty
directory; nothing is expanded as a shell would, so write sh -c '…' where you need one.

Nothing that is not the suite's own is removed from a server without --allow-reset, and a server that --spawn starts is
stopped again.

Examples:
  speicher spec 127.0.0.1:14567
  speicher spec --spawn './my-server --port {port} --data {data}' --junit report.xml
  speicher spec 127.0.0.1:14567 --run 'set.*' --run FRAME-4
  speicher spec doctor 127.0.0.1:14567
  speicher spec explain FRAME-4

Exit codes: 0 it conforms; 1 a requirement failed, or an expected failure did not happen; 2 wrong usage; 3 the target
never became ready; 4 the suite failed or could not decide; 5 nothing was selected.

docs/spec.md tells it all.`;

interface Flags {
  readonly spawn?: string;
  readonly password?: string;
  readonly profiles?: string;
  readonly run?: readonly string[];
  readonly skip?: readonly string[];
  readonly seed?: string;
  readonly timeoutScale?: string;
  readonly expectedFailures?: string;
  readonly allowReset?: boolean;
  readonly jobs?: string;
  readonly fuzzIterations?: string;
  readonly fuzzFirst?: string;
  readonly findings?: string;
  readonly kills?: string;
  readonly losePower?: string;
  readonly json?: string;
  readonly junit?: string;
  readonly tap?: string;
  readonly html?: string;
  readonly badge?: string;
  readonly github?: boolean;
}

/** Writes each record to the file as it comes: what is there stays there, whoever is killed. */
function openRecords(path: string | undefined): { write: (line: string) => void; close: () => void } {
  if (path === undefined) return { write: () => {}, close: () => {} };
  const file = openSync(path, 'w');
  return { write: (line) => void writeSync(file, line), close: () => closeSync(file) };
}

async function writeReports(records: readonly RunRecord[], flags: Flags): Promise<void> {
  const [{ FORMATS }, { whyNoBadge }] = await Promise.all([
    import('../../spec/report/formats.ts'),
    import('../../spec/report/badge.ts'),
  ]);
  for (const name of ['junit', 'tap', 'html'] as const) {
    const path = flags[name];
    if (path !== undefined) writeFileSync(path, FORMATS[name](records));
  }
  if (flags.github === true) process.stdout.write(FORMATS.github(records));
  if (flags.badge === undefined) return;
  const why = whyNoBadge(records);
  if (why === undefined) writeFileSync(flags.badge, FORMATS.badge(records));
  else process.stderr.write(`speicher: ${flags.badge} is not written: ${why}\n`);
}

/** Ends the run at the first signal, and everything at the second. No server that was started outlives either. */
function onSignals(controller: AbortController): () => void {
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(4);
    controller.abort();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  return () => void process.off('SIGINT', stop).off('SIGTERM', stop);
}

async function runSpec(target: string | undefined, flags: Flags): Promise<number> {
  const [command, { CASES }, { runSuite }, { parseExpectedFailures }, { recordLine }, { TerminalReport }] =
    await Promise.all([
      import('../../spec/command.ts'),
      import('../../spec/registry.ts'),
      import('../../spec/run.ts'),
      import('../../spec/expected-failures.ts'),
      import('../../spec/report/json.ts'),
      import('../../spec/report/terminal.ts'),
    ]);
  const password = command.checkPassword(flags.password ?? process.env['SPEICHER_PASSWORD']);
  const texts = { ...flags, target, password };
  command.checkTarget(texts);
  const session = command.readSession(texts);
  const jobs = command.readJobs(flags.jobs);
  const file = flags.expectedFailures;
  const expectedFailures = file === undefined ? [] : parseExpectedFailures(command.readTextFile(file), CASES, file);
  const terminal = new TerminalReport({
    isTerminal: process.stdout.isTTY,
    columns: process.stdout.columns || undefined,
  });
  const controller = new AbortController();
  const unwatch = onSignals(controller);
  const opened = await command.openTarget(texts);
  const killNow = (): void => ('abandon' in opened ? opened.abandon() : undefined);
  process.on('exit', killNow);
  const records: RunRecord[] = [];
  const output = openRecords(flags.json);
  try {
    const { exitCode } = await runSuite({
      target: opened,
      cases: CASES,
      selection: { run: flags.run ?? [], skip: flags.skip ?? [] },
      session,
      expectedFailures,
      jobs,
      suiteVersion: VERSION,
      repeat: command.repeatCommand(texts),
      signal: controller.signal,
      emit: (record) => {
        output.write(recordLine(record));
        records.push(record);
        process.stdout.write(terminal.add(record));
      },
    });
    await writeReports(records, flags);
    return exitCode;
  } finally {
    output.close();
    await opened.stop();
    process.off('exit', killNow);
    unwatch();
  }
}

/** The subcommand, for the program. */
export function specCommand(): Command {
  const command = new Command('spec')
    .summary('prove a server of the protocol right or wrong')
    .description('Runs the conformance suite against a server, and says what is wrong with it and why.')
    .argument('[TARGET]', 'the server: host:port, unix:/path or tls://host:port')
    .option('--spawn <COMMAND>', 'start the server, and again after a crash; {port} and {data} stand for what it gets')
    .option('--password <USER:PASSWORD>', 'for a server that asks for AUTH (or SPEICHER_PASSWORD)')
    .option('--profiles <LIST>', 'hold the server to these, such as core,standard, in place of what HELLO says')
    .option('--run <GLOB>', 'run only cases whose id or clause fits; may be repeated', collect)
    .option('--skip <GLOB>', 'leave out cases whose id or clause fits; may be repeated', collect)
    .option('--seed <SEED>', 'repeat the order, keys, ids and random choices of another run')
    .option('--timeout-scale <NUMBER>', 'multiply all waits, for a slow server or machine')
    .option('--expected-failures <FILE>', 'failures that are known: ID  CODE  URL  # reason')
    .option('--allow-reset', "let the suite remove everything on the server, other people's items too")
    .option('--jobs <NUMBER>', "connections' worth of cases at once, 1 to 8 (default 8)")
    .option('--fuzz-iterations <NUMBER>', 'iterations of each case of the fuzzer, 1 to 1000000 (default some hundreds)')
    .option('--fuzz-first <NUMBER>', 'the first iteration (default 0): with --seed it repeats one alone')
    .option('--findings <DIR>', 'write what the fuzzer finds there, for spec replay (default nowhere)')
    .option('--kills <NUMBER>', 'how often a server is killed under load, 1 to 10000 (default 20)')
    .option('--lose-power <COMMAND>', 'brings about a loss of power; {pid} and {data} are those of the server')
    .option('--json <FILE>', 'write the records of the run, a line each, as it goes')
    .option('--junit <FILE>', 'write JUnit XML')
    .option('--tap <FILE>', 'write TAP 14')
    .option('--html <FILE>', 'write a page: the protocol, its clauses coloured by their results')
    .option('--badge <FILE>', 'write a badge (SVG), if the run was whole')
    .option('--github', 'print annotations for a workflow of GitHub')
    .addHelpText('after', EXAMPLES)
    .enablePositionalOptions()
    .action(async (target: string | undefined, flags: Flags) => act(() => runSpec(target, flags)));
  for (const tool of specTools()) command.addCommand(tool);
  for (const each of [command, ...command.commands]) each.exitOverride();
  return command;
}
