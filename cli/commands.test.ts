import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { VERSION } from '../server/version.ts';
import { ARGUMENTS, OPTIONS, readCall, usage } from './client-command.ts';
import { CLIENT_COMMANDS } from './client-commands.ts';
import { makeCommand } from './commands/client.ts';
import { render } from './render.ts';
import { startOwnServer } from './testing/own-server.ts';
import { run as runBare, type Run } from './testing/run-speicher.ts';

// Processes are started here, and on a busy machine each takes a second to begin.
vi.setConfig({ testTimeout: 60_000 });

const { url, client } = await startOwnServer();

beforeEach(async () => {
  await client.reset();
});

/** As a user runs it: a process of its own. */
function run(args: readonly string[], input: string | Uint8Array = ''): Promise<Run> {
  return runBare(args, { env: { SPEICHER_URL: url }, input });
}

/** The same command line, read, carried out and printed in this process, which is a hundred times as fast. */
async function here(name: string, ...args: string[]): Promise<Run> {
  const stream = new PassThrough();
  let code = 0;
  const command = makeCommand(name, CLIENT_COMMANDS.get(name)!, '', async (description, words, flags) => {
    const call = await readCall(description, words, flags, wordAsValue);
    const output = { stream, isTerminal: false, isJson: flags['json'] === true };
    code = await render(await description.run(client, call), output);
  });
  await command.exitOverride().parseAsync(args, { from: 'user' });
  const bytes = await buffer(stream.end());
  return { code, bytes, stdout: bytes.toString(), stderr: '' };
}

/** The value is the word itself, and never standard input. */
async function wordAsValue(word: string | undefined): Promise<Uint8Array> {
  return Buffer.from(word ?? '');
}

const DONE = { code: 0, stdout: '', stderr: '' };
const MISS = { code: 1, stdout: '', stderr: '' };

function printed(stdout: string) {
  return { code: 0, stdout, stderr: '' };
}

test('set, get and delete as the README has them', async () => {
  expect(await run(['set', 'foo', 'bar'])).toMatchObject(DONE);
  expect(await client.get('foo')).toBe('bar');
  expect(await run(['get', 'foo'])).toMatchObject(printed('bar'));
  expect(await run(['delete', 'foo'])).toMatchObject(DONE);
  expect(await run(['get', 'foo'])).toMatchObject(MISS);
  expect(await run(['delete', 'foo'])).toMatchObject(MISS);
  expect(await run(['replace', 'foo', 'x'])).toMatchObject(MISS);
});

test('values go in and come out byte for byte', async () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7919) >> 3);
  expect(await run(['set', 'bin'], bytes)).toMatchObject(DONE);
  expect((await run(['get', 'bin'])).bytes).toEqual(Buffer.from(bytes));
  expect(await client.get('bin')).toEqual(bytes);
  expect(await run(['set', 'text', '-'], 'grüße\n')).toMatchObject(DONE);
  expect(await client.get('text')).toBe('grüße\n');
  expect(await run(['set', 'empty'])).toMatchObject(DONE);
  expect(await run(['get', 'empty'])).toMatchObject(DONE);
});

test('--type says what a value is, and --json prints it as that', async () => {
  await run(['set', 'i', '42', '--type', 'integer']);
  await run(['set', 'j', '{"a":[9007199254740993, 1.10]}', '--type', 'json']);
  await run(['set', 't', '42']);
  expect([await client.get('i'), await client.get('t')]).toEqual([42, '42']);
  expect(await run(['get', 'j', '--json'])).toMatchObject(printed('{"a":[9007199254740993, 1.10]}\n'));
  expect(await run(['get', 't', '--json'])).toMatchObject(printed('"42"\n'));
  expect(await run(['set', 'j', '{', '--type', 'json'])).toMatchObject({
    code: 2,
    stderr: 'speicher: SPEICHER_OPTION: an option is wrong: with --type json the value must be JSON\n',
  });
});

test('add, append, prepend, gets and cas', async () => {
  expect(await here('add', 'k', 'b')).toMatchObject(DONE);
  expect(await here('add', 'k', 'x')).toMatchObject(MISS);
  expect(await here('append', 'k', 'c')).toMatchObject(DONE);
  expect(await here('prepend', 'k', '--', '-a')).toMatchObject(DONE);
  const version = (await client.gets('k'))!.version;
  expect(await here('gets', 'k')).toMatchObject(printed(`${version}\n-abc`));
  expect(await here('gets', 'k', '--json')).toMatchObject(printed(`{"version":${version},"value":"-abc"}\n`));
  expect(await here('cas', 'k', `${version}`, 'new')).toMatchObject(DONE);
  expect(await here('cas', 'k', `${version}`, 'newer')).toMatchObject(MISS);
  expect(await here('delete', 'k', '--if-version', `${version}`)).toMatchObject(MISS);
  expect(await client.get('k')).toBe('new');
});

test('increment and decrement, negative numbers too', async () => {
  expect(await here('increment', 'n')).toMatchObject(MISS);
  expect(await here('increment', 'n', '5', '--initial', '-1')).toMatchObject(printed('-1\n'));
  expect(await here('increment', 'n', '-4')).toMatchObject(printed('-5\n'));
  expect(await here('decrement', 'n')).toMatchObject(printed('-6\n'));
  await expect(here('increment', 'n', 'much')).rejects.toThrow('DELTA must be an integer');
  await client.set('n', 'x');
  await expect(here('increment', 'n')).rejects.toMatchObject({ code: 'SPEICHER_NOT_A_NUMBER' });
});

test('times: --ttl, touch, ttl and get --touch', async () => {
  await here('set', 'k', 'v', '--ttl', '1h');
  const left = async () => Number((await here('ttl', 'k')).stdout);
  expect(await left()).toBeGreaterThan(3_500_000);
  expect(await here('get', 'k', '--touch', '2h')).toMatchObject(printed('v'));
  expect(await left()).toBeGreaterThan(7_100_000);
  expect(await here('touch', 'k')).toMatchObject(DONE);
  expect(await left()).toBe(-1);
  expect(await here('ttl', 'nope')).toMatchObject(MISS);
});

test('lock and unlock', async () => {
  await client.set('k', 'v');
  const token = (await here('lock', 'k', '--ttl', '1m')).stdout.trim();
  expect(token).toMatch(/^\d+$/);
  await expect(here('set', 'k', 'x')).rejects.toMatchObject({ code: 'SPEICHER_LOCKED' });
  expect(await here('set', 'k', 'x', '--token', token)).toMatchObject(DONE);
  expect(JSON.parse((await here('meta', 'k', '--json')).stdout)).toMatchObject({ size: 1, tag: 1, ttl: -1 });
  expect(await here('unlock', 'k', '--token', token)).toMatchObject(DONE);
  expect(await here('unlock', 'nope')).toMatchObject(MISS);
});

test('listings in order, by lines or JSON, with a limit', async () => {
  await Promise.all([client.set('a:2', 'two'), client.set('a:1', 'one'), client.set('b', 'x')]);
  await client.set(Uint8Array.of(0xff), Uint8Array.of(0xfe));
  expect(await here('keys', 'a:')).toMatchObject(printed('a:1\na:2\n'));
  expect((await here('keys')).bytes).toEqual(Buffer.from('a:1\na:2\nb\n\u00ff\n', 'latin1'));
  expect(await here('keys', '--limit', '1', '--json')).toMatchObject(printed('"a:1"\n'));
  expect(await here('scan', 'a:')).toMatchObject(printed('a:1\tone\na:2\ttwo\n'));
  const json = '{"key":"b","value":"x"}\n{"key":{"base64":"/w=="},"value":{"base64":"/g=="}}\n';
  expect((await here('scan', '--json')).stdout).toContain(json);
  expect(await here('keys', 'nope')).toMatchObject(MISS);
  expect(await here('count', 'a:')).toMatchObject(printed('2\n'));
  expect(await here('count', 'nope')).toMatchObject(printed('0\n'));
});

test('prefix forms print how many; none is a miss', async () => {
  await Promise.all([client.set('p:1', '1'), client.set('p:2', '2'), client.set('q', 'q')]);
  expect(await here('increment-prefix', 'p:', '10')).toMatchObject(printed('2\n'));
  expect(await client.get('p:2')).toBe('12');
  expect(await here('touch-prefix', 'p:', '--ttl', '1h')).toMatchObject(printed('2\n'));
  const { token, count } = JSON.parse((await here('lock-prefix', 'p:', '--json')).stdout) as {
    token: number;
    count: number;
  };
  expect(count).toBe(2);
  expect(await here('set-prefix', 'p:', 'v')).toMatchObject({ code: 1, stdout: '0\n' });
  expect(await here('set-prefix', 'p:', 'v', '--token', `${token}`)).toMatchObject(printed('2\n'));
  expect(await here('unlock-prefix', 'p:', '--token', `${token}`)).toMatchObject(printed('2\n'));
  expect(await here('lock-prefix', 'nope')).toMatchObject(MISS);
  expect(await here('delete-prefix', 'p:')).toMatchObject(printed('2\n'));
  expect(await here('delete-prefix', '')).toMatchObject(printed('1\n'));
  expect(await here('delete-prefix', '')).toMatchObject({ code: 1, stdout: '0\n' });
});

test('the server as a whole: ping, hello, stats, reset, sync', async () => {
  expect(await here('ping')).toMatchObject(printed('PONG'));
  expect(JSON.parse((await here('hello', '--json')).stdout)).toMatchObject({
    protocol: 1,
    server: `speicher ${VERSION}`,
  });
  expect((await here('stats')).stdout).toMatch(/^items 0$/m);
  await client.set('k', 'v');
  expect(await here('reset')).toMatchObject(DONE);
  expect(await client.count()).toBe(0);
  await expect(here('sync')).rejects.toMatchObject({ code: 'SPEICHER_UNKNOWN_OPCODE' });
});

describe('what goes wrong is one line on stderr', () => {
  test.each([
    [['get'], "missing required argument 'KEY'"],
    [['nonsense'], "unknown command 'nonsense'"],
    [['get', 'k', '--timeout', '0'], '--timeout must be'],
    [['get', 'k', '-u', 'http://localhost'], 'url'],
    [['set', 'k', 'v', '--ttl', 'soon'], '--ttl must be milliseconds, or a number with'],
    [['stats', '--watch', '1ms'], '--watch must be at least 100ms'],
  ])('%j: wrong usage, 2', async (args, message) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  test.each([
    ['get', [''], {}, 'KEY must be at least one character'],
    ['set', ['k', 'v'], { ttl: '1.5' }, '--ttl must be milliseconds'],
    ['set', ['k', 'v'], { type: 'text/plain' }, '--type must be one of text, bytes, json, integer, not text/plain'],
    ['touch', ['k'], { ifVersion: '0' }, '--if-version must be an integer above 0, not 0'],
    ['unlock', ['k'], { token: 'mine' }, '--token must be an integer above 0, not mine'],
    ['keys', [], { limit: '-1' }, '--limit must be an integer above 0'],
    ['cas', ['k', 'v1', 'x'], {}, 'VERSION must be an integer above 0, not v1'],
    ['increment', ['k', '1.5'], {}, 'DELTA must be an integer, not 1.5'],
    ['increment', ['k'], { initial: 'none' }, '--initial must be an integer, not none'],
  ] as [string, string[], Record<string, string>, string][])('%s %j %j', async (name, words, flags, message) => {
    await expect(readCall(CLIENT_COMMANDS.get(name)!, words, flags, wordAsValue)).rejects.toThrow(message);
  });

  test('nobody there: 3', async () => {
    const gone = createTcpServer().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const { port } = gone.address() as AddressInfo;
    gone.close();
    await once(gone, 'close');
    const { code, stdout, stderr } = await run(['get', 'k', '-u', `tcp://127.0.0.1:${port}`]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/^speicher: SPEICHER_CONNECT: .*ECONNREFUSED.*\n$/);
  });

  test('nobody answers: 3 after --timeout', async () => {
    const silent = createTcpServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const { code, stderr } = await run(['get', 'k', '-u', `tcp://127.0.0.1:${port}`, '--timeout', '200ms']);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^speicher: SPEICHER_TIMEOUT: .*200 ms\n$/);
    silent.close();
  });
});

describe('help', () => {
  test('lists every command, and each explains itself with examples', async () => {
    const { code, stdout } = await run(['--help']);
    expect(code).toBe(0);
    for (const name of [...CLIENT_COMMANDS.keys(), 'serve', 'console'])
      expect(stdout).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
    const help = await run(['help', 'set']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain('speicher set greeting hello');
    expect(await run(['--version'])).toMatchObject(printed(`${VERSION}\n`));
  });

  test('without a command it is an error', async () => {
    const { code, stdout, stderr } = await run([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('Usage: speicher');
  });

  test('the table is complete: every argument and option is used, every example is a use', () => {
    const commands = [...CLIENT_COMMANDS];
    expect(new Set(commands.flatMap(([, command]) => command.arguments))).toEqual(new Set(Object.keys(ARGUMENTS)));
    expect(new Set(commands.flatMap(([, command]) => command.options))).toEqual(new Set(Object.keys(OPTIONS)));
    for (const [name, command] of commands) {
      expect(usage(name, command).startsWith(name)).toBe(true);
      expect(command.examples.length).toBeGreaterThan(0);
      for (const example of command.examples) expect(` ${example}`).toMatch(new RegExp(`[ (]${name}( |$)`));
    }
  });
});
