/** Where a server listens: `host:port`, `tcp://host:port`, `tls://host:port` or `unix:/path` (TRANSPORT-1). */
import { createConnection, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { DEFAULT_PORT } from '../../protocol/limits.ts';

export type Address =
  | { readonly kind: 'tcp' | 'tls'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** Reads an address. Throws a TypeError that shows the forms. */
export function parseAddress(text: string): Address {
  const unix = /^unix:(?:\/\/)?(\/.+)$/.exec(text);
  if (unix?.[1] !== undefined) return { kind: 'unix', path: unix[1] };
  const match = /^(?:(tcp|tls):\/\/)?(\[[0-9a-fA-F:.]+\]|[^:/[\]]+)(?::([0-9]{1,5}))?$/.exec(text);
  const port = Number(match?.[3] ?? DEFAULT_PORT);
  if (match?.[2] === undefined || port < 1 || port > 0xffff) {
    throw new TypeError(`${text} is no address; use host:port, tcp://host:port, tls://host:port or unix:/path`);
  }
  return { kind: match[1] === 'tls' ? 'tls' : 'tcp', host: match[2].replace(/^\[|\]$/g, ''), port };
}

export function showAddress(address: Address): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${address.kind === 'tls' ? 'tls://' : ''}${host}:${address.port}`;
}

/**
 * A socket that is connecting. A TLS certificate is not verified: the suite judges the protocol, not the certificate.
 */
export function openSocket(address: Address): Socket {
  const half = { allowHalfOpen: true, noDelay: true };
  if (address.kind === 'unix') return createConnection({ ...half, path: address.path });
  const { host, port } = address;
  if (address.kind === 'tls') return connectTls({ host, port, rejectUnauthorized: false });
  return createConnection({ ...half, host, port });
}
