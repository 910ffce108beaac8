/** The options of a client: their defaults, their checks, and what becomes of them. */
import { DEFAULT_PORT, FRAME_BYTES_CEILING, SpeicherError } from '../protocol/index.ts';
import type { Credentials } from './auth.ts';
import { describe, TIMER_MS_MAX } from './checks.ts';
import type { Target, TlsOptions } from './dial.ts';
import { parseUrl } from './url.ts';

export interface SpeicherOptions {
  /** `tcp://host:port`, `tls://user:password@host:port` or `unix:///path`, instead of host, port and path. */
  url?: string | undefined;
  /** A name or address; all addresses of a name are tried. Default: localhost. */
  host?: string | undefined;
  /** Default: 14567. */
  port?: number | undefined;
  /** The path of a Unix socket, instead of host and port. */
  path?: string | undefined;
  /** `true`, or options of `tls.connect` such as `ca`, `cert` and `key`. */
  tls?: boolean | TlsOptions | undefined;
  /** With user or password, AUTH goes ahead on every connection. Default: empty. */
  user?: string | undefined;
  password?: string | undefined;
  /** Deadline of a call in milliseconds, from the call until its reply: 1 to 2^31 − 1. Default: 10 000. */
  timeoutMs?: number | undefined;
  /** How long connecting may take in milliseconds, TLS and AUTH included. Default: 5 000. */
  connectTimeoutMs?: number | undefined;
  /** How many calls may wait or be on their way; others are rejected at once. Default: 65 536. */
  maxPendingCalls?: number | undefined;
  /** How many bytes of requests may wait or be on their way. Default: 64 MiB. */
  maxPendingBytes?: number | undefined;
  /** Longest reply that is accepted, in bytes. Default: 64 MiB. */
  maxFrameBytes?: number | undefined;
  /**
   * Whether `set(key, null)` deletes, as the Python client's `set(key, None)` does. Default: false, null is a value.
   */
  nullDeletes?: boolean | undefined;
}

/** Options, checked and complete. */
export interface Settings {
  readonly target: Target;
  readonly credentials: Credentials | undefined;
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly maxPendingCalls: number;
  readonly maxPendingBytes: number;
  readonly maxFrameBytes: number;
  readonly nullDeletes: boolean;
}

const MIB = 1024 * 1024;

/** The options that are integers. */
const INTEGERS = {
  port: { fallback: DEFAULT_PORT, least: 1, most: 0xffff },
  timeoutMs: { fallback: 10_000, least: 1, most: TIMER_MS_MAX },
  connectTimeoutMs: { fallback: 5_000, least: 1, most: TIMER_MS_MAX },
  maxPendingCalls: { fallback: 65_536, least: 1, most: Number.MAX_SAFE_INTEGER },
  maxPendingBytes: { fallback: 64 * MIB, least: 1, most: Number.MAX_SAFE_INTEGER },
  maxFrameBytes: { fallback: 64 * MIB, least: 1024, most: FRAME_BYTES_CEILING },
} as const;

const STRINGS = ['url', 'host', 'path', 'user', 'password'] as const;
const OPTION_NAMES: ReadonlySet<string> = new Set([...STRINGS, ...Object.keys(INTEGERS), 'tls', 'nullDeletes']);

/** @throws SpeicherError SPEICHER_OPTION, which names the option */
export function resolveOptions(given: string | SpeicherOptions): Settings {
  const options = typeof given === 'string' ? { url: given } : given;
  checkOptions(options);
  const { url, nullDeletes = false, ...rest } = options;
  const address = url === undefined ? rest : withUrl(url, rest);
  return {
    target: toTarget(address),
    credentials: toCredentials(address),
    timeoutMs: integer(options, 'timeoutMs'),
    connectTimeoutMs: integer(options, 'connectTimeoutMs'),
    maxPendingCalls: integer(options, 'maxPendingCalls'),
    maxPendingBytes: integer(options, 'maxPendingBytes'),
    maxFrameBytes: integer(options, 'maxFrameBytes'),
    nullDeletes,
  };
}

function checkOptions(options: SpeicherOptions): void {
  if (typeof options !== 'object' || options === null) throw wrong('options', 'are a URL or an object');
  for (const name of Object.keys(options)) {
    if (!OPTION_NAMES.has(name)) throw wrong(name, 'is unknown');
  }
  for (const name of STRINGS) {
    const value = options[name];
    if (value !== undefined && typeof value !== 'string') throw wrong(name, `is a string, not ${describe(value)}`);
  }
  for (const name of ['host', 'path'] as const) {
    if (options[name] === '' || options[name]?.includes('\0')) throw wrong(name, 'is neither empty nor has a NUL');
  }
  const { tls, nullDeletes } = options;
  if (nullDeletes !== undefined && typeof nullDeletes !== 'boolean') throw wrong('nullDeletes', 'is true or false');
  if (tls !== undefined && typeof tls !== 'boolean' && (typeof tls !== 'object' || tls === null)) {
    throw wrong('tls', 'is true, false or an object');
  }
}

function integer(options: SpeicherOptions, name: keyof typeof INTEGERS): number {
  const { fallback, least, most } = INTEGERS[name];
  const value = options[name] ?? fallback;
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw wrong(name, `is an integer from ${least} to ${most}`);
}

/** What stands in the URL may not stand beside it too: one of the two would be ignored. */
function withUrl(url: string, beside: SpeicherOptions): SpeicherOptions {
  const parts = parseUrl(url);
  for (const name of ['host', 'port', 'path', ...Object.keys(parts)] as const) {
    // `tls` beside a tls:// URL has the certificates.
    const other = beside[name as keyof SpeicherOptions];
    if (other !== undefined && (name !== 'tls' || other === false)) throw wrong(name, 'is given beside the url');
  }
  return { ...beside, ...parts, tls: beside.tls ?? parts.tls };
}

function toTarget(options: SpeicherOptions): Target {
  const { path, host, port, tls } = options;
  const secured = tls === undefined || tls === false ? {} : { tls: tls === true ? {} : tls };
  if (path === undefined) return { host: host ?? 'localhost', port: integer(options, 'port'), ...secured };
  if (host !== undefined || port !== undefined) throw wrong('path', 'is given beside host or port');
  return { path, ...secured };
}

function toCredentials({ user, password }: SpeicherOptions): Credentials | undefined {
  if (user === undefined && password === undefined) return undefined;
  if (user?.includes('\0')) throw wrong('user', 'has a NUL');
  return { user: user ?? '', password: password ?? '' };
}

function wrong(name: string, reason: string): SpeicherError {
  return new SpeicherError('SPEICHER_OPTION', `${name} ${reason}`);
}
