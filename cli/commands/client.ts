/** `speicher get|set|…`: the table of commands, as commander has them. */
import { Buffer } from 'node:buffer';
import { buffer } from 'node:stream/consumers';
import { Command } from 'commander';
import { ARGUMENTS, OPTIONS, readCall, type ClientCommand } from '../client-command.ts';
import { CLIENT_COMMANDS } from '../client-commands.ts';
import { addConnectionOptions, connect, CONNECTION_HELP } from '../connect.ts';
import { render } from '../render.ts';

/** What carries out a command: its words in order, undefined where one was left out, and its flags. */
export type Carrier = (
  command: ClientCommand,
  words: readonly (string | undefined)[],
  flags: Readonly<Record<string, unknown>>,
) => Promise<void>;

/** Square brackets stand for "may be left out" in the table, and angle brackets for "must be there" in commander. */
function placeholder(name: string): string {
  return name.startsWith('[') ? name : `<${name}>`;
}

/**
 * A command as commander has it.
 *
 * @param prompt what stands before the name in its examples
 */
export function makeCommand(name: string, description: ClientCommand, prompt: string, carry: Carrier): Command {
  const { summary, details, examples } = description;
  const command = new Command(name)
    .summary(summary)
    .description(
      `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.${details === undefined ? '' : `\n\n${details}`}`,
    )
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  ${prompt}${example}`).join('\n')}`);
  for (const argument of description.arguments) command.argument(placeholder(argument), ARGUMENTS[argument]);
  for (const option of description.options) command.option(OPTIONS[option].flags, OPTIONS[option].description);
  return command.action((...given: unknown[]) =>
    carry(description, given.slice(0, description.arguments.length) as (string | undefined)[], command.opts()),
  );
}

/** The value's word, or what comes on standard input. */
async function readValue(word: string | undefined): Promise<Uint8Array> {
  if (word !== undefined && word !== '-') return Buffer.from(word);
  if (process.stdin.isTTY) process.stderr.write('Type the value; end it with Ctrl-D on a line of its own.\n');
  return buffer(process.stdin);
}

/** Asks the server of the flags, prints what comes of it, and leaves. */
export const askAndPrint: Carrier = async (command, words, flags) => {
  const { client } = await connect(flags, process.env);
  try {
    const call = await readCall(command, words, flags, readValue);
    const result = await command.run(client, call);
    process.exitCode = await render(result, {
      stream: process.stdout,
      isTerminal: process.stdout.isTTY,
      isJson: flags['json'] === true,
    });
  } finally {
    await client.close();
  }
};

/**
 * One subcommand, for the program; `stats` has a file of its own, as it can do more.
 *
 * @returns undefined if the table has none of this name
 */
export function clientCommand(name: string): Command | undefined {
  const description = CLIENT_COMMANDS.get(name);
  if (description === undefined || name === 'stats') return undefined;
  return addConnectionOptions(makeCommand(name, description, 'speicher ', askAndPrint)).addHelpText(
    'after',
    CONNECTION_HELP,
  );
}

/** All of them, in the order of help. */
export function clientCommands(): Command[] {
  return [...CLIENT_COMMANDS.keys()].map(clientCommand).filter((command) => command !== undefined);
}
