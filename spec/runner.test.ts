/**
 * The runner against servers that are wrong, hostile or gone: it has to end, with the right verdict and a useful
 * failure.
 */
import type { Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { ask, found, get, request, set } from './actions.ts';
import type { Case, CodeCase, StepsCase } from './case.ts';
import type { CaseResult } from './outcome.ts';
import { caseRecord } from './case-record.ts';
import { renderFailure } from './report/failure.ts';
import { Runner, skipReason } from './runner.ts';
import { openSession, type Session, type SessionOptions } from './session.ts';
import { showRuns } from './sweep.ts';
import { showAddress } from './target/address.ts';
import { spawnTarget } from './target/spawned.ts';
import type { Target } from './target/target.ts';
import { but, reply, right, serveSmall, type Behaviour } from './testing/small-server.ts';

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

async function serve(behaviour: Behaviour): Promise<Target> {
  const { target, stop } = await serveSmall(behaviour);
  stops.push(stop);
  return target;
}

async function sessionWith(behaviour: Behaviour, options: SessionOptions = {}): Promise<Session> {
  return openSession(await serve(behaviour), { seed: 'fixed', timeoutScale: 0.05, profiles: ['core'], ...options });
}

const base = { id: 'a.case', clauses: ['GET-1'], profile: 'core', why: 'It is the one that is run here.' } as const;
const setAndGet: StepsCase = { ...base, steps: [ask(set('k', 'v')), ask(get('k'), found('v'))] };

async function verdict(behaviour: Behaviour, each: Case = setAndGet): Promise<CaseResult> {
  return new Runner(await sessionWith(behaviour)).run(each);
}

/** Answers GET with bytes that are no reply, for as long as it is read. */
const flood: Behaviour = (due, socket) => {
  if (due.operation !== 'GET') return right(due, socket, new Map());
  const more = (): void => void (socket.writable && socket.write(Buffer.alloc(65_536, 0xff), more));
  more();
  return [];
};

/** A case that by itself would never end. */
const endless: CodeCase['run'] = async (context) => {
  for (;;) await context.ask(request('PING'), { status: 200 });
};

describe('verdicts', () => {
  test('a right server passes', async () => {
    expect(await verdict(right)).toMatchObject({ status: 'PASS', alternatives: [], warnings: [] });
  });

  test.each<[string, Behaviour, Partial<CaseResult>]>([
    [
      'another value',
      but('GET', (due) => [reply(due, 200, Buffer.from('w'))]),
      { observed: expect.stringContaining('"w"') },
    ],
    ['another status', but('GET', (due) => [reply(due, 201, Buffer.from('v'))]), { clause: 'STATUS-1' }],
    ['another id', but('GET', (due) => [reply({ ...due, id: due.id ^ 1 }, 200)]), { clause: 'FRAME-5' }],
    ['no reply', but('GET', () => []), { observed: expect.stringContaining('no reply within') }],
    ['a reply too many', but('SET', (due) => [reply(due, 200), reply(due, 200)]), { status: 'FAIL' }],
    ['two replies in the end', but('PING', (due) => [reply(due, 200, due.value), reply(due, 200)]), { status: 'FAIL' }],
    [
      'a close',
      but('GET', (_, socket) => [void socket.end()].flatMap(() => [])),
      { observed: 'the connection was closed' },
    ],
    ['a reset', but('GET', (_, socket) => [void socket.resetAndDestroy()].flatMap(() => [])), { status: 'FAIL' }],
    [
      'garbage',
      but('GET', () => [Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')]),
      { observed: expect.stringContaining('max-frame') },
    ],
    [
      'a hang-up behind the last reply',
      but('GET', (due, socket) => [void socket.end(reply(due, 200, Buffer.from('v')))].flatMap(() => [])),
      { observed: 'the connection was closed' },
    ],
  ])('%s fails', async (_, behaviour, expected) => {
    expect(await verdict(behaviour)).toMatchObject({ status: 'FAIL', ...expected });
  });

  test('garbage without an end is not read for ever', async () => {
    const result = await verdict(flood);
    expect(result).toMatchObject({ status: 'FAIL', observed: expect.stringContaining('length') });
    expect(result.transcripts[0]?.stream('received').length).toBeLessThan(2 << 20);
  });

  test('a server that forgets what another connection set fails at the sentinel', async () => {
    const stores = new WeakMap<Socket, Map<string, Buffer>>();
    const each: Behaviour = (due, socket) => {
      const items = stores.get(socket) ?? new Map<string, Buffer>();
      stores.set(socket, items);
      return right(due, socket, items);
    };
    const steps = [ask(set('k', 'v'), { status: 200 }, 'a'), ask(get('k'), found('v'), 'b')];
    expect(await verdict(each, { ...base, steps })).toMatchObject({ status: 'FAIL' });
  });

  test('named alternatives are recorded, and one that a SHOULD advises against warns', async () => {
    const anyOf = [
      { as: 'better', status: 400 },
      { as: 'permitted', status: 405, warn: true },
    ];
    const steps = [ask(request(0x30), { anyOf })];
    expect(await verdict(right, { ...base, steps })).toMatchObject({
      status: 'WARN',
      alternatives: ['permitted'],
      warnings: ['permitted: 405 UNKNOWN_OPCODE'],
    });
  });

  test('a request that goes unanswered behind one that was answered has a hint', async () => {
    const silentGet = but('GET', () => []);
    const steps: StepsCase['steps'] = [
      { send: [set('k', 'v'), get('k')] },
      { recv: { status: 200 } },
      { recv: found('v') },
    ];
    expect(await verdict(silentGet, { ...base, steps })).toMatchObject({
      code: 'no-reply',
      hint: expect.stringContaining('what follows the first frame of a read'),
    });
    const alone = { ...base, steps: [ask(set('k', 'v')), ask(get('k'), found('v'))] };
    expect(await verdict(silentGet, alone)).not.toHaveProperty('hint');
  });

  test('a case about a SHOULD warns instead of failing', async () => {
    const steps = [ask(get('k'), found('v'))];
    expect(await verdict(right, { ...base, level: 'SHOULD', steps })).toMatchObject({ status: 'WARN' });
  });

  test('the deadline ends a case that would wait for ever', async () => {
    const result = await verdict(
      but('PING', (due) => [reply(due, 200)]),
      { ...base, deadlineMs: 4000, run: endless },
    );
    expect(result).toMatchObject({ status: 'FAIL', observed: expect.stringContaining('deadline') });
    expect(result.durationMs).toBeLessThan(4000);
  });

  test('one late reply at the start does not stretch waits and deadlines', async () => {
    const LATE_MS = 600;
    let pings = 0;
    const hiccup: Behaviour = (due, socket, items) => {
      if (due.operation === 'HELLO') return [reply(due, 200)];
      if (due.operation === 'PING') pings += 1;
      if (pings !== 2) return right(due, socket, items);
      setTimeout(() => socket.write(reply(due, 200, due.value)), LATE_MS);
      return [];
    };
    const session = await sessionWith(hiccup, { timeoutScale: 0.5 });
    expect(pings).toBe(5);
    // Deadlines are thousands of round trips, and one wait is a hundred.
    expect(session.roundTripMs).toBeLessThan(LATE_MS / 2);
    expect(session.waitMs).toBeLessThan((LATE_MS * 100) / 2);
  });

  test('a defect of the suite is an ERROR, and a case that finds it cannot run is a SKIP', async () => {
    const broken: CodeCase = { ...base, run: () => Promise.reject(new TypeError('oh')) };
    expect(await verdict(right, broken)).toMatchObject({ status: 'ERROR', reason: expect.stringContaining('oh') });
    const skipped: CodeCase = { ...base, run: (context) => Promise.resolve(context.skip('not here')) };
    expect(await verdict(right, skipped)).toMatchObject({ status: 'SKIP', reason: 'not here' });
  });

  test('a case is BLOCKED when the one before failed', async () => {
    const runner = new Runner(await sessionWith(but('GET', (due) => [reply(due, 404)])));
    await runner.run(setAndGet);
    const after: Case = { ...base, id: 'a.after', dependsOn: ['a.case'], steps: [] };
    expect(await runner.run(after)).toMatchObject({ status: 'BLOCKED', reason: 'a.case failed' });
  });

  test('needs, profiles and the case’s own reason skip', async () => {
    const session = await sessionWith(right);
    expect(skipReason(setAndGet, session)).toBeUndefined();
    expect(skipReason({ ...setAndGet, profile: 'json' }, session)).toContain('json');
    expect(skipReason({ ...setAndGet, needs: ['reset'] }, session)).toContain('RESET');
    expect(skipReason({ ...setAndGet, needs: ['auth'] }, session)).toContain('AUTH');
    expect(skipReason({ ...setAndGet, needs: ['spawn'] }, session)).toContain('started');
    expect(skipReason({ ...setAndGet, only: [{ unclaimed: 'core' }] }, session)).toBe('the target claims core');
    const large = { ...session, frameBytesMax: 1 << 30 };
    expect(skipReason({ ...setAndGet, needs: ['small-limits'] }, large)).toContain('max-frame');
  });
});

test('each run has keys of its own, and an attached server is left without them', async () => {
  const seen = new Set<string>();
  let items = new Map<string, Buffer>();
  const watched: Behaviour = (due, socket, own) => {
    items = own;
    if (due.operation === 'SET') seen.add(due.key.toString('latin1'));
    return right(due, socket, own);
  };
  const runner = new Runner(await sessionWith(watched));
  await runner.run(setAndGet);
  await runner.run(setAndGet);
  expect(seen.size).toBe(4);
  expect([...items.keys()]).toEqual([]);
});

test('a failure says what, why, where and how to repeat it', async () => {
  const session = await sessionWith(but('GET', (due) => [reply(due, 200, Buffer.from('w'))]));
  const each: Case = { ...setAndGet, hint: 'the hint' };
  const record = caseRecord(each, await new Runner(session).run(each));
  const run = { target: showAddress(session.target.address), seed: 'fixed', repeat: 'speicher spec HERE' };
  const lines = renderFailure(record, run);
  expect(lines).toMatch(/^✗ a\.case {3}MUST {2}GET-1 {3}core {3}seed fixed\n/);
  expect(lines).toContain('GET-1: "GET MUST return 200 with the value');
  expect(lines).toContain('why: It is the one');
  expect(lines).toMatch(/→ a {2}0000 {2}00 00 00/);
  expect(lines).toMatch(/← a {2}0000 {2}00 00 00 08/);
  expect(lines).toContain('expected  200 OK, the value "v"');
  expect(lines).toContain('observed  the value "w"');
  expect(lines).toContain('hint      the hint');
  expect(lines).toContain('again:  speicher spec HERE --run a.case --seed fixed');
  expect(lines).toMatch(/raw: {4}xxd -r -p <<< [0-9a-f]+ \| nc -q1 127\.0\.0\.1 [0-9]+ \| xxd/);
});

describe('targets', () => {
  test('nobody there is the socket’s error', async () => {
    const target = await serve(right);
    for (const stop of stops.splice(0)) stop();
    await expect(openSession(target)).rejects.toThrow('ECONNREFUSED');
  });

  test('a server that does not know HELLO is held to json and core', async () => {
    const session = await openSession(await serve(right));
    expect([...session.profiles].sort()).toEqual(['core', 'json']);
    expect(session.helloProblem).toContain('405');
  });

  test('a command is started, its output kept, and stopped', async () => {
    const script = 'require("net").createServer().listen(process.argv[1], () => console.log("up and " + "well"))';
    const target = await spawnTarget({ command: [process.execPath, '-e', script, '{port}'], answerMs: 50 });
    await expect.poll(() => target.output()).toContain('up and well');
    await target.stop();
    await expect(openSession(target)).rejects.toThrow('ECONNREFUSED');
  });

  test('a command that fails is told with its output', async () => {
    const command = [process.execPath, '-e', 'console.error("no " + "licence"); process.exit(3)'];
    await expect(spawnTarget({ command })).rejects.toThrow('no licence');
  });

  test('runs of offsets in words', () => {
    expect(showRuns([1, 2, 3, 7, 9, 10])).toBe('1–3, 7, 9–10');
  });
});
