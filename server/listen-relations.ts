/** How the options that say where a server listens, and who may come, depend on each other. */
import { isLocalAddress, parseListenUrl } from './listen-url.ts';

interface ListenOptions {
  readonly listen: readonly string[];
  readonly auth: readonly string[];
  readonly tlsCertFile?: string | undefined;
  readonly tlsKeyFile?: string | undefined;
  readonly tlsClientCaFile?: string | undefined;
  readonly allowInsecure: boolean;
}

interface ListenProblem {
  readonly property: keyof ListenOptions;
  readonly message: string;
}

/** Certificates are needed for tls:// listeners, and of no use without one. */
export function tlsProblem({
  listen,
  tlsCertFile,
  tlsKeyFile,
  tlsClientCaFile,
}: ListenOptions): ListenProblem | undefined {
  const url = listen.find((text) => parseListenUrl(text)?.scheme === 'tls');
  if (url !== undefined && tlsCertFile === undefined) {
    return { property: 'tlsCertFile', message: `is needed to listen on ${url}` };
  }
  if (url !== undefined && tlsKeyFile === undefined) {
    return { property: 'tlsKeyFile', message: `is needed to listen on ${url}` };
  }
  const given = Object.entries({ tlsCertFile, tlsKeyFile, tlsClientCaFile }).find(([, path]) => path !== undefined);
  if (url === undefined && given !== undefined) {
    return { property: given[0] as keyof ListenOptions, message: 'is of no use without a tls:// listener' };
  }
  return undefined;
}

/**
 * A listener that other machines reach must ask for a password or a client certificate, unless it is said otherwise.
 */
export function exposureProblem({
  listen,
  auth,
  tlsClientCaFile,
  allowInsecure,
}: ListenOptions): ListenProblem | undefined {
  if (auth.length > 0 || allowInsecure) return undefined;
  const exposed = listen.find((text) => {
    const address = parseListenUrl(text);
    if (address === undefined || isLocalAddress(address)) return false;
    return address.scheme !== 'tls' || tlsClientCaFile === undefined;
  });
  if (exposed === undefined) return undefined;
  return {
    property: 'listen',
    message:
      `${exposed} can be reached from other machines, and whoever reaches it may read and delete everything: give ` +
      'auth (USER:PASSWORD), or tls:// with tlsClientCaFile, or listen on 127.0.0.1 or unix://; ' +
      'or say allowInsecure if that is what you want',
  };
}
