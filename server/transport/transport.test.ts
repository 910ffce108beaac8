/** What every kind of stream does for a connection, on the fastest that the runtime has and on the plain one. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createServer, type ServerOptionsInput } from '../index.ts';
import { RawPeer, requestBytes } from '../testing/raw-peer.ts';

const MIB = 1024 * 1024;
const FASTEST = process.versions['bun'] === undefined ? 'handles' : 'bun';
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

interface Logged {
  readonly event?: string;
  readonly reason?: string;
  readonly transport?: string;
}

async function serve(options: ServerOptionsInput) {
  const logged: Logged[] = [];
  const closings: (() => void)[] = [];
  const log = (fields: object) => {
    logged.push(fields);
    if ('event' in fields && fields.event === 'closed') for (const resolve of closings.splice(0)) resolve();
  };
  const logger = { debug: log, info: log, warn: log, error: log };
  const server = createServer({ listen: ['tcp://127.0.0.1:0'], ...options }, { logger });
  await server.start();
  cleanups.push(() => server.stop());
  return {
    server,
    transport: () => logged.find(({ event }) => event === 'listening')?.transport,
    closed: () => logged.filter(({ event }) => event === 'closed').map(({ reason }) => reason),
    closing: () => new Promise<void>((resolve) => closings.push(resolve)),
    connect: async () => {
      const peer = await RawPeer.connect(server);
      cleanups.push(() => peer.close());
      return peer;
    },
  };
}

/** A number below `limit`, from a seed: xorshift32. */
function randomFrom(seed: number): (limit: number) => number {
  let state = seed | 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

/** Settles when all that was sent has been handed to the system. */
function sent(peer: RawPeer): Promise<void> {
  return new Promise((resolve) => peer.socket.write('', () => resolve()));
}

describe.each(['auto', 'plain'] as const)('transport %s', (transport) => {
  test('is the one that the log names', async () => {
    expect((await serve({ transport })).transport()).toBe(transport === 'auto' ? FASTEST : 'plain');
  });

  test('serves over a Unix socket', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'speicher-'));
    cleanups.push(() => rm(folder, { recursive: true }));
    const { connect } = await serve({ transport, listen: [`unix://${join(folder, 'socket')}`] });
    const peer = await connect();
    expect((await peer.ask('PING', { value: 'near' })).text).toBe('near');
  });

  test('requests that a paused connection has sent already are kept while others send', async () => {
    const { connect } = await serve({ transport });
    const [slow, lively] = [await connect(), await connect()];
    await lively.ask('SET', { key: 'big', value: Buffer.alloc(8 * MIB) });
    slow.socket.pause();
    // One segment brings them all, and the first reply is more than the high water.
    const names = Array.from({ length: 500 }, (_, index) => `name-${index}`);
    slow.send(
      Buffer.concat([requestBytes('GET', { key: 'big' }), ...names.map((value) => requestBytes('PING', { value }))]),
    );
    await sent(slow);
    for (let round = 0; round < 20; round++) {
      const value = `other-${round}`.padEnd(30_000, '.');
      expect((await lively.ask('PING', { value })).text).toBe(value);
    }
    slow.socket.resume();
    expect((await slow.reply()).value).toHaveLength(8 * MIB);
    for (const name of names) expect((await slow.reply()).text).toBe(name);
  });

  test('replies that wait for their reader stay as they were while others are answered', async () => {
    const { connect } = await serve({ transport, unsentHighWaterBytes: 64 * MIB });
    const [slow, lively] = [await connect(), await connect()];
    const values = Array.from({ length: 12 }, (_, index) => Buffer.alloc(MIB, 65 + index));
    for (const [index, value] of values.entries()) await lively.ask('SET', { key: `${index}`, value });
    slow.socket.pause();
    for (const index of values.keys()) slow.send(requestBytes('GET', { key: `${index}` }));
    await sent(slow);
    for (let round = 0; round < 50; round++) await lively.ask('PING', { value: '.'.repeat(60_000) });
    slow.socket.resume();
    for (const value of values) expect(value.equals((await slow.reply()).value)).toBe(true);
  });

  test('a client that has ended gets all replies, however long it takes to read them (TRANSPORT-4)', async () => {
    const { connect, closed, closing } = await serve({ transport });
    const peer = await connect();
    await peer.ask('SET', { key: 'big', value: Buffer.alloc(MIB, 'b') });
    peer.socket.pause();
    const done = closing();
    peer.socket.end(Buffer.concat(Array.from({ length: 20 }, () => requestBytes('GET', { key: 'big' }))));
    await (await connect()).ask('PING', { value: 'others are served' });
    peer.socket.resume();
    for (let count = 0; count < 20; count++) expect((await peer.reply()).value).toHaveLength(MIB);
    await peer.closed;
    await done;
    expect(closed()).toEqual(['ended']);
  });

  test('after QUIT input is read and thrown away until the client ends, so that no reset destroys the reply', async () => {
    const { connect, closed, closing } = await serve({ transport });
    const peer = await connect();
    const done = closing();
    peer.send(requestBytes('QUIT', { id: 7 }), Buffer.alloc(MIB));
    expect((await peer.reply()).id).toBe(7);
    await peer.closed;
    peer.send(Buffer.alloc(4 * MIB));
    await sent(peer);
    expect(closed()).toEqual([]);
    peer.socket.end();
    await done;
    expect(peer.socket.errored).toBeNull();
    expect(closed()).toHaveLength(1);
    expect(closed()).not.toContain('socket-error');
  });

  test('a client that resets the connection while replies wait is forgotten, and the others stay', async () => {
    const { server, connect, closing } = await serve({ transport });
    const [lively, dying] = [await connect(), await connect()];
    await lively.ask('SET', { key: 'big', value: Buffer.alloc(8 * MIB) });
    dying.socket.pause();
    dying.send(requestBytes('GET', { key: 'big' }), requestBytes('GET', { key: 'big' }));
    await sent(dying);
    await lively.ask('PING', { value: 'a turn later' });
    const done = closing();
    dying.socket.resetAndDestroy();
    // The server hears of it by writing: it reads nothing of a connection that is above the high water.
    await done;
    expect((await lively.ask('STATS')).text).toContain('connections1');
    expect(server.addresses).toHaveLength(1);
  });

  test('any requests in any pieces on many connections at once are answered in order, each with its own', async () => {
    const seed = Number(process.env['SPEICHER_TEST_SEED'] ?? randomBytes(4).readUInt32BE());
    process.stdout.write(`transport ${transport}: SPEICHER_TEST_SEED=${seed}\n`);
    const random = randomFrom(seed);
    const { connect } = await serve({ transport, unsentHighWaterBytes: MIB });
    const talk = async (name: number) => {
      const peer = await connect();
      const values = Array.from({ length: 60 }, (_, index) => {
        const length = random(8) === 0 ? random(400_000) : random(300);
        return `${name}.${index}.`.padEnd(length, String.fromCodePoint(97 + random(26)));
      });
      const bytes = Buffer.concat(values.map((value, id) => requestBytes('PING', { id, value })));
      const reading = (async () => {
        for (const [id, value] of values.entries()) {
          expect(await peer.reply()).toMatchObject({ id, status: 200, text: value });
          if (random(20) === 0) {
            peer.socket.pause();
            setImmediate(() => peer.socket.resume());
          }
        }
      })();
      for (let at = 0; at < bytes.length;) {
        const end = at + 1 + random(random(4) === 0 ? 200_000 : 2000);
        if (!peer.socket.write(bytes.subarray(at, end))) await new Promise((go) => peer.socket.once('drain', go));
        at = end;
      }
      await reading;
    };
    await Promise.all(Array.from({ length: 12 }, (_, name) => talk(name)));
  });
});

describe.skipIf(FASTEST !== 'handles')('without what Node keeps for itself', () => {
  const binding: unknown = Reflect.get(process, 'binding');

  afterEach(() => {
    Reflect.set(process, 'binding', binding);
  });

  test.each([
    [
      'is refused',
      () => () => {
        throw new Error('refused');
      },
    ],
    ['has changed', () => () => ({})],
    ['is gone', () => undefined],
  ])('the plain transport serves: it %s', async (_, replacement) => {
    Reflect.set(process, 'binding', replacement());
    const { transport, connect } = await serve({});
    expect(transport()).toBe('plain');
    expect((await (await connect()).ask('PING', { value: 'still' })).text).toBe('still');
  });
});
