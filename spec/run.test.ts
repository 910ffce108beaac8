/** Whole runs over small servers: what is recorded, how it is scored, and that a run always comes to its end. */
import { afterEach, describe, expect, test } from 'vitest';
import { ask, found, get, set } from './actions.ts';
import type { Case, CodeCase } from './case.ts';
import { NotReadyError } from './doctor/doctor.ts';
import { parseExpectedFailures } from './expected-failures.ts';
import type { CaseRecord, RunRecord } from './records.ts';
import { NothingSelectedError, runSuite, type RunOptions } from './run.ts';
import { resultOf, type RunResult } from './score.ts';
import { but, reply, right, serveSmall, type Behaviour } from './testing/small-server.ts';
import { UsageError } from './usage.ts';

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

const base = { clauses: ['GET-1'], profile: 'core', why: 'It is one of those that are run here.' } as const;
const good: Case = { ...base, id: 'small.good', steps: [ask(set('k', 'v')), ask(get('k'), found('v'))] };
const other: Case = { ...base, id: 'small.other', steps: [ask(get('nobody'), { status: 404 })] };
const bad: Case = { ...base, id: 'small.bad', clauses: ['SET-1'], steps: [ask(get('k'), found('never set'))] };
const should: Case = { ...bad, id: 'small.should', level: 'SHOULD' };
const prefix: Case = { ...good, id: 'small.prefix', profile: 'prefix' };
const reset: Case = { ...good, id: 'small.reset', needs: ['reset'] };
const broken: CodeCase = { ...base, id: 'small.broken', run: () => Promise.reject(new TypeError('oh')) };
const unsure: CodeCase = { ...base, id: 'small.unsure', run: async (context) => context.undecided('too little') };

interface Ran {
  readonly result: RunResult;
  readonly records: readonly RunRecord[];
  readonly of: (id: string) => CaseRecord;
}

async function run(cases: readonly Case[], more: Partial<RunOptions> = {}, behaviour: Behaviour = right): Promise<Ran> {
  const { target, stop } = await serveSmall(behaviour);
  stops.push(stop);
  const records: RunRecord[] = [];
  const result = await runSuite({
    target,
    cases,
    suiteVersion: '0.0.0',
    repeat: 'speicher spec HERE',
    session: { seed: 'fixed', timeoutScale: 0.1, profiles: ['core'] },
    ...more,
    emit: (record) => records.push(record),
  });
  const of = (id: string): CaseRecord => {
    const found = records.find((record) => record.record === 'case' && record.id === id);
    if (found?.record !== 'case') throw new Error(`no record of ${id}`);
    return found;
  };
  return { result, records, of };
}

describe('verdicts over a run', () => {
  test('a server that is right conforms; what it does not claim is not counted', async () => {
    const { result, records } = await run([good, other, prefix]);
    expect(result).toMatchObject({ exitCode: 0, executed: 2, scored: 2, met: 2, isComplete: true, isFiltered: false });
    expect(records.map(({ record }) => record)).toEqual(['run', 'case', 'case', 'case', 'summary']);
    expect(records.at(0)).toMatchObject({ declared: 3, selected: 3, seed: 'fixed', profiles: ['core'] });
    expect(resultOf(records)).toEqual(result);
  });

  test('a failed requirement is 1, has its transcript, and was run again', async () => {
    const { result, of } = await run([good, bad]);
    expect(result).toMatchObject({ exitCode: 1, scored: 2, met: 1 });
    expect(of('small.bad')).toMatchObject({ status: 'FAIL', code: 'status-404', runs: 4 });
    expect(of('small.bad').transcripts?.[0]?.events.map(({ direction }) => direction)).toContain('received');
    expect(of('small.good')).not.toHaveProperty('transcripts');
  });

  test('a SHOULD that is not kept warns, and is no part of the score', async () => {
    const { result, of } = await run([good, should]);
    expect(of('small.should').status).toBe('WARN');
    expect(result).toMatchObject({ exitCode: 0, scored: 1, met: 1, isComplete: true });
  });

  test('what may not be tried counts, and is not met', async () => {
    const { result } = await run([good, reset]);
    expect(result).toMatchObject({ exitCode: 0, scored: 2, met: 1, withheld: 1, isComplete: false });
    const allowed = await run([good, reset], { session: { allowReset: true, profiles: ['core'] } });
    expect(allowed.result).toMatchObject({ scored: 2, met: 2, isComplete: true });
  });

  test('a defect of the suite and what is undecided are 4, unless something failed too', async () => {
    expect((await run([good, broken])).result.exitCode).toBe(4);
    const { result, of } = await run([good, unsure]);
    expect(of('small.unsure')).toMatchObject({ status: 'UNKNOWN', reason: 'too little' });
    expect(result).toMatchObject({ exitCode: 4, scored: 2, met: 1 });
    expect((await run([bad, unsure])).result.exitCode).toBe(1);
  });

  test('nothing that is run is 5', async () => {
    expect((await run([prefix])).result.exitCode).toBe(5);
    await expect(run([good], { selection: { run: ['nothing.*'], skip: [] } })).rejects.toThrow(NothingSelectedError);
  });

  test('a failure that does not always come is FLAKY, and fails', async () => {
    let gets = 0;
    const once = but('GET', (due, socket, items) =>
      (gets += 1) === 1 ? [reply(due, 404)] : right(due, socket, items),
    );
    const { result, of } = await run([good], {}, once);
    expect(of('small.good')).toMatchObject({ status: 'FLAKY', runs: 2, reason: 'it failed 1 of 2 times' });
    expect(result).toMatchObject({ exitCode: 1, met: 0 });
  });

  test('cases that depend on a failed one are blocked', async () => {
    const { result, of } = await run([bad, { ...good, dependsOn: ['small.bad'] }]);
    expect(of('small.good')).toMatchObject({ status: 'BLOCKED', reason: 'small.bad failed' });
    expect(result).toMatchObject({ exitCode: 1, executed: 1, scored: 2, met: 0 });
  });

  test('twenty orders, side by side or not, give the same verdicts', async () => {
    const cases = [good, other, bad, should, prefix, { ...good, id: 'small.alone', isolation: 'exclusive' as const }];
    const verdicts = new Set<string>();
    for (let seed = 0; seed < 20; seed += 1) {
      const session = { seed: String(seed), timeoutScale: 0.1, profiles: ['core'] as const };
      const { result } = await run(cases, { jobs: seed % 2 === 0 ? 8 : 1, session });
      verdicts.add(
        result.cases
          .map(({ id, status }) => `${id} ${status}`)
          .toSorted()
          .join(),
      );
    }
    expect(verdicts.size).toBe(1);
  });
});

describe('selection', () => {
  test('patterns over ids and clauses, and a run that is stamped', async () => {
    const { result, records } = await run([good, other, bad], { selection: { run: ['GET-1'], skip: ['*.other'] } });
    expect(result).toMatchObject({ exitCode: 0, isFiltered: true, isComplete: false });
    expect(result.cases.map(({ id }) => id)).toEqual(['small.good']);
    expect(records[0]).toMatchObject({ declared: 3, selected: 1, selection: { run: ['GET-1'], skip: ['*.other'] } });
  });

  test('a pattern that fits nothing beside one that does is a mistake', async () => {
    const selection = { run: ['small.good', 'smal.other'], skip: [] };
    await expect(run([good, other], { selection })).rejects.toThrow('the pattern smal.other');
  });
});

function expecting(text: string): Partial<RunOptions> {
  return { expectedFailures: parseExpectedFailures(text, [good, other, bad], 'file') };
}

describe('expected failures', () => {
  test('an expected failure is no failure, and no pass', async () => {
    const { result, of } = await run([good, bad], expecting('small.bad  status-404  https://x/1  # not yet'));
    expect(of('small.bad')).toMatchObject({
      status: 'XFAIL',
      expectedFailure: { url: 'https://x/1', reason: 'not yet' },
    });
    expect(result).toMatchObject({ exitCode: 0, scored: 2, met: 1 });
  });

  test('another code fails, and so does a pass', async () => {
    const { of } = await run([bad], expecting('small.bad  closed  -  # not yet'));
    expect(of('small.bad')).toMatchObject({
      status: 'FAIL',
      reason: expect.stringContaining('expected to fail with closed'),
    });
    const passed = await run([good], expecting('small.g*  closed  -  # not yet'));
    expect(passed.of('small.good').status).toBe('XPASS');
    expect(passed.result).toMatchObject({ exitCode: 1, met: 0 });
  });

  test.each([
    ['small.nobody  closed  -  # x', 'file:1: no case is called small.nobody'],
    ['# a comment\n\nsmall.z*  closed  -  # x', 'file:3: no case is called small.z*'],
    ['small.bad  broken  -  # x', 'no code broken'],
    ['small.bad  closed  here  # x', 'a line is ID  CODE  URL  # reason'],
    ['small.bad  closed  -', 'a line is ID  CODE  URL  # reason'],
    ['small.*  closed  -  # x\nsmall.bad  closed  -  # y', 'covers small.bad already'],
  ])('%j is refused', (text, message) => {
    expect(() => parseExpectedFailures(text, [good, other, bad], 'file')).toThrow(UsageError);
    expect(() => parseExpectedFailures(text, [good, other, bad], 'file')).toThrow(message);
  });
});

describe('servers that go away', () => {
  const many = Array.from({ length: 12 }, (_, index): Case => ({ ...good, id: `small.case-${index}` }));

  test('in the middle of a run: every case has its record, and the run ends with 1', async () => {
    let sets = 0;
    const dying: Behaviour = but('SET', (due, socket, items) => {
      sets += 1;
      if (sets < 6) return right(due, socket, items);
      for (const stop of stops.splice(0)) stop();
      return [];
    });
    const { result, records } = await run(many, { jobs: 1 }, dying);
    const statuses = result.cases.map(({ status }) => status);
    expect(statuses.filter((status) => status === 'PASS').length).toBeGreaterThan(0);
    expect(statuses.filter((status) => status === 'FAIL')).toHaveLength(1);
    expect(statuses).toHaveLength(many.length);
    expect(statuses.at(-1)).toBe('BLOCKED');
    expect(records.at(-1)).toMatchObject({ record: 'summary', end: 'target-lost', exitCode: 1 });
  });

  test('before it: the reason is given, and nothing is recorded', async () => {
    const { target, stop } = await serveSmall(right);
    stop();
    const records: RunRecord[] = [];
    const options = {
      target,
      cases: many,
      suiteVersion: '0',
      repeat: '',
      emit: (each: RunRecord) => records.push(each),
    };
    await expect(runSuite(options)).rejects.toThrow(NotReadyError);
    await expect(runSuite(options)).rejects.toThrow('nothing listens there');
    expect(records).toEqual([]);
  });

  test('an interrupted run keeps what was done, and is undecided', async () => {
    const controller = new AbortController();
    const stopping: CodeCase = { ...base, id: 'small.stops', run: async () => controller.abort() };
    const { result, records } = await run([stopping, ...many], { signal: controller.signal, jobs: 1 });
    expect(records.at(-1)).toMatchObject({ record: 'summary', end: 'interrupted', exitCode: 4 });
    expect(result.cases.length).toBeLessThan(many.length + 1);
    expect(result.isComplete).toBe(false);
  });
});

test('a password is in no record', async () => {
  const { target, stop } = await serveSmall(right);
  stops.push(stop);
  const says: CodeCase = {
    ...base,
    id: 'small.says-it',
    run: async (context) => {
      await context.send([{ op: 'AUTH', value: { concat: ['me', { hex: '00' }, 'hunter2'] } }]);
      await context.recv({ status: 200 });
    },
  };
  const { of } = await run([says], { target: { ...target, credentials: 'me:hunter2' } });
  const text = JSON.stringify(of('small.says-it'));
  expect(text).not.toContain(Buffer.from('hunter2').toString('hex'));
  expect(text).toContain(Buffer.from('me\0*******').toString('hex'));
});
