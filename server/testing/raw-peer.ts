/** A peer for tests: sends any bytes to a server, and reads its replies one by one. */
import { connect, type Socket } from 'node:net';
import {
  FrameDecoder,
  JSON_FIRST_BYTE,
  OPCODE,
  ReplyFrame,
  RequestFrame,
  FrameWriter,
  putRequest,
  readReply,
  type OperationName,
} from '../../protocol/index.ts';
import type { Server } from '../server.ts';

/** What a request may be made of; what is left out is absent. */
export interface RequestParts {
  readonly flags?: number;
  readonly id?: number;
  readonly ttlMs?: number;
  readonly version?: number;
  readonly tag?: number;
  readonly number?: bigint;
  readonly token?: number;
  readonly key?: string;
  readonly value?: string | Uint8Array;
}

/** The bytes of a request. */
export function requestBytes(operation: OperationName, { key = '', value = '', ...fields }: RequestParts): Uint8Array {
  const request = Object.assign(new RequestFrame(), fields);
  request.opcode = OPCODE[operation];
  request.keyBytes = Buffer.from(key);
  request.keyEnd = request.keyBytes.length;
  request.valueBytes = Buffer.from(value);
  request.valueEnd = request.valueBytes.length;
  const writer = new FrameWriter(64);
  putRequest(writer, request);
  return writer.bytes.slice(0, writer.length);
}

/** The bytes of a JSON envelope. */
export function envelopeBytes(text: string): Uint8Array {
  const body = Buffer.from(text);
  const frame = Buffer.alloc(4 + body.length);
  frame.writeUInt32BE(body.length);
  body.copy(frame, 4);
  return frame;
}

/** A reply: a binary one with its value as text, or an envelope's text. */
export interface ReceivedReply {
  readonly opcode: number;
  readonly status: number;
  readonly id: number;
  readonly flags: number;
  readonly number: bigint;
  readonly version: number;
  readonly ttlMs: number;
  readonly value: Uint8Array;
  readonly text: string;
}

const REPLY_BYTES_MAX = 64 * 1024 * 1024;

export class RawPeer {
  readonly socket: Socket;
  /** Settles when the server has closed or reset the connection. */
  readonly closed: Promise<void>;
  readonly #decoder = new FrameDecoder(REPLY_BYTES_MAX);
  readonly #replies: ReceivedReply[] = [];
  readonly #waiting: ((reply: ReceivedReply) => void)[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Uint8Array) => this.#receive(chunk));
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      socket.on('close', () => resolve());
      socket.on('end', () => resolve());
    });
  }

  static async connect(server: Pick<Server, 'addresses'>): Promise<RawPeer> {
    const { host, port, path } = server.addresses[0]!;
    return RawPeer.connectTo(path === undefined ? { host: host!, port: port! } : { path });
  }

  static connectTo(address: { host: string; port: number } | { path: string }): Promise<RawPeer> {
    return new Promise((resolve, reject) => {
      const socket = connect({ ...address, allowHalfOpen: true }, () => {
        socket.off('error', reject);
        resolve(new RawPeer(socket));
      });
      socket.once('error', reject);
    });
  }

  send(...parts: Uint8Array[]): void {
    for (const part of parts) this.socket.write(part);
  }

  /** The next reply; rejects if the connection ends before it. */
  async reply(): Promise<ReceivedReply> {
    const ready = this.#replies.shift();
    if (ready) return ready;
    const coming = new Promise<ReceivedReply>((resolve) => this.#waiting.push(resolve));
    const ended = this.closed.then(() => {
      throw new Error('the server has closed the connection');
    });
    return Promise.race([coming, ended]);
  }

  async ask(operation: OperationName, parts: RequestParts = {}): Promise<ReceivedReply> {
    this.send(requestBytes(operation, parts));
    return this.reply();
  }

  close(): void {
    this.socket.destroy();
  }

  #receive(chunk: Uint8Array): void {
    this.#decoder.push(chunk);
    while (this.#decoder.next() === 'frame') {
      const { bytes, start, end } = this.#decoder;
      const reply = received(bytes, start, end);
      const waiting = this.#waiting.shift();
      if (waiting) waiting(reply);
      else this.#replies.push(reply);
    }
  }
}

function received(bytes: Uint8Array, start: number, end: number): ReceivedReply {
  const reply = new ReplyFrame();
  const isEnvelope = bytes[start] === JSON_FIRST_BYTE;
  if (!isEnvelope && !readReply(reply, bytes, start, end)) throw new Error('this is no reply');
  const value = bytes.slice(isEnvelope ? start : reply.valueStart, end);
  const { opcode, status, id, flags, number, version, ttlMs } = reply;
  return { opcode, status, id, flags, number, version, ttlMs, value, text: Buffer.from(value).toString() };
}
