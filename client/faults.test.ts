/** Servers that misbehave, and networks that fail: every call settles, and says what is known of it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { STATUS } from '../protocol/index.ts';
import { Speicher, type SpeicherOptions } from './index.ts';
import { FakeServer, lastWordBytes, replyBytes } from './testing/fake-server.ts';

let server: FakeServer;
const clients: Speicher[] = [];

beforeEach(async () => {
  server = await FakeServer.start();
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close({ drainMs: 0 })));
  await server.stop();
});

function connect(options: SpeicherOptions = {}): Speicher {
  const client = new Speicher({ host: '127.0.0.1', port: server.port, ...options });
  clients.push(client);
  return client;
}

/** Has the client connected, by a first call. */
async function greet(client: Speicher) {
  const call = client.ping();
  const peer = await server.peer();
  peer.reply(await peer.request(), { value: 'PONG' });
  await call;
  return peer;
}

/** What a call that must fail rejects with. */
async function failure(call: Promise<unknown>) {
  const [result] = await Promise.allSettled([call]);
  if (result.status === 'fulfilled') throw new Error(`the call resolved with ${String(result.value)}`);
  return result.reason as Error & { code: string; outcome: string };
}

async function failures(calls: Promise<unknown>[]) {
  return (await Promise.all(calls.map(failure))).map(({ code, outcome }) => `${code} ${outcome}`);
}

describe('the connection is lost', () => {
  test('calls that were sent are unknown, and the next call connects anew', async () => {
    const client = connect();
    const calls = [client.set('a', 1), client.get('b')];
    const peer = await server.peer();
    await peer.requests(2);
    peer.socket.destroy();
    expect(await failures(calls)).toEqual(['SPEICHER_CONNECTION_LOST unknown', 'SPEICHER_CONNECTION_LOST unknown']);

    const next = client.get('c');
    const second = await server.peer();
    const request = await second.request();
    expect(request.key).toBe('c');
    second.reply(request, { value: 'found' });
    expect(await next).toEqual(new Uint8Array(Buffer.from('found')));
  });

  test('nothing listens: SPEICHER_CONNECT, not sent, with the cause', async () => {
    const { port } = server;
    await server.stop();
    const client = connect({ port });
    const error = await failure(client.get('a'));
    expect(error).toMatchObject({ code: 'SPEICHER_CONNECT', outcome: 'not-sent', retryable: true });
    expect(error.message).toContain(`127.0.0.1:${port}`);
    expect(error.cause).toMatchObject({ code: 'ECONNREFUSED' });
    server = await FakeServer.start();
  });

  test('all addresses of a name are tried', async () => {
    // The server listens on 127.0.0.1 alone; localhost may stand for ::1 first.
    const client = connect({ host: 'localhost' });
    const call = client.get('a');
    const peer = await server.peer();
    peer.reply(await peer.request(), { status: STATUS.NOT_FOUND });
    expect(await call).toBeUndefined();
  });

  test('replies that came before a reset are used', async () => {
    const client = connect();
    const calls = [client.get('a'), client.get('b'), client.get('c')];
    const peer = await server.peer();
    const [first, second, third] = await peer.requests(3);
    peer.send(
      replyBytes(first!, { value: '1' }),
      replyBytes(second!, { value: '2' }),
      replyBytes(third!).subarray(0, 7),
    );
    peer.socket.resetAndDestroy();
    const results = await Promise.allSettled(calls);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(results[2]).toMatchObject({ reason: { code: 'SPEICHER_CONNECTION_LOST', outcome: 'unknown' } });
  });

  test('a call that waits because the server does not read was not sent', async () => {
    const client = connect();
    const peer = await greet(client);
    peer.socket.pause();
    const large = client.set('large', new Uint8Array(32 * 1024 * 1024));
    await new Promise(setImmediate);
    // The kernel has taken what it can; whatever is behind waits in the client.
    const behind = client.set('behind', 1);
    peer.socket.resetAndDestroy();
    expect(await failures([large, behind])).toEqual([
      'SPEICHER_CONNECTION_LOST unknown',
      'SPEICHER_CONNECTION_LOST not-sent',
    ]);
  });
});

describe('what is no reply', () => {
  const GARBAGE: [what: string, bytes: (id: number) => Uint8Array][] = [
    ['a length of 0', () => Buffer.alloc(4)],
    ['an HTTP error', () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['a length above maxFrameBytes', () => Buffer.from('00010000', 'hex')],
    ['a JSON envelope', () => Buffer.concat([Buffer.from('00000013', 'hex'), Buffer.from('{"status_code":404}')])],
    ['a short JSON envelope', () => Buffer.from('000000027b7d', 'hex')],
    ['a request', (id) => Buffer.concat([Buffer.from('0000000810000000', 'hex'), uint32(id)])],
    ['another id', (id) => replyBytes({ operation: 'GET', id: id + 1 })],
    ['another opcode', (id) => replyBytes({ operation: 'SET', id })],
    ['an unknown status', (id) => replyBytes({ operation: 'GET', id }, { status: 299 })],
    ['a status that answers no GET', (id) => replyBytes({ operation: 'GET', id }, { status: STATUS.PARTIAL })],
    ['fields beyond the frame', (id) => Buffer.concat([Buffer.from('00000008901f00c8', 'hex'), uint32(id)])],
    ['a last word that is none', () => lastWordBytes(STATUS.OK)],
  ];

  function uint32(value: number): Buffer {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  }

  test.each(GARBAGE)('%s', async (_, bytes) => {
    const client = connect({ maxFrameBytes: 0xffff });
    const calls = [client.get('a'), client.get('b')];
    const peer = await server.peer();
    const [request] = await peer.requests(2);
    peer.send(bytes(request!.id));
    expect(await failures(calls)).toEqual(['SPEICHER_MALFORMED_REPLY unknown', 'SPEICHER_CONNECTION_LOST unknown']);
    await peer.closed;
  });

  test('a reply that nobody waits for closes the connection', async () => {
    const client = connect();
    const call = client.get('a');
    const peer = await server.peer();
    const request = await peer.request();
    peer.send(replyBytes(request, { value: '1' }), replyBytes(request, { value: '2' }));
    await call;
    await peer.closed;
  });

  test('a reply without the field that it must have', async () => {
    const client = connect();
    const missing: [call: () => Promise<unknown>, parts: object][] = [
      [() => client.increment('n'), {}],
      [() => client.lock('n'), {}],
      [() => client.gets('n'), {}],
      [() => client.count(), {}],
      [() => client.hello(), {}],
      [() => client.hello(), { value: 'no entries' }],
      [() => client.stats(), { value: Buffer.from('000100000001ff30', 'hex') }],
    ];
    for (const [call, parts] of missing) {
      const result = call();
      const peer = await server.peer();
      peer.reply(await peer.request(), parts);
      expect(await failure(result)).toMatchObject({ code: 'SPEICHER_MALFORMED_REPLY' });
      await peer.closed;
    }
  });

  test.each([
    ['without entries', { value: '', number: 0n, flags: 0x08 }],
    ['that repeats itself', { value: Buffer.from('00010000000061', 'hex'), number: 1n, flags: 0x08 }],
    ['without NUMBER', { value: Buffer.from('00010000000063', 'hex') }],
    ['with a wrong NUMBER', { value: Buffer.from('00010000000063', 'hex'), number: 2n, flags: 0x08 }],
  ])('a page of a listing %s', async (_, parts) => {
    const client = connect();
    const listing = client.keys();
    const first = listing.next();
    const peer = await server.peer();
    const page = { status: STATUS.PARTIAL, flags: 0x08, number: 1n, value: Buffer.from('00010000000062', 'hex') };
    peer.reply(await peer.request(), page);
    expect(await first).toEqual({ done: false, value: 'b' });
    const second = listing.next();
    const request = await peer.request();
    expect(request.value).toBe('b');
    peer.reply(request, { status: STATUS.PARTIAL, ...parts });
    expect(await failure(second)).toMatchObject({ code: 'SPEICHER_MALFORMED_REPLY' });
  });
});

describe('a reply with id 0', () => {
  test('429: no call was carried out', async () => {
    const client = connect();
    const calls = [client.get('a'), client.get('b')];
    const peer = await server.peer();
    await peer.requests(2);
    peer.socket.end(lastWordBytes(STATUS.TOO_MANY, 'more than 32 connections'));
    expect(await failures(calls)).toEqual(['SPEICHER_TOO_MANY rejected', 'SPEICHER_TOO_MANY rejected']);
    await expect(calls[0]).rejects.toThrow('more than 32 connections');
  });

  test('a framing error is the oldest request’s; those behind were not carried out either', async () => {
    const client = connect();
    const calls = [client.get('a'), client.set('b', 'long'), client.get('c')];
    const peer = await server.peer();
    const [first] = await peer.requests(3);
    peer.socket.end(Buffer.concat([replyBytes(first!, { value: 'x', flags: 4, tag: 1 }), lastWordBytes(413)]));
    expect(await calls[0]).toBe('x');
    expect(await failures(calls.slice(1))).toEqual([
      'SPEICHER_TOO_LARGE rejected',
      'SPEICHER_CONNECTION_LOST rejected',
    ]);
  });
});

describe('deadlines and signals', () => {
  test('while connecting, a call was not sent', async () => {
    // The server accepts, but never answers the handshake.
    const client = connect({ tls: true, timeoutMs: 30 });
    const calls = [client.get('a'), client.get('b', { signal: AbortSignal.timeout(10) })];
    expect(await failures(calls)).toEqual(['SPEICHER_TIMEOUT not-sent', 'SPEICHER_ABORTED not-sent']);
  });

  test('a call that was sent is unknown; its late reply is dropped and the next call gets its own', async () => {
    const client = connect();
    const late = client.get('late', { timeoutMs: 20 });
    const peer = await server.peer();
    const lateRequest = await peer.request();
    expect(await failure(late)).toMatchObject({ code: 'SPEICHER_TIMEOUT', outcome: 'unknown', retryable: true });
    const next = client.get('next', { as: 'string' });
    const nextRequest = await peer.request();
    peer.send(replyBytes(lateRequest, { value: 'late' }), replyBytes(nextRequest, { value: 'next' }));
    expect(await next).toBe('next');
  });

  test('a call that timed out while the server did not read is never sent', async () => {
    const client = connect();
    const size = 32 * 1024 * 1024;
    const peer = await greet(client);
    peer.socket.pause();
    const large = client.set('large', new Uint8Array(size));
    await new Promise(setImmediate);
    const [dropped, kept] = [client.get('dropped', { timeoutMs: 30 }), client.get('kept')];
    expect(await failure(dropped)).toMatchObject({ code: 'SPEICHER_TIMEOUT', outcome: 'not-sent' });
    peer.socket.resume();
    const [first, second] = await peer.requests(2);
    expect([first!.key, first!.value.length, second!.key]).toEqual(['large', size, 'kept']);
    peer.reply(first!);
    peer.reply(second!, { status: STATUS.NOT_FOUND });
    expect(await Promise.all([large, kept])).toEqual([true, undefined]);
  });

  test('a signal aborts a call at once, before it is sent and after', async () => {
    const client = connect();
    const reason = new Error('no longer wanted');
    const before = await failure(client.get('a', { signal: AbortSignal.abort(reason) }));
    expect(before).toMatchObject({ code: 'SPEICHER_ABORTED', outcome: 'not-sent', cause: reason });

    const controller = new AbortController();
    const [first, second] = [client.get('b', { signal: controller.signal }), client.get('c')];
    controller.abort(reason);
    expect(await failure(first)).toMatchObject({ code: 'SPEICHER_ABORTED', outcome: 'not-sent', cause: reason });
    const peer = await server.peer();
    const request = await peer.request();
    expect(request.key).toBe('c');
    peer.reply(request, { status: STATUS.NOT_FOUND });
    await second;

    const sent = new AbortController();
    const third = client.get('d', { signal: sent.signal });
    await peer.request();
    sent.abort();
    expect(await failure(third)).toMatchObject({ code: 'SPEICHER_ABORTED', outcome: 'unknown' });
  });

  test('replies that came while the program was busy beyond the deadline are used', async () => {
    const client = connect();
    const warm = client.get('warm');
    const peer = await server.peer();
    void peer.serve((request) => replyBytes(request, { value: request.key }));
    await warm;
    // The reply comes from this process, so it has to be on its way before the program is busy.
    const call = client.get('a', { as: 'string', timeoutMs: 30 });
    await new Promise((resolve) => peer.socket.once('data', resolve));
    const busyUntilMs = performance.now() + 60;
    while (performance.now() < busyUntilMs);
    expect(await call).toBe('a');
  });

  test('a connection that answers nothing is given up, and the next call makes another', async () => {
    const client = connect({ timeoutMs: 40 });
    const calls = [client.get('a'), client.get('b', { timeoutMs: 60_000 })];
    const peer = await server.peer();
    await peer.requests(2);
    expect(await failures(calls)).toEqual(['SPEICHER_TIMEOUT unknown', 'SPEICHER_CONNECTION_LOST unknown']);
    const next = client.get('c');
    const second = await server.peer();
    second.reply(await second.request(), { status: STATUS.NOT_FOUND });
    expect(await next).toBeUndefined();
  });

  test('a slow request does not have the connection given up before its own deadline', async () => {
    const client = connect({ timeoutMs: 30 });
    const slow = client.sync({ timeoutMs: 10_000 });
    const behind = client.get('b');
    const peer = await server.peer();
    const [request] = await peer.requests(2);
    expect(await failure(behind)).toMatchObject({ code: 'SPEICHER_TIMEOUT' });
    peer.reply(request!);
    expect(await slow).toBe(true);
  });

  test('a server that accepts and does not finish the handshake of TLS', async () => {
    const client = connect({ tls: true, connectTimeoutMs: 50 });
    expect(await failure(client.get('a'))).toMatchObject({ code: 'SPEICHER_CONNECT', outcome: 'not-sent' });
  });
});

describe('limits', () => {
  test('maxPendingCalls: more are rejected at once; a late one counts until its reply has come', async () => {
    const client = connect({ maxPendingCalls: 2 });
    const calls = [client.get('a', { timeoutMs: 20 }), client.get('b')];
    expect(await failure(client.get('c'))).toMatchObject({ code: 'SPEICHER_OVERLOADED', outcome: 'not-sent' });
    const peer = await server.peer();
    const [first, second] = await peer.requests(2);
    await failure(calls[0]!);
    expect(await failure(client.get('d'))).toMatchObject({ code: 'SPEICHER_OVERLOADED' });
    peer.send(replyBytes(first!), replyBytes(second!));
    await calls[1];
    const third = client.get('e');
    peer.reply(await peer.request());
    await third;
  });

  test('maxPendingBytes', async () => {
    const client = connect({ maxPendingBytes: 1000 });
    const call = client.set('a', 'x'.repeat(500));
    expect(await failure(client.set('b', 'x'.repeat(500)))).toMatchObject({ code: 'SPEICHER_OVERLOADED' });
    expect(await failure(client.set('c', new Uint8Array(1000)))).toMatchObject({
      code: 'SPEICHER_TOO_LARGE',
      outcome: 'not-sent',
    });
    const peer = await server.peer();
    peer.reply(await peer.request());
    expect(await call).toBe(true);
  });

  test('connection losses give back what was pending', async () => {
    const client = connect({ maxPendingCalls: 1 });
    for (let round = 0; round < 3; round++) {
      const call = client.get('a');
      const peer = await server.peer();
      await peer.request();
      peer.socket.destroy();
      expect(await failure(call)).toMatchObject({ code: 'SPEICHER_CONNECTION_LOST' });
    }
  });
});

describe('credentials', () => {
  test('AUTH goes ahead, in the same write as the first calls', async () => {
    const client = connect({ user: 'ann', password: 'secret' });
    const call = client.get('a');
    const peer = await server.peer();
    const [auth, get] = await peer.requests(2);
    expect([auth!.operation, auth!.value, get!.operation]).toEqual(['AUTH', 'ann\0secret', 'GET']);
    expect(peer.chunks).toHaveLength(1);
    peer.reply(auth!);
    peer.reply(get!, { status: STATUS.NOT_FOUND });
    expect(await call).toBeUndefined();
  });

  test('refused: calls behind are rejected, and the next call tries again', async () => {
    const client = connect({ password: 'wrong' });
    for (let round = 0; round < 2; round++) {
      const calls = [client.get('a'), client.get('b')];
      const peer = await server.peer();
      const [auth, first, second] = await peer.requests(3);
      peer.reply(auth!, { status: STATUS.UNAUTHENTICATED });
      peer.reply(first!, { status: STATUS.UNAUTHENTICATED });
      // This one the server has carried out all the same.
      peer.reply(second!, { value: 'x' });
      expect(await failures(calls)).toEqual(['SPEICHER_UNAUTHENTICATED rejected', 'SPEICHER_UNAUTHENTICATED unknown']);
      await peer.closed;
    }
  });

  test('a server without AUTH: the credentials are not passed over in silence', async () => {
    const client = connect({ password: 'secret' });
    const call = client.get('a');
    const peer = await server.peer();
    const [auth, get] = await peer.requests(2);
    peer.reply(auth!, { status: STATUS.UNKNOWN_OPCODE });
    peer.reply(get!, { status: STATUS.NOT_FOUND });
    const error = await failure(call);
    expect(error).toMatchObject({ code: 'SPEICHER_UNAUTHENTICATED', cause: { code: 'SPEICHER_UNKNOWN_OPCODE' } });
  });

  test('no answer to AUTH within connectTimeoutMs', async () => {
    const client = connect({ password: 'secret', connectTimeoutMs: 50 });
    const call = client.get('a');
    expect(await failure(call)).toMatchObject({ code: 'SPEICHER_CONNECTION_LOST', outcome: 'unknown' });
  });
});

describe('close', () => {
  test('waits for calls in flight, and rejects later ones', async () => {
    const client = connect();
    const call = client.get('a', { as: 'string' });
    const peer = await server.peer();
    const request = await peer.request();
    const closing = client.close();
    expect(await failure(client.get('b'))).toMatchObject({ code: 'SPEICHER_CLOSED', outcome: 'not-sent' });
    peer.reply(request, { value: 'x' });
    expect(await call).toBe('x');
    await closing;
    await peer.closed;
    await client.close();
  });

  test('drainMs ends the waiting', async () => {
    const client = connect();
    const call = client.get('a');
    const peer = await server.peer();
    await peer.request();
    const failed = failure(call);
    await client.close({ drainMs: 20 });
    expect(await failed).toMatchObject({ code: 'SPEICHER_CLOSED', outcome: 'unknown' });
  });

  test('while connecting', async () => {
    const client = connect();
    const failed = failure(client.get('a'));
    await client.close({ drainMs: 0 });
    expect(await failed).toMatchObject({ code: 'SPEICHER_CLOSED', outcome: 'not-sent' });
  });

  test('before any call, and with a wrong drainMs', async () => {
    const client = connect();
    await expect(client.close({ drainMs: -1 })).rejects.toThrow(RangeError);
    await client.close();
    expect(await failure(client.get('a'))).toMatchObject({ code: 'SPEICHER_CLOSED' });
  });
});
