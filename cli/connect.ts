/** The client of a command: where the server is, who asks, and how long to wait. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { Speicher, SpeicherOptions } from '../client/index.ts';
import { DEFAULT_PORT, SpeicherError } from '../protocol/index.ts';
import { DURATION_FORMS, parseDuration } from '../server/units.ts';

/** Where a server is unless it is said. */
const DEFAULT_URL = `tcp://127.0.0.1:${DEFAULT_PORT}`;

/** Adds what every command takes that asks a server. */
export function addConnectionOptions(command: Command): Command {
  return command
    .option('-u, --url <URL>', `the server: tcp://HOST:PORT, tls://HOST:PORT or unix:///PATH (default ${DEFAULT_URL})`)
    .option('--timeout <TIME>', 'how long to wait for a reply (default 10s)')
    .option('--tls-ca-file <FILE>', 'authorities to trust on tls://, PEM')
    .option('--tls-cert-file <FILE>', 'certificate to show on tls://, PEM')
    .option('--tls-key-file <FILE>', 'its private key, PEM');
}

/** What help says of the options above. */
export const CONNECTION_HELP = `
Environment: SPEICHER_URL is the server where --url is absent; SPEICHER_PASSWORD is USER:PASSWORD where the server wants
them (the user may be empty) and the URL has none.`;

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function readPem(flag: string, path: string | undefined): Buffer | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new SpeicherError('SPEICHER_OPTION', `${flag} ${path} cannot be read`, { cause });
  }
}

function tlsOptions(flags: Readonly<Record<string, unknown>>): SpeicherOptions {
  const files = {
    ca: readPem('--tls-ca-file', text(flags['tlsCaFile'])),
    cert: readPem('--tls-cert-file', text(flags['tlsCertFile'])),
    key: readPem('--tls-key-file', text(flags['tlsKeyFile'])),
  };
  const tls = Object.fromEntries(Object.entries(files).filter(([, file]) => file !== undefined));
  return Object.keys(tls).length === 0 ? {} : { tls };
}

function timeout(flags: Readonly<Record<string, unknown>>): SpeicherOptions {
  const given = text(flags['timeout']);
  if (given === undefined) return {};
  const timeoutMs = parseDuration(given);
  if (timeoutMs === undefined || timeoutMs === 0) {
    throw new SpeicherError('SPEICHER_OPTION', `--timeout must be ${DURATION_FORMS}, above 0, not ${given}`);
  }
  return { timeoutMs, connectTimeoutMs: timeoutMs };
}

/** The user and password of the environment, unless the URL has its own. */
function credentials(url: string, password: string | undefined): SpeicherOptions {
  const hasOwn = URL.canParse(url) && (new URL(url).username !== '' || new URL(url).password !== '');
  if (password === undefined || hasOwn) return {};
  const colon = password.indexOf(':');
  if (colon === -1) throw new SpeicherError('SPEICHER_OPTION', 'SPEICHER_PASSWORD must be USER:PASSWORD');
  return { user: password.slice(0, colon), password: password.slice(colon + 1) };
}

/** A URL without user and password. */
function shown(url: string): string {
  return url.replace(/^(\w+:\/\/)[^/]*@/, '$1');
}

/** What a client needs, and the server's address as it may be shown. */
export interface Connecting {
  readonly options: SpeicherOptions;
  readonly address: string;
}

/**
 * The options of the client that the flags and the environment ask for.
 *
 * @param flags the options of `addConnectionOptions` as commander keeps them
 * @throws SpeicherError `SPEICHER_OPTION`, naming what is wrong
 */
export function connectionOptions(flags: Readonly<Record<string, unknown>>, env: NodeJS.ProcessEnv): Connecting {
  const url = text(flags['url']) ?? text(env['SPEICHER_URL']) ?? DEFAULT_URL;
  const options = {
    url,
    ...credentials(url, text(env['SPEICHER_PASSWORD'])),
    ...timeout(flags),
    ...tlsOptions(flags),
  };
  return { options, address: shown(url) };
}

/** A client, and the server's address as it may be shown. */
export interface Connected {
  readonly client: Speicher;
  readonly address: string;
}

/**
 * Makes the client of these options. It connects at its first call.
 *
 * @param more options of the client that no flag gives
 */
export async function connect(
  flags: Readonly<Record<string, unknown>>,
  env: NodeJS.ProcessEnv,
  more: SpeicherOptions = {},
): Promise<Connected> {
  // Loaded by the commands that need it: what a process loads is what a script waits for.
  const { Speicher } = await import('../client/index.ts');
  const { options, address } = connectionOptions(flags, env);
  return { client: new Speicher({ ...options, ...more }), address };
}
