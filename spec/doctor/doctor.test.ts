import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { generate } from 'selfsigned';
import { afterEach, describe, expect, test } from 'vitest';
import { parseAddress } from '../target/address.ts';
import { diagnose, showFinding, type Diagnosis } from './doctor.ts';
import type { Finding } from './findings.ts';

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

async function listen(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const serve = (each: (socket: Socket) => void): Promise<string> => listen(createServer({ noDelay: true }, each));

/** Waits less than it would for a real server, as these are near. */
function look(address: string, hasCredentials = false): Promise<Diagnosis> {
  return diagnose(parseAddress(address), { timeoutScale: 0.2, hasCredentials });
}

test('a server that sends a byte now and then for ever is not listened to for ever', async () => {
  const address = await serve((socket) => {
    const timer = setInterval(() => socket.write('x'), 20);
    socket.on('close', () => clearInterval(timer));
  });
  const { isReady, findings } = await look(address);
  expect(isReady).toBe(false);
  expect(findings.map(showFinding)).toEqual([expect.stringContaining('and does not stop')]);
});

test('a wait that is no whole number of milliseconds is a wait like any other', async () => {
  const address = await serve(dialect({}));
  expect((await diagnose(parseAddress(address), { timeoutScale: 0.1 * 3 })).isReady).toBe(true);
});

interface Dialect {
  readonly littleEndian?: boolean;
  /** How many bytes more than those behind it the length counts. */
  readonly counts?: number;
  readonly change?: (reply: Buffer, request: Buffer) => Buffer | Buffer[];
}

/** Answers PING, and HELLO with core, in a dialect of its own. */
function dialect({ littleEndian = false, counts = 0, change = (reply) => reply }: Dialect): (socket: Socket) => void {
  return (socket) => {
    let pending = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 4) {
        const end = 4 + (littleEndian ? pending.readUInt32LE(0) : pending.readUInt32BE(0)) - counts;
        if (end < 12 || end > pending.length) return;
        const request = pending.subarray(4, end);
        pending = pending.subarray(end);
        const frames = [change(answer(request), request)].flat();
        for (const body of frames) {
          const length = Buffer.alloc(4);
          if (littleEndian) length.writeUInt32LE(body.length + counts);
          else length.writeUInt32BE(body.length + counts);
          socket.write(Buffer.concat([length, body]));
        }
      }
    });
  };
}

function entry(key: string, value: string): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt16BE(key.length, 0);
  head.writeUInt32BE(value.length, 2);
  return Buffer.concat([head, Buffer.from(key + value)]);
}

const HELLO = Buffer.concat(
  Object.entries({
    protocol: '1',
    server: 'small 1',
    profiles: 'core',
    'max-key': '250',
    'max-value': '1024',
    'max-frame': '2048',
  }).map(([key, value]) => entry(key, value)),
);

function answer(request: Buffer): Buffer {
  const head = Buffer.from(request.subarray(0, 8));
  const opcode = head.readUInt8(0);
  head[0] = opcode | 0x80;
  head.writeUInt16BE(opcode === 1 || opcode === 2 ? 200 : 405, 2);
  const value = opcode === 2 ? request.subarray(8) : opcode === 1 ? HELLO : Buffer.alloc(0);
  return Buffer.concat([head, value]);
}

function patched(offset: number, bytes: readonly number[]): (reply: Buffer) => Buffer {
  return (reply) => {
    const changed = Buffer.from(reply);
    changed.set(bytes, offset);
    return changed;
  };
}

const codes = ({ findings }: Diagnosis): string[] => findings.map(({ code }) => code);

describe('what cannot be judged is named', () => {
  test.each<[string, (socket: Socket) => void]>([
    ['echo', (socket) => socket.pipe(socket)],
    ['silent', (socket) => socket.resume()],
    ['closes', (socket) => socket.once('data', () => socket.destroy())],
    [
      'garbage',
      (socket) => {
        const more = (): void => void (socket.writable && socket.write(Buffer.alloc(1 << 16, 0xa5), more));
        more();
      },
    ],
    ['speaks-first', (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n')],
    [
      'memcached',
      (socket) =>
        socket.on('data', (data) =>
          socket.write(String(data).startsWith('version') ? 'VERSION 1.6.18\r\n' : 'ERROR\r\n'),
        ),
    ],
    [
      'redis',
      (socket) =>
        socket.on(
          'data',
          (data) =>
            /\n/.test(String(data)) && socket.write(String(data).startsWith('PING') ? '+PONG\r\n' : '-ERR unknown\r\n'),
        ),
    ],
    [
      'json-lines',
      (socket) => socket.on('data', (data) => /^\{.*\n/.test(String(data)) && socket.write('{"status_code":404}\n')),
    ],
    ['little-endian', dialect({ littleEndian: true })],
    ['counts-itself', dialect({ counts: 4 })],
    ['counts-no-head', dialect({ counts: -8 })],
  ])('%s', async (code, each) => {
    const diagnosis = await look(await serve(each));
    expect(codes(diagnosis)).toEqual([code]);
    expect(diagnosis.isReady).toBe(false);
  });

  test('http', async () => {
    expect(codes(await look(await listen(createHttpServer())))).toEqual(['http']);
  });

  test('a server that takes one connection at a time', async () => {
    let last = Promise.resolve();
    const address = await serve((socket) => {
      const before = last;
      last = once(socket, 'close').then(() => undefined);
      void before.then(() =>
        socket.on('data', (data) => String(data).startsWith('GET') && socket.end('HTTP/1.0 200 OK\r\n\r\n')),
      );
    });
    expect(codes(await look(address))).toEqual(['http']);
  });

  test('tls where it was not said, and not where it was', async () => {
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }]);
    const address = await listen(createTlsServer({ cert, key }, (socket) => dialect({})(socket)));
    expect(codes(await look(address))).toEqual(['tls']);
    expect(await look(`tls://${address}`)).toEqual({ isReady: true, findings: [] });
    expect(codes(await look(`tls://${await serve(dialect({}))}`))).toEqual(['no-tls']);
  });

  test('nobody there', async () => {
    const address = await serve(() => {});
    for (const stop of stops.splice(0)) stop();
    expect(codes(await look(address))).toEqual(['closed-port']);
    expect(codes(await look('unix:/nowhere/to/be/found'))).toEqual(['closed-port']);
  });
});

describe('what is mistaken is named, and can be judged', () => {
  test.each<[string, Dialect]>([
    ['no-high-bit', { change: (reply, request) => patched(0, [request.readUInt8(0)])(reply) }],
    ['opcode', { change: patched(0, [0xff]) }],
    ['id', { change: patched(4, [9, 9, 9, 9]) }],
    ['status-order', { change: (reply) => patched(2, [...reply.subarray(2, 4)].toReversed())(reply) }],
    ['ping-status', { change: patched(2, [0x01, 0x95]) }],
    ['ping-value', { change: (reply, request) => (request[0] === 2 ? reply.subarray(0, 8) : reply) }],
    ['answers-twice', { change: (reply) => [reply, reply] }],
    ['entries', { change: (reply, request) => (request[0] === 1 ? reply.subarray(0, -1) : reply) }],
    ['hello', { change: (reply, request) => (request[0] === 1 ? patched(2, [0x01, 0x95])(reply) : reply) }],
    [
      'hello-entries',
      {
        change: (reply, request) => (request[0] === 1 ? Buffer.concat([reply.subarray(0, 8), entry('a', 'b')]) : reply),
      },
    ],
  ])('%s', async (code, each) => {
    const diagnosis = await look(await serve(dialect(each)));
    expect(codes(diagnosis)).toContain(code);
    expect(diagnosis.isReady).toBe(true);
  });

  test('a reply in pieces is advice only', async () => {
    const address = await serve((socket) => {
      socket.on('data', (data: Buffer) => {
        const reply = answer(data.subarray(4));
        const length = Buffer.alloc(4);
        length.writeUInt32BE(reply.length);
        socket.write(length, () => setTimeout(() => socket.write(reply), 20));
      });
    });
    const { findings } = await look(address);
    expect(findings.map(({ code, weight }) => [code, weight])).toEqual([['two-writes', 'advice']]);
  });

  test('nothing is found in a server that is right', async () => {
    expect(await look(await serve(dialect({})))).toEqual({ isReady: true, findings: [] });
  });
});

test('a finding is one line: what it is, and what to do', async () => {
  const { findings } = await look(await serve((socket) => socket.pipe(socket)));
  const line = showFinding(findings[0] as Finding);
  expect(line).toMatch(/^an echo server answers there: it sends back what it gets\. Check the port: .*\.$/);
});
