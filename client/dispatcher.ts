/**
 * Takes calls: bounds how many are pending, gives each its deadline, and a connection, made when there is none. What
 * the methods of a client have in common is here; what they ask for is in operations/.
 */
import { SpeicherError } from '../protocol/index.ts';
import { checkInteger, TIMER_MS_MAX } from './checks.ts';
import type { Call, CallHandlers } from './call.ts';
import { Connection, type ConnectionEvents } from './connection.ts';
import { Deadlines } from './deadlines.ts';
import type { Settings } from './options.ts';
import { measure } from './outbox.ts';
import type { Request } from './request.ts';

/** What every method takes. */
export interface CallOptions {
  /** Deadline in milliseconds from now until the reply, instead of the client's. */
  timeoutMs?: number | undefined;
  /** Aborts the call: it rejects at once with SPEICHER_ABORTED. */
  signal?: AbortSignal | undefined;
}

export interface CloseOptions {
  /** How long calls in flight may still take in milliseconds. Default: until their own deadlines. */
  drainMs?: number | undefined;
}

export class Dispatcher {
  readonly settings: Settings;
  readonly #deadlines = new Deadlines();
  readonly #connections = new Set<Connection>();
  readonly #events: ConnectionEvents;
  /** The connection that takes calls. */
  #current: Connection | undefined;
  #pendingCalls = 0;
  #pendingBytes = 0;
  #closing: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;

  constructor(settings: Settings) {
    this.settings = settings;
    this.#events = {
      onUnusable: (connection) => {
        if (this.#current === connection) this.#current = undefined;
      },
      onGone: (connection) => this.#connections.delete(connection),
      onIdle: () => this.#onIdle?.(),
      onReleased: (call) => this.#release(call),
    };
  }

  /**
   * Carries out a request.
   *
   * @param build makes the request; what it throws, a TypeError or RangeError, rejects the promise
   */
  run<Result>(options: CallOptions | undefined, build: () => Request<Result>): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      const request = build();
      const { timeoutMs = this.settings.timeoutMs, signal } = options ?? {};
      checkInteger('timeoutMs', timeoutMs, 1, TIMER_MS_MAX);
      // No `instanceof`: a signal may be of another realm.
      if (signal !== undefined && typeof signal.addEventListener !== 'function') {
        throw new TypeError('signal is an AbortSignal');
      }
      if (signal?.aborted) {
        throw new SpeicherError('SPEICHER_ABORTED', undefined, { cause: signal.reason, outcome: 'not-sent' });
      }
      this.#start(request, { timeoutMs, signal, resolve: (result) => resolve(result as Result), reject });
    });
  }

  /** Ends the client; calling it again changes nothing. */
  async close({ drainMs }: CloseOptions = {}): Promise<void> {
    if (drainMs !== undefined) checkInteger('drainMs', drainMs, 0, TIMER_MS_MAX);
    this.#closing ??= this.#close(drainMs);
    await this.#closing;
  }

  #start(request: Request<unknown>, handlers: CallHandlers): void {
    if (this.#closing !== undefined) throw new SpeicherError('SPEICHER_CLOSED');
    this.#current ??= this.#connect();
    const frameBytes = measure(request);
    this.#admit(frameBytes);
    const call = this.#current.take(request, frameBytes, handlers);
    this.#pendingCalls++;
    this.#pendingBytes += frameBytes;
    this.#deadlines.add(call, handlers.timeoutMs);
  }

  #admit(frameBytes: number): void {
    const { maxPendingCalls, maxPendingBytes } = this.settings;
    if (frameBytes > maxPendingBytes) {
      const detail = `a request of ${frameBytes} bytes, and maxPendingBytes is ${maxPendingBytes}`;
      throw new SpeicherError('SPEICHER_TOO_LARGE', detail, { outcome: 'not-sent' });
    }
    if (this.#pendingCalls >= maxPendingCalls || this.#pendingBytes + frameBytes > maxPendingBytes) {
      throw new SpeicherError('SPEICHER_OVERLOADED', `${this.#pendingCalls} calls of ${this.#pendingBytes} bytes`);
    }
  }

  #connect(): Connection {
    const { target, credentials, connectTimeoutMs, timeoutMs, maxFrameBytes } = this.settings;
    const connection = new Connection(
      { target, credentials, connectTimeoutMs, silenceMs: timeoutMs, maxFrameBytes },
      this.#events,
    );
    this.#connections.add(connection);
    return connection;
  }

  #release(call: Call): void {
    this.#pendingCalls--;
    this.#pendingBytes -= call.frameBytes;
  }

  async #close(drainMs: number | undefined): Promise<void> {
    if (drainMs !== 0) await this.#drain(drainMs);
    await Promise.all(Array.from(this.#connections, (connection) => connection.end()));
    this.#deadlines.clear();
  }

  /** Waits until every call has its result, which each has by its deadline, but not longer than `drainMs`. */
  #drain(drainMs: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const timer = drainMs === undefined ? undefined : setTimeout(resolve, drainMs).unref();
      this.#onIdle = () => {
        if (![...this.#connections].every(({ isIdle }) => isIdle)) return;
        clearTimeout(timer);
        resolve();
      };
      this.#onIdle();
    });
  }
}
