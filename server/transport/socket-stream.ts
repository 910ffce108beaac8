/** Bytes over a socket of node:net or node:tls, by what is documented of them and nothing else. */
import type { Socket } from 'node:net';
import { peerName, type ByteStream, type StreamReader } from './byte-stream.ts';

export class SocketStream implements ByteStream {
  readonly peer: string;
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.peer = peerName(socket.remoteAddress, socket.remotePort);
  }

  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  get unsentProgress(): number {
    return this.#socket.writableLength + queuedBytes(this.#socket);
  }

  open(reader: StreamReader): void {
    const socket = this.#socket;
    socket.on('data', (chunk: Uint8Array) => reader.received(chunk, 0, chunk.length));
    socket.on('end', () => reader.ended());
    socket.on('drain', () => reader.drained());
    socket.on('finish', () => reader.finished());
    socket.on('error', (error: Error) => reader.closed(error));
    socket.on('close', () => reader.closed());
  }

  write(bytes: Uint8Array, end: number): boolean {
    this.#socket.write(bytes.subarray(0, end));
    // Where the operating system took all at once the buffer is free again.
    return this.#socket.writableLength === 0;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** Within one large write only the handle, where there is one, knows of progress. */
function queuedBytes(socket: Socket): number {
  const handle: unknown = Reflect.get(socket, '_handle');
  const queued: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'writeQueueSize') : 0;
  return typeof queued === 'number' ? queued : 0;
}
