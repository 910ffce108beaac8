/** How a command goes on, in grey behind the cursor, while its line is being typed. */
import readline, { type Interface } from 'node:readline';
import type { ReadStream, WriteStream } from 'node:tty';
import { styleText } from 'node:util';
import { usage } from '../client-command.ts';
import { CLIENT_COMMANDS } from '../client-commands.ts';

/** What could follow a line: the arguments that are not there yet, and the options. */
export function hintFor(line: string): string {
  const [, name = '', rest = ''] = /^\s*([a-z-]+)\s(.*)$/.exec(line) ?? [];
  const command = CLIENT_COMMANDS.get(name);
  if (command === undefined || rest.includes('--')) return '';
  const parts = usage('', command)
    .trimStart()
    .split(/ (?=\[--)/);
  const begun = rest.trim() === '' ? 0 : rest.trim().split(/\s+/).length;
  const [words = '', ...options] = command.arguments.length === 0 ? ['', ...parts] : parts;
  const missing = [...words.split(' ').slice(begun), ...options].filter((part) => part !== '').join(' ');
  if (missing === '') return '';
  return rest === '' || rest.endsWith(' ') ? missing : ` ${missing}`;
}

/**
 * Shows hints on a terminal, if it has a grey to tell them from what was typed.
 *
 * @param editor whose line is looked at
 * @param input the terminal's keys
 * @param output the terminal
 */
export function showHints(editor: Interface, input: ReadStream, output: WriteStream): void {
  if (!output.hasColors()) return;
  let isShown = false;
  // Before the editor sees the key, so that a line that is entered stays on the screen without its hint.
  input.prependListener('keypress', () => {
    if (isShown) readline.clearLine(output, 1);
    isShown = false;
  });
  input.on('keypress', () => {
    const hint = hintFor(editor.line);
    if (hint === '' || editor.cursor !== editor.line.length) return;
    const { cols } = editor.getCursorPos();
    // What does not fit would break the line, and the cursor would not find back.
    if (cols + hint.length >= output.columns) return;
    output.write(styleText('gray', hint));
    readline.moveCursor(output, -hint.length, 0);
    isShown = true;
  });
}
