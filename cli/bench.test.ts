/** `speicher bench` as a user runs it, against a server of its own. */
import { once } from 'node:events';
import type { Server as Listener, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, test, vi } from 'vitest';
import { FrameWriter, OPCODE, putReply, type ReplyFrame } from '../protocol/index.ts';
import { serveFrames } from './testing/frame-server.ts';
import { startOwnServer } from './testing/own-server.ts';
import { hasTerminal, run, serve, start, startOnTerminal } from './testing/run-speicher.ts';

// Processes are started here, and on a busy machine each takes a second to begin.
vi.setConfig({ testTimeout: 60_000 });

const ALL = 'get,set,add,delete,touch,increment,append,count,keys';

const { url, client } = await startOwnServer();

interface Tally {
  requests: number;
  requestsPerSecond: number;
  statuses: Record<string, number>;
  latencyMs: Record<'mean' | 'p50' | 'p90' | 'p99' | 'p999' | 'max', number> | null;
}

interface Report extends Tally {
  seed: string;
  keyPrefix: string;
  seconds: number;
  errors: Record<string, number>;
  unsent: number;
  interrupted: boolean;
  byOperation: Record<string, Tally>;
  options: Record<string, unknown>;
}

/** One run that must succeed, and what it reports. */
async function bench(...args: string[]): Promise<Report> {
  const { code, stdout, stderr } = await run(['bench', url, '--json', ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Report;
}

const statusesOf = ({ byOperation }: Report) => Object.values(byOperation).map(({ statuses }) => statuses);

async function allKeys(prefix = ''): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of client.keys(prefix)) keys.push(String(key));
  return keys;
}

/** The values under a prefix, in the order of their keys. */
async function counters(prefix: string): Promise<number[]> {
  const values: number[] = [];
  for await (const [, value] of client.scan(prefix, { as: 'string' })) values.push(Number(value));
  return values;
}

const sumOf = (counts: Record<string, number>): number => Object.values(counts).reduce((sum, count) => sum + count, 0);

describe('a run', () => {
  test('asks so many requests, counts every reply, and leaves nothing behind', async () => {
    await client.set('mine', 'stays');
    const before = await client.stats();
    const report = await bench('--operations', ALL, '--requests', '5000', '--keys', '300', '--connections', '3');
    const after = await client.stats();
    expect(report).toMatchObject({ requests: 5000, errors: {}, unsent: 0, interrupted: false });
    expect(Object.keys(report.byOperation)).toEqual(ALL.split(','));
    for (const { requests, statuses, latencyMs } of Object.values(report.byOperation)) {
      expect(requests).toBeGreaterThan(400);
      expect(sumOf(statuses)).toBe(requests);
      const { p50, p90, p99, p999, max } = latencyMs!;
      expect([p50, p90, p99, p999, max]).toEqual([p50, p90, p99, p999, max].sort((a, b) => a - b));
      expect(p50).toBeGreaterThan(0);
    }
    // Beside them: HELLO, a PING on each connection, 900 SETs that prepare three kinds of keys, 3 DELETEs, and STATS.
    expect(after.requests - before.requests).toBe(5000 + 900 + 1 + 3 + 3 + 1);
    expect(await allKeys()).toEqual(['mine']);
  });

  test('all keys are there before anything is measured, and values come back whole', async () => {
    const report = await bench('--operations', 'get', '--value-size', '0-3000', '--keys', '500', '--requests', '3000');
    expect(report.statuses).toEqual({ 200: 3000 });
  });

  test('the mix has the weights that were given', async () => {
    const { byOperation } = await bench('--operations', 'get:3,set:1', '--requests', '6000', '--seed', 'weights');
    expect(byOperation['get']!.requests).toBeGreaterThan(4300);
    expect(byOperation['get']!.requests).toBeLessThan(4700);
  });

  test('a seed repeats what is asked', async () => {
    const args = ['--operations', 'add,delete,keys', '--requests', '800', '--connections', '1', '--keys', '50'];
    const [first, again, other] = [
      await bench(...args, '--seed', 'one'),
      await bench(...args, '--seed', 'one'),
      await bench(...args, '--seed', 'two'),
    ];
    expect(statusesOf(again)).toEqual(statusesOf(first));
    expect(statusesOf(other)).not.toEqual(statusesOf(first));
    expect(first.keyPrefix).not.toBe(again.keyPrefix);
  });

  test('--keep leaves the keys', async () => {
    const { keyPrefix } = await bench('--keep', '--keys', '7', '--operations', 'set,increment', '--requests', '70');
    expect(await client.count(keyPrefix)).toBe(14);
    expect(keyPrefix).toMatch(/^bench:[0-9a-f]{8}:$/);
    await client.deletePrefix(keyPrefix);
  });

  test('a sequential distribution asks for every key in turn', async () => {
    const args = ['--operations', 'increment', '--distribution', 'sequential', '--keys', '50', '--requests', '200'];
    const { keyPrefix } = await bench('--keep', ...args);
    const values = await counters(keyPrefix);
    expect(values).toEqual(Array.from({ length: 50 }, () => 4));
    await client.deletePrefix(keyPrefix);
  });

  test('a zipf distribution asks for the first key most', async () => {
    const args = ['--operations', 'increment', '--distribution', 'zipf:1', '--keys', '10', '--requests', '10000'];
    const { keyPrefix } = await bench('--keep', '--seed', 'zipf', ...args);
    const values = await counters(keyPrefix);
    // Of 10 000 the first gets 10 000 / (1 + 1/2 + … + 1/10) = 3414, the second half of that, and so on.
    for (const [index, value] of values.entries()) expect(value / (3414 / (index + 1))).toBeCloseTo(1, 0.5);
    await client.deletePrefix(keyPrefix);
  });

  test('the table has a line for each operation, and what was not 200', async () => {
    const { code, stdout, stderr } = await run(['bench', '--url', url, '--operations', 'set,add', '--requests', '500']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^ +requests +per second +p50 ms +p90 ms +p99 ms +p99\.9 ms +max ms$/m);
    expect(stdout).toMatch(/^set +\d+ +[\d,]+( +\d+\.\d{3}){5}$/m);
    expect(stdout).toMatch(/^all +500 /m);
    expect(stdout).toMatch(/^add 409 CONFLICT: \d+$/m);
  });
});

describe('time', () => {
  test('--duration ends it', async () => {
    const { seconds, requests } = await bench('--duration', '300ms', '--connections', '2');
    expect(seconds).toBeGreaterThan(0.299);
    expect(requests).toBeGreaterThan(10);
  });

  test('--rate asks no sooner than requests are due, and all that are', async () => {
    const { requests, unsent, seconds } = await bench('--rate', '400', '--duration', '500ms', '--connections', '2');
    expect(requests + unsent).toBe(200);
    expect(seconds).toBeGreaterThan(0.497);
  });

  test('--rate counts from when a request was due: what a pause holds up is slow', async () => {
    // The server answers nothing for 300 ms; half of the 600 ms of requests wait, on average for half of the pause.
    const slow = await pausingServer(300);
    try {
      const { code, stdout } = await run(
        ['bench', slow.url, '--rate', '500', '--requests', '300', '--connections', '1', '--pipeline', '1'].concat([
          '--operations',
          'get',
          '--keys',
          '1',
          '--json',
        ]),
      );
      expect(code).toBe(0);
      const { latencyMs } = JSON.parse(stdout) as Report;
      expect(latencyMs!.max).toBeGreaterThan(290);
      // In a closed loop one request of 300 would have waited; here nearly 150 have, and a third of them above 200 ms.
      expect(latencyMs!.p90).toBeGreaterThan(150);
    } finally {
      slow.listener.close();
    }
  });

  test('Ctrl-C ends the measuring early; what was measured is printed and the keys are removed', async () => {
    const child = start(['bench', url, '--json', '--duration', '1h', '--rate', '1000']);
    const [stdout, exited] = [text(child.stdout!), once(child, 'close')];
    const { requests } = await client.stats();
    // 10 000 keys are prepared; beyond that it measures.
    await vi.waitUntil(async () => (await client.stats()).requests > requests + 11_000, { timeout: 30_000 });
    child.kill('SIGINT');
    expect(await exited).toEqual([0, null]);
    expect(JSON.parse(await stdout)).toMatchObject({ interrupted: true, errors: {} });
    expect(await allKeys('bench:')).toEqual([]);
  });

  test('Ctrl-C while keys are prepared leaves none of them, and there is nothing to print', async () => {
    const { requests } = await client.stats();
    const child = start(['bench', url, '--json', '--keys', '100000000']);
    const [stdout, exited] = [text(child.stdout!), once(child, 'close')];
    await vi.waitUntil(async () => (await client.stats()).requests > requests + 1000, { timeout: 30_000 });
    child.kill('SIGINT');
    expect(await exited).toEqual([130, null]);
    expect(await stdout).toBe('');
    expect(await allKeys('bench:')).toEqual([]);
  });

  test.skipIf(!hasTerminal)('a terminal (needs `script` of util-linux) shows how far it is', async () => {
    const terminal = startOnTerminal(['bench', url, '--duration', '700ms']);
    const screen = (await text(terminal.stdout)).replaceAll('\r\u001B[K', '<new>');
    expect(screen).toMatch(/<new>0\.\d s: [\d,]+ requests, [\d,]+ per second/);
    expect(screen).toMatch(/<new>tcp:\/\/127\.0\.0\.1:\d+, speicher .*\r\n/);
  });
});

/** A server whose first GET waits for `pauseMs`; the requests behind it on its connection wait too. */
async function pausingServer(pauseMs: number): Promise<{ url: string; listener: Listener }> {
  let value = new Uint8Array(0);
  let isFirst = true;
  return serveFrames((request, reply, socket) => {
    if (request.opcode === OPCODE.SET) value = request.valueBytes.slice(request.valueStart, request.valueEnd);
    if (request.opcode !== OPCODE.GET) return true;
    reply.setValue(value);
    if (!isFirst) return true;
    isFirst = false;
    const writer = new FrameWriter();
    putReply(writer, reply);
    setTimeout(() => socket.write(writer.bytes.subarray(0, writer.length)), pauseMs);
    return false;
  });
}

describe('a server that errs', () => {
  const args = ['--requests', '200', '--connections', '2', '--pipeline', '4', '--keys', '5', '--json'];

  /** One run against a server that answers GET in its own way. */
  async function against(onGet: (reply: ReplyFrame, socket: Socket, count: number) => boolean, more: string[] = []) {
    let value = new Uint8Array(0);
    let gets = 0;
    const deleted: string[] = [];
    const { url, listener } = await serveFrames((request, reply, socket) => {
      const key = Buffer.from(request.keyBytes.subarray(request.keyStart, request.keyEnd)).toString();
      if (request.opcode === OPCODE.SET) value = request.valueBytes.slice(request.valueStart, request.valueEnd);
      if (request.opcode === OPCODE.DELETE) deleted.push(key);
      if (request.opcode !== OPCODE.GET) return true;
      gets += 1;
      reply.setValue(value);
      return onGet(reply, socket, gets);
    });
    try {
      return { ...(await run(['bench', url, '--operations', 'get', ...args, ...more])), deleted };
    } finally {
      listener.close();
    }
  }

  test('its errors are counted by status, and make the exit code 3', async () => {
    const { code, stdout, stderr, deleted } = await against((reply, _, count) => {
      if (count % 4 === 0) reply.status = 507;
      if (count % 50 === 1) reply.status = 503;
      if (reply.status !== 200) reply.valueEnd = reply.valueStart;
      return true;
    });
    expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      requests: 200,
      statuses: { 200: 146, 503: 4, 507: 50 },
      errors: { 503: 4, 507: 50 },
    });
    // It has no prefixes: the keys went one by one.
    expect(deleted.map((key) => key.replace(/^bench:[0-9a-f]{8}/, ''))).toEqual(
      Array.from({ length: 5 }, (_, index) => `:v:00000000${index}`),
    );
  });

  test.each([
    ['a wrong id', (reply: ReplyFrame) => ((reply.id += 1), true), 'MALFORMED_REPLY'],
    ['a wrong opcode', (reply: ReplyFrame) => ((reply.opcode = OPCODE.SET), true), 'MALFORMED_REPLY'],
    ['a status that there is not', (reply: ReplyFrame) => ((reply.status = 299), true), 'MALFORMED_REPLY'],
    ['another value', (reply: ReplyFrame) => (reply.setValue(Buffer.alloc(64)), true), 'MALFORMED_REPLY'],
    ['a value cut off', (reply: ReplyFrame) => ((reply.valueEnd -= 1), true), 'MALFORMED_REPLY'],
    ['an end', (_: ReplyFrame, socket: Socket) => (socket.end(), false), 'CONNECTION_LOST'],
    ['silence', () => false, 'TIMEOUT'],
  ])('%s ends the run with exit code 3', async (_, onGet, code) => {
    const result = await against(
      (reply, socket, count) => (count < 20 ? true : onGet(reply, socket)),
      ['--timeout', '500ms'],
    );
    expect({ code: result.code, stdout: result.stdout }).toEqual({ code: 3, stdout: '' });
    expect(result.stderr).toMatch(new RegExp(`^speicher: SPEICHER_${code}: .+\n$`));
    expect(result.deleted).toHaveLength(5);
  });

  test('a refusal while keys are prepared ends it: nothing would be measured that was asked for', async () => {
    let sets = 0;
    const { url, listener } = await serveFrames((request, reply) => {
      if (request.opcode === OPCODE.SET && (sets += 1) === 4) reply.status = 507;
      return true;
    });
    const { code, stderr } = await run(['bench', url, ...args]);
    listener.close();
    expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringContaining('SPEICHER_OUT_OF_MEMORY') });
  });
});

describe('the server', () => {
  test('may ask for a password, which the URL or the environment has', async () => {
    const guarded = await serve(['--auth', 'alice:secret', '--listen', 'tcp://127.0.0.1:0']);
    try {
      const guardedUrl = guarded.urls[0]!;
      const args = ['bench', '--requests', '10', '--keys', '1'];
      const withUrl = await run([...args, guardedUrl.replace('tcp://', 'tcp://alice:secret@')]);
      expect(withUrl).toMatchObject({ code: 0, stderr: '' });
      expect(withUrl.stdout).not.toContain('secret');
      const env = { SPEICHER_PASSWORD: 'alice:secret', SPEICHER_URL: guardedUrl };
      expect(await run(args, { env })).toMatchObject({ code: 0, stderr: '' });
      const refused = await run([...args, guardedUrl]);
      expect(refused).toMatchObject({ code: 3, stdout: '' });
      expect(refused.stderr).toContain('SPEICHER_UNAUTHENTICATED');
    } finally {
      expect(await guarded.stop()).toBe(0);
    }
  });

  test('may take fewer connections: exit code 3, and nothing is stored', async () => {
    const small = await serve(['--max-connections', '32', '--listen', 'tcp://127.0.0.1:0']);
    try {
      const refused = await run(['bench', small.urls[0]!, '--connections', '40']);
      expect(refused).toMatchObject({ code: 3, stdout: '' });
      expect(refused.stderr).toMatch(/^speicher: SPEICHER_(TOO_MANY|CONNECTION_LOST): /);
      expect((await run(['count', '--url', small.urls[0]!])).stdout).toBe('0\n');
    } finally {
      await small.stop();
    }
  });

  test('may be absent', async () => {
    const { code, stderr } = await run(['bench', 'tcp://127.0.0.1:1']);
    expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringContaining('SPEICHER_CONNECT') });
  });

  test('is asked only for what it offers and takes', async () => {
    const { url, listener } = await serveFrames(() => true);
    const of = async (...args: string[]) => (await run(['bench', url, ...args])).stderr;
    expect(await of('--operations', 'get,count')).toContain(
      '--operations: the server offers no count (profile prefix)',
    );
    expect(await of('--value-size', '1KiB-1025')).toContain('--value-size: the server takes values of 1024 bytes');
    listener.close();
  });
});

describe('wrong usage is told, and ends with exit code 2', () => {
  test.each([
    [['--operations', 'get:90,fly:10'], '--operations must be a list such as get:90,set:10 of get, set'],
    [['--operations', 'get:0'], 'the weight of get must be an integer from 1 to 1000000, not 0'],
    [['--operations', 'get:1,get:2'], 'each operation once, and get is there twice'],
    [['--connections', '10001'], '--connections must be an integer from 1 to 10000, not 10001'],
    [['--pipeline', '0'], '--pipeline must be an integer from 1 to 65536, not 0'],
    [['--value-size', '9-3'], '--value-size must be bytes'],
    [['--value-size', '257MiB'], 'up to 256MiB, not 257MiB'],
    [['--value-size', '1MiB', '--pipeline', '100'], 'on the way at once; at most 1GiB may be'],
    [['--keys', '1000000001'], '--keys must be an integer from 1 to 1000000000, not 1000000001'],
    [['--distribution', 'zipf:0'], '--distribution must be uniform, sequential, or zipf:S with S above 0, up to 10'],
    [['--requests', '-1'], '--requests must be an integer from 1 to'],
    [['--requests', '5', '--duration', '5s'], '--requests and --duration both say when it ends'],
    [['--duration', '0'], '--duration must be milliseconds'],
    [['--rate', '10000001'], '--rate must be an integer from 1 to 10000000, not 10000001'],
    [['--url', 'tcp://127.0.0.1:2'], 'the server is named twice'],
  ])('%j', async (args, expected) => {
    // Nobody listens there, and nobody is asked.
    const { code, stdout, stderr } = await run(['bench', 'tcp://127.0.0.1:1', ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(expected);
  });
});
