/** Brings a subject to life, in this process: quick to start, and as many at a time as somebody likes. */
import { once } from 'node:events';
import { createServer as createListener, type AddressInfo, type Server as Listener, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import {
  createServer,
  createStore,
  parseServerOptions,
  systemClock,
  type Server,
  type ServerOptionsInput,
  type Store,
} from '../../server/index.ts';
import { commandOf } from '../../testing/speicher-command.ts';
import { showAddress } from '../target/address.ts';
import { spawnTarget } from '../target/spawned.ts';
import type { ServerProcess } from '../target/target.ts';
import { loseUnsafe, type Defect } from './durable/store.ts';
import type { Subject } from './subject.ts';
import { Link } from './wire.ts';

/** Small, so that the cases about limits can reach them. */
const OPTIONS: ServerOptionsInput = { maxKeyBytes: 250, maxValueBytes: 8 << 10, maxFrameBytes: 16 << 10 };

export interface Running {
  /** `127.0.0.1:port`. */
  readonly address: string;
  readonly credentials?: string;
  /** Resolves when it has died of its own defect. */
  readonly crashed: Promise<void>;
  /** Of one that is a process of its own. */
  readonly process?: ServerProcess;
  /** Ends it so that it loses what it has not made durable. */
  readonly losePower?: (server: ServerProcess) => Promise<void>;
  stop(): Promise<void>;
}

const DURABLE = commandOf('spec/subjects/durable/serve');
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const NEVER = new Promise<void>(() => {});

/**
 * Starts a subject.
 *
 * @param listen where its clients are to find it
 */
export async function startSubject(subject: Subject, listen = { host: '127.0.0.1', port: 0 }): Promise<Running> {
  if (subject.unreachable) return unreachable();
  if (subject.durable !== undefined) return startDurable(subject.durable, listen.port);
  if (subject.raw !== undefined) return serveRaw(subject.raw, listen);
  const options: ServerOptionsInput = { ...OPTIONS, ...subject.options };
  const { maxFrameBytes } = parseServerOptions(options);
  const credentials = options.auth?.[0];
  const extra = credentials === undefined ? {} : { credentials };
  if (subject.wire === undefined) {
    const server = await startServer(subject, { ...options, listen: [`tcp://${listen.host}:${listen.port}`] });
    return { address: `${listen.host}:${portOf(server)}`, ...extra, crashed: NEVER, stop: () => server.stop() };
  }
  const { wire } = subject;
  const behind: ServerOptionsInput = { ...options, listen: ['tcp://127.0.0.1:0'] };
  const servers = subject.serverForEach ? [] : [await startServer(subject, behind)];
  const links = new Set<Link>();
  const memory = new Map<string, unknown>();
  const serve = (socket: Socket, upstreamPort: number, crash: () => void): void => {
    const link = new Link({ links, memory, upstreamPort, frameBytesMax: maxFrameBytes, crash }, socket, wire);
    links.add(link);
    void link.closed.then(() => links.delete(link));
  };
  const own = async (socket: Socket, crash: () => void): Promise<void> => {
    const server = await startServer(subject, behind);
    servers.push(server);
    serve(socket, portOf(server), crash);
    socket.resume();
  };
  const front = await serveSockets(listen, (socket, crash) => {
    const shared = subject.serverForEach ? undefined : servers[0];
    if (shared !== undefined) return serve(socket, portOf(shared), crash);
    socket.pause();
    void own(socket, crash);
  });
  const stop = async (): Promise<void> => {
    front.crash();
    await Promise.all(servers.map((server) => server.stop()));
  };
  return { address: front.address, ...extra, crashed: front.crashed, stop };
}

async function losePower(server: ServerProcess): Promise<void> {
  await server.kill('SIGKILL');
  loseUnsafe(server.dataPath);
}

/** @param port 0 for one that is free */
async function startDurable(defect: Defect, port: number): Promise<Running> {
  const command = [...DURABLE, defect, port === 0 ? '{port}' : String(port), '{data}'];
  const target = await spawnTarget({ command, cwd: ROOT });
  return {
    address: showAddress(target.address),
    process: target,
    losePower,
    crashed: NEVER,
    stop: () => target.stop(),
  };
}

async function startServer(subject: Subject, options: ServerOptionsInput): Promise<Server> {
  const plain = createStore(parseServerOptions(options), systemClock);
  const store = subject.store === undefined ? plain : changed(plain, subject.store(plain, systemClock));
  const server = createServer({ stopTimeoutMs: 0, ...options }, { store });
  await server.start();
  return server;
}

const portOf = (server: Server): number => server.addresses[0]?.port ?? 0;

/** A store with some operations of another; private members keep their object. */
function changed(base: Store, other: Partial<Store>): Store {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(base)).filter((name) => name !== 'constructor');
  const bound = names.flatMap((name) => {
    const member: unknown = Reflect.get(base, name);
    return typeof member === 'function' ? [[name, member.bind(base) as unknown] as const] : [];
  });
  return { ...(Object.fromEntries(bound) as unknown as Store), ...other };
}

interface Front {
  readonly address: string;
  /** Resolves when one of its connections has called `crash`. */
  readonly crashed: Promise<void>;
  crash(): void;
}

async function serveSockets(
  listen: { host: string; port: number },
  serve: (socket: Socket, crash: () => void) => void,
): Promise<Front> {
  const sockets = new Set<Socket>();
  const listener: Listener = createListener({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serve(socket, () => {
      crash();
      listener.emit('crash');
    });
  });
  const crashed = new Promise<void>((resolve) => listener.once('crash', resolve));
  const crash = (): void => {
    listener.close();
    for (const socket of sockets) socket.destroy();
  };
  listener.listen(listen.port, listen.host);
  await once(listener, 'listening');
  return { address: `${listen.host}:${(listener.address() as AddressInfo).port}`, crashed, crash };
}

async function serveRaw(raw: (socket: Socket) => void, listen: { host: string; port: number }): Promise<Running> {
  const front = await serveSockets(listen, (socket) => {
    socket.on('error', () => {});
    raw(socket);
  });
  return { address: front.address, crashed: NEVER, stop: async () => front.crash() };
}

/** A port that was free a moment ago. */
async function unreachable(): Promise<Running> {
  const front = await serveSockets({ host: '127.0.0.1', port: 0 }, () => {});
  front.crash();
  return { address: front.address, crashed: NEVER, stop: async () => {} };
}
