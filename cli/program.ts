/** The command line as a whole: subcommands, help, and what each end means to a script. */
import { Command } from 'commander';
import { VERSION } from '../server/version.ts';
import { EXIT, outputError, reportError } from './exit-codes.ts';

const EXAMPLES = `
Examples:
  speicher serve                    serve on 127.0.0.1:14567, until Ctrl-C
  speicher set greeting hello       in another terminal
  speicher get greeting             prints: hello
  speicher console                  try all commands by hand
  speicher spec 127.0.0.1:14567     prove a server of the protocol right or wrong

A server is found by --url, else SPEICHER_URL, else at tcp://127.0.0.1:14567.

Exit codes: 0 done; 1 no such key, nothing to do, or data that are damaged or in use; 2 wrong usage;
3 no connection, no reply, refused, or output that could not be written. Those of speicher spec are its own.`;

/** Subcommands whose output is of use only as a whole. */
const OF_USE_AS_A_WHOLE: ReadonlySet<string> = new Set(['dump']);

const VERSION_FLAGS = new Set(['-V', '--version']);

/** Subcommands with a module of their own, by name. What a process loads is what a script waits for. */
const OWN_MODULES = {
  serve: async () => (await import('./commands/serve.ts')).serveCommand(),
  stats: async () => (await import('./commands/stats.ts')).statsCommand(),
  spec: async () => (await import('./commands/spec.ts')).specCommand(),
  bench: async () => (await import('./commands/bench.ts')).benchCommand(),
  console: async () => (await import('./commands/console.ts')).consoleCommand(),
  check: async () => (await import('./commands/data.ts')).checkCommand(),
  repair: async () => (await import('./commands/data.ts')).repairCommand(),
  backup: async () => (await import('./commands/data.ts')).backupCommand(),
  dump: async () => (await import('./commands/dump.ts')).dumpCommand(),
  load: async () => (await import('./commands/dump.ts')).loadCommand(),
} as const satisfies Record<string, () => Promise<Command>>;

function hasOwnModule(name: string): name is keyof typeof OWN_MODULES {
  return Object.hasOwn(OWN_MODULES, name);
}

function emptyProgram(): Command {
  return (
    new Command('speicher')
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
      .addHelpText('after', EXAMPLES)
  );
}

/** Adds every subcommand, in the order of help. */
async function addAll(root: Command): Promise<void> {
  const [{ clientCommands }, serve, stats, bench, spec, byHand, check, repair, backup, dump, load] = await Promise.all([
    import('./commands/client.ts'),
    OWN_MODULES.serve(),
    OWN_MODULES.stats(),
    OWN_MODULES.bench(),
    OWN_MODULES.spec(),
    OWN_MODULES.console(),
    OWN_MODULES.check(),
    OWN_MODULES.repair(),
    OWN_MODULES.backup(),
    OWN_MODULES.dump(),
    OWN_MODULES.load(),
  ]);
  root.commandsGroup('Server:').addCommand(serve).addCommand(stats).addCommand(bench);
  root.commandsGroup('Check a server:').addCommand(spec);
  root.commandsGroup('Data of a server that does not run:').addCommand(check).addCommand(repair);
  root.commandsGroup('Copies of data:').addCommand(dump).addCommand(load).addCommand(backup);
  root.commandsGroup('By hand:').addCommand(byHand);
  root.commandsGroup('Ask a server:');
  for (const command of clientCommands()) root.addCommand(command);
}

/**
 * The program with the subcommand that the first word names, or with all of them where help or an error has to list
 * them. Options of the program itself take no values, so a subcommand that is meant is the first word.
 */
async function program([name = '']: readonly string[]): Promise<Command> {
  const root = emptyProgram();
  if (hasOwnModule(name)) {
    root.addCommand(await OWN_MODULES[name]());
  } else if (!VERSION_FLAGS.has(name)) {
    const command = /^[a-z]/.test(name) ? (await import('./commands/client.ts')).clientCommand(name) : undefined;
    if (command === undefined) await addAll(root);
    else root.addCommand(command);
  }
  for (const command of [root, ...root.commands]) command.exitOverride();
  return root;
}

/** A reader such as `head` that has seen enough closes the pipe; that is no error, unless it wants all there is. */
function endWithOutput(name: string, error: NodeJS.ErrnoException): never {
  const isEnough = error.code === 'EPIPE' && !OF_USE_AS_A_WHOLE.has(name);
  process.exit(isEnough ? EXIT.ok : reportError(outputError(error)));
}

/**
 * Runs one command line. The exit code is set, not forced: a server goes on serving, and what is written to a pipe
 * still gets there.
 *
 * @param args without the program's name
 */
export async function run(args: readonly string[]): Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => endWithOutput(args[0] ?? '', error));
  try {
    await (await program(args)).parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = reportError(error);
  }
}
