/** What a command is that one client carries out: the table in `client-commands.ts` is made of these. */
import { SpeicherError } from '../protocol/index.ts';
import type { Speicher } from '../client/index.ts';
import { DURATION_FORMS, parseDuration } from '../server/units.ts';
import { typedValue, VALUE_TYPES, type TypedValue, type ValueType } from './typed-values.ts';

function wrong(detail: string, wanted: string): never {
  throw new SpeicherError('SPEICHER_OPTION', `${detail} must be ${wanted}`);
}

function readInteger(name: string, text: string): bigint {
  return /^[+-]?\d{1,19}$/.test(text) ? BigInt(text) : wrong(name, `an integer, not ${text}`);
}

function readCount(name: string, text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : 0;
  return Number.isSafeInteger(number) && number > 0 ? number : wrong(name, `an integer above 0, not ${text}`);
}

function readDuration(name: string, text: string): number {
  return parseDuration(text) ?? wrong(name, `${DURATION_FORMS}, not ${text}`);
}

function readType(name: string, text: string): ValueType {
  return VALUE_TYPES.find((type) => type === text) ?? wrong(name, `one of ${VALUE_TYPES.join(', ')}, not ${text}`);
}

/** What may stand behind a command's name, in order. `[…]` may be left out. */
export const ARGUMENTS = {
  KEY: 'the key',
  PREFIX: 'how the keys begin; "" stands for all keys',
  '[PREFIX]': 'how the keys begin; without it, all keys',
  '[VALUE]': 'the value; without it or with -, what comes on standard input, byte for byte',
  VERSION: 'the version that the item must have, as gets prints it',
  '[DELTA]': 'an integer, 1 if absent',
  '[MESSAGE]': 'what the server is to send back, PONG if absent',
} as const;

export type ArgumentName = keyof typeof ARGUMENTS;

interface OptionEntry {
  readonly flags: string;
  readonly description: string;
}

/** The options of commands. Each command names those that it takes. */
export const OPTIONS = {
  ttl: {
    flags: '--ttl <TIME>',
    description: `how long the item lives: ${DURATION_FORMS}; 0 and without it: for ever`,
  },
  touch: {
    flags: '--touch <TIME>',
    description: `let the item live for so long from now on: ${DURATION_FORMS}; 0: for ever`,
  },
  lockTtl: {
    flags: '--ttl <TIME>',
    description: `how long the lock lasts: ${DURATION_FORMS}; 0 and without it: until it is unlocked`,
  },
  type: {
    flags: '--type <TYPE>',
    description: `what the value is: ${VALUE_TYPES.join(', ')}; without it text, or bytes if it is no UTF-8`,
  },
  ifVersion: {
    flags: '--if-version <N>',
    description: 'only if the item still has this version',
  },
  token: { flags: '--token <N>', description: 'the token that lock printed, for a locked item' },
  initial: {
    flags: '--initial <N>',
    description: 'if there is no such item, create it with this number',
  },
  limit: { flags: '--limit <N>', description: 'print at most so many' },
  json: { flags: '--json', description: 'print JSON, one text per line' },
} as const satisfies Record<string, OptionEntry>;

export type OptionKey = keyof typeof OPTIONS;

/** The options as they were given. `undefined` ones were not. */
export interface CallOptions {
  readonly ttlMs: number | undefined;
  readonly type: ValueType | undefined;
  readonly version: number | undefined;
  readonly token: number | undefined;
  readonly initial: bigint | undefined;
  readonly limit: number | undefined;
}

/** One use of a command, read and checked. What the command does not take is empty. */
export interface CommandCall {
  /** KEY or PREFIX. */
  readonly key: string;
  readonly value: TypedValue;
  readonly version: number;
  readonly delta: bigint;
  readonly message: string | undefined;
  readonly options: CallOptions;
}

/** What came of it, for `render.ts` to print. */
export type Result =
  | { readonly kind: 'done' }
  | { readonly kind: 'miss' }
  | { readonly kind: 'number'; readonly number: number | bigint; readonly isMiss?: boolean }
  | { readonly kind: 'value'; readonly value: TypedValue; readonly version?: number }
  | { readonly kind: 'fields'; readonly fields: Readonly<Record<string, string | number | null>> }
  | { readonly kind: 'list'; readonly items: AsyncIterable<ListItem> };

/** A key of a listing, with its value where that was asked for. */
export interface ListItem {
  readonly key: Uint8Array | string;
  readonly value?: Uint8Array;
}

/** A command: what it takes, what help says, and the client's method behind it. */
export interface ClientCommand {
  readonly summary: string;
  /** What help adds to the summary. */
  readonly details?: string;
  readonly arguments: readonly ArgumentName[];
  readonly options: readonly OptionKey[];
  readonly examples: readonly string[];
  run(client: Speicher, call: CommandCall): Promise<Result>;
}

/** How a command is used, in one line: `set KEY [VALUE] [--ttl TIME]`. */
export function usage(name: string, command: ClientCommand): string {
  const options = command.options.map((option) => `[${OPTIONS[option].flags.replaceAll(/[<>]/g, '')}]`);
  return [name, ...command.arguments, ...options].join(' ');
}

/**
 * Reads one use of a command.
 *
 * @param words the arguments in order, undefined where one was left out
 * @param flags the options as commander keeps them
 * @param readValue makes the bytes of VALUE, from its word or from elsewhere
 * @throws SpeicherError `SPEICHER_OPTION`, naming the argument or option and what it wants
 */
export async function readCall(
  command: ClientCommand,
  words: readonly (string | undefined)[],
  flags: Readonly<Record<string, unknown>>,
  readValue: (word: string | undefined) => Promise<Uint8Array>,
): Promise<CommandCall> {
  const word = (...names: ArgumentName[]) => {
    const index = command.arguments.findIndex((name) => names.includes(name));
    return index === -1 ? undefined : words[index];
  };
  const option = <Value>(flag: string, read: (name: string, text: string) => Value): Value | undefined => {
    const text = flags[flag];
    return typeof text === 'string' ? read(flag === 'ifVersion' ? '--if-version' : `--${flag}`, text) : undefined;
  };
  const options: CallOptions = {
    ttlMs: option('ttl', readDuration) ?? option('touch', readDuration),
    type: option('type', readType),
    version: option('ifVersion', readCount),
    token: option('token', readCount),
    initial: option('initial', readInteger),
    limit: option('limit', readCount),
  };
  const key = word('KEY', 'PREFIX', '[PREFIX]') ?? '';
  if (command.arguments.includes('KEY') && key === '') wrong('KEY', 'at least one character');
  const version = word('VERSION');
  return {
    key,
    version: version === undefined ? 0 : readCount('VERSION', version),
    delta: readInteger('DELTA', word('[DELTA]') ?? '1'),
    message: word('[MESSAGE]'),
    options,
    value: command.arguments.includes('[VALUE]')
      ? typedValue(await readValue(word('[VALUE]')), options.type)
      : typedValue(Buffer.alloc(0)),
  };
}
