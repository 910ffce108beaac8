import type { FrameWriter } from '../../protocol/index.ts';
import type { ServerContext } from '../context.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { Connection } from './connection.ts';

/** What a connection needs of the server that it belongs to. */
export interface ConnectionHost {
  readonly context: ServerContext;
  readonly binary: Dialect;
  readonly json: Dialect;
  /** Where the dialects write. One serves all connections: whoever writes hands it over before anybody else runs. */
  readonly writer: FrameWriter;
  /** The time of the last tick, a fraction of a second old at most: what deadlines need, without asking the clock. */
  readonly nowMs: number;
  /** Tells that a connection has authenticated. */
  authenticated(connection: Connection): void;
  /** Adds to the sum of unsent bytes over all connections; closes the worst one when there are too many. */
  accountUnsent(addedBytes: number): void;
  /** What a log line says of a connection. */
  describe(connection: Connection): object;
  /** Called once, when a connection has closed. */
  forget(connection: Connection, reason: string, cause?: Error): void;
}
