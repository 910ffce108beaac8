/** What a server does with some bytes on a connection of its own, without any idea of what it might be. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { openSocket, type Address } from '../target/address.ts';

export interface Observation {
  /** The bytes that were sent. */
  readonly sent: Buffer;
  readonly isConnected: boolean;
  /** The code of the socket's error, such as ECONNREFUSED. */
  readonly error?: string;
  /** What came, up to a bound. */
  readonly received: Buffer;
  /** The pieces in which the first bytes came, as far as the system shows them. */
  readonly pieces: readonly number[];
  /** Whether there was more than the bound, or no end of it. */
  readonly isFlood: boolean;
  /** Whether the server closed the connection. */
  readonly isClosed: boolean;
}

const RECEIVED_BYTES_MAX = 64 << 10;
const QUIET_MS = 60;
const UNFINISHED_QUIET_MS = 1000;
const LENGTH_BYTES = 4;
/** Of the wait for an answer: whoever sends a byte now and then for ever is not listened to for longer. */
const WAITS_MAX = 2;

/** Whether the bytes are whole frames as section 2 has them. */
function isWhole(bytes: Buffer): boolean {
  let offset = 0;
  while (offset + LENGTH_BYTES <= bytes.length) offset += LENGTH_BYTES + bytes.readUInt32BE(offset);
  return offset === bytes.length && offset > 0;
}

/** Waits for the connection. Gives the error's code, or undefined. */
async function connected(socket: Socket, address: Address, waitMs: number): Promise<string | undefined> {
  try {
    const event = address.kind === 'tls' ? 'secureConnect' : 'connect';
    // This one takes whole milliseconds alone.
    await once(socket, event, { signal: AbortSignal.timeout(Math.ceil(waitMs)) });
    return undefined;
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') return 'TIMEOUT';
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}

/**
 * Sends the bytes and listens: until the server closes or falls silent, until there is too much, or for `waitMs` if
 * nothing comes, and never for longer than twice that. It never throws.
 */
export async function observe(address: Address, sent: Buffer, waitMs: number): Promise<Observation> {
  const socket = openSocket(address);
  const chunks: Buffer[] = [];
  let receivedBytes = 0;
  const error = await connected(socket, address, waitMs);
  const unfinishedMs = Math.min(waitMs, UNFINISHED_QUIET_MS);
  const nothing = { received: Buffer.alloc(0), pieces: [], isFlood: false, isClosed: false };
  if (error !== undefined) {
    socket.on('error', () => {});
    socket.destroy();
    return { sent, isConnected: false, error, ...nothing };
  }
  let isEndless = false;
  const isClosed = await new Promise<boolean>((resolve) => {
    let timer = setTimeout(() => end(false), waitMs);
    const last = setTimeout(() => {
      isEndless = !isWhole(Buffer.concat(chunks));
      end(false);
    }, waitMs * WAITS_MAX);
    const end = (closed: boolean): void => {
      clearTimeout(timer);
      clearTimeout(last);
      resolve(closed);
    };
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      receivedBytes += chunk.length;
      clearTimeout(timer);
      if (receivedBytes > RECEIVED_BYTES_MAX) return end(false);
      timer = setTimeout(() => end(false), isWhole(Buffer.concat(chunks)) ? QUIET_MS : unfinishedMs);
    });
    for (const event of ['end', 'error', 'close']) socket.on(event, () => end(true));
    if (sent.length > 0) socket.write(sent);
  });
  socket.destroy();
  return {
    sent,
    isConnected: true,
    received: Buffer.concat(chunks).subarray(0, RECEIVED_BYTES_MAX),
    pieces: chunks.map(({ length }) => length),
    isFlood: isEndless || receivedBytes > RECEIVED_BYTES_MAX,
    isClosed,
  };
}

/** Whether a server at a TCP port takes a TLS handshake. */
export async function speaksTls(address: Address, waitMs: number): Promise<boolean> {
  if (address.kind !== 'tcp') return false;
  const socket = connectTls({ host: address.host, port: address.port, rejectUnauthorized: false });
  const error = await connected(socket, { ...address, kind: 'tls' }, waitMs);
  socket.on('error', () => {});
  socket.destroy();
  return error === undefined;
}
