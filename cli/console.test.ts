import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createServer } from '../server/index.ts';
import { isCommandLine } from './console/command-lines.ts';
import { createCompleter } from './console/completion.ts';
import { hintFor } from './console/hints.ts';
import { historyFile, isSecret } from './console/history.ts';
import { startOwnServer } from './testing/own-server.ts';
import { hasTerminal, run, startOnTerminal } from './testing/run-speicher.ts';

// Processes are started here, and on a busy machine each takes a second to begin.
vi.setConfig({ testTimeout: 60_000 });

const { url, client } = await startOwnServer();
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'speicher-console-'));
});

afterAll(async () => {
  rmSync(directory, { recursive: true });
});

beforeEach(async () => {
  await client.reset();
});

/** What the console prints for these lines, line by line. */
async function session(...lines: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await run(['console', url], { input: `${lines.join('\n')}\n` });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.trimEnd().split('\n');
}

describe('without a terminal', () => {
  test('commands and JavaScript, in order, each seeing what the one before did', async () => {
    expect(
      await session(
        'set foo bar',
        'get foo',
        "await client.set('n', 41)",
        'increment n',
        'get n',
        "await client.get('foo')",
        'get nope',
        "await client.get('nope')",
        'set "two words" \'"quoted"\'',
        'get "two words"',
        'keys',
        'count nope',
        'for (let i = 0; i < 2; i++) {',
        "await client.set('l' + i, i) }",
        'keys l',
      ),
    ).toEqual(
      ['OK', "'bar'", 'true', '42', '42', "'bar'", '(nothing)', 'undefined', 'OK', `'"quoted"'`].concat(
        ['foo', 'n', 'two words', '0'],
        ['undefined', 'l0', 'l1'],
      ),
    );
  });

  test('errors say how it is meant, and never end it', async () => {
    const lines = await session(
      'set',
      'get foo --bla',
      'set foo "x',
      'set foo',
      'lock nope',
      'nonsense here',
      'throw new Error("mine")',
      "await client.increment('')",
      'sync',
      'help nonsense',
      'ping still here',
      'ping still',
    );
    const text = lines.join('\n');
    expect(text).toContain("missing required argument 'KEY'\nusage: set KEY [VALUE] [--ttl TIME]");
    expect(text).toContain("unknown option '--bla'\nusage: get KEY");
    expect(text).toContain('a quote is not closed');
    expect(text).toContain('VALUE is missing\nusage: set KEY');
    expect(text).toContain('(nothing)');
    expect(text).toContain('Uncaught SyntaxError');
    expect(text).toContain('mine');
    expect(text).toContain('a key has at least one byte');
    expect(text).toContain('SPEICHER_UNKNOWN_OPCODE');
    expect(text).toContain('There is no command nonsense');
    expect(text).toContain('too many arguments');
    expect(lines.at(-1)).toBe("'still'");
  });

  test('help lists the commands, help NAME explains one', async () => {
    const text = (await session('help', 'help increment', 'get --help')).join('\n');
    expect(text).toContain('delete-prefix');
    expect(text).toContain('Usage: increment KEY [DELTA] [--initial N]');
    expect(text).toContain('Usage: get KEY');
  });

  test.each(['exit', 'quit', '.exit'])('%s ends it, and what follows is not carried out', async (word) => {
    expect(await session('ping a', word, 'ping b')).toEqual(["'a'"]);
  });

  test('a server that is not there is an error of each command, not of the console', async () => {
    const gone = createServer({ listen: ['tcp://127.0.0.1:0'] });
    await gone.start();
    const [{ url: nowhere } = { url: '' }] = gone.addresses;
    await gone.stop();
    const { code, stdout } = await run(['console', '-u', nowhere], { input: 'get foo\n1 + 1\n' });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^SPEICHER_CONNECT: .*\n2\n$/);
  });
});

test.each([
  ['get foo', true],
  ['keys', true],
  ['  set a b ', true],
  ['delete foo.bar', true],
  ['delete-prefix a', true],
  ['help', true],
  ['keys = 3', false],
  ['keys.length', false],
  ['get(1)', false],
  ['get (1)', false],
  ['client.get("a")', false],
  ['getter', false],
  ['', false],
])('%j is a command: %s', (line, isCommand) => {
  expect(isCommandLine(line)).toBe(isCommand);
});

test.each([
  ['', ''],
  ['se', ''],
  ['set ', 'KEY [VALUE] [--ttl TIME] [--type TYPE] [--if-version N] [--token N]'],
  ['set foo', ' [VALUE] [--ttl TIME] [--type TYPE] [--if-version N] [--token N]'],
  ['set foo bar ', '[--ttl TIME] [--type TYPE] [--if-version N] [--token N]'],
  ['set foo --ttl ', ''],
  ['count ', '[PREFIX]'],
  ['count a', ''],
  ['stats ', '[--json]'],
  ['client ', ''],
])('the hint behind %j is %j', (line, hint) => {
  expect(hintFor(line)).toBe(hint);
});

/** What Tab offers for a line. */
function complete(line: string): Promise<[string[], string]> {
  const completer = createCompleter(client, (text, callback) => callback(null, [['client', 'clearTimeout'], text]));
  return new Promise((resolve, reject) => {
    completer(line, (error, result) => (error || !result ? reject(error ?? new Error('nothing')) : resolve(result)));
  });
}

describe('completion', () => {
  test('offers commands and names', async () => {
    expect(await complete('incr')).toEqual([['increment', 'increment-prefix', 'client', 'clearTimeout'], 'incr']);
    expect(await complete('cli')).toEqual([['client', 'clearTimeout'], 'cli']);
  });

  test('offers keys behind a command that takes one', async () => {
    await Promise.all(['user:1', 'user:2', 'user 3', 'other'].map((key) => client.set(key, 'x')));
    expect(await complete('get user')).toEqual([['user:1', 'user:2'], 'user']);
    expect(await complete('keys o')).toEqual([['other'], 'o']);
    expect(await complete('ping o')).toEqual([['client', 'clearTimeout'], 'ping o']);
  });
});

describe('history', () => {
  test('lies where state belongs', () => {
    expect(historyFile({ XDG_STATE_HOME: directory })).toBe(join(directory, 'speicher', 'history'));
    expect(historyFile({})).toMatch(/\.speicher_history$/);
  });

  test.each(["new Speicher({ password: 'x' })", 'const secret = 1', "auth('a')", 'tcp://a:b@localhost'])(
    '%s is not kept',
    (line) => {
      expect(isSecret(line)).toBe(true);
    },
  );

  test('commands are kept', () => {
    expect(['set foo bar', 'get author', "await client.get('a@b')"].filter(isSecret)).toEqual([]);
  });
});

test.skipIf(!hasTerminal)(
  'on a terminal (needs `script` of util-linux): prompt, hints, completion, history',
  async () => {
    await client.set('greeting', 'hello');
    const terminal = startOnTerminal(['console'], { SPEICHER_URL: url, XDG_STATE_HOME: directory, FORCE_COLOR: '1' });
    let screen = '';
    terminal.stdout.setEncoding('utf8').on('data', (text: string) => (screen += text));
    const shows = (text: string) => expect.poll(() => screen, { timeout: 10_000 }).toContain(text);
    const types = async (text: string, shown: string) => {
      screen = '';
      terminal.stdin.write(text);
      await shows(shown);
    };
    const exited = new Promise((resolve) => terminal.once('exit', resolve));
    try {
      await shows(`${url}> `);
      expect(screen).toContain(`answers at ${url}`);
      await types('get ', 'KEY [--touch TIME]');
      await types('gree\t', 'ting');
      await types('\r', "'hello'");
      await types('const password = 1\r', 'undefined');
      await types('ping here\r', "'here'");
      terminal.stdin.write('\u0004');
      expect(await exited).toBe(0);
    } finally {
      terminal.kill('SIGKILL');
    }
    const file = join(directory, 'speicher', 'history');
    expect(readFileSync(file, 'utf8')).toBe('ping here\nget greeting');
    expect(statSync(file).mode & 0o077).toBe(0);
  },
);
