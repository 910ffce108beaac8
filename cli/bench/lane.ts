/**
 * One connection of a run. Frames are written and read with the codec, without the promise of the client for each call:
 * the load generator must not be what is measured. Requests of one turn leave in one write.
 */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describeTarget, dial, readyEvent, reasonOf } from '../../client/dial.ts';
import type { Settings } from '../../client/options.ts';
import { errorOfReply, malformedReply } from '../../client/replies.ts';
import {
  FrameDecoder,
  FrameWriter,
  HEADER_BYTES,
  LENGTH_BYTES,
  OPCODE,
  readReply,
  ReplyFrame,
  SpeicherError,
  STATUS,
  statusName,
} from '../../protocol/index.ts';
import { NOT_NOW, type Schedule } from './schedule.ts';

/** What the lanes of one phase have in common: what they send, and who gets what comes back. */
export interface Traffic {
  readonly schedule: Schedule;
  /** How many requests are on their way on one lane at most. */
  readonly window: number;
  /** Writes the next request; returns its kind, a small number that `onReply` gets back. */
  put(writer: FrameWriter, id: number): number;
  /** @throws SpeicherError if the reply cannot be the request's */
  onReply(kind: number, reply: ReplyFrame, latencyMs: number): void;
  /** Nothing is on its way on this lane, and nothing more will be. */
  readonly onIdle: (nowMs: number) => void;
  readonly onFailed: (error: Error) => void;
}

const U32_RANGE = 0x1_0000_0000;

export class Lane {
  /** Bytes of requests and replies since it was opened. */
  sentBytes = 0;
  receivedBytes = 0;
  /** Requests whose reply has not come. */
  inFlight = 0;
  /** When a reply came last, or the first request left on a lane that owed none. */
  heardAtMs = 0;

  readonly #where: string;
  readonly #socket: Socket;
  readonly #writer = new FrameWriter();
  readonly #decoder: FrameDecoder;
  readonly #reply = new ReplyFrame();
  #traffic: Traffic | undefined;
  /** Why it is of no use any more; it may come to that between two phases. */
  #failure: Error | undefined;
  /** Of the requests on their way, in a ring: kind, opcode, and the moment from which its latency counts. */
  #kinds = new Uint8Array(0);
  #opcodes = new Uint8Array(0);
  #since = new Float64Array(0);
  #oldest = 0;
  /** The id of the request that was written last. */
  #id = 0;

  private constructor(settings: Settings) {
    const { target, connectTimeoutMs, maxFrameBytes } = settings;
    this.#where = describeTarget(target);
    this.#decoder = new FrameDecoder(maxFrameBytes);
    this.#socket = dial(target, connectTimeoutMs);
  }

  /**
   * Connects and, with credentials, authenticates; the server has answered once then.
   *
   * @throws SpeicherError SPEICHER_CONNECT, or what the server says to AUTH or PING
   */
  static async open(settings: Settings): Promise<Lane> {
    const lane = new Lane(settings);
    await lane.#connect(settings);
    return lane;
  }

  async #connect({ target, credentials, connectTimeoutMs }: Settings): Promise<void> {
    const socket = this.#socket;
    try {
      await once(socket, readyEvent(target), { signal: AbortSignal.timeout(connectTimeoutMs) });
    } catch (cause) {
      socket.on('error', () => {});
      socket.destroy();
      const isLate = cause instanceof Error && cause.name === 'AbortError';
      const reason = isLate ? `no connection within ${connectTimeoutMs} ms` : reasonOf(cause as Error);
      throw new SpeicherError('SPEICHER_CONNECT', `${this.#where}: ${reason}`, { cause });
    }
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.on('error', (error) => this.#lose(reasonOf(error), error));
    socket.once('close', () => this.#lose('the server closed it'));
    // A server that takes no more connections says so on this one, before anything is stored by others.
    if (credentials === undefined) await this.#askOnce('PING', '', connectTimeoutMs);
    else await this.#askOnce('AUTH', `${credentials.user}\0${credentials.password}`, connectTimeoutMs);
  }

  /** One request without a key, whose reply must be 200. */
  async #askOnce(name: 'PING' | 'AUTH', text: string, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let isAsked = false;
      const fail = (error: Error): void => {
        clearTimeout(timer);
        this.close();
        reject(error);
      };
      const timer = setTimeout(() => fail(new SpeicherError('SPEICHER_TIMEOUT', `${this.#where}: ${name}`)), timeoutMs);
      this.start({
        schedule: {
          take: (nowMs) => (isAsked ? NOT_NOW : nowMs),
          isOver: () => isAsked,
          dueMs: undefined,
          stop() {},
        },
        window: 1,
        put(writer, id) {
          isAsked = true;
          writer.begin(OPCODE[name], 0, 0, id);
          writer.text(text);
          writer.finish();
          return 0;
        },
        onReply(_kind, reply) {
          if (reply.status !== STATUS.OK) throw errorOfReply(reply);
        },
        onIdle() {
          clearTimeout(timer);
          resolve();
        },
        onFailed: fail,
      });
      this.fill(performance.now());
    });
  }

  /** Begins a phase; nothing may be on its way from the one before. */
  start(traffic: Traffic): void {
    this.#traffic = traffic;
    this.#kinds = new Uint8Array(traffic.window);
    this.#opcodes = new Uint8Array(traffic.window);
    this.#since = new Float64Array(traffic.window);
    this.#oldest = 0;
    if (this.#failure !== undefined) this.#fail(this.#failure);
  }

  /** Sends what is to leave by now and has room. */
  fill(nowMs: number): void {
    while (this.offer(nowMs));
    this.flush();
  }

  /** Writes one request, to be sent by `flush`, if there is room and it is to leave; tells whether it did. */
  offer(nowMs: number): boolean {
    const traffic = this.#traffic;
    if (traffic === undefined || this.isFull) return false;
    const sinceMs = traffic.schedule.take(nowMs);
    if (sinceMs === NOT_NOW) return false;
    if (this.inFlight === 0) this.heardAtMs = nowMs;
    let slot = this.#oldest + this.inFlight;
    if (slot >= traffic.window) slot -= traffic.window;
    const frameAt = this.#writer.length;
    this.#id = idAfter(this.#id);
    this.#kinds[slot] = traffic.put(this.#writer, this.#id);
    this.#opcodes[slot] = this.#writer.bytes[frameAt + LENGTH_BYTES]!;
    this.#since[slot] = sinceMs;
    this.inFlight += 1;
    return true;
  }

  get isFull(): boolean {
    return this.#traffic === undefined || this.inFlight >= this.#traffic.window;
  }

  flush(): void {
    const writer = this.#writer;
    if (writer.length === 0) return;
    this.sentBytes += writer.length;
    this.#socket.write(writer.bytes.subarray(0, writer.length));
    // What the kernel has taken at once needs its buffer no longer.
    if (this.#socket.writableLength === 0) writer.clear();
    else writer.detach();
  }

  /** Ends the connection; what is on its way is lost. */
  close(): void {
    this.#traffic = undefined;
    this.#socket.destroy();
  }

  #onData(chunk: Uint8Array): void {
    const nowMs = performance.now();
    this.receivedBytes += chunk.length;
    this.heardAtMs = nowMs;
    try {
      const decoder = this.#decoder;
      decoder.push(chunk);
      for (let outcome = decoder.next(); outcome !== 'more'; outcome = decoder.next()) {
        if (outcome === 'invalid') throw malformedReply('a frame of no possible length');
        this.#onFrame(decoder, nowMs);
      }
    } catch (error) {
      this.#fail(error as Error);
      return;
    }
    this.fill(nowMs);
    if (this.inFlight === 0 && this.#traffic?.schedule.isOver(nowMs) === true) this.#traffic.onIdle(nowMs);
  }

  #onFrame({ bytes, start, end }: FrameDecoder, nowMs: number): void {
    const reply = this.#reply;
    if (end - start < HEADER_BYTES || !readReply(reply, bytes, start, end)) throw malformedReply('it is no reply');
    // FRAME-3, FRAME-4, TRANSPORT-7: what a server says before it closes.
    if (reply.id === 0 && reply.opcode === 0) throw errorOfReply(reply);
    const traffic = this.#traffic;
    if (traffic === undefined || this.inFlight === 0) throw malformedReply('a reply that nobody waits for');
    const slot = this.#oldest;
    const expectedId = idBefore(this.#id, this.inFlight - 1);
    if (reply.id !== expectedId || reply.opcode !== this.#opcodes[slot]) {
      throw malformedReply('a reply to another request');
    }
    if (reply.status !== STATUS.OK && statusName(reply.status) === undefined) {
      throw malformedReply(`status ${reply.status}`);
    }
    this.#oldest = slot + 1 === traffic.window ? 0 : slot + 1;
    this.inFlight -= 1;
    traffic.onReply(this.#kinds[slot]!, reply, nowMs - this.#since[slot]!);
  }

  #lose(detail: string, cause?: unknown): void {
    this.#fail(new SpeicherError('SPEICHER_CONNECTION_LOST', `${this.#where}: ${detail}`, { cause }));
  }

  #fail(error: Error): void {
    const traffic = this.#traffic;
    this.#failure ??= error;
    this.close();
    traffic?.onFailed(error);
  }
}

/** Ids go round and leave out 0, which stands for nobody's request (FRAME-3). */
function idAfter(id: number): number {
  return id + 1 === U32_RANGE ? 1 : id + 1;
}

/** The id that was given `steps` requests before `id`. */
function idBefore(id: number, steps: number): number {
  return id > steps ? id - steps : id - steps + U32_RANGE - 1;
}
