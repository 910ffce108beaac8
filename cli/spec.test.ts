/** `speicher spec` as somebody runs it: a process, its files and its exit codes. */
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { commandOf, SPEICHER } from '../testing/speicher-command.ts';
import { readRecords } from '../spec/report/json.ts';
import type { RunRecord } from '../spec/records.ts';
import { resultOf, type RunResult } from '../spec/score.ts';
import { serveSmall } from '../spec/testing/small-server.ts';
import { parseXml } from '../spec/testing/xml.ts';
import { neverOverwrites, serveOdd, type OddServer } from './testing/odd-server.ts';
import { run, serve, start, type Run, type Served } from './testing/run-speicher.ts';

vi.setConfig({ testTimeout: 120_000 });

const folder = mkdtempSync(join(tmpdir(), 'speicher-spec-test-'));
const file = (name: string): string => join(folder, name);
const read = (name: string): string => readFileSync(file(name), 'utf8');

let good: OddServer;
const running: OddServer[] = [];
const served: Served[] = [];

beforeAll(async () => {
  good = await serveOdd();
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.stop()));
  await Promise.all(served.splice(0).map((each) => each.stop('SIGKILL')));
});

afterAll(async () => {
  await good.stop();
  rmSync(folder, { recursive: true, force: true });
});

function spec(...args: readonly string[]): Promise<Run> {
  return run(['spec', ...args]);
}

function recordsOf(name: string): { records: RunRecord[]; result: RunResult } {
  const records = readRecords(read(name), name);
  return { records, result: resultOf(records) };
}

/** A server in this process, which ends with the test. */
async function odd(...args: Parameters<typeof serveOdd>): Promise<string> {
  const started = await serveOdd(...args);
  running.push(started);
  return started.address;
}

describe('exit codes', () => {
  test('0: it conforms, and every report is written but a badge of a part', async () => {
    const names = ['json', 'junit', 'tap', 'html', 'badge'] as const;
    const outputs = names.flatMap((name) => [`--${name}`, file(`good.${name}`)]);
    const { code, stdout, stderr } = await spec(
      good.address,
      '--run',
      'set.*',
      '--seed',
      'abc',
      ...outputs,
      '--github',
    );
    expect({ code, stdout }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/seed abc\n/);
    expect(stdout).toContain('FILTERED');
    expect(stdout).toMatch(/::notice title=speicher spec::[0-9]+ of [0-9]+ requirements are met, filtered\n/);
    expect(recordsOf('good.json').result).toMatchObject({ exitCode: 0, isFiltered: true });
    expect(parseXml(read('good.junit')).attributes['failures']).toBe('0');
    expect(read('good.tap')).toMatch(/^TAP version 14\n1\.\.[0-9]+\nok 1 - set\./);
    expect(read('good.html')).toContain('<!doctype html>');
    expect(existsSync(file('good.badge'))).toBe(false);
    expect(stderr).toContain('is not written: the run was filtered');
  });

  test('1: a requirement failed, and it is said which, why, and how to see it again', async () => {
    const address = await odd(neverOverwrites);
    const { code, stdout } = await spec(address, '--run', 'set.*', '--json', file('bad.json'));
    expect(code).toBe(1);
    expect(stdout).toMatch(/^✗ set\.[a-z-]+ {3}MUST {2}SET-1.* seed [0-9a-f]{4}$/m);
    expect(stdout).toContain('  SET-1: "SET MUST create or replace the item');
    expect(stdout).toMatch(new RegExp(`again: {2}speicher spec ${address} --run set\\.[a-z-]+ --seed [0-9a-f]{4}\n`));
    expect(stdout).toMatch(/raw: {4}xxd -r -p <<< [0-9a-f]+ \| nc -q1 127\.0\.0\.1 [0-9]+ \| xxd/);
    expect(recordsOf('bad.json').result.exitCode).toBe(1);
  });

  test('1: an expected failure did not happen; 0: it did', async () => {
    const address = await odd(neverOverwrites);
    await spec(address, '--run', 'set.*', '--json', file('known.json'));
    const { code } = await spec('baseline', file('known.json'), '--write', file('known.txt'));
    expect(code).toBe(0);
    const known = await spec(address, '--run', 'set.*', '--expected-failures', file('known.txt'));
    expect({ code: known.code, text: known.stdout }).toMatchObject({ code: 0, text: expect.stringContaining('XFAIL') });
    const surprising = await spec(good.address, '--run', 'set.*', '--expected-failures', file('known.txt'));
    expect({ code: surprising.code, text: surprising.stdout }).toMatchObject({
      code: 1,
      text: expect.stringContaining('XPASS'),
    });
  });

  test.each<[string, readonly string[]]>([
    ['name a TARGET', []],
    ['there is no profile stanard', ['127.0.0.1:1', '--profiles', 'core,stanard']],
    ['--kills takes a server that --spawn starts', ['127.0.0.1:1', '--kills', '3']],
    ['cannot be read', ['127.0.0.1:1', '--expected-failures', '/nowhere/to/be/found']],
    ['unknown option', ['127.0.0.1:1', '--unknown']],
  ])('2: %s', async (message, args) => {
    const { code, stderr } = await spec(...args);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });

  test('2: a line of expected failures that fits no case', async () => {
    writeFileSync(file('typo.txt'), '\nset.no-such-case  closed  -  # x\n');
    const { code, stderr } = await spec(good.address, '--expected-failures', file('typo.txt'));
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('typo.txt:2: no case is called'),
    });
  });

  test('3: nothing listens; it never answers; it does not start', async () => {
    const closed = await serveSmall(() => []);
    closed.stop();
    const gone = await spec(closed.target.label);
    expect(gone).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/^speicher: \S+: nothing listens there\. .*\n$/),
    });
    const silent = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const never = await spec(`127.0.0.1:${port}`, '--timeout-scale', '0.1', '--json', file('never.json'));
    silent.close();
    expect(never).toMatchObject({ code: 3, stdout: '' });
    expect(never.stderr).toMatch(/^speicher: .*\n$/);
    const failing = await spec(
      '--spawn',
      `${process.execPath} -e 'console.error("no licence"); process.exit(3)' {port}`,
    );
    expect(failing).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/^speicher: .* exited with status 3\nno licence/),
    });
  });

  test('4: somebody interrupted it', async () => {
    const child = start(['spec', good.address, '--jobs', '1', '--json', file('interrupted.json')]);
    const output = text(child.stdout!);
    const exited = once(child, 'close');
    await expect.poll(() => lines('interrupted.json'), { timeout: 60_000 }).toBeGreaterThan(5);
    child.kill('SIGINT');
    expect(await exited).toEqual([4, null]);
    expect(await output).toContain('INTERRUPTED');
    expect(recordsOf('interrupted.json').records.at(-1)).toMatchObject({ record: 'summary', end: 'interrupted' });
  });

  test('5: nothing is selected, or nothing of it can be run', async () => {
    expect((await spec(good.address, '--run', 'nothing.*')).code).toBe(5);
    expect((await spec(good.address, '--run', 'auth.*')).code).toBe(5);
  });
});

function lines(name: string): number {
  return existsSync(file(name)) ? read(name).split('\n').length - 1 : 0;
}

/** How many cases the file says passed, while it is being written. */
function passed(name: string): number {
  return existsSync(file(name)) ? read(name).split('"status":"PASS"').length - 1 : 0;
}

describe('servers that do not last', () => {
  test('one that is killed in mid-run: nothing of the report is lost, and it ends with 1', async () => {
    const server = await serve();
    served.push(server);
    const [url = ''] = server.urls;
    const child = start([
      'spec',
      url,
      '--timeout-scale',
      '0.5',
      '--json',
      file('killed.json'),
      '--junit',
      file('killed.xml'),
    ]);
    const exited = once(child, 'close');
    child.stdout?.resume();
    await expect.poll(() => passed('killed.json'), { timeout: 60_000 }).toBeGreaterThan(20);
    await server.stop('SIGKILL');
    expect(await exited).toEqual([1, null]);
    const { records, result } = recordsOf('killed.json');
    expect(records.at(-1)).toMatchObject({ record: 'summary', end: 'target-lost', exitCode: 1 });
    expect(result.cases).toHaveLength(result.header.selected);
    expect(result.byStatus.PASS).toBeGreaterThan(20);
    expect(result.byStatus.FAIL).toBeGreaterThan(0);
    expect(result.byStatus.BLOCKED).toBeGreaterThan(100);
    expect(parseXml(read('killed.xml')).attributes['tests']).toBe(String(result.header.selected + 1));
  });

  test('one that ends at a request is started again; what it printed stands with the case', async () => {
    const words = [...commandOf('cli/testing/crashing-server'), '{port}'];
    const command = words.map((word) => `'${word}'`).join(' ');
    const selection = ['--run', 'append.*', '--run', 'get.*', '--skip', 'append.*prepend*'];
    const { code, stdout } = await spec('--spawn', command, ...selection, '--json', file('crash.json'));
    expect({ code, stdout }).toMatchObject({ code: 1 });
    const { result } = recordsOf('crash.json');
    const crashed = result.cases.filter((each) => each.code === 'crash');
    expect(crashed.length).toBeGreaterThan(0);
    for (const each of crashed) {
      expect(each).toMatchObject({ status: 'FAIL', observed: expect.stringContaining('exited with status 9') });
      expect(each.serverOutput).toContain('append is not written yet');
      expect(each.id).toMatch(/^append\./);
    }
    expect(result.cases.filter(({ id }) => id.startsWith('get.')).map(({ status }) => status)).not.toContain('FAIL');
    expect(stdout).toContain('| append is not written yet');
  });

  test('one that the suite started does not outlive it', async () => {
    const command = [...SPEICHER, 'serve', '--listen', 'tcp://127.0.0.1:{port}'].map((word) => `'${word}'`).join(' ');
    const child = start(['spec', '--spawn', command, '--jobs', '1', '--json', file('ended.json')]);
    child.stdout?.resume();
    const exited = once(child, 'close');
    await expect.poll(() => lines('ended.json'), { timeout: 60_000 }).toBeGreaterThan(3);
    const { header } = recordsOf('ended.json').result;
    child.kill('SIGTERM');
    child.kill('SIGTERM');
    await exited;
    const socket = connect(Number(header.target.split(':')[1]), '127.0.0.1');
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
  });
});

describe('findings of the fuzzer', () => {
  test('are written where --findings says, and replayed against any server', async () => {
    const address = await odd(neverOverwrites);
    const fuzz = ['--run', 'fuzz.sequences*', '--seed', 'abc', '--fuzz-iterations', '60'];
    const found = await spec(address, ...fuzz, '--findings', file('findings'));
    expect({ code: found.code, stdout: found.stdout }).toMatchObject({ code: 1 });
    expect(found.stdout).toMatch(/again: .* --fuzz-iterations 60 --run fuzz\.sequences-beside-a-model --seed abc/);
    const [name = '', ...others] = readdirSync(file('findings'));
    expect(others).toEqual([]);
    const path = join(file('findings'), name);
    expect(found.stdout).toContain(`written to ${path}`);
    const again = await spec('replay', path, '--target', address);
    expect(again).toMatchObject({ code: 1, stdout: expect.stringContaining(`again:  speicher spec replay ${path}`) });
    expect(await spec('replay', path, '--target', good.address)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^fuzz\.sequences-beside-a-model-abc-\d+: PASS, /),
    });
    expect(await spec('replay', path)).toMatchObject({ code: 2, stderr: expect.stringContaining('--target') });
    writeFileSync(file('no-finding.json'), '{"cases":[]}');
    expect(await spec('replay', file('no-finding.json'), '--target', good.address)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is no finding'),
    });
  });
});

describe('AUTH', () => {
  test('a password is used, asked for, and nowhere to be seen', async () => {
    const address = await odd(undefined, { auth: ['me:hunter2'] });
    const without = await spec(address);
    expect(without).toMatchObject({ code: 2, stderr: expect.stringContaining('--password') });
    const selection = ['--run', 'auth.*', '--run', 'set.*', '--profiles', 'core,standard,locks,auth'];
    const { code, stdout } = await spec(address, '--password', 'me:hunter2', ...selection, '--json', file('auth.json'));
    expect({ code, stdout }).toMatchObject({ code: 0 });
    for (const text of [stdout, read('auth.json')]) {
      expect(text).not.toContain('hunter2');
      expect(text).not.toContain(Buffer.from('hunter2').toString('hex'));
    }
  });
});
