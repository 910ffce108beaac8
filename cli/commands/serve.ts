/** `speicher serve`: the server as a process. */
import { Command, Option } from 'commander';
import { SERVER_OPTIONS, type OptionDescription } from '../../server/options.ts';
import { formatBytes, formatDuration } from '../../server/units.ts';
import { reportError } from '../exit-codes.ts';
import { CONFIG_ENV, printServerConfig, readServerConfig } from '../server-config.ts';

/** What a shell makes of a process that a signal ended: 128 and the signal's number. */
const EXIT_BY_SIGNAL = { SIGINT: 130, SIGTERM: 143 } as const;

/** `npm start` passes on the Ctrl-C that the terminal has sent already: so soon it is the same signal once more. */
const SAME_SIGNAL_MS = 500;

const EXAMPLES = `
Every option can also be given by an environment variable, SPEICHER_ and the option's name (SPEICHER_MAX_FRAME), or in
a TOML file (max-frame = "32MiB"). Flags come before variables, variables before the file.

Sizes are bytes or such as 64KiB, 1MB; times are milliseconds or such as 500ms, 5s, 2m.

Examples:
  speicher serve
  speicher serve --listen tcp://127.0.0.1:0 --listen unix:///tmp/speicher.sock
  speicher serve --listen tcp://0.0.0.0:14567 --auth alice:secret
  speicher serve --config speicher.toml --print-config`;

function written({ kind, default: value }: OptionDescription): string | undefined {
  if (value === undefined || value === false) return undefined;
  if (kind === 'bytes' && typeof value === 'number') return formatBytes(value);
  if (kind === 'duration' && typeof value === 'number') return formatDuration(value);
  if (typeof value === 'object') return value.length === 0 ? undefined : value.join(',');
  return String(value);
}

function flagOption(option: OptionDescription): Option {
  const byDefault = written(option);
  const choices = option.choices === undefined || option.kind === 'list' ? '' : `: ${option.choices.join(', ')}`;
  const description = `${option.description}${choices}${byDefault === undefined ? '' : ` (default ${byDefault})`}`;
  const flag = new Option(option.kind === 'flag' ? option.flag : `${option.flag} <${option.placeholder}>`, description);
  return option.kind === 'list'
    ? flag.argParser((text: string, before: readonly string[] | undefined) => [...(before ?? []), text])
    : flag;
}

/** Serves until a signal, then answers what had arrived and exits with 0 (DURABLE-2). */
async function serve(flags: Readonly<Record<string, unknown>>): Promise<void> {
  const config = readServerConfig(flags, process.env);
  if (flags['printConfig'] === true) {
    process.stdout.write(printServerConfig(config));
    return;
  }
  // Loaded by the one command that needs them: what a process loads is what a script waits for.
  const [{ createServer }, { createLogger }] = await Promise.all([
    import('../../server/index.ts'),
    import('../logger.ts'),
  ]);
  const logger = await createLogger(config.options.logLevel, process.stderr.isTTY);
  const server = createServer(config.options, { logger });
  let stoppingSinceMs: number | undefined;
  const stop = (signal: keyof typeof EXIT_BY_SIGNAL) => {
    const nowMs = performance.now();
    if (stoppingSinceMs === undefined) {
      stoppingSinceMs = nowMs;
      void server.stop().then(
        () => process.exit(0),
        (error: unknown) => process.exit(reportError(error)),
      );
    } else if (nowMs - stoppingSinceMs > SAME_SIGNAL_MS) {
      process.exit(EXIT_BY_SIGNAL[signal]);
    }
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  await server.start();
  for (const { url } of server.addresses) process.stdout.write(`speicher is listening on ${url}\n`);
}

/** The subcommand, for the program. */
export function serveCommand(): Command {
  const command = new Command('serve')
    .summary('serve until SIGINT (Ctrl-C) or SIGTERM')
    .description('Serves until SIGINT (Ctrl-C) or SIGTERM; says on stdout where, and logs on stderr.')
    .option('-c, --config <FILE>', `TOML file with options (or ${CONFIG_ENV})`)
    .option('--print-config', 'print the options that would be used, and where each comes from, and exit')
    .addHelpText('after', EXAMPLES)
    .action(serve);
  for (const option of SERVER_OPTIONS) command.addOption(flagOption(option));
  return command;
}
