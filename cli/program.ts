/** The command line as a whole: subcommands, help, and what each end means to a script. */
import { Command } from 'commander';
import { VERSION } from '../server/version.ts';
import { clientCommands } from './commands/client.ts';
import { consoleCommand } from './commands/console.ts';
import { dataCommands } from './commands/data.ts';
import { serveCommand } from './commands/serve.ts';
import { specCommand } from './commands/spec.ts';
import { statsCommand } from './commands/stats.ts';
import { EXIT, reportError } from './exit-codes.ts';

const EXAMPLES = `
Examples:
  speicher serve                    serve on 127.0.0.1:14567, until Ctrl-C
  speicher set greeting hello       in another terminal
  speicher get greeting             prints: hello
  speicher console                  try all commands by hand
  speicher spec 127.0.0.1:14567     prove a server of the protocol right or wrong

A server is found by --url, else SPEICHER_URL, else at tcp://127.0.0.1:14567.

Exit codes: 0 done; 1 no such key, or nothing to do; 2 wrong usage; 3 no connection, no reply, or refused.
Those of speicher spec are its own.`;

function program(): Command {
  const root = new Command('speicher')
    .description('A key-value service: the server, and commands for everything that it can do.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [COMMAND]', 'print help for a command')
    // What stands behind a subcommand is its own: `spec` and its subcommands have options of the same names.
    .enablePositionalOptions()
    .configureHelp({
      subcommandTerm: (command) => `${command.name()} ${command.usage().replace(/\[options\] ?/, '')}`.trimEnd(),
    })
    .showHelpAfterError('(add --help for how it is used)')
    .addHelpText('after', EXAMPLES);
  root
    .commandsGroup('Server:')
    .addCommand(serveCommand())
    .addCommand(statsCommand())
    .commandsGroup('Check a server:')
    .addCommand(specCommand())
    .commandsGroup('By hand:')
    .addCommand(consoleCommand())
    .commandsGroup('Ask a server:');
  for (const command of clientCommands()) root.addCommand(command);
  root.commandsGroup('Data of a server that does not run:');
  for (const command of dataCommands()) root.addCommand(command);
  for (const command of [root, ...root.commands]) command.exitOverride();
  return root;
}

/**
 * Runs one command line. The exit code is set, not forced: a server goes on serving, and what is written to a pipe
 * still gets there.
 *
 * @param args without the program's name
 */
export async function run(args: readonly string[]): Promise<void> {
  // A reader such as `head` that has seen enough closes the pipe; that is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failure);
  });
  try {
    await program().parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = reportError(error);
  }
}
