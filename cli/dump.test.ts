/** `speicher dump`, `load` and `backup`, as a user runs them. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { Speicher, SpeicherError } from '../client/index.ts';
import { readFrames } from './dump/frames.ts';
import { jsonLine, readJsonLines } from './dump/json-lines.ts';
import { dumpItems, loadItems, FLIGHT_ITEMS_MAX } from './dump/transfer.ts';
import { startOwnServer } from './testing/own-server.ts';
import { hasTerminal, run as runBare, serve, startOnTerminal, type Run } from './testing/run-speicher.ts';

// Processes are started here, and on a busy machine each takes a second to begin.
vi.setConfig({ testTimeout: 60_000 });

const { url, client } = await startOwnServer();
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'speicher-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

beforeEach(async () => {
  await client.reset();
});

function run(args: readonly string[], input: string | Uint8Array = ''): Promise<Run> {
  return runBare(args, { env: { SPEICHER_URL: url }, input });
}

/** One of each kind: all types, no UTF-8, a line break of Unicode, a foreign TAG, an end, nothing, and many. */
async function storeSamples(): Promise<void> {
  await client.set('text', 'grüße\n\u2028 "x"');
  await client.set('number', 2n ** 60n);
  await client.set('json', { a: [1, null] });
  await client.set(
    'bytes',
    Uint8Array.from({ length: 256 }, (_, index) => index),
  );
  await client.set(new Uint8Array([0xff, 0, 0x0a]), new Uint8Array([0xc3]), { tag: 77 });
  await client.set('empty', '');
  await client.set('mortal', 'x', { ttlMs: 1_000_000 });
  await client.set('large', 'l'.repeat(300_000));
  await Promise.all(Array.from({ length: 1200 }, (_, index) => client.set(`many:${index}`, index)));
}

async function contents(): Promise<Map<string, unknown>> {
  const items = new Map<string, unknown>();
  for await (const key of client.keys('', { keysAs: 'bytes' })) {
    const { value, tag, ttlMs } = (await client.gets(key, { as: 'bytes' }))!;
    items.set(Buffer.from(key).toString('hex'), { value: Buffer.from(value), tag, isMortal: ttlMs !== Infinity });
  }
  return items;
}

test.each([{ flags: [] }, { flags: ['--frames'] }])(
  'what is dumped can be loaded, byte for byte: $flags',
  async ({ flags }) => {
    await storeSamples();
    const before = await contents();
    const dumped = await run(['dump', ...flags]);
    expect(dumped).toMatchObject({ code: 0, stderr: '' });
    await client.reset();
    expect(await run(['load', ...flags], dumped.bytes)).toMatchObject({ code: 0, stdout: '1208 items are stored\n' });
    expect(await contents()).toEqual(before);
    const leftMs = (await client.ttl('mortal'))!;
    expect(leftMs).toBeGreaterThan(900_000);
    expect(leftMs).toBeLessThanOrEqual(1_000_000);
  },
);

test('lines are as documented, and a prefix keeps to itself', async () => {
  await client.set('a:1', 'x');
  await client.set('a:2', new Uint8Array([0xff]));
  await client.set('b:1', 'y');
  const lines = '{"key":"a:1","tag":1,"value":"x"}\n{"key":"a:2","tag":0,"valueBase64":"/w=="}\n';
  expect(await run(['dump', 'a:'])).toMatchObject({ code: 0, stdout: lines, stderr: '' });
});

test('a bad line ends it with its number; those before it are stored and counted, those behind it are not', async () => {
  const file = join(folder, 'bad.jsonl');
  await writeFile(file, '{"key":"a","value":"1"}\n{"key":"b","value":"2"}\n{"key":"c"}\n{"key":"d","value":"4"}\n');
  const result = await run(['load', file]);
  expect(result).toMatchObject({ code: 2, stdout: '2 items are stored\n' });
  expect(result.stderr).toMatch(/^speicher: SPEICHER_OPTION: .*line 3: needs one of value and valueBase64\n$/);
  expect(await client.count()).toBe(2);
});

test('an item that the server refuses ends it with its number', async () => {
  await client.set('locked', 'mine');
  await client.lock('locked');
  const result = await run(['load'], '{"key":"a","value":"1"}\n{"key":"locked","value":"2"}\n');
  expect(result).toMatchObject({ code: 3, stdout: '1 items are stored\n' });
  expect(result.stderr).toMatch(/^speicher: SPEICHER_LOCKED: .*line 2/);
  expect(await client.get('locked')).toBe('mine');
});

test('a file that is not there is an error', async () => {
  const result = await run(['load', join(folder, 'none')]);
  expect(result).toMatchObject({ code: 2, stdout: '' });
  expect(result.stderr).toContain('ENOENT');
});

test('a file that cannot be read is named', async () => {
  const result = await run(['load', folder]);
  expect(result).toMatchObject({ code: 2, stdout: '0 items are stored\n' });
  expect(result.stderr).toMatch(/^speicher: SPEICHER_OPTION: .*cannot be read \(EISDIR.*\n$/);
  expect(result.stderr).toContain(folder);
});

async function* chunks(...parts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part);
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = [];
  for await (const item of items) list.push(item);
  return list;
}

test.each([
  ['', 'is no JSON'],
  ['[]', 'expected object'],
  ['{"key":"","value":""}', 'key must have 1 to 65535 bytes'],
  ['{"key":"a","keyBase64":"YQ==","value":""}', 'needs one of key and keyBase64'],
  ['{"key":"a","valueBase64":"YQ"}', 'valueBase64 is no base64'],
  ['{"key":"a","value":"","ttlMs":0}', 'ttlMs'],
  ['{"key":"a","value":"","tag":4294967296}', 'tag'],
  ['{"key":"a","value":"","version":7}', 'version'],
  [String.raw`{"key":"\ud800","value":""}`, 'half of a surrogate pair'],
  [Buffer.from([0x7b, 0xff, 0x7d]), 'is no UTF-8'],
  ['x'.repeat(101), 'is longer than 100 bytes'],
])('a line %j is refused', async (line, why) => {
  const good = '{"key":"a","value":""}\n';
  const reading = all(readJsonLines(chunks(good, line, '\n', good), 100));
  await expect(reading).rejects.toMatchObject({ code: 'SPEICHER_OPTION' });
  await expect(reading).rejects.toThrow('line 2: ');
  await expect(reading).rejects.toThrow(why);
});

const item = { key: Buffer.from('k'), value: Buffer.from('v'), tag: 0, ttlMs: Infinity };

test.each([
  ['zeros', '\0\0\0', { valueBase64: 'AAAA' }],
  ['as much text as base64', '""', { value: '""' }],
  ['many quotes', '"'.repeat(30), { valueBase64: Buffer.from('"'.repeat(30)).toString('base64') }],
  ['line breaks between words', 'one\ntwo\n', { value: 'one\ntwo\n' }],
  ['nothing', '', { value: '' }],
])('a value is base64 where that is shorter than the text: %s', (_, value, written) => {
  const line = jsonLine({ ...item, value: Buffer.from(value) });
  expect(JSON.parse(line)).toEqual({ key: 'k', tag: 0, ...written });
});

test('a key is base64 where that is shorter than the text', () => {
  const line = jsonLine({ ...item, key: Buffer.from('\0\u0001') });
  expect(JSON.parse(line)).toEqual({ keyBase64: 'AAE=', tag: 0, value: 'v' });
});

test('a line that could not be read again is not written, and the error names the key and the limit', () => {
  const long = { ...item, value: Buffer.alloc(600), ttlMs: Number.MAX_SAFE_INTEGER, tag: 0xffff_ffff };
  const line = jsonLine(long, 901);
  expect(line.length).toBeLessThanOrEqual(901);
  expect(() => jsonLine({ ...long, key: Buffer.from('a\n') }, 901)).toThrow(
    expect.objectContaining({
      code: 'SPEICHER_OPTION',
      message: expect.stringMatching(/key "a\\n": .*longer than 901 bytes.*--frames/) as string,
    }),
  );
});

test.each([
  [1024, 32],
  [8 * 1024 * 1024, 32],
  [64 * 1024 * 1024, 4],
  [2 ** 31, 1],
])('of values of up to %i bytes %i are asked for at once', async (valueBytesMax, most) => {
  let [waiting, mostWaiting] = [0, 0];
  const client = {
    keys: async function* () {
      for (let at = 0; at < 100; at++) yield Buffer.from(`${at}`);
    },
    gets: async () => {
      mostWaiting = Math.max(mostWaiting, ++waiting);
      await new Promise(setImmediate);
      waiting--;
      return item;
    },
  } as unknown as Speicher;
  expect(await all(dumpItems(client, '', valueBytesMax))).toHaveLength(100);
  expect(mostWaiting).toBe(most);
});

test('an error names the key whose value could not be had', async () => {
  const failing = {
    keys: async function* () {
      yield Buffer.from([0xff]);
    },
    gets: () => Promise.reject(new SpeicherError('SPEICHER_TIMEOUT')),
  } as unknown as Speicher;
  await expect(all(dumpItems(failing, '', 1024))).rejects.toMatchObject({
    code: 'SPEICHER_TIMEOUT',
    message: expect.stringContaining('key /w== (base64)') as string,
  });
});

test('lines are read however they are cut, and the last one needs no line break', async () => {
  const item = { key: Buffer.from('k\u2028'), value: Buffer.from('grüße\r\n'), tag: 3, ttlMs: 5 };
  const text = Buffer.from(jsonLine(item).repeat(3).trimEnd());
  for (let cut = 0; cut <= text.length; cut++) {
    const read = await all(readJsonLines(chunks(text.subarray(0, cut), text.subarray(cut))));
    expect(read).toEqual([1, 2, 3].map((number) => ({ place: `line ${number}`, item })));
  }
});

/** Requests as a client writes them: length, opcode, flags, key length, id, and what is behind. */
const SET_K = Buffer.from('0000000902000001000000006b', 'hex');

test.each([
  ['a frame that is not whole', SET_K.subarray(0, 10), 'is not whole'],
  ['text', Buffer.from('{"key":"a"}\n'), 'is no frame, or longer than 1000 bytes'],
  ['a length of 0', Buffer.alloc(4), 'is no frame'],
])('%s is refused', async (_, bytes, why) => {
  const reading = all(readFrames(chunks(bytes), 1000));
  await expect(reading).rejects.toMatchObject({ code: 'SPEICHER_OPTION' });
  await expect(reading).rejects.toThrow(`frame 1: ${why}`);
});

test('no more items are on their way than the bound says', async () => {
  let waiting: (() => void)[] = [];
  let most = 0;
  const slow = {
    set: () =>
      new Promise<boolean>((resolve) => {
        waiting.push(() => resolve(true));
        most = Math.max(most, waiting.length);
        if (waiting.length < FLIGHT_ITEMS_MAX) return;
        for (const answer of waiting) answer();
        waiting = [];
      }),
  } as unknown as Speicher;
  const items = Array.from({ length: 2 * FLIGHT_ITEMS_MAX }, (_, index) => ({
    place: `line ${index}`,
    item,
  }));
  let stored = 0;
  const source = (async function* () {
    yield* items;
  })();
  await loadItems(slow, source, () => stored++);
  expect({ most, stored }).toEqual({ most: FLIGHT_ITEMS_MAX, stored: items.length });
});

test('behind the first that is refused no more are sent than were on their way', async () => {
  let sent = 0;
  const refusing = {
    set: () => {
      sent++;
      return Promise.reject(new Error('refused'));
    },
  } as unknown as Speicher;
  const source = (async function* () {
    for (let number = 1; number <= 3 * FLIGHT_ITEMS_MAX; number++) yield { place: `line ${number}`, item };
  })();
  await expect(loadItems(refusing, source, () => {})).rejects.toThrow('line 1: refused');
  expect(sent).toBeLessThanOrEqual(FLIGHT_ITEMS_MAX);
});

test('an item at the end of its life is dumped with a millisecond, as 0 would let it live for ever', async () => {
  const ending = {
    keys: async function* () {
      yield Buffer.from('k');
    },
    gets: () => Promise.resolve({ value: Buffer.from('v'), tag: 3, ttlMs: 0 }),
  } as unknown as Speicher;
  const key = Buffer.from('k');
  expect(await all(dumpItems(ending, '', 1024))).toEqual([{ key, value: Buffer.from('v'), tag: 3, ttlMs: 1 }]);
});

test('backup copies the data of a server that runs, and serve takes the copy', async () => {
  const [data, copy] = [join(folder, 'data'), join(folder, 'copy')];
  const served = await serve(['--data', data]);
  const writer = new Speicher(served.urls[0]);
  await writer.set('a', 1);
  const result = await run(['backup', data, '--to', copy]);
  expect(result).toMatchObject({ code: 0, stderr: '' });
  expect(result.stdout).toMatch(/^1 items, \d+ bytes, are copied to /);
  expect(await run(['backup', data, '--to', copy])).toMatchObject({ code: 2 });
  await writer.close();
  await served.stop();
  const again = await serve(['--data', copy]);
  const reader = new Speicher(again.urls[0]);
  expect(await reader.get('a')).toBe(1);
  await reader.close();
  expect(await again.stop()).toBe(0);
});

test.skipIf(!hasTerminal)(
  'on a terminal (needs `script` of util-linux) the items are counted while they come',
  async () => {
    const pipe = join(folder, 'pipe');
    expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
    const terminal = startOnTerminal(['load', pipe], { SPEICHER_URL: url });
    let screen = '';
    terminal.stdout.setEncoding('utf8').on('data', (text: string) => (screen += text));
    const exited = once(terminal, 'exit');
    const items = createWriteStream(pipe);
    let written = 0;
    const countShown = (): string => {
      items.write(`{"key":"counted:${written++}","value":"x"}\n`);
      return screen;
    };
    try {
      await expect.poll(countShown, { timeout: 20_000 }).toMatch(/\r[1-9]\d* items/);
      items.end();
      expect(await exited).toEqual([0, null]);
      // The line of progress is cleared for the last one.
      expect(screen).toContain(`\r\u001B[K${written} items are stored\r\n`);
      expect(await client.count('counted:')).toBe(written);
    } finally {
      terminal.kill('SIGKILL');
      items.destroy();
    }
  },
);
