/** A server under test: one that is running already, or one that the suite starts and stops (spawned.ts). */
import { parseAddress, showAddress, type Address } from './address.ts';

/** How a server's process ended. */
export interface ProcessEnd {
  /** The exit status, or null if a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The process of a server that the suite started. */
export interface ServerProcess {
  /** The present process's id; undefined before the first one was started. */
  readonly pid: number | undefined;
  readonly isRunning: boolean;
  /** Every end that the suite did not ask for, oldest first. */
  readonly crashes: readonly ProcessEnd[];
  /** The directory for which `{data}` stands in the command; it stays over a restart. */
  readonly dataPath: string;
  /** Sends a signal, SIGKILL by default, to the process and its children, and waits for its end. */
  kill(signal?: NodeJS.Signals): Promise<ProcessEnd>;
  /** Says that the present process may end by itself: somebody else is about to end it on the suite's behalf. */
  permitEnd(): void;
  /** Starts it again, on the same data and port, and waits until it serves; one that runs is killed first. */
  restart(): Promise<void>;
  /** Waits, at most so long, for the present process to end. Gives an end that the suite did not ask for. */
  crashed(waitMs: number): Promise<ProcessEnd | undefined>;
}

export interface Target {
  /** Where it listens; after a restart without a fixed port this may be somewhere else. */
  readonly address: Address;
  readonly label: string;
  /** `user:password`, if they are known. */
  readonly credentials?: string;
  /** Whether the suite started it: then nobody else's data is in it. */
  readonly spawned: boolean;
  /** Its process, if the suite started it. */
  readonly process?: ServerProcess;
  /** The last part of what it printed. */
  output(): string;
  stop(): Promise<void>;
}

/** A server that is running already, at `host:port`, `unix:/path` or `tls://host:port`. */
export function attach(address: string, credentials?: string): Target {
  const parsed = parseAddress(address);
  return {
    address: parsed,
    label: showAddress(parsed),
    ...(credentials !== undefined && { credentials }),
    spawned: false,
    output: () => '',
    stop: async () => {},
  };
}

/** How a process ended, in words. */
export function showEnd({ code, signal }: ProcessEnd): string {
  return signal === null ? `exited with status ${code}` : `was ended by ${signal}`;
}
