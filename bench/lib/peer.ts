/** One connection to a server of ours that sends a request and waits for the reply: for what the load cannot ask. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import {
  FLAG,
  FrameDecoder,
  FrameWriter,
  FRAME_BYTES_CEILING,
  OPCODE,
  putRequest,
  readEntries,
  readReply,
  ReplyFrame,
  RequestFrame,
  STATUS,
  type OperationName,
} from '../../protocol/index.ts';

export interface PeerRequest {
  readonly operation: OperationName;
  readonly key?: string;
  readonly value?: string;
  readonly isPrefix?: boolean;
  /** NUMBER. */
  readonly number?: number;
}

/** A reply, with its value copied. */
export interface PeerReply {
  readonly status: number;
  readonly number: number;
  readonly value: Buffer;
}

export class Peer {
  readonly #socket: Socket;
  readonly #decoder = new FrameDecoder(FRAME_BYTES_CEILING);
  readonly #reply = new ReplyFrame();
  #lastId = 0;
  #settle: { resolve(reply: PeerReply): void; reject(error: Error): void } | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', (error) => this.#settle?.reject(error));
    socket.on('close', () => this.#settle?.reject(new Error('the server has closed the connection')));
  }

  static async connect(port: number): Promise<Peer> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new Peer(socket);
  }

  /**
   * Sends one request and waits for its reply, whatever its status.
   *
   * @throws Error if the connection is lost or what comes is no reply to this request
   */
  async ask({ operation, key = '', value = '', isPrefix = false, number }: PeerRequest): Promise<PeerReply> {
    const request = new RequestFrame();
    request.opcode = OPCODE[operation];
    request.id = ++this.#lastId;
    request.keyBytes = Buffer.from(key, 'latin1');
    request.keyEnd = request.keyBytes.length;
    request.valueBytes = Buffer.from(value, 'latin1');
    request.valueEnd = request.valueBytes.length;
    request.flags = (isPrefix ? FLAG.PREFIX : 0) | (number === undefined ? 0 : FLAG.NUMBER);
    request.number = BigInt(number ?? 0);
    const writer = new FrameWriter();
    putRequest(writer, request);
    const reply = new Promise<PeerReply>((resolve, reject) => (this.#settle = { resolve, reject }));
    this.#socket.write(writer.bytes.subarray(0, writer.length));
    return reply;
  }

  /** A counter of STATS. */
  async stat(name: string): Promise<number> {
    const { value } = await this.ask({ operation: 'STATS' });
    for (const { keyStart, keyEnd, valueStart, valueEnd } of readEntries(value)) {
      if (value.toString('latin1', keyStart, keyEnd) === name) {
        return Number(value.toString('latin1', valueStart, valueEnd));
      }
    }
    throw new Error(`STATS has no ${name}`);
  }

  close(): void {
    this.#settle = undefined;
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#decoder.push(chunk);
    while (this.#decoder.next() === 'frame') {
      const { bytes, start, end } = this.#decoder;
      const reply = this.#reply;
      const settle = this.#settle;
      this.#settle = undefined;
      if (!readReply(reply, bytes, start, end) || reply.id !== this.#lastId) {
        settle?.reject(new Error('this is no reply to the request'));
        return;
      }
      const value = Buffer.from(reply.valueBytes.subarray(reply.valueStart, reply.valueEnd));
      settle?.resolve({ status: reply.status, number: Number(reply.number), value });
    }
  }
}

/** @throws Error if the reply is none that a request which is to succeed gets */
export function expectNumber(what: string, { status, number }: PeerReply, wanted: number): void {
  if (status !== STATUS.OK || number !== wanted) throw new Error(`${what}: status ${status}, NUMBER ${number}`);
}
