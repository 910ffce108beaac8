/** Lines of the console that are commands, `set foo bar`, and how they are carried out. */
import { Buffer } from 'node:buffer';
import { inspect, styleText } from 'node:util';
import { CommanderError, type Command } from 'commander';
import type { Speicher } from '../../client/index.ts';
import { SpeicherError, TAG } from '../../protocol/index.ts';
import { readCall, usage, type Result } from '../client-command.ts';
import { CLIENT_COMMANDS } from '../client-commands.ts';
import { makeCommand } from '../commands/client.ts';
import { errorLine } from '../exit-codes.ts';
import { render, type Output } from '../render.ts';
import { splitWords } from '../split-words.ts';
import type { TypedValue } from '../typed-values.ts';

/** The words that are no commands of the table. */
const OWN_WORDS = ['help', 'exit', 'quit'] as const;

/** Every word with which a command line may begin. */
export const COMMAND_WORDS: readonly string[] = [...CLIENT_COMMANDS.keys(), ...OWN_WORDS];

/** A command's word and what follows; an assignment or a call is JavaScript, whatever its name. */
const COMMAND_LINE = /^\s*([a-z][a-z-]*)(?:\s+(?![=(.])(.*))?\s*$/s;

/** Whether a line is a command, and not JavaScript. */
export function isCommandLine(line: string): boolean {
  const name = COMMAND_LINE.exec(line)?.[1];
  return name !== undefined && COMMAND_WORDS.includes(name);
}

/** What the console needs of where it runs. */
export interface CommandScreen extends Output {
  readonly hasColors: boolean;
}

function paint(screen: CommandScreen, style: 'gray' | 'red', text: string): string {
  return screen.hasColors ? styleText(style, text, { validateStream: false }) : text;
}

/** A value as a programmer would write it, so that '1' and 1 look different. */
function showValue({ bytes, tag }: TypedValue, colors: boolean): string {
  const buffer = Buffer.from(bytes);
  if (tag === TAG.INTEGER || tag === TAG.JSON) return buffer.toString();
  return tag === TAG.TEXT ? inspect(buffer.toString(), { colors, maxStringLength: null }) : inspect(buffer, { colors });
}

async function show(result: Result, screen: CommandScreen, isJson: boolean): Promise<void> {
  if (result.kind === 'value' && !isJson) {
    const version = result.version === undefined ? '' : `version ${result.version}: `;
    screen.stream.write(`${version}${showValue(result.value, screen.hasColors)}\n`);
    return;
  }
  const isMiss = (await render(result, { ...screen, isJson })) !== 0 && result.kind !== 'number';
  if (isMiss) screen.stream.write(`${paint(screen, 'gray', '(nothing)')}\n`);
}

/** The command of a line, ready to be parsed: it carries itself out and prints on the screen. */
function commandOf(name: string, client: Speicher, screen: CommandScreen): Command | undefined {
  const description = CLIENT_COMMANDS.get(name);
  if (description === undefined) return undefined;
  return makeCommand(name, description, '', async (command, words, flags) => {
    const call = await readCall(command, words, flags, async (word) => {
      if (word === undefined) throw new SpeicherError('SPEICHER_OPTION', 'VALUE is missing');
      return Buffer.from(word);
    });
    await show(await command.run(client, call), screen, flags['json'] === true);
  })
    .usage(usage(name, description).slice(name.length + 1))
    .exitOverride()
    .configureOutput({
      writeOut: (text) => screen.stream.write(text),
      // Errors are thrown too, and said there.
      writeErr: () => undefined,
    });
}

function overview(): string {
  const width = Math.max(...COMMAND_WORDS.map(({ length }) => length));
  const lines = [...CLIENT_COMMANDS].map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return `${lines.join('\n')}

help NAME explains a command. Words are divided by blanks; "…" and '…' hold blanks together.
Everything else is JavaScript: await client.get('foo'). Ctrl-D or exit ends.
`;
}

function help(name: string | undefined, client: Speicher, screen: CommandScreen): void {
  const command = name === undefined ? undefined : commandOf(name, client, screen);
  if (command !== undefined) command.outputHelp();
  else if (name === undefined) screen.stream.write(overview());
  else screen.stream.write(`There is no command ${name}; help lists them.\n`);
}

function report(error: unknown, name: string, screen: CommandScreen): void {
  // Help is an error to commander, without a failure.
  if (error instanceof CommanderError && error.exitCode === 0) return;
  const description = CLIENT_COMMANDS.get(name);
  const isMisuse =
    error instanceof CommanderError || (error instanceof SpeicherError && error.code === 'SPEICHER_OPTION');
  const line = errorLine(error).replace(/^error: /, '');
  screen.stream.write(`${paint(screen, 'red', line)}\n`);
  if (isMisuse && description !== undefined) screen.stream.write(`usage: ${usage(name, description)}\n`);
}

/**
 * Carries out a command line and prints what comes of it, errors too.
 *
 * @param line for which `isCommandLine` holds
 * @returns whether the console is to end
 */
export async function runCommandLine(line: string, client: Speicher, screen: CommandScreen): Promise<boolean> {
  const words = splitWords(line);
  if (words === undefined) {
    report(new SpeicherError('SPEICHER_OPTION', 'a quote is not closed'), '', screen);
    return false;
  }
  const [name = '', ...rest] = words;
  if (name === 'exit' || name === 'quit') return true;
  if (name === 'help') help(rest[0], client, screen);
  try {
    await commandOf(name, client, screen)?.parseAsync(rest, { from: 'user' });
  } catch (error) {
    report(error, name, screen);
  }
  return false;
}
