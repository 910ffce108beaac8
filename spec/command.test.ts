import { describe, expect, test } from 'vitest';
import {
  checkPassword,
  checkTarget,
  exitCodeFor,
  readJobs,
  readSession,
  repeatCommand,
  type RunTexts,
} from './command.ts';
import { NothingSelectedError } from './run.ts';
import { NotStartedError } from './target/spawned.ts';
import { UsageError } from './usage.ts';

describe('options that are wrong', () => {
  test.each<[string, () => unknown]>([
    ['name a TARGET', () => checkTarget({})],
    ['and not both', () => checkTarget({ target: '127.0.0.1:1', spawn: 'server' })],
    ['is no address', () => checkTarget({ target: 'http://here' })],
    ['is no address', () => checkTarget({ target: '127.0.0.1:65536' })],
    ['--spawn: a quote', () => checkTarget({ spawn: 'server "x' })],
    ['--spawn: the command is empty', () => checkTarget({ spawn: ' ' })],
    ['there is no profile stanard', () => readSession({ profiles: 'core,stanard' })],
    ['there is no profile ""', () => readSession({ profiles: ',' })],
    ['prefix needs standard', () => readSession({ profiles: 'core,prefix' })],
    ['json needs core', () => readSession({ profiles: 'json' })],
    ['--seed must be', () => readSession({ seed: 'a b' })],
    ['--timeout-scale must be', () => readSession({ timeoutScale: '0' })],
    ['--timeout-scale must be', () => readSession({ timeoutScale: '101' })],
    ['--timeout-scale must be', () => readSession({ timeoutScale: '1e1' })],
    ['--fuzz-iterations must be a whole number from 1', () => readSession({ fuzzIterations: '0' })],
    ['--fuzz-iterations must be', () => readSession({ fuzzIterations: '1000001' })],
    ['--fuzz-first must be a whole number from 0', () => readSession({ fuzzFirst: '-1' })],
    ['--fuzz-first must be', () => readSession({ fuzzFirst: '1.5' })],
    ['--findings must name', () => readSession({ findings: '' })],
    ['--kills must be a whole number from 1', () => readSession({ spawn: 'server', kills: '0' })],
    ['--kills must be', () => readSession({ spawn: 'server', kills: '10001' })],
    ['--kills takes a server that --spawn starts', () => readSession({ target: 'h', kills: '5' })],
    ['--lose-power takes a server that --spawn starts', () => readSession({ target: 'h', losePower: 'x' })],
    ['--lose-power: a quote', () => readSession({ spawn: 'server', losePower: "'x" })],
    ['--jobs must be', () => readJobs('0')],
    ['--jobs must be', () => readJobs('9')],
    ['--jobs must be', () => readJobs('1.5')],
    ['USER:PASSWORD', () => checkPassword('secret')],
  ])('%s', (message, read) => {
    expect(read).toThrow(UsageError);
    expect(read).toThrow(message);
  });
});

test('options that are right', () => {
  expect(readSession({})).toEqual({ allowReset: false, fuzz: {}, durability: {} });
  expect(readSession({ fuzzIterations: '1000000', fuzzFirst: '0', findings: 'found' })).toMatchObject({
    fuzz: { iterations: 1_000_000, first: 0, findingsPath: 'found' },
  });
  expect(readSession({ spawn: 'server', kills: '10000', losePower: 'plug {pid}' })).toMatchObject({
    durability: { kills: 10_000, losePower: expect.any(Function) },
  });
  expect(readSession({ seed: '7f3a', profiles: 'core, standard', timeoutScale: '2.5', allowReset: true })).toEqual({
    seed: '7f3a',
    profiles: ['core', 'standard'],
    timeoutScale: 2.5,
    allowReset: true,
    fuzz: {},
    durability: {},
  });
  expect([readJobs(undefined), readJobs('1'), readJobs('8')]).toEqual([8, 1, 8]);
  expect([checkPassword(undefined), checkPassword(':')]).toEqual([undefined, ':']);
  for (const target of ['127.0.0.1', '[::1]:14567', 'tcp://h:1', 'tls://h', 'unix:/run/s']) checkTarget({ target });
});

test.each<[RunTexts, string]>([
  [
    { target: '127.0.0.1:14567', allowReset: true, seed: '1', run: ['x'] },
    'speicher spec 127.0.0.1:14567 --allow-reset',
  ],
  [
    { spawn: 's', fuzzIterations: '9', fuzzFirst: '3', findings: 'd', kills: '5', losePower: 'plug {pid} {data}' },
    "speicher spec --spawn s --fuzz-iterations 9 --fuzz-first 3 --kills 5 --lose-power 'plug {pid} {data}'",
  ],
  [{ spawn: "./server --name 'a b' {port}" }, String.raw`speicher spec --spawn './server --name '\''a b'\'' {port}'`],
  [
    { spawn: 'server --auth me:hunter2', password: 'me:hunter2', profiles: 'core,auth', timeoutScale: '2' },
    `speicher spec --spawn 'server --auth me:***' --password "$SPEICHER_PASSWORD" --profiles core,auth --timeout-scale 2`,
  ],
])('the command that repeats %j', (texts, command) => {
  expect(repeatCommand(texts)).toBe(command);
});

test('each kind of error has its exit code; one that nobody foresaw is a defect of the suite', () => {
  expect(exitCodeFor(new UsageError('x'))).toBe(2);
  expect(exitCodeFor(new NotStartedError('x'))).toBe(3);
  expect(exitCodeFor(new NothingSelectedError())).toBe(5);
  expect(exitCodeFor(new TypeError('x'))).toBe(4);
});
