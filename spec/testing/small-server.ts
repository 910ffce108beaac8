/** A small server of PING, SET, GET and DELETE for tests of the suite itself, right or with something changed. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { attach, type Target } from '../target/target.ts';
import { DueReader, type BinaryDue } from '../wire/due.ts';
import { buildFrame } from '../wire/request.ts';

/** What the small server does with a request: the frames to send. */
export type Behaviour = (due: BinaryDue, socket: Socket, items: Map<string, Buffer>) => Buffer[];

/** A reply without fields. */
export function reply({ opcode, id }: BinaryDue, status: number, value: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(8);
  head[0] = opcode | 0x80;
  head.writeUInt16BE(status, 2);
  head.writeUInt32BE(id, 4);
  return buildFrame(Buffer.concat([head, value]));
}

/**
 * PING, SET, GET, DELETE and nothing else: right as far as it goes. HELLO is refused, so core is what it is held to.
 */
export const right: Behaviour = (due, _, items) => {
  const key = due.key.toString('latin1');
  if (due.operation === 'PING') return [reply(due, 200, due.value)];
  if (due.operation === 'SET') items.set(key, Buffer.from(due.value));
  if (due.operation === 'SET') return [reply(due, 200)];
  const value = items.get(key);
  if (due.operation === 'GET') return [value === undefined ? reply(due, 404) : reply(due, 200, value)];
  if (due.operation === 'DELETE') return [reply(due, items.delete(key) ? 200 : 404)];
  return [reply(due, 405)];
};

/** The right server but for one operation. */
export function but(operation: string, other: Behaviour): Behaviour {
  return (due, socket, items) => (due.operation === operation ? other(due, socket, items) : right(due, socket, items));
}

export interface SmallServer {
  readonly target: Target;
  /** Drops every connection and closes the port. */
  readonly stop: () => void;
}

export async function serveSmall(behaviour: Behaviour): Promise<SmallServer> {
  const items = new Map<string, Buffer>();
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    const reader = new DueReader(1 << 20);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      for (const due of reader.push(chunk)) {
        // PROFILE-1: json is not among its profiles.
        if (due.kind === 'json') socket.write(buildFrame(Buffer.from('{"status_code":405}')));
        if (due.kind === 'binary') for (const frame of behaviour(due, socket, items)) socket.write(frame);
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { target: attach(`127.0.0.1:${(server.address() as AddressInfo).port}`), stop };
}
