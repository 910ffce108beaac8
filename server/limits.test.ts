/** Every limit of a server: at it all is well, beyond it there is an answer or a close, and nobody else notices. */
import { afterEach, expect, test } from 'vitest';
import { createStore, createServer, parseServerOptions, type Server, type ServerOptionsInput } from './index.ts';
import { RawPeer, envelopeBytes, requestBytes } from './testing/raw-peer.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
/** As it comes, or the plain one by the variable that `speicher serve` knows too. */
const TRANSPORT = process.env['SPEICHER_TRANSPORT'] === 'plain' ? 'plain' : 'auto';
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** A clock that stands still unless it is moved. */
class ManualClock {
  #nowMs = 1_800_000_000_000;
  nowMs = () => this.#nowMs;
  advance(ms: number): void {
    this.#nowMs += ms;
  }
}

interface Logged {
  readonly event?: string;
  readonly limit?: string;
}

/** A server on a clock of its own, and what it logs. */
async function serve(options: ServerOptionsInput = {}) {
  const clock = new ManualClock();
  const warnings: Logged[] = [];
  const logger = { debug() {}, info() {}, error() {}, warn: (fields: object) => void warnings.push(fields) };
  const store = createStore(parseServerOptions(options), clock);
  // A tick ends with a sweep of the store: that is how a test learns of it.
  const sweep = store.sweep.bind(store);
  const swept: (() => void)[] = [];
  store.sweep = (itemsMax) => {
    const isMore = sweep(itemsMax);
    for (const resolve of swept.splice(0)) resolve();
    return isMore;
  };
  const server = createServer(
    { listen: ['tcp://127.0.0.1:0'], transport: TRANSPORT, ...options },
    { clock, logger, store },
  );
  await server.start();
  cleanups.push(() => server.stop());
  return {
    server,
    clock,
    warnings,
    /** The limits that connections were closed for, as logged. */
    limits: () => warnings.filter(({ event }) => event === 'limit').map(({ limit }) => limit),
    /** Resolves once the server has looked at its deadlines with the clock as it stands now. */
    ticked: () => new Promise<void>((resolve) => swept.push(resolve)),
  };
}

async function peerOf(server: Server): Promise<RawPeer> {
  const peer = await RawPeer.connect(server);
  cleanups.push(() => peer.close());
  return peer;
}

/** Shows that a connection is still served. */
async function expectServed(peer: RawPeer): Promise<void> {
  expect(await peer.ask('PING', { value: 'served' })).toMatchObject({ status: 200, text: 'served' });
}

test('max-key, max-value: at the limit 200, beyond it 413 and no item (KEY-3)', async () => {
  const { server } = await serve({ maxKeyBytes: 300, maxValueBytes: 2000 });
  const peer = await peerOf(server);
  const key = 'k'.repeat(300);
  expect((await peer.ask('SET', { key, value: 'v'.repeat(2000) })).status).toBe(200);
  expect((await peer.ask('SET', { key: `${key}k`, value: 'v' })).status).toBe(413);
  expect((await peer.ask('SET', { key: 'short', value: 'v'.repeat(2001) })).status).toBe(413);
  expect((await peer.ask('APPEND', { key, value: 'v' })).status).toBe(413);
  expect((await peer.ask('PING', { value: 'v'.repeat(2001) })).status).toBe(413);
  peer.send(envelopeBytes(JSON.stringify({ command: 'SET', key: `${key}k`, value: 1 })));
  expect((await peer.reply()).text).toBe('{"status_code":413}');
  expect((await peer.ask('COUNT')).number).toBe(1n);
  expect((await peer.ask('GET', { key })).value).toHaveLength(2000);
});

test('max-frame: beyond it 413 with id 0 at once, and the connection closes (FRAME-4)', async () => {
  const { server } = await serve({ maxKeyBytes: 250, maxValueBytes: 1024, maxFrameBytes: 4000 });
  const peer = await peerOf(server);
  expect((await peer.ask('PING', { value: 'x'.repeat(1024) })).status).toBe(200);
  peer.send(Buffer.from('00000fa1', 'hex'));
  expect(await peer.reply()).toMatchObject({ opcode: 0, status: 413, id: 0 });
  await peer.closed;
  await expectServed(await peerOf(server));
});

/** A SET of arrays nested so many levels deep. */
function nested(levels: number): Uint8Array {
  return envelopeBytes(`{"command":"SET","key":"deep","value":${'['.repeat(levels)}${']'.repeat(levels)}}`);
}

test('max-json-depth: at the limit 200, beyond it 413 and no item (JSON-3)', async () => {
  const { server } = await serve({ maxJsonDepth: 70 });
  const peer = await peerOf(server);
  peer.send(nested(71));
  expect((await peer.reply()).text).toBe('{"status_code":413}');
  expect((await peer.ask('GET', { key: 'deep' })).status).toBe(404);
  peer.send(nested(70));
  expect((await peer.reply()).text).toBe('{"status_code":200}');
});

test('max-connections: the next one gets 429 and is closed, and its place is free again later', async () => {
  const { server, limits } = await serve({ maxConnections: 32 });
  const peers: RawPeer[] = [];
  for (let count = 0; count < 32; count++) peers.push(await peerOf(server));
  await Promise.all(peers.map(expectServed));
  const oneTooMany = await peerOf(server);
  expect(await oneTooMany.reply()).toMatchObject({ opcode: 0, status: 429, id: 0 });
  await oneTooMany.closed;
  expect(limits()).toEqual(['max-connections']);
  oneTooMany.socket.end();
  await expectServed(peers[0]!);
  const left = peers.pop()!;
  await left.ask('QUIT');
  left.close();
  await expectServed(await connectWhenFree(server));
});

/** A place is free once the server has seen the other connection's end: connects until it is served. */
async function connectWhenFree(server: Server): Promise<RawPeer> {
  for (;;) {
    const peer = await peerOf(server);
    if ((await peer.ask('PING', { value: 'x' })).status === 200) return peer;
    await peer.closed;
  }
}

test('max-unauthenticated: the next connection that has not authenticated gets 429, one that has is served', async () => {
  const { server, limits } = await serve({ auth: ['ann:secret'], maxUnauthenticated: 32 });
  const authenticated = await peerOf(server);
  expect((await authenticated.ask('AUTH', { value: 'ann\0secret' })).status).toBe(200);
  const waiting: RawPeer[] = [];
  for (let count = 0; count < 32; count++) waiting.push(await peerOf(server));
  await Promise.all(waiting.map(expectServed));
  expect((await (await peerOf(server)).reply()).status).toBe(429);
  expect(limits()).toEqual(['max-unauthenticated']);
  expect((await authenticated.ask('SET', { key: 'a', value: 'b' })).status).toBe(200);
});

test('idle-timeout: a silent connection is closed after it, not before; off by default (TRANSPORT-7)', async () => {
  const { server, clock, limits, ticked } = await serve({ idleTimeoutMs: '10s' });
  const silent = await peerOf(server);
  const lively = await peerOf(server);
  await expectServed(silent);
  clock.advance(9_999);
  await expectServed(lively);
  // The tick that knows the new time must have passed before the lively one is heard again.
  await ticked();
  await expectServed(lively);
  expect(limits()).toEqual([]);
  clock.advance(1);
  await silent.closed;
  expect(limits()).toEqual(['idle-timeout']);
  await expectServed(lively);

  const { server: patient, clock: otherClock, limits: otherLimits, ticked: otherTicked } = await serve();
  const peer = await peerOf(patient);
  otherClock.advance(1e9);
  await otherTicked();
  await expectServed(peer);
  expect(otherLimits()).toEqual([]);
});

test('frame-timeout: a frame that trickles in is cut off, whole frames one after the other are not', async () => {
  const { server, clock, limits, ticked } = await serve({ frameTimeoutMs: '2s' });
  const slow = await peerOf(server);
  const steady = await peerOf(server);
  slow.send(Buffer.from('00000010', 'hex'));
  for (let step = 0; step < 4; step++) {
    steady.send(Buffer.from('0000000802', 'hex'));
    await expectServed(await peerOf(server));
    await ticked();
    clock.advance(600);
    // The rest of one frame and the beginning of the next: never without an unfinished frame, never late.
    steady.send(Buffer.from('00000000000000', 'hex'));
    expect((await steady.reply()).status).toBe(200);
    if (step < 3) slow.send(Buffer.from('00', 'hex'));
  }
  await slow.closed;
  expect(limits()).toEqual(['frame-timeout']);
  await expectServed(steady);
});

test('auth-timeout: who has not authenticated by then is closed, who has stays', async () => {
  const { server, clock, limits } = await serve({ auth: ['ann:secret'], authTimeoutMs: '2s' });
  const late = await peerOf(server);
  const authenticated = await peerOf(server);
  await expectServed(late);
  expect((await authenticated.ask('AUTH', { value: 'ann\0secret' })).status).toBe(200);
  clock.advance(2000);
  await late.closed;
  expect(limits()).toEqual(['auth-timeout']);
  expect((await authenticated.ask('GET', { key: 'a' })).status).toBe(404);
});

test('max-auth-failures: the last one is answered, then the connection closes; the log has no secrets', async () => {
  const { server, warnings } = await serve({ auth: ['ann:secret'] });
  const peer = await peerOf(server);
  for (let failure = 0; failure < 2; failure++) {
    expect((await peer.ask('AUTH', { value: 'ann\0wrong-guess' })).status).toBe(401);
    await expectServed(peer);
  }
  expect((await peer.ask('AUTH', { value: 'ann\0wrong-guess' })).status).toBe(401);
  await peer.closed;
  expect(warnings).toHaveLength(3);
  expect(JSON.stringify(warnings)).not.toMatch(/secret|wrong-guess/);
});

test('max-unauthenticated-input: no larger frame and no longer conversation before AUTH, any size after it', async () => {
  const { server, limits } = await serve({ auth: [':pass:word'] });
  const large = await peerOf(server);
  large.send(requestBytes('SET', { key: 'a', value: 'x'.repeat(4 * KIB) }));
  expect(await large.reply()).toMatchObject({ opcode: 0, status: 413, id: 0 });
  await large.closed;

  const talkative = await peerOf(server);
  const ping = requestBytes('PING', { value: 'x'.repeat(1000) });
  talkative.send(ping, ping, ping, ping, ping, ping);
  for (let count = 0; count < 5; count++) expect((await talkative.reply()).status).toBe(200);
  await talkative.closed;
  await expect(talkative.reply()).rejects.toThrow('closed');
  expect(limits()).toEqual(['max-unauthenticated-input']);

  const peer = await peerOf(server);
  peer.send(
    Buffer.concat([
      requestBytes('AUTH', { value: '\0pass:word' }),
      requestBytes('SET', { key: 'a', value: 'x'.repeat(100 * KIB) }),
    ]),
  );
  expect((await peer.reply()).status).toBe(200);
  expect((await peer.reply()).status).toBe(200);
});

test('unsent-high-water: requests wait while replies lie unread, and all are answered once they are read', async () => {
  const { server, ticked } = await serve({ unsentHighWaterBytes: MIB });
  const peer = await peerOf(server);
  await peer.ask('SET', { key: 'big', value: Buffer.alloc(MIB, 'b') });
  await peer.ask('SET', { key: 'count', value: '0' });
  peer.socket.pause();
  const pair = [requestBytes('GET', { key: 'big' }), requestBytes('INCREMENT', { key: 'count' })];
  peer.send(Buffer.concat(Array.from({ length: 60 }, () => pair).flat()));
  const observer = await peerOf(server);
  const countAfter = await settledCount(observer, ticked);
  expect(countAfter).toBeLessThan(60);
  peer.socket.resume();
  for (let count = 1; count <= 60; count++) {
    expect((await peer.reply()).value).toHaveLength(MIB);
    expect((await peer.reply()).number).toBe(BigInt(count));
  }
});

/** Asks until the number no longer moves from one tick to the next. */
async function settledCount(peer: RawPeer, ticked: () => Promise<void>): Promise<number> {
  for (let before = -1; ;) {
    const now = Number((await peer.ask('GET', { key: 'count' })).text);
    if (now === before) return now;
    before = now;
    await ticked();
  }
}

test('unsent-timeout: a peer that stops reading is closed after it, one that reads slowly is not', async () => {
  const { server, clock, limits, ticked } = await serve({ unsentTimeoutMs: '1s' });
  const deaf = await peerOf(server);
  const lively = await peerOf(server);
  await deaf.ask('SET', { key: 'big', value: Buffer.alloc(MIB) });
  deaf.socket.pause();
  deaf.send(Buffer.concat(Array.from({ length: 40 }, () => requestBytes('GET', { key: 'big' }))));
  await expectServed(lively);
  await ticked();
  clock.advance(999);
  await ticked();
  expect(limits()).toEqual([]);
  clock.advance(1);
  await ticked();
  expect(limits()).toEqual(['unsent-timeout']);
  deaf.socket.resume();
  await deaf.closed;
  await expectServed(lively);
});

test('max-unsent-total: of several deaf peers the worst is closed, and the others stay', async () => {
  const { server, limits, ticked } = await serve({ unsentHighWaterBytes: 8 * MIB, maxUnsentTotalBytes: 12 * MIB });
  const lively = await peerOf(server);
  await lively.ask('SET', { key: 'big', value: Buffer.alloc(MIB) });
  const deaf = [await peerOf(server), await peerOf(server)];
  for (const peer of deaf) {
    peer.socket.pause();
    peer.send(Buffer.concat(Array.from({ length: 40 }, () => requestBytes('GET', { key: 'big' }))));
    await expectServed(lively);
    await ticked();
  }
  expect(limits()).toEqual(['max-unsent-total']);
  await expectServed(lively);
});

test('stop-timeout and the server’s own defaults are those of the options', async () => {
  const { server } = await serve();
  const hello = (await (await peerOf(server)).ask('HELLO')).text;
  expect(hello).toContain(`max-key${4 * KIB}`);
  expect(hello).toContain(`max-value${8 * MIB}`);
  expect(hello).toContain(`max-frame${16 * MIB}`);
});
