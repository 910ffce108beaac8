/** How `speicher` ends, for scripts. */
import { CommanderError } from 'commander';
import { SpeicherError, type ErrorCode } from '../protocol/index.ts';

export const EXIT = {
  ok: 0,
  /** There was no such key, or nothing to do: nothing is printed. */
  miss: 1,
  /** `speicher serve` cannot serve, or could not make everything durable at its end. */
  cannotServe: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** No connection, no reply in time, the server refused, or standard output takes no more. */
  failure: 3,
  /** Ctrl-C came before there was anything to print. */
  interrupted: 130,
} as const;

const EXIT_BY_ERROR: { readonly [Code in ErrorCode]?: number } = {
  SPEICHER_OPTION: EXIT.usage,
  SPEICHER_LISTEN: EXIT.cannotServe,
  SPEICHER_DATA_CORRUPT: EXIT.cannotServe,
  SPEICHER_DATA_NEWER: EXIT.cannotServe,
  SPEICHER_DATA_IN_USE: EXIT.cannotServe,
  SPEICHER_STORAGE: EXIT.cannotServe,
};

/** One line that says what went wrong: its code and its message, and the cause's where that says more. */
export function errorLine(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = error instanceof SpeicherError ? `${error.code}: ` : '';
  const cause = error.cause instanceof Error && !error.message.includes(error.cause.message) ? error.cause : undefined;
  return `${code}${error.message}${cause === undefined ? '' : ` (${cause.message})`}`.replaceAll(/\s*\n\s*/g, ' ');
}

/** The error for standard output that takes no more. */
export function outputError(cause: unknown): Error {
  return new Error('not all could be written to standard output', { cause });
}

/**
 * Says on stderr what went wrong, in one line.
 *
 * @returns the exit code for it
 */
export function reportError(error: unknown): number {
  // Commander has said it already: help and version are errors to it too, with exit code 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  process.stderr.write(`speicher: ${errorLine(error)}\n`);
  return error instanceof SpeicherError ? (EXIT_BY_ERROR[error.code] ?? EXIT.failure) : EXIT.failure;
}
