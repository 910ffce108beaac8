/** What bounds a call: deadlines, signals, limits, credentials, the end of the client. */
import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { STATUS } from '../protocol/index.ts';
import { replyBytes } from './testing/fake-server.ts';
import { failure, failures, Fixture } from './testing/fixture.ts';

const fixture = new Fixture();

describe('deadlines and signals', () => {
  test('while connecting, a call was not sent', async () => {
    // The server accepts, but never answers the handshake.
    const client = fixture.client({ tls: true, timeoutMs: 30 });
    const calls = [client.get('a'), client.get('b', { signal: AbortSignal.timeout(10) })];
    expect(await failures(calls)).toEqual(['SPEICHER_TIMEOUT not-sent', 'SPEICHER_ABORTED not-sent']);
  });

  test('a call that was sent is unknown; its late reply is dropped and the next call gets its own', async () => {
    const client = fixture.client();
    const peer = await fixture.greet(client);
    const late = client.get('late', { timeoutMs: 20 });
    const lateRequest = await peer.request();
    expect(await failure(late)).toMatchObject({ code: 'SPEICHER_TIMEOUT', outcome: 'unknown', retryable: true });
    const next = client.get('next', { as: 'string' });
    const nextRequest = await peer.request();
    peer.send(replyBytes(lateRequest, { value: 'late' }), replyBytes(nextRequest, { value: 'next' }));
    expect(await next).toBe('next');
  });

  test('a call that timed out while the server did not read is never sent', async () => {
    const client = fixture.client();
    const size = 32 * 1024 * 1024;
    const peer = await fixture.greet(client);
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
    const client = fixture.client();
    const reason = new Error('no longer wanted');
    const before = await failure(client.get('a', { signal: AbortSignal.abort(reason) }));
    expect(before).toMatchObject({ code: 'SPEICHER_ABORTED', outcome: 'not-sent', cause: reason });

    const controller = new AbortController();
    const [first, second] = [client.get('b', { signal: controller.signal }), client.get('c')];
    controller.abort(reason);
    expect(await failure(first)).toMatchObject({ code: 'SPEICHER_ABORTED', outcome: 'not-sent', cause: reason });
    const peer = await fixture.server.peer();
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
    const client = fixture.client();
    const warm = client.get('warm');
    const peer = await fixture.server.peer();
    void peer.serve((request) => replyBytes(request, { value: request.key }));
    await warm;
    // The reply comes from this process, so it has to be on its way before the program is busy.
    const call = client.get('a', { as: 'string', timeoutMs: 300 });
    await new Promise((resolve) => peer.socket.once('data', resolve));
    const busyUntilMs = performance.now() + 400;
    while (performance.now() < busyUntilMs);
    expect(await call).toBe('a');
  });

  test('a connection that answers nothing is given up, and the next call makes another', async () => {
    const client = fixture.client({ timeoutMs: 40 });
    const peer = await fixture.greet(client);
    const calls = [client.get('a'), client.get('b', { timeoutMs: 60_000 })];
    await peer.requests(2);
    expect(await failures(calls)).toEqual(['SPEICHER_TIMEOUT unknown', 'SPEICHER_CONNECTION_LOST unknown']);
    const next = client.get('c', { timeoutMs: 10_000 });
    const second = await fixture.server.peer();
    second.reply(await second.request(), { status: STATUS.NOT_FOUND });
    expect(await next).toBeUndefined();
  });

  test('a connection on which something comes is kept, however slow it is', async () => {
    const client = fixture.client({ timeoutMs: 400 });
    const peer = await fixture.greet(client);
    const slow = failure(client.get('slow', { timeoutMs: 30 }));
    const bytes = replyBytes(await peer.request(), { value: 'x'.repeat(8) });
    for (const byte of bytes) {
      peer.send(Buffer.from([byte]));
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    expect(await slow).toMatchObject({ code: 'SPEICHER_TIMEOUT' });
    const next = client.get('next', { as: 'string', timeoutMs: 10_000 });
    peer.reply(await peer.request(), { value: 'same connection' });
    expect(await next).toBe('same connection');
  });

  test.each([{}, { password: 'secret' }])(
    'connectTimeoutMs does not cut a connection that stands: %o',
    async (options) => {
      const client = fixture.client({ connectTimeoutMs: 400, ...options });
      const call = client.get('a', { as: 'string' });
      const peer = await fixture.server.peer();
      if (options.password !== undefined) peer.reply(await peer.request());
      const request = await peer.request();
      await new Promise((resolve) => setTimeout(resolve, 600));
      peer.reply(request, { value: 'late, but in time' });
      expect(await call).toBe('late, but in time');
    },
  );

  test('a signal is let go once its call has settled', async () => {
    const client = fixture.client();
    const { signal } = new AbortController();
    const calls = [client.get('a', { signal }), client.get('b', { signal, timeoutMs: 10 })];
    expect(getEventListeners(signal, 'abort')).toHaveLength(2);
    const peer = await fixture.server.peer();
    peer.reply(await peer.request());
    await Promise.allSettled(calls);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  test('a slow request does not have the connection given up before its own deadline', async () => {
    const client = fixture.client({ timeoutMs: 30 });
    const peer = await fixture.greet(client);
    const slow = client.sync({ timeoutMs: 10_000 });
    const behind = client.get('b');
    const [request] = await peer.requests(2);
    expect(await failure(behind)).toMatchObject({ code: 'SPEICHER_TIMEOUT' });
    peer.reply(request!);
    expect(await slow).toBe(true);
  });

  test('a server that accepts and does not finish the handshake of TLS', async () => {
    const client = fixture.client({ tls: true, connectTimeoutMs: 50 });
    expect(await failure(client.get('a'))).toMatchObject({ code: 'SPEICHER_CONNECT', outcome: 'not-sent' });
  });
});

describe('limits', () => {
  test('maxPendingCalls: more are rejected at once; a late one counts until its reply has come', async () => {
    const client = fixture.client({ maxPendingCalls: 2 });
    const peer = await fixture.greet(client);
    const calls = [client.get('a', { timeoutMs: 20 }), client.get('b')];
    expect(await failure(client.get('c'))).toMatchObject({ code: 'SPEICHER_OVERLOADED', outcome: 'not-sent' });
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
    const client = fixture.client({ maxPendingBytes: 1000 });
    const call = client.set('a', 'x'.repeat(500));
    expect(await failure(client.set('b', 'x'.repeat(500)))).toMatchObject({ code: 'SPEICHER_OVERLOADED' });
    expect(await failure(client.set('c', new Uint8Array(1000)))).toMatchObject({
      code: 'SPEICHER_TOO_LARGE',
      outcome: 'not-sent',
    });
    const peer = await fixture.server.peer();
    peer.reply(await peer.request());
    expect(await call).toBe(true);
    const next = client.set('d', 'x'.repeat(900));
    peer.reply(await peer.request());
    expect(await next).toBe(true);
  });

  test('connection losses give back what was pending', async () => {
    const client = fixture.client({ maxPendingCalls: 1 });
    for (let round = 0; round < 3; round++) {
      const call = client.get('a');
      const peer = await fixture.server.peer();
      await peer.request();
      peer.socket.destroy();
      expect(await failure(call)).toMatchObject({ code: 'SPEICHER_CONNECTION_LOST' });
    }
  });
});

describe('credentials', () => {
  test('AUTH goes ahead, in the same write as the first calls', async () => {
    const client = fixture.client({ user: 'ann', password: 'secret' });
    const call = client.get('a');
    const peer = await fixture.server.peer();
    const [auth, get] = await peer.requests(2);
    expect([auth!.operation, auth!.value, get!.operation]).toEqual(['AUTH', 'ann\0secret', 'GET']);
    expect(peer.chunks).toHaveLength(1);
    peer.reply(auth!);
    peer.reply(get!, { status: STATUS.NOT_FOUND });
    expect(await call).toBeUndefined();
  });

  test('refused: calls behind are rejected, and the next call tries again', async () => {
    const client = fixture.client({ password: 'wrong' });
    for (let round = 0; round < 2; round++) {
      const calls = [client.get('a'), client.get('b')];
      const peer = await fixture.server.peer();
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
    const client = fixture.client({ password: 'secret' });
    const call = client.get('a');
    const peer = await fixture.server.peer();
    const [auth, get] = await peer.requests(2);
    peer.reply(auth!, { status: STATUS.UNKNOWN_OPCODE });
    peer.reply(get!, { status: STATUS.NOT_FOUND });
    const error = await failure(call);
    expect(error).toMatchObject({ code: 'SPEICHER_UNAUTHENTICATED', cause: { code: 'SPEICHER_UNKNOWN_OPCODE' } });
  });

  test('no answer to AUTH within connectTimeoutMs', async () => {
    const client = fixture.client({ password: 'secret', connectTimeoutMs: 400 });
    const call = client.get('a');
    expect(await failure(call)).toMatchObject({ code: 'SPEICHER_CONNECTION_LOST', outcome: 'unknown' });
  });
});

describe('close', () => {
  test('waits for calls in flight, and rejects later ones', async () => {
    const client = fixture.client();
    const call = client.get('a', { as: 'string' });
    const peer = await fixture.server.peer();
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
    const client = fixture.client();
    const call = client.get('a');
    const peer = await fixture.server.peer();
    await peer.request();
    const failed = failure(call);
    await client.close({ drainMs: 20 });
    expect(await failed).toMatchObject({ code: 'SPEICHER_CLOSED', outcome: 'unknown' });
  });

  test('while connecting', async () => {
    const client = fixture.client();
    const failed = failure(client.get('a'));
    await client.close({ drainMs: 0 });
    expect(await failed).toMatchObject({ code: 'SPEICHER_CLOSED', outcome: 'not-sent' });
  });

  test('before any call, and with a wrong drainMs', async () => {
    const client = fixture.client();
    await expect(client.close({ drainMs: -1 })).rejects.toThrow(RangeError);
    await client.close();
    expect(await failure(client.get('a'))).toMatchObject({ code: 'SPEICHER_CLOSED' });
  });
});
