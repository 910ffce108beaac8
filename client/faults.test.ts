/** Servers that misbehave, and networks that fail: every call settles, and says what is known of it. */
import { describe, expect, test } from 'vitest';
import { STATUS } from '../protocol/index.ts';
import { lastWordBytes, replyBytes } from './testing/fake-server.ts';
import { failure, failures, Fixture } from './testing/fixture.ts';

const fixture = new Fixture();

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

describe('the connection is lost', () => {
  test('calls that were sent are unknown, and the next call connects anew', async () => {
    const client = fixture.client();
    const calls = [client.set('a', 1), client.get('b')];
    const peer = await fixture.server.peer();
    await peer.requests(2);
    peer.socket.destroy();
    expect(await failures(calls)).toEqual(['SPEICHER_CONNECTION_LOST unknown', 'SPEICHER_CONNECTION_LOST unknown']);

    const next = client.get('c');
    const second = await fixture.server.peer();
    const request = await second.request();
    expect(request.key).toBe('c');
    second.reply(request, { value: 'found' });
    expect(await next).toEqual(new Uint8Array(Buffer.from('found')));
  });

  test('nothing listens: SPEICHER_CONNECT, not sent, with the cause', async () => {
    // Nobody but root could listen on it, and nobody does.
    const port = 1;
    const client = fixture.client({ port });
    const error = await failure(client.get('a'));
    expect(error).toMatchObject({ code: 'SPEICHER_CONNECT', outcome: 'not-sent', retryable: true });
    expect(error.message).toContain(`127.0.0.1:${port}`);
    expect(error.cause).toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('nothing listens on any address of a name: the message still says why', async () => {
    const error = await failure(fixture.client({ host: 'localhost', port: 1 }).get('a'));
    expect(error).toMatchObject({ code: 'SPEICHER_CONNECT', outcome: 'not-sent' });
    expect(error.message).toMatch(/localhost:1: .*ECONNREFUSED/);
  });

  test.each([{ tls: { cert: 'no certificate' } }, { path: `/${'x'.repeat(5000)}`, host: undefined, port: undefined }])(
    'what the runtime refuses to connect to',
    async (options) => {
      const client = fixture.client(options);
      expect(await failure(client.get('a'))).toMatchObject({ code: 'SPEICHER_CONNECT', outcome: 'not-sent' });
    },
  );

  test('all addresses of a name are tried', async () => {
    // The server listens on 127.0.0.1 alone; localhost may stand for ::1 first.
    const client = fixture.client({ host: 'localhost' });
    const call = client.get('a');
    const peer = await fixture.server.peer();
    peer.reply(await peer.request(), { status: STATUS.NOT_FOUND });
    expect(await call).toBeUndefined();
  });

  test('replies that came before a reset are used', async () => {
    const client = fixture.client();
    const calls = [client.get('a'), client.get('b'), client.get('c')];
    const peer = await fixture.server.peer();
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

  test('so are they if the client writes once more before it has read them', async () => {
    const client = fixture.client();
    const calls = [client.get('a', { as: 'string' }), client.get('b', { as: 'string' })];
    const peer = await fixture.server.peer();
    const [first, second] = await peer.requests(2);
    peer.send(replyBytes(first!, { value: '1' }), replyBytes(second!, { value: '2' }));
    peer.socket.resetAndDestroy();
    // All of this happens in one turn, so that the reply and the reset lie in the client's socket, unread.
    const behind = client.get('c');
    expect(await Promise.all(calls)).toEqual(['1', '2']);
    expect(await failures([behind])).toEqual(['SPEICHER_CONNECTION_LOST unknown']);
  });

  test('a call that waits because the server does not read was not sent', async () => {
    const client = fixture.client();
    const peer = await fixture.greet(client);
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

  test.each(GARBAGE)('%s', async (_, bytes) => {
    const client = fixture.client({ maxFrameBytes: 0xffff });
    const calls = [client.get('a'), client.get('b')];
    const peer = await fixture.server.peer();
    const [request] = await peer.requests(2);
    peer.send(bytes(request!.id));
    expect(await failures(calls)).toEqual(['SPEICHER_MALFORMED_REPLY unknown', 'SPEICHER_CONNECTION_LOST unknown']);
    await peer.closed;
  });

  test('a reply that nobody waits for closes the connection', async () => {
    const client = fixture.client();
    const call = client.get('a');
    const peer = await fixture.server.peer();
    const request = await peer.request();
    peer.send(replyBytes(request, { value: '1' }), replyBytes(request, { value: '2' }));
    await call;
    await peer.closed;
  });

  test('a reply without the field that it must have', async () => {
    const client = fixture.client();
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
      const peer = await fixture.server.peer();
      peer.reply(await peer.request(), parts);
      expect(await failure(result)).toMatchObject({ code: 'SPEICHER_MALFORMED_REPLY' });
      await peer.closed;
    }
  });

  test.each([
    ['without entries', { value: '', number: 0n, flags: 0x08 }],
    ['that repeats itself', { value: Buffer.from('00010000000062', 'hex'), number: 1n, flags: 0x08 }],
    ['that goes back', { value: Buffer.from('00010000000061', 'hex'), number: 1n, flags: 0x08 }],
    ['without NUMBER', { value: Buffer.from('00010000000063', 'hex') }],
    ['with a wrong NUMBER', { value: Buffer.from('00010000000063', 'hex'), number: 2n, flags: 0x08 }],
  ])('a page of a listing %s', async (_, parts) => {
    const client = fixture.client();
    const listing = client.keys();
    const first = listing.next();
    const peer = await fixture.server.peer();
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

test('an item that has gone since its key was listed is passed over', async () => {
  const scan = fixture.client().scan();
  const first = scan.next();
  const peer = await fixture.server.peer();
  peer.reply(await peer.request(), {
    flags: 0x08,
    number: 2n,
    value: Buffer.from('0001000000006100010000000062', 'hex'),
  });
  const [a, b] = await peer.requests(2);
  peer.reply(a!, { status: STATUS.NOT_FOUND });
  peer.reply(b!, { flags: 0x04, tag: 1, value: 'still there' });
  expect(await first).toEqual({ done: false, value: ['b', 'still there'] });
  expect(await scan.next()).toEqual({ done: true, value: undefined });
});

test('a server’s explanation is shown, but for what would act on a terminal', async () => {
  const call = fixture.client().get('a');
  const peer = await fixture.server.peer();
  peer.reply(await peer.request(), { status: STATUS.FORBIDDEN, value: `not for\u001b[2J you${'!'.repeat(1000)}` });
  const { code, message } = await failure(call);
  expect(code).toBe('SPEICHER_FORBIDDEN');
  expect(message).toContain('not for\ufffd[2J you!');
  expect(message.length).toBeLessThan(300);
});

describe('a reply with id 0', () => {
  test('429: no call was carried out', async () => {
    const client = fixture.client();
    const calls = [client.get('a'), client.get('b')];
    const peer = await fixture.server.peer();
    await peer.requests(2);
    peer.socket.end(lastWordBytes(STATUS.TOO_MANY, 'more than 32 connections'));
    expect(await failures(calls)).toEqual(['SPEICHER_TOO_MANY rejected', 'SPEICHER_TOO_MANY rejected']);
    await expect(calls[0]).rejects.toThrow('more than 32 connections');
  });

  test('a framing error is the oldest request’s; those behind were not carried out either', async () => {
    const client = fixture.client();
    const calls = [client.get('a'), client.set('b', 'long'), client.get('c')];
    const peer = await fixture.server.peer();
    const [first] = await peer.requests(3);
    peer.socket.end(Buffer.concat([replyBytes(first!, { value: 'x', flags: 4, tag: 1 }), lastWordBytes(413)]));
    expect(await calls[0]).toBe('x');
    expect(await failures(calls.slice(1))).toEqual([
      'SPEICHER_TOO_LARGE rejected',
      'SPEICHER_CONNECTION_LOST rejected',
    ]);
  });
});
