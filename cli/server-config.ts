/**
 * Where the options of `speicher serve` come from: flags, then the environment, then a TOML file, then the defaults.
 */
import { readFileSync } from 'node:fs';
import { parse, stringify, TomlError } from 'smol-toml';
import { SpeicherError } from '../protocol/index.ts';
import {
  checkServerOptions,
  SERVER_OPTIONS,
  type OptionDescription,
  type OptionName,
  type ServerOptions,
} from '../server/options.ts';
import { formatBytes, formatDuration } from '../server/units.ts';

/** A value as somebody wrote it, and where: `--max-key`, `SPEICHER_MAX_KEY` or `speicher.toml: max-key`. */
interface Setting {
  readonly input: unknown;
  readonly source: string;
}

type Settings = Map<OptionName, Setting>;

/** The options to serve with, and where each that is no default was said. */
export interface ServerConfig {
  readonly options: ServerOptions;
  readonly sources: ReadonlyMap<OptionName, string>;
}

/** What names the configuration file if no flag does. */
export const CONFIG_ENV = 'SPEICHER_CONFIG';

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['yes', true],
  ['on', true],
  ['false', false],
  ['0', false],
  ['no', false],
  ['off', false],
]);

/** Lists are separated by commas or blanks in the environment; secrets, which may hold both, by line breaks. */
function readVariable(option: OptionDescription, text: string): unknown {
  if (option.kind === 'flag') return BOOLEANS.get(text.toLowerCase()) ?? text;
  if (option.kind !== 'list') return text;
  return text.split(option.secret === true ? /\r?\n/ : /[\s,]+/).filter((item) => item !== '');
}

function readEnvironment(env: NodeJS.ProcessEnv): Settings {
  const settings: Settings = new Map();
  for (const option of SERVER_OPTIONS) {
    const text = env[option.env];
    // Empty is what `docker run -e` and Compose make of a variable that is not set.
    if (text === undefined || text === '') continue;
    settings.set(option.property, { input: readVariable(option, text), source: option.env });
  }
  return settings;
}

/**
 * Flags as commander gives them: a text, `true`, or a list of texts, of which those with few choices take commas too.
 */
function readFlags(flags: Readonly<Record<string, unknown>>): Settings {
  const settings: Settings = new Map();
  for (const option of SERVER_OPTIONS) {
    const value = flags[flagProperty(option)];
    if (value === undefined) continue;
    const isListOfChoices = option.kind === 'list' && option.choices !== undefined && Array.isArray(value);
    const input: unknown = isListOfChoices ? value.flatMap((item: string) => item.split(',')) : value;
    settings.set(option.property, { input, source: option.flag });
  }
  return settings;
}

/** The name under which commander keeps a flag: `--max-frame` is `maxFrame`. */
function flagProperty({ key }: OptionDescription): string {
  return key.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function wrong(detail: string, cause?: unknown): SpeicherError {
  return new SpeicherError('SPEICHER_OPTION', detail, cause === undefined ? {} : { cause });
}

function parseFile(path: string): Record<string, unknown> {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error instanceof TomlError) {
      const [reason] = error.message.replace(/^Invalid TOML document: /, '').split('\n');
      throw wrong(`${path}:${error.line}:${error.column} is no TOML: ${reason}`, error);
    }
    throw wrong(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

function readFile(path: string): Settings {
  const settings: Settings = new Map();
  for (const [key, value] of Object.entries(parseFile(path))) {
    const option = SERVER_OPTIONS.find((candidate) => candidate.key === key);
    if (option === undefined) {
      throw wrong(`${path}: there is no option ${key}; these are: ${SERVER_OPTIONS.map(({ key }) => key).join(', ')}`);
    }
    const input = option.kind === 'list' && typeof value === 'string' ? [value] : value;
    settings.set(option.property, { input, source: `${path}: ${key}` });
  }
  return settings;
}

/** On the command line options go by their flags; the schema speaks of properties. */
function withFlagNames(message: string): string {
  return SERVER_OPTIONS.filter(({ property }) => /[A-Z]/.test(property)).reduce(
    (text, { property, flag }) => text.replaceAll(new RegExp(`\\b${property}\\b`, 'g'), flag),
    message,
  );
}

/**
 * The options to serve with.
 *
 * @param flags what commander made of the command line
 * @param env the environment
 * @returns the options and where each was said
 * @throws SpeicherError `SPEICHER_OPTION`, naming the option, what it wants, and where it was said
 */
export function readServerConfig(flags: Readonly<Record<string, unknown>>, env: NodeJS.ProcessEnv): ServerConfig {
  const file = typeof flags['config'] === 'string' ? flags['config'] : env[CONFIG_ENV];
  const settings: Settings = new Map([
    ...(file === undefined || file === '' ? [] : readFile(file)),
    ...readEnvironment(env),
    ...readFlags(flags),
  ]);
  const result = checkServerOptions(Object.fromEntries([...settings].map(([name, { input }]) => [name, input])));
  if ('options' in result) {
    return { options: result.options, sources: new Map([...settings].map(([name, { source }]) => [name, source])) };
  }
  const { property, message } = result.problem;
  const option = SERVER_OPTIONS.find((candidate) => candidate.property === property);
  if (property === undefined || option === undefined) throw wrong(message);
  const source = settings.get(property)?.source ?? 'the default';
  const said = source === option.flag ? '' : ` (from ${source})`;
  throw wrong(`${option.flag} ${withFlagNames(message)}${said}`);
}

/** A value as one would write it in a configuration file: with a unit where that is shorter. */
function writtenValue(option: OptionDescription, value: unknown): unknown {
  if (typeof value !== 'number' || option.kind === 'count') return value;
  const text = option.kind === 'bytes' ? formatBytes(value) : formatDuration(value);
  return text === String(value) ? value : text;
}

function hidden(entry: string): string {
  return `${entry.slice(0, entry.indexOf(':'))}:***`;
}

function printOption(option: OptionDescription, { options, sources }: ServerConfig): string {
  const value = options[option.property];
  const source = sources.get(option.property) ?? 'default';
  if (value === undefined) return `# ${option.key} is not given`;
  if (option.secret === true && Array.isArray(value) && value.length > 0) {
    // Commented out: read back, the asterisks would be the password.
    return `# ${stringify({ [option.key]: value.map(hidden) }).trim()} # ${source}; not shown`;
  }
  return `${stringify({ [option.key]: writtenValue(option, value) }).trim()} # ${source}`;
}

/** The configuration as a TOML file that says of each option where its value comes from. Secrets are not shown. */
export function printServerConfig(config: ServerConfig): string {
  return `${SERVER_OPTIONS.map((option) => printOption(option, config)).join('\n')}\n`;
}
