/** Where a server listens, as URLs: `tcp://127.0.0.1:14567`, `tcp://[::1]`, `tls://host:port`, `unix:///path`. */
import { isIPv4 } from 'node:net';
import { DEFAULT_PORT } from '../protocol/index.ts';

/** Where to listen. `host` has no brackets around IPv6; port 0 takes a free one. */
export type ListenAddress =
  | { readonly scheme: 'tcp' | 'tls'; readonly host: string; readonly port: number }
  | { readonly scheme: 'unix'; readonly path: string };

/** What `parseListenUrl` takes, for messages and help. */
export const LISTEN_URL_FORMS = 'tcp://HOST[:PORT], tls://HOST[:PORT] or unix:///PATH';

/**
 * Reads one listener's URL.
 *
 * @param text such as `tcp://127.0.0.1:14567`; without a port it is TRANSPORT-1's
 * @returns the address, or undefined if the text is no such URL or says more than an address
 */
export function parseListenUrl(text: string): ListenAddress | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, hostname, port, pathname, username, password, search, hash } = new URL(text);
  if (username !== '' || password !== '' || search !== '' || hash !== '') return undefined;
  if (protocol === 'unix:') {
    return hostname === '' && pathname.length > 1 ? { scheme: 'unix', path: decodePath(pathname) } : undefined;
  }
  if (protocol !== 'tcp:' && protocol !== 'tls:') return undefined;
  if (hostname === '' || (pathname !== '' && pathname !== '/')) return undefined;
  return {
    scheme: protocol === 'tcp:' ? 'tcp' : 'tls',
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? DEFAULT_PORT : Number(port),
  };
}

/** A path is not always percent-encoded: `%` in a name that is no escape stays what it is. */
function decodePath(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
}

/** The URL of an address, as `parseListenUrl` reads it and as the server announces it. */
export function formatListenUrl(address: ListenAddress): string {
  if (address.scheme === 'unix') return `unix://${address.path}`;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${address.scheme}://${host}:${address.port}`;
}

/** Whether only processes of the same machine can reach the address. */
export function isLocalAddress(address: ListenAddress): boolean {
  if (address.scheme === 'unix') return true;
  const { host } = address;
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}
