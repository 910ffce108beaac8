/** Opens sockets to where a server listens. */
import net from 'node:net';
import tls from 'node:tls';
import { SpeicherError } from '../protocol/index.ts';
import { readOnAfterFailedWrites } from './write-errors.ts';

export type TlsOptions = Omit<tls.ConnectionOptions, 'host' | 'port' | 'path' | 'socket'>;

/** Where a server listens: a Unix socket's path, or host and port; over TLS if `tls` is there. */
export interface Target {
  readonly path?: string;
  readonly host?: string;
  readonly port?: number;
  readonly tls?: TlsOptions;
}

/** Text for errors: the address, never credentials. */
export function describeTarget({ path, host, port, tls: secured }: Target): string {
  const address = path ?? (host?.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);
  return secured === undefined ? address : `${address} (TLS)`;
}

/** The event with which a socket to this target is ready for use. */
export function readyEvent(target: Target): 'connect' | 'secureConnect' {
  return target.tls === undefined ? 'connect' : 'secureConnect';
}

/** What an error of a socket says. That of several addresses which all failed has a code and no message. */
export function reasonOf(error: Error): string {
  return error.message === '' && 'code' in error ? String(error.code) : error.message;
}

/**
 * Begins to connect, trying all addresses of a name, IPv6 and IPv4.
 *
 * @param timeoutMs how long connecting may take; a quarter of it goes to one address before the next is tried
 * @throws SpeicherError SPEICHER_CONNECT if the runtime refuses to try: a certificate that is none, a path too long
 */
export function dial(target: Target, timeoutMs: number): net.Socket {
  try {
    const socket = openSocket(target, timeoutMs);
    readOnAfterFailedWrites(socket);
    return socket;
  } catch (error) {
    const detail = `${describeTarget(target)}: ${reasonOf(error as Error)}`;
    throw new SpeicherError('SPEICHER_CONNECT', detail, { cause: error });
  }
}

function openSocket({ path, host, port, tls: secured }: Target, timeoutMs: number): net.Socket {
  const address =
    path === undefined
      ? {
          host: host!,
          port: port!,
          autoSelectFamily: true,
          autoSelectFamilyAttemptTimeout: Math.max(10, Math.ceil(timeoutMs / 4)),
          noDelay: true,
          keepAlive: true,
        }
      : { path };
  if (secured === undefined) return net.connect(address);
  // A name is sent along only if it is one, and no address (RFC 6066).
  const servername = host === undefined || net.isIP(host) ? {} : { servername: host };
  return tls.connect({ ...servername, ...secured, ...address });
}
