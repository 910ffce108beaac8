/**
 * What stands between a client and our server: it cuts both directions into frames and lets hooks change, drop, double,
 * delay, reorder or answer them. With no hooks it is a server that behaves as ours does.
 */
import { createConnection, type Socket } from 'node:net';
import { OPCODE, REPLY_BIT } from '../../protocol/index.ts';
import { frameOf, isJson, pingBody } from './bodies.ts';
import { Cutter } from './cutter.ts';

/** What is done to one connection. A body is a frame without its length. */
export interface Hooks {
  /** Awaited before anything of the connection is read. */
  readonly accept?: () => Promise<unknown> | void;
  /** Changes what the client sends, read by read. */
  readonly input?: (chunk: Buffer) => Buffer;
  /** The request to pass on in place of this one; undefined: none. `link.answer` makes one that is answered as said. */
  readonly request?: (body: Buffer) => Buffer | undefined;
  /** What to send in place of a reply. `request` is as the client sent it; a connection's own error answers none. */
  readonly reply?: (body: Buffer, request: Buffer | undefined) => Buffer | readonly Buffer[];
  /** Changes the replies that one read of the server's brought. */
  readonly batch?: (bodies: readonly Buffer[]) => readonly Buffer[];
  /** The frame of a reply's body. */
  readonly frame?: (body: Buffer) => Buffer;
  /** Sends bytes to the client, in place of one write. The next are given once it is done. */
  readonly output?: (bytes: Buffer) => Promise<void> | void;
  /** The client has half-closed; in place of passing that on. */
  readonly ended?: (rest: Buffer) => void;
  /** The server has ended; in place of passing that on. */
  readonly serverEnded?: () => void;
}

/** The server that a connection belongs to. */
export interface Host {
  /** The connections that are open. */
  readonly links: ReadonlySet<Link>;
  readonly upstreamPort: number;
  readonly frameBytesMax: number;
  /** What hooks of several connections have in common. */
  readonly memory: Map<string, unknown>;
  /** Ends as a process does that dies: the listener and every connection are gone. */
  crash(): void;
}

export type MakeWire = (link: Link) => Hooks;

interface Due {
  /** As the client sent it. */
  readonly request: Buffer | undefined;
  readonly forwarded: Buffer;
  /** What is sent in place of the reply. */
  readonly answer?: Buffer;
}

export class Link {
  readonly host: Host;
  readonly client: Socket;
  readonly server: Socket;
  /** Resolves when the client's connection is gone. */
  readonly closed: Promise<void>;
  readonly #hooks: Hooks;
  readonly #requests: Cutter;
  readonly #replies = new Cutter();
  #due: Due[] = [];
  #pingId = 0;
  #answers = new Map<Buffer, Buffer>();
  #sending: Promise<void> = Promise.resolve();

  constructor(host: Host, client: Socket, make: MakeWire) {
    this.host = host;
    this.client = client;
    this.#requests = new Cutter(host.frameBytesMax);
    this.server = createConnection({ port: host.upstreamPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    this.closed = new Promise((resolve) => client.once('close', () => resolve()));
    this.#hooks = make(this);
    // A client that has gone is known by its close.
    client.on('error', () => {});
    this.server.on('error', () => client.resetAndDestroy());
    client.on('close', () => this.server.destroy());
    void this.#run();
  }

  async #run(): Promise<void> {
    await this.#hooks.accept?.();
    this.client.on('data', (chunk: Buffer) => this.#fromClient(this.#hooks.input?.(chunk) ?? chunk));
    this.client.on('end', () => this.#clientEnded());
    this.server.on('data', (chunk: Buffer) => this.#fromServer(chunk));
    this.server.on('end', () => this.#send(() => (this.#hooks.serverEnded ?? (() => this.client.end()))()));
    this.server.on('drain', () => this.client.resume());
    this.client.on('drain', () => this.server.resume());
  }

  /** In a `request` hook: a request whose reply will be `reply`, in its turn. */
  answer(reply: Buffer): Buffer {
    const body = pingBody(++this.#pingId);
    this.#answers.set(body, reply);
    return body;
  }

  /** Has a request carried out as if another client had sent it, and tells nobody. */
  aside(body: Buffer): void {
    const socket = createConnection({ port: this.host.upstreamPort, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.on('data', () => socket.destroy());
    socket.write(frameOf(body));
  }

  /** Sends a request of the wire's own; its reply is not passed on. */
  ask(body: Buffer): void {
    this.#due.push({ request: undefined, forwarded: body, answer: Buffer.alloc(0) });
    this.server.write(frameOf(body));
  }

  #fromClient(chunk: Buffer): void {
    const { request } = this.#hooks;
    this.server.cork();
    for (const body of this.#requests.push(chunk)) {
      const forwarded = request === undefined ? body : request(body);
      if (forwarded === undefined) continue;
      const answer = this.#answers.get(forwarded);
      this.#answers.delete(forwarded);
      this.#due.push({ request: body, forwarded, ...(answer !== undefined && { answer }) });
      if (request !== undefined) this.#toServer(frameOf(forwarded));
    }
    // Without a hook halves of frames are passed on as they come.
    if (request === undefined) this.#toServer(chunk);
    else if (this.#requests.isBroken) this.#toServer(this.#requests.rest());
    this.server.uncork();
  }

  #toServer(bytes: Buffer): void {
    if (bytes.length > 0 && this.server.writable && !this.server.write(bytes)) this.client.pause();
  }

  #clientEnded(): void {
    const rest = this.#hooks.request === undefined ? Buffer.alloc(0) : this.#requests.rest();
    if (this.#hooks.ended !== undefined) return this.#hooks.ended(this.#requests.rest());
    this.#toServer(rest);
    this.server.end();
  }

  #fromServer(chunk: Buffer): void {
    const replies = this.#replies.push(chunk).flatMap((body) => this.#replace(body));
    const { batch, frame = frameOf, output } = this.#hooks;
    const bytes = Buffer.concat((batch?.(replies) ?? replies).map(frame));
    if (bytes.length === 0) return;
    if (output === undefined && bytes.length > 0) this.#send(() => this.write(bytes));
    else this.#send(() => output?.(bytes));
  }

  #replace(body: Buffer): readonly Buffer[] {
    const due = this.#dueFor(body);
    if (due?.answer !== undefined) return due.answer.length > 0 ? [due.answer] : [];
    const replies = this.#hooks.reply?.(body, due?.request) ?? body;
    return Buffer.isBuffer(replies) ? [replies] : replies;
  }

  /** The request that a reply belongs to. Quiet requests may have been passed over. */
  #dueFor(body: Buffer): Due | undefined {
    const at = this.#due.findIndex(({ forwarded }) =>
      isJson(body) || isJson(forwarded)
        ? isJson(body) === isJson(forwarded)
        : (forwarded[0]! | REPLY_BIT) === body[0] && forwarded.readUInt32BE(4) === body.readUInt32BE(4),
    );
    if (at < 0) return undefined;
    const due = this.#due[at];
    this.#due = this.#due.slice(at + 1);
    return due;
  }

  /** Does something once everything before it was sent. */
  #send(work: () => Promise<void> | void): void {
    if (this.#hooks.output === undefined) void work();
    else this.#sending = this.#sending.then(work);
  }

  /** One write to the client. */
  write(bytes: Buffer): void {
    if (this.client.writable && !this.client.write(bytes)) this.server.pause();
  }
}

/** Whether a body is a request of this operation. */
export function isOperation(body: Buffer | undefined, name: keyof typeof OPCODE): boolean {
  return body !== undefined && body[0] === OPCODE[name];
}
