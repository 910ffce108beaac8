/** How calls leave: together, in order, as fast as the server reads; and what they cost. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { STATUS } from '../protocol/index.ts';
import { idAfter } from './connection.ts';
import { Speicher } from './index.ts';
import { FakeServer, replyBytes, type FakePeer } from './testing/fake-server.ts';

let server: FakeServer;
let client: Speicher;
let peer: FakePeer;

beforeEach(async () => {
  server = await FakeServer.start();
  client = new Speicher({ host: '127.0.0.1', port: server.port });
  const call = client.ping();
  peer = await server.peer();
  peer.reply(await peer.request(), { value: 'PONG' });
  await call;
  peer.chunks.length = 0;
});

afterEach(async () => {
  await client.close({ drainMs: 0 });
  await server.stop();
});

test('all calls of a turn leave in one write, and replies find their calls', async () => {
  const calls = Array.from({ length: 500 }, (_, index) => client.get(`key ${index}`, { as: 'string' }));
  const requests = await peer.requests(500);
  expect(peer.chunks).toHaveLength(1);
  peer.send(...requests.map((request) => replyBytes(request, { value: `value of ${request.key}` })));
  const values = await Promise.all(calls);
  expect(values).toEqual(Array.from({ length: 500 }, (_, index) => `value of key ${index}`));
});

test('so do the calls that a burst of replies sets off', async () => {
  const firsts = Array.from({ length: 100 }, async (_, index) => {
    await client.get(`first ${index}`);
    await client.get(`second ${index}`);
  });
  const requests = await peer.requests(100);
  peer.chunks.length = 0;
  peer.send(...requests.map((request) => replyBytes(request, { status: STATUS.NOT_FOUND })));
  const seconds = await peer.requests(100);
  expect(peer.chunks).toHaveLength(1);
  peer.send(...seconds.map((request) => replyBytes(request, { status: STATUS.NOT_FOUND })));
  await Promise.all(firsts);
});

test('values of every size keep their order, whichever buffer they lie in', async () => {
  const sizes = [0, 1, 16_000, 17_000, 70_000, 5, 64_000, 400_000, 30_000, 2];
  const texts = sizes.map((size, index) => String.fromCharCode(97 + index).repeat(size));
  const calls = texts.map((text, index) => client.set(`k${index}`, index % 2 ? text : Buffer.from(text)));
  const requests = await peer.requests(sizes.length);
  expect(requests.map(({ key, value }) => [key, value.length])).toEqual(
    sizes.map((size, index) => [`k${index}`, size]),
  );
  expect(requests.map(({ value }) => value)).toEqual(texts);
  peer.send(...requests.map((request) => replyBytes(request)));
  expect(await Promise.all(calls)).toEqual(sizes.map(() => true));
});

test('many rounds through the shared buffer, while the server reads and while it does not', async () => {
  void peer.serve((request) => replyBytes(request, { flags: 4, tag: 1, value: request.key }));
  for (let round = 0; round < 50; round++) {
    // Far more than the kernel takes at once, so that buffers are in use while others are written.
    if (round % 10 === 0) peer.socket.pause();
    const keys = Array.from({ length: 200 }, (_, index) => `${round} ${index} ${'x'.repeat(900)}`);
    const calls = keys.map((key) => client.get(key));
    setImmediate(() => peer.socket.resume());
    expect(await Promise.all(calls)).toEqual(keys);
  }
});

test('what a server does not read waits, and leaves when it reads again', async () => {
  peer.socket.pause();
  const calls = Array.from({ length: 40 }, (_, index) => client.set(`k${index}`, new Uint8Array(1024 * 1024)));
  await new Promise(setImmediate);
  peer.socket.resume();
  const requests = await peer.requests(40);
  expect(requests.map(({ key }) => key)).toEqual(calls.map((_, index) => `k${index}`));
  peer.send(...requests.map((request) => replyBytes(request)));
  expect(await Promise.all(calls)).toEqual(calls.map(() => true));
});

test('a buffer is not written again while the socket still holds it', async () => {
  peer.socket.pause();
  // Writes of this size do not ask for a pause, so one is left with the socket when the kernel takes no more.
  const values = Array.from({ length: 3000 }, (_, index) => `${index} `.repeat(2_000).slice(0, 5_000));
  const calls: Promise<boolean>[] = [];
  for (const value of values) {
    calls.push(client.set('k', value));
    await new Promise(setImmediate);
  }
  peer.socket.resume();
  const requests = await peer.requests(values.length);
  expect(requests.findIndex(({ value }, index) => value !== values[index])).toBe(-1);
  peer.send(...requests.map((request) => replyBytes(request)));
  await Promise.all(calls);
});

test('ids go round and leave out 0, which is nobody’s', () => {
  expect([0, 1, 0xffff_fffe, 0xffff_ffff].map(idAfter)).toEqual([1, 2, 0xffff_ffff, 1]);
});

test('replies that come byte by byte', async () => {
  const calls = [client.get('a', { as: 'string' }), client.increment('n')];
  const [get, increment] = await peer.requests(2);
  peer.socket.setNoDelay(true);
  const bytes = [replyBytes(get!, { value: 'x' }), replyBytes(increment!, { flags: 8, number: 2n ** 60n })];
  for (const byte of Buffer.concat(bytes)) {
    peer.socket.write(Buffer.from([byte]));
    await new Promise(setImmediate);
  }
  expect(await Promise.all(calls)).toEqual(['x', 2n ** 60n]);
});
