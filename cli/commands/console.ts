/** `speicher console`: commands as in redis-cli, and JavaScript with a client, line by line. */
import { once } from 'node:events';
import repl, { type REPLEval, type REPLServer } from 'node:repl';
import { callbackify } from 'node:util';
import { Command } from 'commander';
import type { Speicher } from '../../client/index.ts';
import { isCommandLine, runCommandLine, type CommandScreen } from '../console/command-lines.ts';
import { createCompleter } from '../console/completion.ts';
import { showHints } from '../console/hints.ts';
import { historyFile, isSecret } from '../console/history.ts';
import { LinePump } from '../console/line-pump.ts';
import { addConnectionOptions, connect, CONNECTION_HELP, type Connected } from '../connect.ts';
import { errorLine } from '../exit-codes.ts';

const EXAMPLES = `
Examples:
  speicher console
  speicher console tls://cache.example.org
  echo 'count session:' | speicher console

In the console:
  set greeting hello --ttl 30s
  get greeting
  await client.get('greeting')
  for await (const key of client.keys('session:')) console.log(key)
  help set`;

/** Command lines are carried out, everything else is evaluated as JavaScript with top-level await. */
function evaluator(console: REPLServer, client: Speicher, screen: CommandScreen): REPLEval {
  const evaluateJavaScript = console.eval;
  const evaluateCommand = callbackify(async (line: string) => {
    if (await runCommandLine(line, client, screen)) console.close();
  });
  return (line, context, file, callback) => {
    const isCommand = isCommandLine(line);
    // A command prints for itself; of JavaScript even undefined is shown, for a miss is undefined.
    Object.assign(console, { ignoreUndefined: isCommand });
    if (isCommand) evaluateCommand(line.trim(), callback as (error: Error | null) => void);
    else evaluateJavaScript.call(console, line, context, file, callback);
  };
}

/** Keeps what is typed in a file, and lines with secrets nowhere. */
function keepHistory(console: REPLServer): void {
  console.setupHistory(historyFile(process.env), () => undefined);
  console.on('line', (line: string) => {
    const { history } = console as { history?: string[] };
    if (isSecret(line) && history?.[0] === line) history.shift();
  });
}

async function greet({ client, address }: Connected): Promise<void> {
  process.stdout.write(
    `help lists the commands, help NAME explains one. JavaScript works too: await client.get('foo')\n`,
  );
  try {
    const { server } = await client.hello();
    process.stdout.write(`${server} answers at ${address}\n`);
  } catch (error) {
    // The server may come later: every command tries anew.
    process.stdout.write(`${errorLine(error)}\n`);
  }
}

async function runConsole(connected: Connected): Promise<void> {
  const { client, address } = connected;
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY;
  if (isTerminal) await greet(connected);
  const pump = isTerminal ? undefined : new LinePump();
  const console = repl.start({
    prompt: isTerminal ? `${address}> ` : '',
    input: pump?.lines ?? process.stdin,
    output: process.stdout,
    terminal: isTerminal,
    // Previews would complete, and so ask the server, at every key.
    preview: false,
  });
  const exited = once(console, 'exit');
  const screen = {
    stream: process.stdout,
    isTerminal: true,
    isJson: false,
    hasColors: isTerminal && process.stdout.hasColors(),
  };
  Object.assign(console.context, { client });
  Object.assign(console, {
    eval: evaluator(console, client, screen),
    completer: createCompleter(client, console.completer.bind(console)),
  });
  if (pump === undefined) {
    keepHistory(console);
    showHints(console, process.stdin, process.stdout);
  } else {
    // Without a terminal no prompt is shown; that it is due tells that a line is done.
    console.displayPrompt = () => pump.ready();
    void exited.then(() => pump.end());
    await pump.run(process.stdin);
  }
  await exited;
}

/** The subcommand, for the program. */
export function consoleCommand(): Command {
  const command = new Command('console')
    .summary('try commands and JavaScript by hand')
    .description('Takes commands as redis-cli does, and JavaScript with a connected client, line by line.')
    .argument('[URL]', 'the server, as --url')
    .addHelpText('after', EXAMPLES);
  return addConnectionOptions(command)
    .addHelpText('after', CONNECTION_HELP)
    .action(async (url: string | undefined, flags: Readonly<Record<string, unknown>>) => {
      const connected = await connect(url === undefined ? flags : { ...flags, url }, process.env);
      try {
        await runConsole(connected);
      } finally {
        await connected.client.close();
      }
    });
}
