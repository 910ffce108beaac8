/** Opens the sockets on which a server listens. */
import { chmod, readFile, rm, stat, unlink } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server as NetServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { SpeicherError } from '../../protocol/index.ts';
import { formatListenUrl, parseListenUrl, type ListenAddress } from '../listen-url.ts';
import type { ServerOptions } from '../options.ts';
import type { ByteStream } from './byte-stream.ts';
import { isBun, listenOnBun } from './bun-stream.ts';
import { acceptHandles } from './handle-stream.ts';
import { SocketStream } from './socket-stream.ts';

/** Only the server's own user may connect to a Unix socket. */
const UNIX_SOCKET_MODE = 0o700;

/** The kernel's queue of connections that were not accepted yet; it cuts this down to what it allows. */
const BACKLOG = 4096;

export interface Listener {
  /** Where it listens, with the port that it got. */
  readonly address: ListenAddress;
  /** The same as a URL. */
  readonly url: string;
  /** How bytes come and go: over the runtime's handles, by what is documented of it, or over Bun's sockets. */
  readonly transport: 'handles' | 'plain' | 'bun';
  /** Stops accepting; open connections stay. */
  close(): Promise<void>;
}

/**
 * Listens on one address.
 *
 * @param url one of `options.listen`
 * @param onConnection called with every connection, over TLS once the handshake is done
 * @param onError called when a connection could not be accepted, for want of descriptors for example
 * @throws SpeicherError `SPEICHER_LISTEN`
 */
export async function openListener(
  url: string,
  options: ServerOptions,
  onConnection: (stream: ByteStream) => void,
  onError: (error: Error) => void,
): Promise<Listener> {
  const wanted = parseListenUrl(url)!;
  try {
    if (wanted.scheme === 'unix') await removeStaleSocket(wanted.path);
    const listener =
      isBun && wanted.scheme !== 'tls' && options.transport === 'auto'
        ? openOnBun(wanted, onConnection)
        : await openOnNode(wanted, options, onConnection, onError);
    if (wanted.scheme === 'unix') await chmod(wanted.path, UNIX_SOCKET_MODE);
    return listener;
  } catch (error) {
    throw new SpeicherError('SPEICHER_LISTEN', `${url} (${reasonOf(error)})`, { cause: error });
  }
}

async function openOnNode(
  wanted: ListenAddress,
  options: ServerOptions,
  onConnection: (stream: ByteStream) => void,
  onError: (error: Error) => void,
): Promise<Listener> {
  const server = await makeServer(wanted, options, (socket) => onConnection(new SocketStream(socket)));
  await listen(server, wanted);
  server.on('error', onError);
  const takesHandles = wanted.scheme !== 'tls' && options.transport === 'auto';
  const transport = takesHandles && acceptHandles(server, onConnection, onError) ? 'handles' : 'plain';
  const address = wanted.scheme === 'unix' ? wanted : { ...wanted, port: (server.address() as AddressInfo).port };
  return { address, url: formatListenUrl(address), transport, close: () => closeServer(server) };
}

function openOnBun(wanted: ListenAddress, onConnection: (stream: ByteStream) => void): Listener {
  const where = wanted.scheme === 'unix' ? { unix: wanted.path } : { hostname: wanted.host, port: wanted.port };
  const server = listenOnBun(where, onConnection);
  const address = wanted.scheme === 'unix' ? wanted : { ...wanted, port: server.port };
  const close = async () => {
    server.stop();
    if (wanted.scheme === 'unix') await rm(wanted.path, { force: true });
  };
  return { address, url: formatListenUrl(address), transport: 'bun', close };
}

async function makeServer(
  address: ListenAddress,
  options: ServerOptions,
  onConnection: (socket: Socket) => void,
): Promise<NetServer> {
  // TRANSPORT-4: a client that has ended is still answered.
  const socketOptions = { allowHalfOpen: true, noDelay: true };
  if (address.scheme !== 'tls') return createServer(socketOptions, onConnection);
  const { tlsCertFile, tlsKeyFile, tlsClientCaFile, authTimeoutMs, maxConnections } = options;
  const server = createTlsServer(
    {
      ...socketOptions,
      cert: await readFile(tlsCertFile!),
      key: await readFile(tlsKeyFile!),
      ...(tlsClientCaFile === undefined
        ? {}
        : { ca: await readFile(tlsClientCaFile), requestCert: true, rejectUnauthorized: true }),
      handshakeTimeout: authTimeoutMs,
      minVersion: 'TLSv1.2',
    },
    onConnection,
  );
  // Connections whose handshake is still under way are not the server's yet, and would escape its limit.
  server.maxConnections = maxConnections;
  // With half-open sockets the runtime leaves those whose handshake failed or took too long open: `stop` would wait for
  // them for ever.
  server.on('tlsClientError', (_, socket) => socket.destroy());
  return server;
}

function listen(server: NetServer, address: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const listening = () => {
      server.off('error', reject);
      resolve();
    };
    if (address.scheme === 'unix') server.listen({ path: address.path, backlog: BACKLOG }, listening);
    else server.listen({ host: address.host, port: address.port, backlog: BACKLOG }, listening);
  });
}

function closeServer(server: NetServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

/** Removes the socket of a server that has died; the socket of one that lives is left alone, and listening fails. */
async function removeStaleSocket(path: string): Promise<void> {
  const status = await stat(path).catch(() => undefined);
  if (status?.isSocket() && !(await answers(path))) await unlink(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (isAlive: boolean) => {
      socket.destroy();
      resolve(isAlive);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}

const REASONS: ReadonlyMap<unknown, string> = new Map([
  ['EADDRINUSE', 'the address is in use'],
  ['EADDRNOTAVAIL', 'this machine has no such address'],
  ['EACCES', 'permission denied'],
]);

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return REASONS.get(Reflect.get(error, 'code')) ?? error.message;
}
