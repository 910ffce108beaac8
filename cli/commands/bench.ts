/** `speicher bench`: a load generator. What it measures, and how, is in docs/bench.md. */
import { Command } from 'commander';
import { resolveOptions } from '../../client/options.ts';
import { SpeicherError } from '../../protocol/index.ts';
import { BENCH_DEFAULTS, readBenchOptions } from '../bench/options.ts';
import { progressLine, resultObject, resultTable } from '../bench/report.ts';
import { runBench, type Progress, type RunResult } from '../bench/run.ts';
import { addConnectionOptions, connect, connectionOptions, CONNECTION_HELP } from '../connect.ts';
import { EXIT } from '../exit-codes.ts';

const PROGRESS_MS = 250;
/** Goes to the beginning of the line and clears it. */
const REWRITE = '\r\u001B[K';

const EXAMPLES = `
Examples:
  speicher bench
  speicher bench --operations set --pipeline 16 --duration 10s
  speicher bench tcp://127.0.0.1:14567 --rate 20000 --duration 30s --distribution zipf:1.1 --json

Keys lie under "bench:" and a word of the run's own; they are stored before and removed after the measuring.
Exit codes: 0 done; 2 wrong usage; 3 no connection, no reply, or a request was refused; 130 interrupted too early.`;

type Flags = Readonly<Record<string, unknown>>;

/** The server may be named in front, as `--url` does it elsewhere. */
function withUrl(url: string | undefined, flags: Flags): Flags {
  if (url === undefined) return flags;
  if (flags['url'] === undefined) return { ...flags, url };
  throw new SpeicherError('SPEICHER_OPTION', 'the server is named twice: by URL and by --url');
}

interface ProgressDisplay {
  readonly show: (progress: () => Progress) => void;
  readonly end: () => void;
}

/** Shows progress on a terminal, and nowhere else. */
function progressDisplay(): ProgressDisplay {
  if (!process.stderr.isTTY) return { show() {}, end() {} };
  let latest: (() => Progress) | undefined;
  const draw = (): void => {
    if (latest !== undefined) process.stderr.write(`${REWRITE}${progressLine(latest(), performance.now())}`);
  };
  const timer = setInterval(draw, PROGRESS_MS);
  return {
    show(progress) {
      latest = progress;
    },
    end() {
      clearInterval(timer);
      process.stderr.write(REWRITE);
    },
  };
}

async function bench(url: string | undefined, given: Flags): Promise<void> {
  const flags = withUrl(url, given);
  const options = readBenchOptions(flags);
  const settings = resolveOptions(connectionOptions(flags, process.env).options);
  const { client, address } = await connect(flags, process.env);
  const interruption = new AbortController();
  // Once: a second Ctrl-C ends the process, whatever is left on the server.
  process.once('SIGINT', () => interruption.abort());
  const display = progressDisplay();
  const context = { settings, client, signal: interruption.signal, onProgress: display.show };
  let result: RunResult | undefined;
  try {
    result = await runBench(options, context);
  } finally {
    display.end();
    await client.close();
  }
  if (result === undefined) {
    process.stderr.write('speicher: interrupted before anything was measured\n');
    process.exitCode = EXIT.interrupted;
    return;
  }
  process.stdout.write(
    flags['json'] === true
      ? `${JSON.stringify(resultObject(options, address, result))}\n`
      : resultTable(options, address, result),
  );
  if (Object.keys(result.recorder.errors()).length > 0) process.exitCode = EXIT.failure;
}

/** The subcommand, for the program. */
export function benchCommand(): Command {
  const defaults = BENCH_DEFAULTS;
  const command = new Command('bench')
    .summary('measures throughput and latency of a server')
    .description('Loads a server with requests, and prints how many it answered in a second and how long they took.')
    .argument('[URL]', 'the server, in place of --url')
    .option('--operations <LIST>', `what to ask, with weights (default ${defaults.operations})`)
    .option('--connections <N>', `connections at a time (default ${defaults.connections})`)
    .option('--pipeline <N>', `requests on the way on one connection (default ${defaults.pipeline})`)
    .option('--value-size <SIZE>', `size of values, or MIN-MAX (default ${defaults.valueSize})`)
    .option('--keys <N>', `how many keys there are of each kind (default ${defaults.keys})`)
    .option('--distribution <D>', `uniform, sequential or zipf:S, as in zipf:1.1 (default ${defaults.distribution})`)
    .option('--requests <N>', `how many requests (default ${defaults.requests})`)
    .option('--duration <TIME>', 'how long, in place of --requests')
    .option('--rate <N>', 'requests per second, sent when they are due; latency counts from then (default: no pause)')
    .option('--seed <TEXT>', 'repeats what is asked; the default is random, and printed')
    .option('--keep', 'leave the keys on the server')
    .option('--json', 'print one JSON object');
  command.action(() => bench(command.args[0], command.opts()));
  return addConnectionOptions(command).addHelpText('after', EXAMPLES).addHelpText('after', CONNECTION_HELP);
}
