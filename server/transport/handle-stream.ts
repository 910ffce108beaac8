/**
 * Bytes straight over a handle of Node's, the object that a net.Socket is made of. What comes lands in one buffer for
 * all connections, replies go to the kernel from the connection's own buffer, and no stream, event or tick of Node's
 * stands between: that was a third of what a request cost, and two thirds of what a silent connection weighed
 * (docs/decisions/0009-below-the-sockets.md).
 *
 * This is the one file that knows the runtime's internals. `acceptHandles` looks whether they are what it expects, and
 * where they are not, socket-stream.ts does the same by what is documented.
 */
import type { Server } from 'node:net';
import { getSystemErrorName } from 'node:util';
import { peerName, type ByteStream, type StreamReader } from './byte-stream.ts';

/** One read takes this much at most; a connection that sends more is read again before the others' turn, 32 times. */
const READ_BYTES = 64 * 1024;

/** Views of short replies are kept by their length: making one costs as much as finding an item. */
const KEPT_VIEW_BYTES_MAX = 1024;

const UV_EOF = -4095;

/** A request to libuv to write or to shut down; libuv holds it while it is under way. */
interface HandleRequest {
  oncomplete: ((status: number) => void) | undefined;
  /** Keeps the bytes alive until they are written. */
  bytes?: Uint8Array;
}

/** Of the handles of TCP and Unix sockets, what is used here. Numbers returned are 0 or an error of libuv. */
interface Handle {
  onread: (this: Handle) => void;
  readonly writeQueueSize: number;
  useUserBuffer(bytes: Uint8Array): void;
  readStart(): number;
  readStop(): number;
  writeBuffer(request: HandleRequest, bytes: Uint8Array): number;
  shutdown(request: HandleRequest): number;
  close(): void;
  setNoDelay?(enable: boolean): number;
  getpeername?(into: { address?: string; port?: number }): number;
  [STREAM]?: HandleStream;
}

interface ListeningHandle extends Handle {
  onconnection: (status: number, client: Handle | undefined) => void;
}

/** What Node keeps for its own sockets, the same for all of them. */
interface StreamBinding {
  readonly WriteWrap: new () => HandleRequest;
  readonly ShutdownWrap: new () => HandleRequest;
  /** What the last call told, by the indexes below. */
  readonly streamBaseState: Int32Array;
  readonly kReadBytesOrError: number;
  readonly kLastWriteWasAsync: number;
}

const STREAM = Symbol('stream');

const HANDLE_METHODS = ['useUserBuffer', 'readStart', 'readStop', 'writeBuffer', 'shutdown', 'close'] as const;

/** The internals that this file needs, or undefined where they are missing or not what it expects. */
function streamBinding(): StreamBinding | undefined {
  try {
    const binding = (Reflect.get(process, 'binding') as (name: string) => unknown).call(process, 'stream_wrap');
    const { WriteWrap, ShutdownWrap, streamBaseState, kReadBytesOrError, kLastWriteWasAsync } =
      binding as Partial<StreamBinding>;
    const isComplete =
      typeof WriteWrap === 'function' &&
      typeof ShutdownWrap === 'function' &&
      streamBaseState instanceof Int32Array &&
      typeof kReadBytesOrError === 'number' &&
      typeof kLastWriteWasAsync === 'number';
    return isComplete ? (binding as StreamBinding) : undefined;
  } catch {
    // Node refuses it under its permission model, and may not have it at all one day.
    return undefined;
  }
}

/** What all streams over handles share. */
class HandleRuntime {
  readonly binding: StreamBinding;
  readonly input = new Uint8Array(READ_BYTES);
  /** libuv takes hold of a request only where it could not write at once: until then one serves all. */
  idleRequest: HandleRequest;
  /** One function for all handles: it is called with the handle as `this`, and the state tells what was read. */
  readonly onRead: Handle['onread'];
  #viewed: Uint8Array = this.input;
  #views: (Uint8Array | undefined)[] = [];

  constructor(binding: StreamBinding) {
    this.binding = binding;
    this.idleRequest = new binding.WriteWrap();
    const { streamBaseState, kReadBytesOrError } = binding;
    this.onRead = function onRead() {
      this[STREAM]?.read(streamBaseState[kReadBytesOrError]!);
    };
  }

  /** The first `end` bytes of a buffer. */
  view(bytes: Uint8Array, end: number): Uint8Array {
    if (end > KEPT_VIEW_BYTES_MAX) return bytes.subarray(0, end);
    if (bytes !== this.#viewed) {
      this.#viewed = bytes;
      this.#views = Array.from({ length: KEPT_VIEW_BYTES_MAX + 1 });
    }
    return (this.#views[end] ??= bytes.subarray(0, end));
  }
}

/**
 * Takes over the connections of a server that listens, if the runtime's internals are what this file expects.
 *
 * @param server one of node:net, over TCP or a Unix socket, that listens and has not accepted anything yet
 * @param onConnection called with every connection
 * @param onError called when a connection could not be accepted
 * @returns whether it has; if not, the server goes on as it was
 */
export function acceptHandles(
  server: Server,
  onConnection: (stream: ByteStream) => void,
  onError: (error: Error) => void,
): boolean {
  const binding = streamBinding();
  const listening = Reflect.get(server, '_handle') as Partial<ListeningHandle> | null;
  if (binding === undefined || typeof listening?.onconnection !== 'function') return false;
  // Those that listen are of the same class as those that they accept.
  if (!HANDLE_METHODS.every((name) => typeof listening[name] === 'function')) return false;
  if (typeof listening.writeQueueSize !== 'number') return false;
  const runtime = new HandleRuntime(binding);
  listening.onconnection = (status, client) => {
    if (status !== 0 || client === undefined) onError(systemError(status, 'accept'));
    else onConnection(new HandleStream(runtime, client));
  };
  return true;
}

class HandleStream implements ByteStream {
  readonly peer: string;
  readonly #runtime: HandleRuntime;
  readonly #handle: Handle;
  #reader: StreamReader | undefined;
  /** libuv takes it for an error to begin twice, and stops by itself at the client's end. */
  #isReading = false;
  #hasEnded = false;
  /** Writes that the kernel did not take at once. */
  #writesUnderWay = 0;

  constructor(runtime: HandleRuntime, handle: Handle) {
    this.#runtime = runtime;
    this.#handle = handle;
    handle[STREAM] = this;
    handle.setNoDelay?.(true);
    const name: { address?: string; port?: number } = {};
    handle.getpeername?.(name);
    this.peer = peerName(name.address, name.port);
  }

  get unsentBytes(): number {
    // To ask the handle is a call out of JavaScript, and after almost every write there is nothing to ask.
    return this.#writesUnderWay === 0 || this.#reader === undefined ? 0 : this.#handle.writeQueueSize;
  }

  get unsentProgress(): number {
    return this.unsentBytes;
  }

  open(reader: StreamReader): void {
    this.#reader = reader;
    this.#handle.onread = this.#runtime.onRead;
    this.#handle.useUserBuffer(this.#runtime.input);
    this.resume();
  }

  write(bytes: Uint8Array, end: number): boolean {
    if (this.#reader === undefined) return true;
    const { binding, idleRequest: request } = this.#runtime;
    const view = this.#runtime.view(bytes, end);
    const status = this.#handle.writeBuffer(request, view);
    if (status !== 0) this.#checkLater(status, 'write');
    else if (binding.streamBaseState[binding.kLastWriteWasAsync] !== 0) {
      request.bytes = view;
      request.oncomplete = (status) => this.#written(status, bytes);
      this.#runtime.idleRequest = new binding.WriteWrap();
      this.#writesUnderWay++;
      return false;
    }
    return true;
  }

  pause(): void {
    if (this.#reader === undefined || !this.#isReading) return;
    this.#isReading = false;
    this.#checkLater(this.#handle.readStop(), 'read');
  }

  resume(): void {
    if (this.#reader === undefined || this.#isReading || this.#hasEnded) return;
    this.#isReading = true;
    this.#checkLater(this.#handle.readStart(), 'read');
  }

  end(): void {
    if (this.#reader === undefined) return;
    const request = new this.#runtime.binding.ShutdownWrap();
    request.oncomplete = (status) => this.#shutDown(status);
    const status = this.#handle.shutdown(request);
    // A positive one says that it is done already.
    if (status < 0) this.#checkLater(status, 'shutdown');
    else if (status > 0) this.#shutDown(status);
  }

  destroy(): void {
    if (this.#reader === undefined) return;
    this.#reader = undefined;
    this.#handle.close();
  }

  /** Bytes have come, or the client's end, or an error. */
  read(bytesOrError: number): void {
    const reader = this.#reader;
    if (reader === undefined || bytesOrError === 0) return;
    if (bytesOrError > 0) reader.received(this.#runtime.input, 0, bytesOrError);
    else if (bytesOrError === UV_EOF) {
      this.#isReading = false;
      this.#hasEnded = true;
      reader.ended();
    } else this.#check(bytesOrError, 'read');
  }

  #written(status: number, bytes: Uint8Array): void {
    this.#writesUnderWay--;
    if (status !== 0) return this.#check(status, 'write');
    this.#reader?.released(bytes);
    if (this.#reader !== undefined && this.#handle.writeQueueSize === 0) this.#reader.drained();
  }

  #shutDown(status: number): void {
    if (status < 0) this.#check(status, 'shutdown');
    else this.#reader?.finished();
  }

  /** The same for who has made the call, and is to be done with what it is amid before it is told. */
  #checkLater(status: number, call: string): void {
    if (status < 0) queueMicrotask(() => this.#check(status, call));
  }

  /** Closes and tells so, if a call of the handle's has failed. */
  #check(status: number, call: string): void {
    const reader = this.#reader;
    if (status >= 0 || reader === undefined) return;
    this.destroy();
    reader.closed(systemError(status, call));
  }
}

function systemError(status: number, call: string): Error {
  const code = getSystemErrorName(status);
  return Object.assign(new Error(`${call} ${code}`), { code, errno: status, syscall: call });
}
