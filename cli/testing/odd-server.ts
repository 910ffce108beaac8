/** Our server with some operations of its store changed, for tests of what `speicher spec` says of it. */
import {
  createStore,
  createServer,
  parseServerOptions,
  systemClock,
  type ServerOptionsInput,
  type Store,
} from '../../server/index.ts';

export interface OddServer {
  /** `127.0.0.1:port`. */
  readonly address: string;
  readonly stop: () => Promise<void>;
}

/**
 * Starts it.
 *
 * @param change operations that take another's place, given the store that does them right
 */
export async function serveOdd(
  change: (base: Store) => Partial<Store> = () => ({}),
  { port = 0, ...options }: ServerOptionsInput & { readonly port?: number } = {},
): Promise<OddServer> {
  const base = createStore(parseServerOptions(options), systemClock);
  const changes = change(base);
  const store = new Proxy(base, {
    get: (_, name) => {
      const member: unknown = Reflect.get(changes, name) ?? Reflect.get(base, name);
      // Private members belong to the store itself.
      return typeof member === 'function' ? (member.bind(base) as unknown) : member;
    },
  });
  const server = createServer({ stopTimeoutMs: 0, ...options, listen: [`tcp://127.0.0.1:${port}`] }, { store });
  await server.start();
  return { address: `127.0.0.1:${server.addresses[0]?.port}`, stop: () => server.stop() };
}

/** The first value of a key stays. */
export function neverOverwrites(base: Store): Partial<Store> {
  const seen = new Set<string>();
  return {
    set: (request, reply) => {
      const key = Buffer.from(request.keyBytes.subarray(request.keyStart, request.keyEnd)).toString('hex');
      if (seen.has(key)) return;
      seen.add(key);
      base.set(request, reply);
    },
  };
}
