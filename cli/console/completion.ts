/** What Tab offers: commands, keys that exist behind a command that takes one, and JavaScript's names. */
import type { AsyncCompleter, CompleterResult } from 'node:readline';
import { callbackify } from 'node:util';
import type { Speicher } from '../../client/index.ts';
import { CLIENT_COMMANDS } from '../client-commands.ts';
import { COMMAND_WORDS } from './command-lines.ts';

/** More keys than this are no help. */
const KEYS_OFFERED = 50;

/** Whoever presses Tab does not wait longer. */
const KEYS_TIMEOUT_MS = 500;

/** Keys that need no quotes. */
const PLAIN_KEY = /^[^\s"'\\]+$/;

async function keysUnder(client: Speicher, prefix: string): Promise<CompleterResult> {
  const offered: string[] = [];
  try {
    for await (const key of client.keys(prefix, { pageSize: KEYS_OFFERED, timeoutMs: KEYS_TIMEOUT_MS })) {
      if (typeof key === 'string' && PLAIN_KEY.test(key)) offered.push(key);
      if (offered.length === KEYS_OFFERED) break;
    }
  } catch {
    // Without a server there is nothing to offer, and Tab is no place for errors.
  }
  return [offered, prefix];
}

/** The command's first argument, if the line ends in it and it stands for a key or for the beginning of keys. */
function keyBegun(line: string): string | undefined {
  const [, name = '', key] = /^\s*([a-z-]+)\s+(\S*)$/.exec(line) ?? [];
  const first = CLIENT_COMMANDS.get(name)?.arguments[0];
  return first !== undefined && ['KEY', 'PREFIX', '[PREFIX]'].includes(first) ? key : undefined;
}

/**
 * @param client asked for keys
 * @param completeJavaScript the completer that offers JavaScript's names
 */
export function createCompleter(client: Speicher, completeJavaScript: AsyncCompleter): AsyncCompleter {
  const offerKeys = callbackify((prefix: string) => keysUnder(client, prefix));
  return (line, callback) => {
    const key = keyBegun(line);
    if (key !== undefined) {
      offerKeys(key, callback);
      return;
    }
    const commands = COMMAND_WORDS.filter((name) => line !== '' && name.startsWith(line));
    completeJavaScript(line, (error?: Error | null, result?: CompleterResult) => {
      const [names, begun] = result ?? [[], line];
      if (commands.length === 0 || begun !== line) callback(error ?? null, result);
      else callback(null, [[...commands, ...names.filter((name) => name !== '')], line]);
    });
  };
}
