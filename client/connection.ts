/**
 * One connection, from dialling to its end: writes calls in batches and matches replies to them, in order and by id. A
 * connection is never revived; whoever wants to go on makes another. So no late reply can reach a call of a later one.
 */
import type { Socket } from 'node:net';
import {
  errorCodeOfStatus,
  FrameDecoder,
  HEADER_BYTES,
  readReply,
  ReplyFrame,
  SpeicherError,
  STATUS,
  type ErrorCode,
  type Outcome,
} from '../protocol/index.ts';
import { authRequest, type Credentials } from './auth.ts';
import { Call, type CallHandlers, type CallOwner } from './call.ts';
import { describeTarget, dial, readyEvent, reasonOf, type Target } from './dial.ts';
import { Fifo } from './fifo.ts';
import { measure, Outbox } from './outbox.ts';
import { errorOfReply, explanation, malformedReply } from './replies.ts';
import type { Request } from './request.ts';

export interface ConnectionSettings {
  readonly target: Target;
  readonly credentials: Credentials | undefined;
  readonly connectTimeoutMs: number;
  /** A connection that owes replies and has been silent for so long is given up. */
  readonly silenceMs: number;
  /** Longest reply that is accepted, in bytes without its length. */
  readonly maxFrameBytes: number;
}

export interface ConnectionEvents {
  /** It takes no more calls: it is gone, or the server has refused the credentials. */
  onUnusable(connection: Connection): void;
  onGone(connection: Connection): void;
  /** No call on it waits for its result any more. */
  onIdle(): void;
  /** A call is off its books: its reply has come, or will never come. */
  onReleased(call: Call): void;
}

const ID_MAX = 0xffff_ffff;
const NO_BYTES = new Uint8Array(0);

/** AUTH is nobody's call. */
const NOBODY: CallOwner = { onSettled() {}, onExpired() {} };

/** `dialling`: no call leaves yet. `draining`: calls that were sent get their replies, no other is taken. */
type State = 'dialling' | 'open' | 'draining' | 'gone';

export class Connection implements CallOwner {
  readonly #settings: ConnectionSettings;
  readonly #events: ConnectionEvents;
  readonly #socket: Socket;
  readonly #closed: Promise<void>;
  readonly #decoder: FrameDecoder;
  readonly #reply = new ReplyFrame();
  readonly #outbox = new Outbox();
  readonly #waiting = new Fifo<Call>();
  readonly #inFlight = new Fifo<Call>();
  #connectTimer: NodeJS.Timeout | undefined;
  #silenceTimer: NodeJS.Timeout | undefined;
  #state: State = 'dialling';
  #isFlushScheduled = false;
  /** Whether the kernel takes no more for now. */
  #isBlocked = false;
  #lastId = 0;
  #unsettledCalls = 0;
  #lastReceivedAtMs = 0;
  /** Why the server refused the credentials. */
  #authError: SpeicherError | undefined;

  /** Begins to connect at once. */
  constructor(settings: ConnectionSettings, events: ConnectionEvents) {
    this.#settings = settings;
    this.#events = events;
    this.#decoder = new FrameDecoder(settings.maxFrameBytes);
    const { target, connectTimeoutMs } = settings;
    const socket = dial(target, connectTimeoutMs);
    this.#socket = socket;
    this.#closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.once(readyEvent(target), () => this.#onReady());
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.on('drain', () => this.#onDrain());
    socket.once('end', () => this.#lose('the server closed it'));
    // A second error may follow the first; without a listener it would end the process.
    socket.on('error', (error) => this.#lose(reasonOf(error), error));
    socket.once('close', () => this.#lose('the socket closed'));
    this.#connectTimer = setTimeout(() => this.#onConnectTimeout(), connectTimeoutMs);
    this.#connectTimer.unref();
    if (settings.credentials !== undefined) this.#queueAuth(settings.credentials);
  }

  /** Whether any call on it waits for its result. */
  get isIdle(): boolean {
    return this.#unsettledCalls === 0;
  }

  /**
   * Takes a call, to be sent with the others of this turn of the event loop.
   *
   * @param frameBytes the size of the request, which was measured just before
   */
  take(request: Request<unknown>, frameBytes: number, handlers: CallHandlers): Call {
    const call = this.#queue(this, request, frameBytes, handlers);
    if (this.#unsettledCalls++ === 0 && this.#state !== 'dialling') this.#socket.ref();
    this.#scheduleFlush();
    return call;
  }

  /** A connection on which nobody waits keeps no process alive; while it dials it does, for the time of that. */
  onSettled(): void {
    if (--this.#unsettledCalls > 0) return;
    if (this.#state !== 'dialling') this.#socket.unref();
    this.#events.onIdle();
  }

  /**
   * Gives up a connection on which a call has expired and then nothing has come for as long as a call may take; the
   * next call makes another.
   */
  onExpired(): void {
    const oldest = this.#inFlight.peek();
    if (oldest?.sentAtMs === undefined) return;
    const silentMs = performance.now() - Math.max(oldest.sentAtMs, this.#lastReceivedAtMs);
    const leftMs = Math.max(this.#settings.silenceMs, oldest.timeoutMs) - silentMs;
    if (leftMs <= 0) return this.#lose(`no byte came for ${Math.round(silentMs)} ms`);
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = setTimeout(() => this.onExpired(), Math.ceil(leftMs));
    this.#silenceTimer.unref();
  }

  /**
   * Ends it; calls that have no result yet are rejected.
   *
   * @returns when the socket is closed
   */
  async end(): Promise<void> {
    this.#fail(({ outcomeIfLost: outcome }) => new SpeicherError('SPEICHER_CLOSED', undefined, { outcome }));
    await this.#closed;
  }

  #queueAuth(credentials: Credentials): void {
    const request = authRequest(credentials);
    // AUTH is part of connecting: its deadline is the timer of that, and nobody counts it among the calls.
    this.#queue(NOBODY, request, measure(request), {
      timeoutMs: this.#settings.connectTimeoutMs,
      signal: undefined,
      resolve: () => clearTimeout(this.#connectTimer),
      reject: (error) => {
        if (this.#state === 'open') this.#onRefused(error as SpeicherError);
      },
    });
  }

  #queue(owner: CallOwner, request: Request<unknown>, frameBytes: number, handlers: CallHandlers): Call {
    request.id = idAfter(this.#lastId);
    const call = new Call(owner, request, this.#outbox.put(request, frameBytes), handlers);
    this.#lastId = request.id;
    this.#waiting.push(call);
    return call;
  }

  #scheduleFlush(): void {
    if (this.#isFlushScheduled || this.#isBlocked || this.#state !== 'open') return;
    this.#isFlushScheduled = true;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#isFlushScheduled = false;
    const nowMs = performance.now();
    const socket = this.#socket;
    while (this.#state === 'open' && !this.#isBlocked) {
      const first = this.#shiftWaiting();
      if (first === undefined) {
        this.#outbox.recycle(socket.writableLength === 0);
        return;
      }
      const { bytes, start } = first;
      let end = first.end;
      this.#markSent(first, nowMs);
      for (let next = this.#waiting.peek(); next?.start === end && next.bytes === bytes; next = this.#waiting.peek()) {
        if (next.isSettled) break;
        end = next.end;
        this.#waiting.shift();
        this.#markSent(next, nowMs);
      }
      // `write` asks for a pause even if the kernel has taken everything at once.
      this.#isBlocked = !socket.write(bytes.subarray(start, end)) && socket.writableLength > 0;
    }
  }

  /** The next call to be sent: those that settled while they waited never are. */
  #shiftWaiting(): Call | undefined {
    for (;;) {
      const call = this.#waiting.shift();
      if (call === undefined || !call.isSettled) return call;
      this.#release(call);
    }
  }

  #markSent(call: Call, nowMs: number): void {
    call.sentAtMs = nowMs;
    call.bytes = NO_BYTES;
    this.#inFlight.push(call);
  }

  #onReady(): void {
    if (this.#state !== 'dialling') return;
    if (this.#settings.credentials === undefined) clearTimeout(this.#connectTimer);
    if (this.isIdle) this.#socket.unref();
    this.#state = 'open';
    this.#flush();
  }

  #onDrain(): void {
    this.#isBlocked = false;
    this.#scheduleFlush();
  }

  #onConnectTimeout(): void {
    const { target, connectTimeoutMs } = this.#settings;
    const detail = `${describeTarget(target)}: no connection within ${connectTimeoutMs} ms`;
    this.#fail((call) => lost(call, 'SPEICHER_CONNECT', detail));
  }

  /** The credentials were refused: what was sent behind them gets its replies, everything else is rejected. */
  #onRefused(error: SpeicherError): void {
    clearTimeout(this.#connectTimer);
    this.#authError = error;
    this.#state = 'draining';
    this.#events.onUnusable(this);
    for (let call = this.#shiftWaiting(); call !== undefined; call = this.#shiftWaiting()) {
      call.reject(this.#unauthenticated('not-sent'));
      this.#release(call);
    }
  }

  #unauthenticated(outcome: Outcome): SpeicherError {
    return new SpeicherError('SPEICHER_UNAUTHENTICATED', 'AUTH failed', { cause: this.#authError, outcome });
  }

  #onData(chunk: Uint8Array): void {
    if (this.#state === 'gone') return;
    const decoder = this.#decoder;
    this.#lastReceivedAtMs = performance.now();
    decoder.push(chunk);
    for (let outcome = decoder.next(); outcome !== 'more'; outcome = decoder.next()) {
      if (outcome === 'invalid') {
        const isTooLong = decoder.invalidStatus === STATUS.TOO_LARGE;
        this.#onMalformed(isTooLong ? `a frame above maxFrameBytes, ${decoder.frameBytesMax}` : 'a malformed length');
      } else {
        this.#onFrame(decoder.bytes, decoder.start, decoder.end);
      }
      if (this.#isGone()) return;
    }
    if (this.#state === 'draining' && this.#inFlight.size === 0) this.#lose('AUTH failed');
  }

  #isGone(): boolean {
    return this.#state === 'gone';
  }

  #onFrame(bytes: Uint8Array, start: number, end: number): void {
    const reply = this.#reply;
    if (end - start < HEADER_BYTES || !readReply(reply, bytes, start, end)) {
      this.#onMalformed('a frame that is no reply');
    } else if (reply.id === 0 && reply.opcode === 0) {
      this.#onLastWord(reply);
    } else {
      this.#onReply(reply);
    }
  }

  #onReply(reply: ReplyFrame): void {
    const call = this.#inFlight.peek();
    if (call === undefined) return this.#onMalformed('a reply that nobody waits for');
    if (reply.id !== call.id || reply.opcode !== call.opcode) return this.#onMalformed('a reply to another request');
    this.#inFlight.shift();
    if (!call.isSettled) this.#settle(call, reply);
    this.#release(call);
  }

  #release(call: Call): void {
    if (call.owner === this) this.#events.onReleased(call);
  }

  #settle(call: Call, reply: ReplyFrame): void {
    if (this.#authError !== undefined) {
      // Only a 401 tells that the request was not carried out; a server that wants no AUTH has carried it out (AUTH-1).
      const outcome = reply.status === STATUS.UNAUTHENTICATED ? 'rejected' : 'unknown';
      call.reject(this.#unauthenticated(outcome));
      return;
    }
    try {
      call.resolve(call.read(reply));
    } catch (error) {
      call.reject(error);
      if (error instanceof SpeicherError && error.code === 'SPEICHER_MALFORMED_REPLY') this.#lose(error.message, error);
    }
  }

  /** A reply with id 0: what a server says before it closes (FRAME-3, FRAME-4, TRANSPORT-7). */
  #onLastWord(reply: ReplyFrame): void {
    const code = errorCodeOfStatus(reply.status);
    if (code === undefined) return this.#onMalformed(`status ${reply.status} with id 0`);
    const error = errorOfReply(reply);
    const detail = explanation(reply);
    if (reply.status === STATUS.BAD_REQUEST || reply.status === STATUS.TOO_LARGE) {
      // A framing error, answered in its turn: it is the oldest request's, and none behind it was carried out.
      this.#inFlight.shift()?.reject(error);
      this.#fail((call) => refused('SPEICHER_CONNECTION_LOST', call, error.message, error));
    } else {
      this.#fail((call) => refused(code, call, detail, error));
    }
  }

  #onMalformed(detail: string): void {
    const error = malformedReply(detail);
    this.#inFlight.peek()?.reject(error);
    this.#lose(error.message, error);
  }

  /** The connection is gone, for whatever reason; does nothing if that is known. */
  #lose(detail: string, cause?: unknown): void {
    const isDialling = this.#state === 'dialling';
    const where = describeTarget(this.#settings.target);
    const codeIfWaiting = isDialling ? 'SPEICHER_CONNECT' : 'SPEICHER_CONNECTION_LOST';
    this.#fail((call) => lost(call, codeIfWaiting, `${where}: ${detail}`, cause));
  }

  /** Ends everything: each call without a result is rejected with its error. */
  #fail(errorFor: (call: Call) => SpeicherError): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    clearTimeout(this.#connectTimer);
    clearTimeout(this.#silenceTimer);
    this.#socket.destroy();
    this.#events.onUnusable(this);
    this.#events.onGone(this);
    for (const queue of [this.#inFlight, this.#waiting]) {
      for (let call = queue.shift(); call !== undefined; call = queue.shift()) {
        if (!call.isSettled) call.reject(errorFor(call));
        this.#release(call);
      }
    }
  }
}

/** Ids go round, and leave out 0: that stands for a reply to nobody's request (FRAME-3). */
export function idAfter(id: number): number {
  return id === ID_MAX ? 1 : id + 1;
}

/** The error of a call whose connection is lost. */
function lost(call: Call, codeIfWaiting: ErrorCode, detail: string, cause?: unknown): SpeicherError {
  const code = call.sentAtMs === undefined ? codeIfWaiting : 'SPEICHER_CONNECTION_LOST';
  const options = { outcome: call.outcomeIfLost };
  return new SpeicherError(code, detail, cause === undefined ? options : { ...options, cause });
}

/** The error of a call that the server has not carried out, as it said before it closed. */
function refused(code: ErrorCode, call: Call, detail: string | undefined, cause: unknown): SpeicherError {
  return new SpeicherError(code, detail, { cause, outcome: call.sentAtMs === undefined ? 'not-sent' : 'rejected' });
}
