/**
 * Where a server listens, as one text:
 *
 *     tcp://host:port   tls://user:password@host:port   unix:///run/speicher.sock
 *
 * Host and port may be left out; user and password are percent-encoded where they need to be.
 */
import { SpeicherError } from '../protocol/index.ts';

export interface UrlParts {
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
  readonly tls?: true;
  readonly user?: string;
  readonly password?: string;
}

/** @throws SpeicherError SPEICHER_OPTION; the text is not repeated in it, as there may be a password inside */
export function parseUrl(text: string): UrlParts {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw wrongUrl('it is no URL such as tcp://localhost:14567');
  if (url.search !== '' || url.hash !== '') throw wrongUrl('it has no query and no fragment');
  const credentials = {
    ...(url.username === '' ? {} : { user: decode(url.username) }),
    ...(url.password === '' ? {} : { password: decode(url.password) }),
  };
  if (url.protocol === 'unix:') {
    if (url.host !== '' || url.pathname.length < 2) throw wrongUrl('after unix:// comes an absolute path');
    return { path: decode(url.pathname) };
  }
  if (url.protocol !== 'tcp:' && url.protocol !== 'tls:') throw wrongUrl('it begins with tcp://, tls:// or unix://');
  if (url.pathname !== '' && url.pathname !== '/') throw wrongUrl('nothing comes behind host and port');
  return {
    // The brackets around an IPv6 address belong to the URL and not to the address.
    ...(url.hostname === '' ? {} : { host: decode(url.hostname.replace(/^\[|\]$/g, '')) }),
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    ...(url.protocol === 'tls:' ? { tls: true } : {}),
    ...credentials,
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw wrongUrl('a % in it is not followed by two hexadecimal digits', cause);
  }
}

function wrongUrl(reason: string, cause?: unknown): SpeicherError {
  return new SpeicherError('SPEICHER_OPTION', `url: ${reason}`, { cause });
}
