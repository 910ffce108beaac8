/** The server over real sockets: order, mixing of dialects, ends of connections, stopping. */
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer as createNetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { generate } from 'selfsigned';
import { afterEach, expect, test } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };
import { FLAG, readEntries } from '../protocol/index.ts';
import { createServer, type Server, type ServerDependencies, type ServerOptionsInput } from './index.ts';
import { RawPeer, envelopeBytes, requestBytes } from './testing/raw-peer.ts';
import { VERSION } from './version.ts';

/** As it comes, or the plain one by the variable that `speicher serve` knows too. */
const TRANSPORT = process.env['SPEICHER_TRANSPORT'] === 'plain' ? 'plain' : 'auto';
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function serve(options: ServerOptionsInput = {}, dependencies: ServerDependencies = {}): Promise<Server> {
  const server = createServer({ listen: ['tcp://127.0.0.1:0'], transport: TRANSPORT, ...options }, dependencies);
  await server.start();
  cleanups.push(() => server.stop());
  return server;
}

async function peerOf(server: Pick<Server, 'addresses'>): Promise<RawPeer> {
  const peer = await RawPeer.connect(server);
  cleanups.push(() => peer.close());
  return peer;
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'speicher-'));
  cleanups.push(() => rm(folder, { recursive: true }));
  return folder;
}

test('the version that HELLO gives is the package’s', () => {
  expect(VERSION).toBe(packageJson.version);
});

test('binary and JSON requests in one segment are answered in their order, each in its form (JSON-5)', async () => {
  const peer = await peerOf(await serve());
  peer.send(
    Buffer.concat([
      requestBytes('SET', { key: 'foo', value: 'bar', id: 1 }),
      envelopeBytes('{"command":"GET","key":"foo"}'),
      requestBytes('GET', { key: 'nope', id: 2 }),
      envelopeBytes('{"command":"UNKNOWN"}'),
      requestBytes('GET', { key: 'foo', id: 3 }),
    ]),
  );
  expect(await peer.reply()).toMatchObject({ status: 200, id: 1 });
  expect((await peer.reply()).text).toBe('{"status_code":200,"value":"bar"}');
  expect(await peer.reply()).toMatchObject({ status: 404, id: 2 });
  expect((await peer.reply()).text).toBe('{"status_code":400}');
  expect(await peer.reply()).toMatchObject({ status: 200, id: 3, text: 'bar' });
});

test('a defect in an operation gets 500, and 503 in JSON, and neither connection nor server suffer', async () => {
  const errors: object[] = [];
  const server = await serve(
    {},
    {
      logger: { debug() {}, info() {}, warn() {}, error: (fields) => errors.push(fields) },
      store: new Proxy({} as never, {
        get: (_target, name) => {
          if (name === 'sweep') return () => {};
          return () => {
            throw new Error('planted');
          };
        },
      }),
    },
  );
  const peer = await peerOf(server);
  expect(await peer.ask('GET', { key: 'foo', id: 9 })).toMatchObject({ opcode: 0x10, status: 500, id: 9, flags: 0 });
  expect(await peer.ask('KEYS', { id: 10 })).toMatchObject({ opcode: 0x22, status: 500, id: 10, flags: 0 });
  peer.send(envelopeBytes('{"command":"GET","key":"foo"}'));
  expect((await peer.reply()).text).toBe('{"status_code":503}');
  expect(await peer.ask('PING', { value: 'still here' })).toMatchObject({ status: 200, text: 'still here' });
  expect(errors).toHaveLength(3);
});

test('what was sent before the client half-closed is answered, then the server closes (TRANSPORT-4)', async () => {
  const peer = await peerOf(await serve());
  peer.socket.end(
    Buffer.concat([requestBytes('PING', { value: 'a' }), requestBytes('PING', { value: 'b' }).slice(0, 9)]),
  );
  expect((await peer.reply()).text).toBe('a');
  await peer.closed;
});

test('the clock stands still within a batch, and goes on between batches (EXPIRY-1)', async () => {
  let nowMs = 1_800_000_000_000;
  let asked = 0;
  const clock = {
    nowMs: () => {
      asked++;
      return (nowMs += 1);
    },
  };
  const peer = await peerOf(await serve({}, { clock }));
  const ttl = { flags: FLAG.TTL, ttlMs: 60_000 };
  await peer.ask('SET', { key: 'mortal', value: 'x', ...ttl });
  const left = async () => (await peer.ask('GET', { key: 'mortal', flags: FLAG.DETAIL })).ttlMs;
  const get = requestBytes('GET', { key: 'mortal', flags: FLAG.DETAIL });
  const askedBefore = asked;
  peer.send(Buffer.concat(Array.from({ length: 100 }, () => get)));
  const times = new Set<number>();
  for (let count = 0; count < 100; count++) times.add((await peer.reply()).ttlMs);
  expect(times.size).toBe(1);
  expect(asked - askedBefore).toBeLessThan(50);
  nowMs += 59_000;
  expect(await left()).toBeLessThan(1000);
  nowMs += 1000;
  expect((await peer.ask('GET', { key: 'mortal' })).status).toBe(404);
});

test('nothing behind QUIT is carried out, and its reply arrives although more was sent (QUIT-1)', async () => {
  const server = await serve();
  const peer = await peerOf(server);
  peer.send(Buffer.concat([requestBytes('QUIT', { id: 5 }), requestBytes('SET', { key: 'late', value: 'x' })]));
  expect(await peer.reply()).toMatchObject({ opcode: 5, status: 200, id: 5 });
  await peer.closed;
  expect((await (await peerOf(server)).ask('GET', { key: 'late' })).status).toBe(404);
});

test('a listing without a limit comes in pages of bounded size, none of them empty (LIST-2, LIST-3)', async () => {
  const peer = await peerOf(await serve());
  const value = 'x'.repeat(300_000);
  const keys = Array.from({ length: 20 }, (_, index) => `big:${String(index).padStart(2, '0')}`);
  for (const key of keys) expect((await peer.ask('SET', { key, value })).status).toBe(200);
  const seen: string[] = [];
  let after = '';
  for (let status = 206; status === 206;) {
    const page = await peer.ask('GET', { key: 'big:', value: after, flags: FLAG.PREFIX });
    expect(page.value.length).toBeLessThanOrEqual(1024 * 1024);
    const before = seen.length;
    for (const { keyStart, keyEnd } of readEntries(page.value)) {
      seen.push(Buffer.from(page.value.subarray(keyStart, keyEnd)).toString());
    }
    expect(page.number).toBe(BigInt(seen.length - before));
    expect(seen.length).toBeGreaterThan(before);
    after = seen.at(-1)!;
    status = page.status;
  }
  expect(seen).toEqual(keys);
});

test('profiles that are not offered are unknown, and their flags are refused (PROFILE-1)', async () => {
  const peer = await peerOf(await serve({ profiles: ['core'] }));
  expect((await peer.ask('ADD', { key: 'a', value: 'b' })).status).toBe(405);
  expect((await peer.ask('SET', { key: 'a', value: 'b', flags: FLAG.TTL, ttlMs: 5 })).status).toBe(400);
  expect((await peer.ask('DELETE', { key: 'a', flags: FLAG.PREFIX })).status).toBe(400);
  expect((await peer.ask('SET', { key: 'a', value: 'b' })).status).toBe(200);
  peer.send(envelopeBytes('{"command":"GET","key":"a"}'));
  expect((await peer.reply()).text).toBe('{"status_code":405}');
});

test('several listeners serve the same items; a Unix socket is its user’s alone and is removed at the end', async () => {
  const path = join(await temporaryFolder(), 'speicher.sock');
  const server = await serve({ listen: ['tcp://127.0.0.1:0', `unix://${path}`] });
  expect(server.addresses.map(({ url }) => url)).toEqual([
    expect.stringMatching(/^tcp:\/\/127\.0\.0\.1:\d+$/),
    `unix://${path}`,
  ]);
  expect((await stat(path)).mode & 0o777).toBe(0o700);
  await (await peerOf(server)).ask('SET', { key: 'shared', value: 'yes' });
  const local = await RawPeer.connectTo({ path });
  expect((await local.ask('GET', { key: 'shared' })).text).toBe('yes');
  local.close();
  await server.stop();
  await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('the socket of a dead server is taken over, that of a living one is not', async () => {
  const path = join(await temporaryFolder(), 'speicher.sock');
  const living = await serve({ listen: [`unix://${path}`] });
  await expect(createServer({ listen: [`unix://${path}`] }).start()).rejects.toMatchObject({ code: 'SPEICHER_LISTEN' });
  expect((await (await peerOf(living)).ask('PING', { value: 'alive' })).text).toBe('alive');
});

test('if one listener cannot listen none does, and the error says which and why', async () => {
  const blocker = createNetServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => blocker.once('listening', resolve));
  cleanups.push(() => blocker.close());
  const { port } = blocker.address() as { port: number };
  const server = createServer({ listen: ['tcp://127.0.0.1:0', `tcp://127.0.0.1:${port}`] });
  await expect(server.start()).rejects.toMatchObject({
    code: 'SPEICHER_LISTEN',
    message: expect.stringContaining(`tcp://127.0.0.1:${port} (the address is in use)`),
  });
  expect(server.addresses).toEqual([]);
});

test('TLS serves, and with a client CA only those with a certificate', async () => {
  const folder = await temporaryFolder();
  const own = await generate([{ name: 'commonName', value: 'localhost' }], { keySize: 2048 });
  const files = { tlsCertFile: join(folder, 'cert.pem'), tlsKeyFile: join(folder, 'key.pem') };
  await writeFile(files.tlsCertFile, own.cert);
  await writeFile(files.tlsKeyFile, own.private);
  const server = await serve({ listen: ['tls://127.0.0.1:0'], tlsClientCaFile: files.tlsCertFile, ...files });
  const { port } = server.addresses[0]!;
  const ping = (identity: object) =>
    new Promise<string>((resolve, reject) => {
      const socket = connectTls({ host: '127.0.0.1', port: port!, ca: own.cert, servername: 'localhost', ...identity });
      cleanups.push(() => socket.destroy());
      socket.on('error', reject);
      socket.on('end', () => reject(new Error('closed')));
      socket.on('data', (chunk: Buffer) => resolve(chunk.subarray(12).toString()));
      socket.write(requestBytes('PING', { value: 'over TLS' }));
    });
  await expect(ping({ cert: own.cert, key: own.private })).resolves.toBe('over TLS');
  await expect(ping({})).rejects.toThrow(/certificate/i);
});

test('stopping answers what has arrived and then closes; a peer that reads nothing cannot hold it up (DURABLE-2)', async () => {
  const server = await serve({ stopTimeoutMs: 1500 });
  const peer = await peerOf(server);
  const deaf = await peerOf(server);
  deaf.socket.pause();
  await peer.ask('SET', { key: 'big', value: Buffer.alloc(1 << 20) });
  const get = requestBytes('GET', { key: 'big' });
  deaf.send(Buffer.concat(Array.from({ length: 64 }, () => get)));
  await peer.ask('PING', { value: 'sync' });
  peer.send(...Array.from({ length: 1000 }, (_, id) => requestBytes('PING', { id, value: 'x' })));
  await new Promise<void>((resolve) => peer.socket.write('', () => resolve()));
  const begunMs = performance.now();
  await server.stop();
  expect(performance.now() - begunMs).toBeLessThan(4000);
  for (let id = 0; id < 1000; id++) expect((await peer.reply()).id).toBe(id);
  await peer.closed;
});

/** So many turns of the event loop. */
async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left--) await new Promise((resolve) => setImmediate(resolve));
}

test('what comes in the very turn in which a stopping server would stop reading is answered (DURABLE-2)', async () => {
  // Bytes sent over a Unix socket have come by the next turn of this loop, which both ends share.
  const server = await serve({ listen: [`unix://${join(await temporaryFolder(), 'socket')}`] });
  const peer = await peerOf(server);
  await peer.ask('PING', { value: 'sync' });
  await turns(1);
  const stopping = server.stop();
  // A turn later nothing would be answered any more; what comes keeps it reading.
  await turns(3);
  for (let id = 0; id < 10; id++) {
    peer.send(requestBytes('PING', { id, value: 'x' }));
    await turns(2);
  }
  await stopping;
  for (let id = 0; id < 10; id++) expect((await peer.reply()).id).toBe(id);
  await peer.closed;
});

test('credentials are divided at the first 00, so that a password may contain one (AUTH-1)', async () => {
  const peer = await peerOf(await serve({ auth: [':colon:and\0nul'] }));
  expect((await peer.ask('AUTH', { value: '\0colon:and' })).status).toBe(401);
  expect((await peer.ask('AUTH', { value: '\0colon:and\0nul' })).status).toBe(200);
});

test('a connection that the system had taken when the server began to stop is ended in order, not reset', async () => {
  const server = await serve();
  const connecting = RawPeer.connect(server);
  const stopping = server.stop();
  const peer = await connecting;
  await peer.closed;
  expect(peer.socket.errored).toBeNull();
  peer.close();
  await stopping;
});
