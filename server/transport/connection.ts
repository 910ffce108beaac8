/**
 * One connection: bytes come in, are cut into frames, each is answered by its dialect, and all replies to what one read
 * brought leave in one write (TRANSPORT-6). Reading and carrying out stop while too much lies unsent (TRANSPORT-3).
 *
 *     reading ⇄ paused          paused: above the high water of unsent bytes
 *     reading ⇄ busy            busy: a request is carried out in slices, and what follows it has to wait
 *     reading → lingering       after QUIT, a framing error, the client's end, a stopping server
 *     any     → closed
 *
 * A lingering connection has sent its FIN, and throws away what still comes for a moment: closing at once could turn
 * the FIN into a RST and destroy the last reply on its way.
 */
import { FrameDecoder, JSON_FIRST_BYTE, STATUS, type FrameWriter, type SpareBuffers } from '../../protocol/index.ts';
import { putConnectionError } from '../dialects/binary.ts';
import type { BatchClock } from '../clock.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { ServerContext } from '../context.ts';
import { Session } from '../session.ts';
import type { RequestStream, StreamReader } from './byte-stream.ts';
import type { Lookahead } from './lookahead.ts';
import type { Turns } from './turns.ts';

/** Replies are handed over in pieces of about this size, however many requests one read has brought. */
const FLUSH_BYTES = 64 * 1024;

/** How long a lingering connection waits for the client's end. */
const LINGER_MS = 1000;

/** How long a stopping server goes on with a connection that never pauses: more than the system's buffers can hold. */
const BUSY_STOP_MS = 1000;

type State = 'reading' | 'paused' | 'busy' | 'lingering' | 'closed';

/** What a connection needs of the server that it belongs to. */
export interface ConnectionHost {
  readonly context: ServerContext;
  readonly binary: Dialect;
  readonly json: Dialect;
  /** Where the dialects write. One serves all connections: whoever writes hands it over before anybody else runs. */
  readonly writer: FrameWriter;
  /** Buffers of long frames and replies, for the next ones. */
  readonly spares: SpareBuffers;
  /** Stands still while a batch of requests is carried out. */
  readonly clock: BatchClock;
  /** Looks at requests before they are carried out. */
  readonly lookahead: Lookahead;
  /** The time of the last tick, a fraction of a second old at most: what deadlines need, without asking the clock. */
  readonly nowMs: number;
  /** Where a connection does in slices what takes long. */
  readonly turns: Turns;
  /** Carries out what has come on any connection and waits for the end of the turn. */
  carryOut(): void;
  /** Tells that a connection has authenticated. */
  authenticated(connection: Connection): void;
  /** Adds to the sum of unsent bytes over all connections; closes the worst one when there are too many. */
  accountUnsent(addedBytes: number): void;
  /** Called once, when a connection has closed. */
  forget(connection: Connection, reason: string, cause?: Error): void;
}

export class Connection implements StreamReader {
  readonly session: Session;
  readonly #host: ConnectionHost;
  readonly #stream: RequestStream;
  readonly #decoder: FrameDecoder;
  #state: State = 'reading';
  #clientEnded = false;
  /** Turns of the event loop without input since the server began to stop. */
  #quietTurns = 0;
  readonly #openedMs: number;
  #lastInputMs: number;
  /** When the unfinished frame began, or what is left of it could be read again; 0 if there is none. */
  #frameBegunMs = 0;
  #framesDone = 0;
  #unauthenticatedBytes = 0;
  #lingerUntilMs = 0;
  /** What lay unsent when a paused connection last made progress, and when that was. */
  #stalledBytes = 0;
  #stalledSinceMs = 0;
  /** What the host has counted for this connection in the sum over all. */
  #accountedBytes = 0;

  constructor(host: ConnectionHost, stream: RequestStream) {
    this.#host = host;
    this.#stream = stream;
    const { options, authenticator } = host.context;
    this.session = new Session(stream.peer, authenticator === undefined);
    this.#decoder = new FrameDecoder(
      this.session.isAuthenticated ? options.maxFrameBytes : options.maxUnauthenticatedInputBytes,
      host.spares,
    );
    this.#openedMs = this.#lastInputMs = host.nowMs;
  }

  /** Bytes of replies that the runtime has not been able to hand to the operating system. */
  get unsentBytes(): number {
    return this.#stream.unsentBytes;
  }

  /** Begins to read; called once, when the server knows of this connection. */
  open(): void {
    this.#stream.open(this);
  }

  received(bytes: Uint8Array, start: number, end: number): void {
    this.#quietTurns = 0;
    this.#lastInputMs = this.#host.nowMs;
    if (this.#state === 'lingering' || this.#state === 'closed') return;
    this.#decoder.push(bytes, start, end);
    this.#process();
    if (this.#isIn('paused') || this.#isIn('busy')) this.#decoder.keepUnread();
  }

  ended(): void {
    this.#clientEnded = true;
    if (this.#state === 'reading') this.#linger();
    else if (this.#state === 'lingering' && this.unsentBytes === 0) this.close('ended');
  }

  released(bytes: Uint8Array): void {
    this.#host.spares.giveBack(bytes);
  }

  drained(): void {
    this.#account(this.unsentBytes);
    if (this.#state !== 'paused') return;
    this.#state = 'reading';
    this.#process();
    // What was processed may have paused it again.
    if (this.#isIn('reading')) this.#stream.resume();
  }

  finished(): void {
    if (this.#clientEnded) this.close('ended');
  }

  closed(error?: Error): void {
    this.close(error === undefined ? 'closed' : 'socket-error', error);
  }

  /** Closes at once; what lies unsent is lost. */
  close(reason: string, cause?: Error): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#account(0);
    this.#stream.destroy();
    this.#host.forget(this, reason, cause);
  }

  /** Answers what has arrived by now, and then closes (DURABLE-2). */
  stop(): void {
    this.#stopWhenQuiet(this.#host.nowMs + BUSY_STOP_MS);
  }

  /**
   * Applies the limits on time; called a few times a second.
   *
   * @param nowMs the time, as `Clock` gives it
   */
  checkDeadlines(nowMs: number): void {
    const { options } = this.#host.context;
    if (this.#state === 'lingering') {
      if (nowMs >= this.#lingerUntilMs && this.unsentBytes === 0) this.close('lingered');
      else if (this.#hasStalled(nowMs)) this.#closeForLimit('unsent-timeout');
    } else if (this.#state === 'paused') {
      if (this.#hasStalled(nowMs)) this.#closeForLimit('unsent-timeout');
    } else if (this.#state === 'busy') {
      this.#lastInputMs = nowMs;
    } else if (this.#frameBegunMs > 0 && nowMs - this.#frameBegunMs >= options.frameTimeoutMs) {
      this.#closeForLimit('frame-timeout');
    } else if (!this.session.isAuthenticated && nowMs - this.#openedMs >= options.authTimeoutMs) {
      this.#closeForLimit('auth-timeout');
    } else if (options.idleTimeoutMs > 0 && nowMs - this.#lastInputMs >= options.idleTimeoutMs) {
      this.#closeForLimit('idle-timeout');
    }
  }

  #closeForLimit(limit: string): void {
    this.#host.context.logger.warn({ event: 'limit', limit, peer: this.session.peer }, 'connection closed');
    this.close(limit);
  }

  /** Answers the frames that have come, as long as the client reads the replies. */
  #process(): void {
    this.#begin();
    try {
      this.#answerAll();
    } finally {
      this.#end();
    }
    if (this.#state === 'reading' && this.#clientEnded) this.#linger(); // TRANSPORT-4
    this.#watchFrame();
  }

  #begin(): void {
    this.#host.clock.hold();
    this.#stream.beginRequests();
  }

  #end(): void {
    this.#stream.endRequests();
    this.#host.clock.release();
  }

  #answerAll(): void {
    const { writer, context, clock } = this.#host;
    const decoder = this.#decoder;
    this.#framesDone = 0;
    while (this.#state === 'reading') {
      const outcome = decoder.next();
      if (outcome === 'more') break;
      if (outcome === 'invalid') {
        this.#refuse(decoder.invalidStatus);
        break;
      }
      this.#answer(decoder.bytes, decoder.start, decoder.end);
      if (this.session.isUnfinished) {
        this.#doInSlices(decoder.bytes.slice(decoder.start, decoder.end));
        break;
      }
      this.#framesDone++;
      context.counters.requests++;
      if (this.session.isEnding) this.#linger();
      else if (writer.length >= FLUSH_BYTES) {
        this.#flush();
        clock.renew();
      }
    }
    this.#flush();
  }

  /** Goes on with an unfinished request turn by turn, and then with what came behind it. */
  #doInSlices(frame: Uint8Array): void {
    const { context, turns } = this.#host;
    this.#state = 'busy';
    this.#frameBegunMs = 0;
    this.#stream.pause();
    const slice = (): void => {
      if (this.#state !== 'busy') return;
      this.#begin();
      try {
        this.#answer(frame, 0, frame.length);
      } finally {
        this.#end();
      }
      if (this.session.isUnfinished) return turns.add(slice);
      context.counters.requests++;
      if (!this.#isIn('busy')) return;
      this.#state = 'reading';
      this.#process();
      if (this.#isIn('reading')) this.#stream.resume();
    };
    turns.add(slice);
  }

  #answer(bytes: Uint8Array, start: number, end: number): void {
    const { writer, binary, json, context, lookahead } = this.#host;
    const dialect: Dialect = bytes[start] === JSON_FIRST_BYTE ? json : binary; // FRAME-2, JSON-5
    const wasAuthenticated = this.session.isAuthenticated;
    const replyAt = writer.length;
    try {
      if (start >= lookahead.upTo) lookahead.look(bytes, start);
      dialect.handle(this.session, bytes, start, end);
    } catch (error) {
      // A defect must not take the others' connections down with it (TRANSPORT-5).
      context.logger.error({ event: 'defect', err: error }, 'a request could not be carried out');
      writer.length = replyAt;
      this.session.abandon();
      dialect.fail(bytes, start);
    }
    if (this.session.isBroken) {
      writer.length = replyAt;
      this.close('broken-off');
    }
    if (!wasAuthenticated) this.#countBeforeAuth(end - start);
  }

  /** TRANSPORT-7: before AUTH little is taken. */
  #countBeforeAuth(frameBytes: number): void {
    const { options } = this.#host.context;
    if (this.session.isAuthenticated) {
      this.#decoder.frameBytesMax = options.maxFrameBytes;
      this.#host.authenticated(this);
      return;
    }
    this.#unauthenticatedBytes += frameBytes;
    if (this.#unauthenticatedBytes <= options.maxUnauthenticatedInputBytes || this.session.isEnding) return;
    this.#host.context.logger.warn(
      { event: 'limit', limit: 'max-unauthenticated-input', peer: this.session.peer },
      'connection closed',
    );
    this.session.isEnding = true;
  }

  /** Answers what is no request, and closes (FRAME-3, FRAME-4). */
  #refuse(status: number): void {
    this.#host.context.logger.info({ event: 'framing-error', status, peer: this.session.peer }, 'no frame');
    putConnectionError(this.#host.writer, status);
    this.#linger();
  }

  /** Refuses the whole connection: one too many (TRANSPORT-7). */
  refuseConnection(): void {
    putConnectionError(this.#host.writer, STATUS.TOO_MANY);
    this.#linger();
  }

  /** Sends what there is to send, then FIN; input is thrown away from now on. */
  #linger(): void {
    this.#flush();
    if (this.#state === 'closed' || this.#state === 'lingering') return;
    this.#state = 'lingering';
    const nowMs = this.#host.nowMs;
    this.#frameBegunMs = 0;
    this.#lingerUntilMs = nowMs + LINGER_MS;
    this.#stalledSinceMs = nowMs;
    this.#stream.end();
    this.#stream.resume();
  }

  /** Hands the replies that were written to the transport. */
  #flush(): void {
    const { writer, context } = this.#host;
    if (writer.length === 0) return;
    if (this.#state === 'closed' || this.#state === 'lingering') return writer.clear();
    if (this.#stream.write(writer.bytes, writer.length)) writer.clear();
    else writer.detach();
    const unsentBytes = this.#stream.unsentBytes;
    this.#account(unsentBytes);
    if (unsentBytes > context.options.unsentHighWaterBytes && this.#state === 'reading') this.#pause();
  }

  #pause(): void {
    this.#state = 'paused';
    this.#frameBegunMs = 0;
    this.#stalledBytes = this.#stream.unsentProgress;
    this.#stalledSinceMs = this.#host.nowMs;
    this.#stream.pause();
  }

  /** Asks anew: what was called since the state was last looked at may have changed it. */
  #isIn(state: State): boolean {
    return this.#state === state;
  }

  #account(unsentBytes: number): void {
    if (unsentBytes === this.#accountedBytes) return;
    const addedBytes = unsentBytes - this.#accountedBytes;
    this.#accountedBytes = unsentBytes;
    this.#host.accountUnsent(addedBytes);
  }

  #hasStalled(nowMs: number): boolean {
    const unsentBytes = this.#stream.unsentProgress;
    if (unsentBytes === 0 || unsentBytes !== this.#stalledBytes) {
      this.#stalledBytes = unsentBytes;
      this.#stalledSinceMs = nowMs;
    }
    return nowMs - this.#stalledSinceMs >= this.#host.context.options.unsentTimeoutMs;
  }

  /** Keeps the time at which an unfinished frame began; one that begins after others were answered is a new one. */
  #watchFrame(): void {
    if (this.#state !== 'reading' || !this.#decoder.isMidFrame) this.#frameBegunMs = 0;
    else if (this.#frameBegunMs === 0 || this.#framesDone > 0) this.#frameBegunMs = this.#host.nowMs;
  }

  /** Two turns without input tell that the operating system holds no more of it. */
  #stopWhenQuiet(deadlineMs: number): void {
    this.#host.carryOut();
    if (this.#state === 'closed' || this.#state === 'lingering') return;
    const isQuiet = this.#quietTurns++ >= 2;
    if (this.#state === 'reading' && (isQuiet || this.#host.nowMs >= deadlineMs)) return this.#linger();
    setImmediate(() => this.#stopWhenQuiet(deadlineMs));
  }
}
