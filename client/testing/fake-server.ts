/** A server for tests that does as it is told: it reads requests, and answers with whatever bytes a test wants. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import {
  FrameDecoder,
  FrameWriter,
  OPCODE,
  operationName,
  putReply,
  readRequest,
  ReplyFrame,
  RequestFrame,
  STATUS,
  type OperationName,
} from '../../protocol/index.ts';

/** A request as it came. */
export interface ReceivedRequest {
  readonly operation: OperationName;
  readonly id: number;
  readonly flags: number;
  readonly key: string;
  readonly value: string;
  readonly number: bigint;
}

/** What a reply is made of; what is left out is absent, and the status is 200. */
export interface ReplyParts {
  readonly operation?: OperationName;
  readonly id?: number;
  readonly status?: number;
  readonly flags?: number;
  readonly tag?: number;
  readonly version?: number;
  readonly token?: number;
  readonly number?: bigint;
  readonly value?: string | Uint8Array;
}

/** The bytes of the reply to a request; the parts overrule what the request says. */
export function replyBytes(
  request: Pick<ReceivedRequest, 'operation' | 'id'>,
  { operation = request.operation, value = '', ...fields }: ReplyParts = {},
): Buffer {
  const reply = Object.assign(new ReplyFrame(), { id: request.id, status: STATUS.OK }, fields);
  reply.opcode = OPCODE[operation];
  reply.setValue(Buffer.from(value));
  const writer = new FrameWriter(64);
  putReply(writer, reply);
  return Buffer.from(writer.bytes.subarray(0, writer.length));
}

/** The bytes of what a server says before it closes: opcode 80, id 0 (FRAME-3). */
export function lastWordBytes(status: number, text = ''): Buffer {
  const reply = Object.assign(new ReplyFrame(), { status });
  reply.setValue(Buffer.from(text));
  const writer = new FrameWriter(64);
  putReply(writer, reply);
  return Buffer.from(writer.bytes.subarray(0, writer.length));
}

/** The server's end of one connection. */
export class FakePeer {
  readonly socket: Socket;
  /** Settles when the connection is closed. */
  readonly closed: Promise<void>;
  /** Each chunk that came: what the client handed over in one write comes in one or more of these. */
  readonly chunks: Buffer[] = [];
  readonly #decoder = new FrameDecoder(0x7fff_ffff);
  readonly #requests: ReceivedRequest[] = [];
  readonly #waiting: ((request: ReceivedRequest) => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
  }

  /** The next request. */
  request(): Promise<ReceivedRequest> {
    const ready = this.#requests.shift();
    return ready ? Promise.resolve(ready) : new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The next requests. */
  async requests(count: number): Promise<ReceivedRequest[]> {
    const requests: ReceivedRequest[] = [];
    while (requests.length < count) requests.push(await this.request());
    return requests;
  }

  /** Calls `handle` for every request, those that have come and those that will. */
  async serve(handle: (request: ReceivedRequest) => Uint8Array | undefined): Promise<never> {
    for (;;) {
      const bytes = handle(await this.request());
      if (bytes !== undefined) this.socket.write(bytes);
    }
  }

  reply(request: ReceivedRequest, parts?: ReplyParts): void {
    this.socket.write(replyBytes(request, parts));
  }

  send(...bytes: Uint8Array[]): void {
    this.socket.write(Buffer.concat(bytes));
  }

  #receive(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.#decoder.push(chunk);
    while (this.#decoder.next() === 'frame') {
      const request = received(this.#decoder);
      const waiting = this.#waiting.shift();
      if (waiting) waiting(request);
      else this.#requests.push(request);
    }
  }
}

function received({ bytes, start, end }: FrameDecoder): ReceivedRequest {
  const request = new RequestFrame();
  if (!readRequest(request, bytes, start, end)) throw new Error('this is no request');
  const { opcode, id, flags, number, keyStart, keyEnd, valueStart, valueEnd } = request;
  const textOf = (from: number, to: number) => Buffer.from(bytes.subarray(from, to)).toString();
  return {
    operation: operationName(opcode)!,
    id,
    flags,
    number,
    key: textOf(keyStart, keyEnd),
    value: textOf(valueStart, valueEnd),
  };
}

export class FakeServer {
  readonly port: number;
  readonly #server: Server;
  readonly #peers: FakePeer[] = [];
  readonly #waiting: ((peer: FakePeer) => void)[] = [];
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      const peer = new FakePeer(socket);
      const waiting = this.#waiting.shift();
      if (waiting) waiting(peer);
      else this.#peers.push(peer);
    });
  }

  static async start(): Promise<FakeServer> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FakeServer(server);
  }

  /** The next connection. */
  peer(): Promise<FakePeer> {
    const ready = this.#peers.shift();
    return ready ? Promise.resolve(ready) : new Promise((resolve) => this.#waiting.push(resolve));
  }

  async stop(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }
}
