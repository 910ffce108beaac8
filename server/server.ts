/**
 * The server: opens listeners, keeps the connections, applies the limits that concern all of them, and stops in order.
 */
import { randomBytes } from 'node:crypto';
import { FrameWriter, SpareBuffers, SpeicherError } from '../protocol/index.ts';
import { Authenticator } from './authenticator.ts';
import { BatchClock, RaisedClock, systemClock, type Clock } from './clock.ts';
import type { ServerContext } from './context.ts';
import { BinaryDialect } from './dialects/binary.ts';
import { JsonDialect } from './dialects/json.ts';
import { Dispatcher } from './dispatcher.ts';
import type { DataLog } from './log/data-log.ts';
import { hasData, openData, type OpenData } from './log/durable-store.ts';
import { silentLogger, type Logger } from './logger.ts';
import { parseServerOptions, type ServerOptions, type ServerOptionsInput } from './options.ts';
import { ArenaStore } from './store/arena/arena-store.ts';
import type { Store } from './store/store.ts';
import type { ByteStream } from './transport/byte-stream.ts';
import { Connection, type ConnectionHost } from './transport/connection.ts';
import { GatedStream } from './transport/gated-stream.ts';
import { Lookahead } from './transport/lookahead.ts';
import { LoopTurn } from './transport/loop-turn.ts';
import { openListener, type Listener } from './transport/listeners.ts';
import { Turns } from './transport/turns.ts';

/** How often deadlines are looked at and expired items are collected. */
const TICK_MS = 100;

/** How many items that may have expired are looked at in one turn of the event loop: a millisecond's worth. */
const SWEPT_ITEMS_PER_TURN = 500;

const WRITER_BYTES = 64 * 1024;

/** How many buffers of long frames and replies are kept for the next ones. */
const SPARE_BYTES_MAX = 8 * 1024 * 1024;

/** What a server takes from outside beside its options, so that tests and simulations can decide it. */
export interface ServerDependencies {
  /** Default: the machine's clock. */
  readonly clock?: Clock;
  /** Default: says nothing. */
  readonly logger?: Logger;
  /** Returns so many random bytes. Default: the machine's. */
  readonly randomBytes?: (sizeBytes: number) => Uint8Array;
  /** Default: a store in memory. */
  readonly store?: Store;
}

/** Where a server listens: `host` and `port` of a TCP or TLS listener, `path` of a Unix socket. */
export interface ServerAddress {
  readonly url: string;
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
}

/**
 * Makes a server, which serves once it is started.
 *
 * @param input options as in docs; sizes in bytes and times in milliseconds, or texts such as `64KiB` and `5s`
 * @throws SpeicherError `SPEICHER_OPTION`, naming the option and what it wants
 */
export function createServer(input: ServerOptionsInput = {}, dependencies: ServerDependencies = {}): Server {
  return new Server(input, dependencies);
}

export class Server {
  readonly #context: ServerContext;
  readonly #clock: RaisedClock;
  #data: OpenData | undefined;
  readonly #host: ConnectionHost & { nowMs: number };
  #turn: LoopTurn;
  readonly #connections = new Set<Connection>();
  /** Connections that have not authenticated where they must. */
  readonly #unauthenticated = new Set<Connection>();
  #listeners: readonly Listener[] = [];
  #unsentTotalBytes = 0;
  #ticker: NodeJS.Timeout | undefined;
  #isSweeping = false;
  #stopped: Promise<void> | undefined;
  #allClosed: (() => void) | undefined;

  constructor(input: ServerOptionsInput, dependencies: ServerDependencies) {
    const options = parseServerOptions(input);
    this.#clock = new RaisedClock(dependencies.clock ?? systemClock);
    const clock = new BatchClock(this.#clock);
    const random = dependencies.randomBytes ?? randomBytes;
    this.#context = {
      options,
      clock,
      logger: dependencies.logger ?? silentLogger,
      store: dependencies.store ?? createStore(options, clock, random),
      authenticator: options.auth.length > 0 ? new Authenticator(options.auth, random(32)) : undefined,
      counters: { startedMs: clock.nowMs(), connections: 0, requests: 0 },
      log: undefined,
    };
    const dispatcher = new Dispatcher(this.#context);
    const spares = new SpareBuffers(SPARE_BYTES_MAX);
    const writer = new FrameWriter(WRITER_BYTES, spares);
    this.#host = {
      context: this.#context,
      binary: new BinaryDialect(this.#context, dispatcher, writer),
      json: new JsonDialect(this.#context, dispatcher, writer),
      writer,
      spares,
      clock,
      lookahead: new Lookahead(this.#context.store),
      nowMs: clock.nowMs(),
      turns: new Turns(),
      carryOut: () => this.#turn.carryOut(),
      authenticated: (connection) => this.#unauthenticated.delete(connection),
      accountUnsent: (addedBytes) => this.#accountUnsent(addedBytes),
      forget: (connection, reason, cause) => this.#forget(connection, reason, cause),
    };
    this.#turn = this.#makeTurn(undefined);
  }

  /** Where it listens; empty unless it serves. */
  get addresses(): readonly ServerAddress[] {
    return this.#listeners.map(({ url, address }) =>
      address.scheme === 'unix' ? { url, path: address.path } : { url, host: address.host, port: address.port },
    );
  }

  /**
   * Loads what there is, and listens on all addresses, or on none.
   *
   * @throws SpeicherError `SPEICHER_LISTEN`, naming the address and what is wrong with it; `SPEICHER_DATA_IN_USE`,
   *   `SPEICHER_DATA_CORRUPT`, `SPEICHER_DATA_NEWER` and `SPEICHER_STORAGE` where `data` is given
   */
  async start(): Promise<void> {
    this.#data = await this.#openData();
    const log = this.#data?.log;
    this.#context.log = log;
    this.#turn = this.#makeTurn(log);
    try {
      // What was loaded may be more than there may be now.
      while (this.#context.store.sweep(SWEPT_ITEMS_PER_TURN)) await new Promise(setImmediate);
      if (log !== undefined) this.#tellEvicted();
      await this.#listen();
    } catch (error) {
      await this.#data?.close();
      throw error;
    }
  }

  #makeTurn(log: DataLog | undefined): LoopTurn {
    const { clock, lookahead } = this.#host;
    return new LoopTurn({ clock, lookahead, log });
  }

  async #openData(): Promise<OpenData | undefined> {
    const { options, store, logger } = this.#context;
    const { data, durability: mode, rewriteMinBytes: rewriteBytesMin, snapshotEveryMs } = options;
    if (data === undefined) return undefined;
    if (mode === 'off') {
      if (await hasData(data)) {
        logger.warn(
          { event: 'data-unused', directory: data },
          'durability is off: the data are neither read nor written',
        );
      }
      return undefined;
    }
    if (store.logged === undefined) throw new SpeicherError('SPEICHER_OPTION', 'data: this store cannot be logged');
    const deps = { store: store.logged, logger, clock: this.#clock };
    return openData(data, { mode, rewriteBytesMin, snapshotEveryMs }, deps);
  }

  /** What a start evicts is lost to the data as well. */
  #tellEvicted(): void {
    const { store, logger, options } = this.#context;
    const { evictions: items } = store.stats();
    if (items === 0) return;
    logger.warn(
      { event: 'evicted', items, limit: 'max-memory', bytes: options.maxMemoryBytes },
      `${items} items are evicted for good: the data take more than max-memory, a greater one would have kept them`,
    );
  }

  async #listen(): Promise<void> {
    const { logger, options } = this.#context;
    const listeners: Listener[] = [];
    try {
      for (const url of options.listen) {
        listeners.push(
          await openListener(
            url,
            options,
            (stream) => this.#accept(stream),
            (error) => logger.error({ event: 'accept-failed', url, err: error }, 'cannot accept'),
          ),
        );
      }
    } catch (error) {
      await Promise.all(listeners.map((listener) => listener.close()));
      throw error;
    }
    this.#listeners = listeners;
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
    for (const { url, transport } of listeners) logger.info({ event: 'listening', url, transport }, 'listening');
  }

  /**
   * Stops accepting, answers what has arrived, and closes every connection (DURABLE-2). Gives up on clients that do not
   * read their replies after the option `stopTimeoutMs`. Then makes all data safe. Later calls wait for the same end.
   *
   * @throws SpeicherError `SPEICHER_STORAGE` if not all that was carried out could be made safe
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const { logger, options } = this.#context;
    logger.info({ event: 'stopping', connections: this.#connections.size }, 'stopping');
    // The system has accepted connections of which the runtime hears between two immediates.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    const closing = this.#listeners.map((listener) => listener.close());
    this.#listeners = [];
    const allClosed = new Promise<void>((resolve) => {
      this.#allClosed = resolve;
    });
    for (const connection of this.#connections) connection.stop();
    if (this.#connections.size === 0) this.#allClosed?.();
    const giveUp = setTimeout(() => {
      for (const connection of this.#connections) connection.close('stop-timeout');
    }, options.stopTimeoutMs);
    await allClosed;
    clearTimeout(giveUp);
    await Promise.all(closing);
    clearInterval(this.#ticker);
    await this.#data?.close();
    logger.info({ event: 'stopped' }, 'stopped');
  }

  #accept(stream: ByteStream): void {
    const { authenticator, counters, logger } = this.#context;
    const connection = new Connection(this.#host, new GatedStream(stream, this.#turn, this.#host.writer));
    this.#connections.add(connection);
    counters.connections = this.#connections.size;
    if (authenticator) this.#unauthenticated.add(connection);
    connection.open();
    const limit = this.#limitReached();
    if (limit !== undefined) {
      logger.warn({ event: 'limit', limit, peer: connection.session.peer }, 'refused');
      connection.refuseConnection();
    }
    /* c8 ignore next -- a TLS handshake that ends after the server began to stop: cannot be brought about at will */
    if (this.#stopped) connection.stop();
  }

  /** TRANSPORT-7: the limit that the connection accepted last is above. */
  #limitReached(): string | undefined {
    const { maxConnections, maxUnauthenticated } = this.#context.options;
    if (this.#connections.size > maxConnections) return 'max-connections';
    return this.#unauthenticated.size > maxUnauthenticated ? 'max-unauthenticated' : undefined;
  }

  #forget(connection: Connection, reason: string, cause?: Error): void {
    this.#connections.delete(connection);
    this.#unauthenticated.delete(connection);
    this.#context.counters.connections = this.#connections.size;
    this.#context.logger.debug(
      { event: 'closed', reason, cause: cause?.message, peer: connection.session.peer },
      'connection closed',
    );
    if (this.#connections.size === 0) this.#allClosed?.();
  }

  #accountUnsent(addedBytes: number): void {
    this.#unsentTotalBytes += addedBytes;
    if (addedBytes <= 0 || this.#unsentTotalBytes <= this.#context.options.maxUnsentTotalBytes) return;
    const connections = [...this.#connections];
    // What was read since a connection last wrote has not been subtracted yet.
    const exactBytes = connections.reduce((sum, { unsentBytes }) => sum + unsentBytes, 0);
    if (exactBytes <= this.#context.options.maxUnsentTotalBytes) return;
    const worst = connections.reduce((a, b) => (b.unsentBytes > a.unsentBytes ? b : a));
    this.#context.logger.warn(
      { event: 'limit', limit: 'max-unsent-total', unsentBytes: worst.unsentBytes, peer: worst.session.peer },
      'connection closed',
    );
    worst.close('max-unsent-total');
  }

  #tick(): void {
    const nowMs = this.#context.clock.nowMs();
    this.#host.nowMs = nowMs;
    for (const connection of this.#connections) connection.checkDeadlines(nowMs);
    this.#context.log?.tick();
    this.#sweep();
  }

  /** Goes on turn by turn until nothing that has expired is left. */
  #sweep(): void {
    if (this.#isSweeping) return;
    this.#isSweeping = this.#context.store.sweep(SWEPT_ITEMS_PER_TURN);
    if (!this.#isSweeping) return;
    this.#host.turns.add(() => {
      this.#isSweeping = false;
      this.#sweep();
    });
  }
}

/**
 * Makes the store that a server keeps its items in.
 *
 * @param random returns so many random bytes
 */
export function createStore(
  options: ServerOptions,
  clock: Clock,
  random: (sizeBytes: number) => Uint8Array = randomBytes,
): ArenaStore {
  const seed = new DataView(Uint8Array.from(random(8)).buffer);
  return new ArenaStore({
    clock,
    valueBytesMax: options.maxValueBytes,
    seed: [seed.getUint32(0), seed.getUint32(4)],
    maxMemoryBytes: options.maxMemoryBytes,
    policy: options.evictionPolicy,
  });
}
