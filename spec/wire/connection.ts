/** One connection to the server under test: bytes out, replies in, and a record of both. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { openSocket, type Address } from '../target/address.ts';
import { DueReader, type Due } from './due.ts';
import { ReplyReader, type Garbage, type Reply } from './reply.ts';
import { NOTE, Transcript } from './transcript.ts';

/** The end of a connection. FIN and RST are both closes; which one it was is not the protocol's business. */
export interface Closed {
  readonly kind: 'closed';
  readonly how: 'fin' | 'rst';
  /** Bytes of a reply that never became complete. */
  readonly partialBytes: number;
}

export interface TimedOut {
  readonly kind: 'timeout';
  readonly waitedMs: number;
}

export type Incoming = Reply | Garbage | Closed | TimedOut;

export interface ConnectionOptions {
  readonly name: string;
  /** The largest `length` of a frame in either direction, as far as it is known (HELLO-1, FRAME-12). */
  readonly frameBytesMax: number;
  /** How long to wait for the connection and for each reply. */
  readonly waitMs: number;
  readonly signal?: AbortSignal;
}

export class Connection {
  readonly transcript: Transcript;
  /** Requests that were sent and not yet answered, oldest first. */
  readonly due: Due[] = [];
  /** What the bytes sent so far demand: used for the end of the connection and for half frames. */
  readonly sent: DueReader;
  readonly #socket: Socket;
  readonly #reader: ReplyReader;
  readonly #options: ConnectionOptions;
  readonly #resets: boolean;
  readonly #incoming: Incoming[] = [];
  #waiting: (() => void) | undefined;
  #closed: Closed | undefined;
  #halfClosed = false;
  #settled = false;

  private constructor(socket: Socket, kind: Address['kind'], options: ConnectionOptions) {
    this.#resets = kind === 'tcp';
    this.#socket = socket;
    this.#options = options;
    this.#reader = new ReplyReader(options.frameBytesMax);
    this.sent = new DueReader(options.frameBytesMax);
    this.transcript = new Transcript(options.name);
    socket.on('data', (chunk: Buffer) => {
      this.transcript.received(chunk);
      for (const each of this.#reader.push(chunk)) this.#arrive(each);
    });
    socket.on('end', () => this.#close('fin'));
    socket.on('error', () => this.#close('rst'));
    socket.on('close', () => this.#close('fin'));
  }

  /** Connects. Throws the socket's error, or an Error when `waitMs` have passed. */
  static async open(address: Address, options: ConnectionOptions): Promise<Connection> {
    const socket = openSocket(address);
    const timeout = AbortSignal.timeout(options.waitMs);
    const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
    try {
      await once(socket, address.kind === 'tls' ? 'secureConnect' : 'connect', { signal });
    } catch (error) {
      socket.on('error', () => {});
      socket.destroy();
      throw error;
    }
    return new Connection(socket, address.kind, options);
  }

  get name(): string {
    return this.#options.name;
  }

  /** Whether the suite ended it, or has taken note that the server did. */
  get isSettled(): boolean {
    return this.#settled;
  }

  /** Whether something has arrived that nobody has taken. */
  get hasUnread(): boolean {
    return this.#incoming.length > 0;
  }

  /** Whether the server has to close it: after QUIT, a framing error, or the suite's own end. */
  get mustClose(): boolean {
    return this.#halfClosed || this.sent.ended;
  }

  /** Writes the bytes in one call. Resolves at once: what the socket cannot take yet waits in its buffer. */
  send(bytes: Uint8Array): void {
    this.transcript.sent(bytes);
    this.due.push(...this.sent.push(bytes));
    if (!this.#socket.destroyed && this.#socket.writable) this.#socket.write(bytes);
  }

  /** Writes the bytes in pieces of the given sizes, each a packet of its own as far as the system allows. */
  async sendSegments(bytes: Uint8Array, sizes: readonly number[]): Promise<void> {
    let offset = 0;
    for (const size of sizes) {
      this.send(bytes.subarray(offset, offset + size));
      offset += size;
      await new Promise(setImmediate);
    }
    if (offset < bytes.length) this.send(bytes.subarray(offset));
  }

  /** The next reply, or the connection's end, or that neither came in time. */
  async next(waitMs = this.#options.waitMs): Promise<Incoming> {
    if (this.#incoming.length === 0 && this.#closed === undefined) await this.#arrival(waitMs);
    const incoming = this.#incoming.shift() ?? this.#closed;
    if (incoming?.kind === 'closed') this.#settled = true;
    return incoming ?? { kind: 'timeout', waitedMs: waitMs };
  }

  /** Ends the sending side only (TRANSPORT-4). */
  halfClose(): void {
    this.transcript.note(NOTE.halfClose);
    this.#halfClosed = true;
    this.#socket.end();
  }

  /** Drops the connection with an RST; where there is none, on Unix sockets and under TLS, it just ends. */
  reset(): void {
    this.transcript.note(NOTE.reset);
    this.#settled = true;
    this.#closed ??= { kind: 'closed', how: 'rst', partialBytes: 0 };
    if (this.#resets) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  close(): void {
    this.#settled = true;
    this.#closed ??= { kind: 'closed', how: 'fin', partialBytes: 0 };
    this.#socket.destroy();
  }

  /** Stops reading, so that the server's replies pile up. */
  pause(): void {
    this.transcript.note(NOTE.pause);
    this.#socket.pause();
  }

  resume(): void {
    this.transcript.note(NOTE.resume);
    this.#socket.resume();
  }

  /** Bytes that the socket has not handed to the system. */
  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  #arrive(incoming: Incoming): void {
    this.#incoming.push(incoming);
    this.#waiting?.();
  }

  #close(how: 'fin' | 'rst'): void {
    if (this.#closed !== undefined) return;
    this.#closed = { kind: 'closed', how, partialBytes: this.#reader.bufferedBytes };
    this.transcript.note(how === 'fin' ? 'closed by the server' : 'reset by the server');
    this.#waiting?.();
  }

  async #arrival(waitMs: number): Promise<void> {
    const { signal } = this.#options;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        this.#waiting = undefined;
        resolve();
      };
      const timer = setTimeout(done, waitMs);
      if (signal?.aborted === true) return done();
      signal?.addEventListener('abort', done);
      this.#waiting = done;
    });
  }
}
