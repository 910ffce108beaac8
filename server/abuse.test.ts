/**
 * What a hostile or broken peer does to everybody else: nothing (TRANSPORT-5). Each kind of abuse goes on while another
 * peer is served; the server's memory, looked at from outside, stays bounded, and the figures are printed.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RawPeer, envelopeBytes, requestBytes } from './testing/raw-peer.ts';
import { ServerProcess } from './testing/server-process.ts';

const MIB = 1024 * 1024;
let server: ServerProcess;
let lively: RawPeer;

beforeAll(async () => {
  server = await ServerProcess.start('--unsent-timeout', '1s', '--frame-timeout', '2s');
  lively = await RawPeer.connect(server);
});

afterAll(async () => {
  lively.close();
  await server.stop();
});

/** Shows that another connection, an old one and a new one, is served; returns the slowest answer in milliseconds. */
async function expectOthersServed(): Promise<number> {
  let slowestMs = 0;
  for (const peer of [lively, await RawPeer.connect(server)]) {
    for (let round = 0; round < 10; round++) {
      const begunMs = performance.now();
      expect((await peer.ask('SET', { key: 'lively', value: `${round}` })).status).toBe(200);
      expect((await peer.ask('GET', { key: 'lively' })).text).toBe(`${round}`);
      slowestMs = Math.max(slowestMs, performance.now() - begunMs);
    }
    if (peer !== lively) peer.close();
  }
  return slowestMs;
}

/** Prints the server's memory before and during an abuse, and asserts that it has grown by no more than `mibMax`. */
async function expectBounded(name: string, beforeMib: number | undefined, mibMax: number): Promise<void> {
  const slowestMs = await expectOthersServed();
  const nowMib = await server.residentMib();
  const memory = beforeMib === undefined ? 'not measured here' : `${beforeMib} MiB before, ${nowMib} MiB during`;
  process.stdout.write(`abuse: ${name}: memory ${memory}; others' slowest SET and GET ${slowestMs.toFixed(1)} ms\n`);
  expect((nowMib ?? 0) - (beforeMib ?? 0)).toBeLessThan(mibMax);
}

async function connectionsOpen(): Promise<number> {
  const stats = (await lively.ask('STATS')).text;
  return Number(/connections(\d+)/.exec(stats)?.[1]);
}

test('half frames that never go on', async () => {
  const before = await server.residentMib();
  const peers = await Promise.all(Array.from({ length: 200 }, () => RawPeer.connect(server)));
  // Each declares 16 MiB, and sends 12 bytes of it.
  for (const peer of peers) peer.send(Buffer.from('00fffff0110000030000000166666f6f', 'hex'));
  await expectBounded('200 half frames of 16 MiB', before, 64);
  await Promise.all(peers.map((peer) => peer.closed));
});

test('a frame of 2^31 − 1 bytes', async () => {
  const before = await server.residentMib();
  const peer = await RawPeer.connect(server);
  peer.send(Buffer.from('7fffffff', 'hex'));
  expect(await peer.reply()).toMatchObject({ status: 413, id: 0 });
  await peer.closed;
  await expectBounded('a length of 2^31 − 1', before, 32);
});

test('1 MB of [, as an envelope’s value and as a frame of its own', async () => {
  const before = await server.residentMib();
  const peer = await RawPeer.connect(server);
  const brackets = '['.repeat(1_000_000);
  for (let round = 0; round < 10; round++) {
    peer.send(envelopeBytes(`{"command":"SET","key":"k","value":${brackets}`));
    expect((await peer.reply()).text).toMatch(/^{"status_code":4(00|13)}$/);
    peer.send(envelopeBytes(brackets));
    expect((await peer.reply()).status).toBe(405);
  }
  await expectBounded('1 MB of [', before, 64);
  peer.close();
});

test('a peer that never reads 500 replies of 1 MB', async () => {
  const deaf = await RawPeer.connect(server);
  await deaf.ask('SET', { key: 'big', value: Buffer.alloc(1_000_000) });
  const before = await server.residentMib();
  deaf.socket.pause();
  deaf.send(Buffer.concat(Array.from({ length: 500 }, () => requestBytes('GET', { key: 'big' }))));
  await expectBounded('500 unread replies of 1 MB', before, 48);
  // It is closed after a second without reading (--unsent-timeout); until then the lively one goes on asking.
  while ((await connectionsOpen()) > 1);
  deaf.socket.resume();
  await deaf.closed;
});

test('10 000 silent connections', async () => {
  const before = await server.residentMib();
  const peers: RawPeer[] = [];
  while (peers.length < 10_000) {
    peers.push(...(await Promise.all(Array.from({ length: 250 }, () => RawPeer.connect(server)))));
  }
  await expectBounded('10 000 silent connections', before, 96);
  expect(await connectionsOpen()).toBeGreaterThanOrEqual(10_001);
  for (const peer of peers) peer.close();
});

test('peers that die in mid-frame', async () => {
  const before = await server.residentMib();
  for (let round = 0; round < 100; round++) {
    const peer = await RawPeer.connect(server);
    peer.send(requestBytes('SET', { key: 'half', value: Buffer.alloc(MIB) }).subarray(0, 1000 + round * 100));
    if (round % 2 === 0) peer.socket.resetAndDestroy();
    else peer.close();
  }
  await expectBounded('100 deaths in mid-frame', before, 64);
  expect((await lively.ask('GET', { key: 'half' })).status).toBe(404);
});
