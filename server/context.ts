/** What the operations of one server share. */
import type { Authenticator } from './authenticator.ts';
import type { Clock } from './clock.ts';
import type { DataLog } from './log/data-log.ts';
import type { Logger } from './logger.ts';
import type { ServerOptions } from './options.ts';
import type { Store } from './store/store.ts';

/** Counters of the server, beside those of its store (STATS-1). */
export interface ServerCounters {
  readonly startedMs: number;
  /** Connections that are open now. */
  connections: number;
  /** Requests answered since the start, malformed ones too. */
  requests: number;
}

export interface ServerContext {
  readonly options: ServerOptions;
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Undefined where no AUTH is required. */
  readonly authenticator: Authenticator | undefined;
  readonly counters: ServerCounters;
  /** What keeps the items on a disk; undefined until the server starts, and where nothing is kept. */
  log: DataLog | undefined;
}
