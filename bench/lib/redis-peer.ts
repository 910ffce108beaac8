/** One connection to a Redis that sends a command and waits for the reply: for what the load cannot ask. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export class RedisPeer {
  readonly #socket: Socket;
  #received = '';
  #settle: { resolve(reply: string): void; reject(error: Error): void } | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1').on('data', (chunk: string) => this.#read(chunk));
    socket.on('error', (error) => this.#settle?.reject(error));
    socket.on('close', () => this.#settle?.reject(new Error('Redis has closed the connection')));
  }

  static async connect(port: number): Promise<RedisPeer> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new RedisPeer(socket);
  }

  /**
   * Sends one command, such as `INFO persistence`.
   *
   * @returns a bulk string's content, any other reply as its line; errors begin with `-`
   * @throws Error if the connection is lost
   */
  async ask(command: string): Promise<string> {
    const reply = new Promise<string>((resolve, reject) => (this.#settle = { resolve, reject }));
    this.#socket.write(`${command}\r\n`);
    return reply;
  }

  close(): void {
    this.#settle = undefined;
    this.#socket.destroy();
  }

  /** Replies are lines, and `$length` has that many bytes and a line's end behind it. */
  #read(chunk: string): void {
    this.#received += chunk;
    const lineEnd = this.#received.indexOf('\r\n');
    if (lineEnd < 0) return;
    const line = this.#received.slice(0, lineEnd);
    const bodyStart = lineEnd + 2;
    const bodyEnd = line.startsWith('$') ? bodyStart + Number(line.slice(1)) : undefined;
    const end = bodyEnd === undefined ? bodyStart : bodyEnd + 2;
    if (this.#received.length < end) return;
    const reply = bodyEnd === undefined ? line : this.#received.slice(bodyStart, bodyEnd);
    this.#received = this.#received.slice(end);
    this.#settle?.resolve(reply);
  }
}
