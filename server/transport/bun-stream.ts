/**
 * Bytes over Bun's own sockets: beneath its node:net, which is made of them. What of a reply the kernel does not take
 * at once waits here, as Bun keeps nothing.
 */
import { peerName, type ByteStream, type StreamReader } from './byte-stream.ts';

/** Of Bun's sockets, what is used here. */
interface BunSocket {
  data: BunStream;
  readonly remoteAddress?: string;
  readonly remotePort?: number;
  /** Returns how many bytes the kernel has taken; less than 0 if the socket is closed. */
  write(bytes: Uint8Array, start: number, sizeBytes: number): number;
  pause(): void;
  resume(): void;
  shutdown(): void;
  close(): void;
  setNoDelay(enable: boolean): void;
}

interface BunListener {
  readonly port: number;
  stop(): void;
}

type Where = { readonly hostname: string; readonly port: number } | { readonly unix: string };

interface Bun {
  listen(
    options: Where & {
      allowHalfOpen: boolean;
      socket: {
        binaryType: 'uint8array';
        open(socket: BunSocket): void;
        data(socket: BunSocket, bytes: Uint8Array): void;
        drain(socket: BunSocket): void;
        end(socket: BunSocket): void;
        error(socket: BunSocket, error: Error): void;
        close(socket: BunSocket, error?: Error): void;
      };
    },
  ): BunListener;
}

/** What is left of a write. */
interface Rest {
  readonly bytes: Uint8Array;
  start: number;
  readonly end: number;
}

/** Bun's interface to its sockets; undefined where the runtime is another. */
function bun(): Bun | undefined {
  const found = Reflect.get(globalThis, 'Bun') as Partial<Bun> | undefined;
  return typeof found?.listen === 'function' ? (found as Bun) : undefined;
}

export const isBun = bun() !== undefined;

/**
 * Listens by Bun's own sockets, where `isBun`.
 *
 * @param where an address, port 0 for a free one, or the path of a Unix socket
 * @param onConnection called with every connection
 * @throws Error if it cannot listen there
 */
export function listenOnBun(where: Where, onConnection: (stream: ByteStream) => void): BunListener {
  return bun()!.listen({
    ...where,
    allowHalfOpen: true, // TRANSPORT-4
    socket: {
      binaryType: 'uint8array',
      open(socket) {
        socket.data = new BunStream(socket);
        onConnection(socket.data);
      },
      data: ({ data: stream }, bytes) => stream.received(bytes),
      drain: ({ data: stream }) => stream.drain(),
      end: ({ data: stream }) => stream.ended(),
      error: ({ data: stream }, error) => stream.closed(error),
      close: ({ data: stream }, error) => stream.closed(error),
    },
  });
}

class BunStream implements ByteStream {
  readonly peer: string;
  unsentBytes = 0;
  readonly #socket: BunSocket;
  #reader: StreamReader | undefined;
  readonly #rests: Rest[] = [];
  /** What Bun had read already when it was told to pause. */
  readonly #unread: Uint8Array[] = [];
  #isPaused = false;
  #hasEnded = false;
  #isEnding = false;
  /** Whether the socket is being called: what it tells meanwhile waits until that is over. */
  #isCalling = false;

  constructor(socket: BunSocket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    this.peer = peerName(socket.remoteAddress, socket.remotePort);
  }

  get unsentProgress(): number {
    return this.unsentBytes;
  }

  open(reader: StreamReader): void {
    this.#reader = reader;
  }

  write(bytes: Uint8Array, end: number): boolean {
    const takenBytes = this.#rests.length > 0 ? 0 : this.#call(() => this.#socket.write(bytes, 0, end));
    // A socket that is closed takes nothing any more, and Bun tells of it by itself.
    if (takenBytes < 0 || takenBytes >= end) return true;
    this.#rests.push({ bytes, start: takenBytes, end });
    this.unsentBytes += end - takenBytes;
    return false;
  }

  pause(): void {
    this.#isPaused = true;
    this.#call(() => this.#socket.pause());
  }

  resume(): void {
    if (!this.#isPaused || this.#reader === undefined) return;
    this.#isPaused = false;
    while (!this.#isPaused && this.#unread.length > 0) this.received(this.#unread.shift()!);
    if (this.#isPaused) return;
    if (this.#hasEnded) this.#reader?.ended();
    this.#call(() => this.#socket.resume());
  }

  end(): void {
    if (this.#reader === undefined) return;
    this.#isEnding = true;
    if (this.#rests.length === 0) this.#shutDown();
  }

  destroy(): void {
    if (this.#reader === undefined) return;
    this.#reader = undefined;
    this.#forgetRests();
    this.#socket.close();
  }

  received(bytes: Uint8Array): void {
    if (this.#isPaused) this.#unread.push(bytes);
    else this.#reader?.received(bytes, 0, bytes.length);
  }

  ended(): void {
    this.#hasEnded = true;
    if (!this.#isPaused) this.#reader?.ended();
  }

  closed(error?: Error): void {
    if (this.#isCalling) return queueMicrotask(() => this.closed(error));
    this.#forgetRests();
    this.#reader?.closed(error);
    this.#reader = undefined;
  }

  /** The kernel takes bytes again. */
  drain(): void {
    if (this.#rests.length === 0) return;
    for (let rest = this.#rests[0]; rest !== undefined; rest = this.#rests[0]) {
      const takenBytes = this.#socket.write(rest.bytes, rest.start, rest.end - rest.start);
      if (takenBytes < 0) return;
      rest.start += takenBytes;
      this.unsentBytes -= takenBytes;
      if (rest.start < rest.end) return;
      this.#rests.shift();
    }
    this.#reader?.drained();
    if (this.#isEnding && this.#rests.length === 0) this.#shutDown();
  }

  #call<Result>(call: () => Result): Result {
    this.#isCalling = true;
    try {
      return call();
    } finally {
      this.#isCalling = false;
    }
  }

  #shutDown(): void {
    this.#call(() => this.#socket.shutdown());
    this.#reader?.finished();
  }

  #forgetRests(): void {
    this.#rests.length = 0;
    this.unsentBytes = 0;
  }
}
