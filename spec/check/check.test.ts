/** The checker against a brute-force oracle on small random histories, and against planted violations. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byKey, concurrentPairs, Recorder, type History, type Operation } from './history.ts';
import { checkKey, finalStates } from './linearizability.ts';
import { ABSENT, step, type Input, type Output, type State } from './model.ts';
import { mayGo, shrinkViolation, until } from './shrink.ts';
import { drawTimeline, timelineOf } from './timeline.ts';

/** Tries every order that time permits, and for operations without an end also their absence. */
function bruteForce(history: History, state: State = ABSENT): boolean {
  if (history.every(({ end }) => end === undefined)) return true;
  return history.some((operation, at) => {
    const rest = history.filter((_, index) => index !== at);
    if (rest.some(({ end }) => end !== undefined && end < operation.call)) return false;
    const after = step(state, operation.input, operation.output);
    return after !== undefined && bruteForce(rest, after);
  });
}

const GET: Input = { op: 'GET' };
const DELETE: Input = { op: 'DELETE' };
const VALUES = ['a', 'b', '1'];
const version = fc.option(fc.bigInt(1n, 4n), { nil: undefined });

const inputs: fc.Arbitrary<Input> = fc.oneof(
  fc.constant(GET),
  fc.record({ value: fc.constantFrom(...VALUES), version }).map(({ value, ...rest }) => set(value, rest.version)),
  fc.constantFrom(...VALUES).map((value): Input => ({ op: 'ADD', value })),
  version.map((at) => (at === undefined ? DELETE : { ...DELETE, version: at })),
  fc
    .record({ by: fc.bigInt(1n, 2n), initial: fc.option(fc.constant(5n), { nil: undefined }) })
    .map(({ by, initial }) => increment(by, initial)),
);

function increment(by: bigint, initial?: bigint): Input {
  return { op: 'INCREMENT', by, ...(initial !== undefined && { initial }) };
}

function set(value: string, at?: bigint): Input {
  return { op: 'SET', value, ...(at !== undefined && { version: at }) };
}

const outputs: fc.Arbitrary<Output> = fc
  .record({
    status: fc.constantFrom(200, 200, 404, 409, 422),
    value: fc.option(fc.constantFrom(...VALUES), { nil: undefined }),
    version,
    number: fc.option(fc.bigInt(1n, 7n), { nil: undefined }),
  })
  .map(
    (all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as unknown as Output,
  );

/** What a server that is right replies, and the item behind it. */
function truth(state: State, input: Input, next: bigint): { output: Output; after: State } {
  const versions = [next, state.version ?? 0n];
  for (const status of [200, 404, 409, 422]) {
    for (const at of [undefined, ...versions]) {
      for (const number of [undefined, 5n, ...[1n, 2n].map((by) => BigInt(Number(state.value) || 0) + by)]) {
        const output: Output = {
          status,
          ...(input.op === 'GET' && status === 200 && { value: state.value ?? '' }),
          ...(at !== undefined && { version: at }),
          ...(number !== undefined && { number }),
        };
        const fits = at !== undefined || status !== 200 || input.op === 'DELETE';
        const after = fits ? step(state, input, output) : undefined;
        if (after !== undefined) return { output, after };
      }
    }
  }
  throw new Error('the model permits no reply');
}

/** A history that a right server produced: operations take effect in this order, at moments within their bounds. */
const rightHistories: fc.Arbitrary<History> = fc
  .array(fc.record({ input: inputs, before: fc.nat(6), behind: fc.nat(6), hasEnd: fc.nat(7) }), { maxLength: 7 })
  .map((plan) => {
    let state = ABSENT;
    const raw = plan.map(({ input, before, behind, hasEnd }, index) => {
      const { output, after } = truth(state, input, BigInt(index + 1));
      state = after;
      const moment = index * 10;
      const times = { call: moment - before * 6 - 0.1 * index - 0.01, end: moment + behind * 6 + 0.1 * index };
      const operation = { index, process: `c${index % 3}`, key: 'k', input, ...times, output };
      if (hasEnd > 0) return operation;
      const { end: _end, output: _output, ...pending } = operation;
      return pending;
    });
    return raw;
  });

/** Any history at all. */
const histories: fc.Arbitrary<History> = fc
  .array(fc.record({ input: inputs, output: outputs, call: fc.nat(20), lasts: fc.nat(12), hasEnd: fc.nat(7) }), {
    maxLength: 6,
  })
  .map((plan) =>
    plan.map(({ input, output, call, lasts, hasEnd }, index) => ({
      index,
      process: `c${index}`,
      key: 'k',
      input,
      call: call + index / 100,
      ...(hasEnd > 0 && { end: call + lasts + 0.5 + index / 100, output }),
    })),
  );

/** A right history with one reply changed. */
const spoilt: fc.Arbitrary<History> = fc
  .record({ history: rightHistories, at: fc.nat(6), output: outputs })
  .map(({ history, at, output }) =>
    history.map((each, index) => (index === at && each.end !== undefined ? { ...each, output } : each)),
  );

describe('the checker', () => {
  test('agrees with the oracle on any history', () => {
    const verdicts = { ok: 0, violated: 0, unknown: 0 };
    fc.assert(
      fc.property(fc.oneof(histories, spoilt), (history) => {
        const { kind } = checkKey(history);
        verdicts[kind] += 1;
        expect(kind).toBe(bruteForce(history) ? 'ok' : 'violated');
      }),
      { numRuns: 3000 },
    );
    expect(Math.min(verdicts.ok, verdicts.violated)).toBeGreaterThan(200);
  });

  test('accepts what a right server produced, with an order that explains it', () => {
    fc.assert(
      fc.property(rightHistories, (history) => {
        const verdict = checkKey(history);
        if (verdict.kind !== 'ok') throw new Error(verdict.kind);
        let state = ABSENT;
        for (const index of verdict.order) {
          const operation = history[index] as Operation;
          state = step(state, operation.input, operation.output) as State;
          expect(state).toBeDefined();
        }
        const placed = verdict.order.map((index) => history[index] as Operation);
        for (const [at, each] of placed.entries()) {
          for (const later of placed.slice(at + 1)) expect(later.end ?? Infinity).toBeGreaterThan(each.call);
        }
      }),
    );
  });

  test('says unknown when the budget is used up', () => {
    const history = Array.from({ length: 14 }, (_, index) => ({
      index,
      process: `c${index}`,
      key: 'k',
      input: set(`v${index}`),
      call: index,
      end: 100 + index,
      output: { status: 200 },
    }));
    const never = { index: 14, process: 'r', key: 'k', input: GET, call: 200, end: 201 };
    expect(checkKey([...history, { ...never, output: { status: 404 } }], { stepsMax: 1000 }).kind).toBe('unknown');
    expect(checkKey(history, { stepsMax: 1000 }).kind).toBe('ok');
  });

  test('all final states are found', () => {
    const both = [
      { index: 0, process: 'a', key: 'k', input: set('a'), call: 0, end: 5, output: { status: 200 } },
      { index: 1, process: 'b', key: 'k', input: set('b'), call: 1, end: 4, output: { status: 200 } },
      { index: 2, process: 'c', key: 'k', input: DELETE, call: 2 },
    ];
    expect(finalStates(both)?.map(({ value }) => value ?? '-')).toEqual(expect.arrayContaining(['a', 'b', '-']));
    expect(finalStates(both)).toHaveLength(3);
  });
});

/** A history in words: `process call-end request → reply`, times in order of writing. */
function history(...lines: readonly [string, number, number | undefined, Input, Output?][]): History {
  return lines.map(([process, call, end, input, output], index) => {
    const called = { index, process, key: 'k', input, call };
    return end === undefined || output === undefined ? called : Object.assign(called, { end, output });
  });
}

const OK: Output = { status: 200 };
const found = (value: string): Output => ({ status: 200, value });
const MISS: Output = { status: 404 };

const PLANTED: readonly [string, History][] = [
  ['a stale read', history(['a', 0, 1, set('1'), OK], ['a', 2, 3, set('2'), OK], ['b', 4, 5, GET, found('1')])],
  [
    'a value seen, and then the one before it',
    history(
      ['a', 0, 1, set('1'), OK],
      ['a', 2, 9, set('2'), OK],
      ['b', 3, 4, GET, found('2')],
      ['c', 5, 6, GET, found('1')],
    ),
  ],
  [
    'a lost update',
    history(
      ['a', 0, 1, { op: 'INCREMENT', by: 1n, initial: 1n }, { status: 200, number: 1n }],
      ['a', 2, 5, { op: 'INCREMENT', by: 1n }, { status: 200, number: 2n }],
      ['b', 3, 6, { op: 'INCREMENT', by: 1n }, { status: 200, number: 2n }],
    ),
  ],
  [
    'two conditional writes with one version',
    history(
      ['a', 0, 1, set('1'), { status: 200, version: 5n }],
      ['a', 2, 5, set('2', 5n), { status: 200, version: 6n }],
      ['b', 3, 4, set('3', 5n), { status: 200, version: 7n }],
    ),
  ],
  [
    'a deleted item that comes back',
    history(['a', 0, 1, set('1'), OK], ['a', 2, 3, DELETE, OK], ['b', 4, 5, GET, MISS], ['b', 6, 7, GET, found('1')]),
  ],
  ['an ADD of what is there', history(['a', 0, 1, set('1'), OK], ['b', 2, 3, { op: 'ADD', value: '2' }, OK])],
  ['a write that is lost', history(['a', 0, 1, set('1'), OK], ['b', 2, 3, GET, MISS])],
  [
    'a version that goes back',
    history(['a', 0, 1, set('1'), { status: 200, version: 9n }], ['b', 2, 3, set('2'), { status: 200, version: 8n }]),
  ],
  [
    'one DELETE that succeeds twice',
    history(['a', 0, 1, set('1'), OK], ['a', 2, 5, DELETE, OK], ['b', 3, 4, DELETE, OK]),
  ],
];

describe('planted violations', () => {
  test.each(PLANTED)('%s is found', (_name, planted) => {
    expect(checkKey(planted).kind).toBe('violated');
    const small = shrinkViolation(planted);
    expect(bruteForce(small.history, small.initial)).toBe(false);
    expect(small.history.length).toBeLessThanOrEqual(planted.length);
    expect(small.stuck).toBeDefined();
  });
});

describe('shrinking', () => {
  test('takes nothing away that could make a right history look wrong', () => {
    let tried = 0;
    fc.assert(
      fc.property(rightHistories, (whole) => {
        for (const operation of whole) {
          const rest = whole.filter((each) => each !== operation);
          if (!mayGo(operation, rest)) continue;
          tried += 1;
          expect(checkKey(rest).kind).toBe('ok');
        }
        for (const { end = 0 } of whole) expect(checkKey(until(whole, end)).kind).toBe('ok');
      }),
      { numRuns: 2000 },
    );
    expect(tried).toBeGreaterThan(1000);
  });

  test('a violation stays one, and gets no longer', () => {
    fc.assert(
      fc.property(spoilt, (whole) => {
        if (checkKey(whole).kind !== 'violated') return;
        const small = shrinkViolation(whole);
        expect(bruteForce(small.history, small.initial)).toBe(false);
        expect(small.history.length).toBeLessThanOrEqual(whole.length);
      }),
      { numRuns: 500 },
    );
  });

  test('a stale read among a hundred operations is shown with what it contradicts alone', () => {
    const before = Array.from({ length: 100 }, (_, at): [string, number, number, Input, Output] =>
      at % 2 === 0 ? ['w', at * 3, at * 3 + 1, set(`v${at}`), OK] : ['r', at * 3, at * 3 + 1, GET, found(`v${at - 1}`)],
    );
    const stale: [string, number, number, Input, Output] = ['s', 400, 401, GET, found('v40')];
    const small = shrinkViolation(history(...before, stale));
    expect(small.history.length).toBeLessThanOrEqual(3);
    const lines = drawTimeline(timelineOf(small));
    expect(lines.join('\n')).toContain('"v40"   ← fits nowhere');
    expect(lines.join('\n')).not.toContain('"v12"');
  });
});

test('a timeline has a row for each operation, and columns in the order of time', () => {
  const planted = history(['a', 0, 3, set('x'), OK], ['bb', 1, 2, GET, MISS], ['a', 5, undefined, DELETE]);
  const timeline = timelineOf({ initial: ABSENT, history: planted, stuck: planted[1] });
  expect(timeline).toMatchObject({ key: 'k', before: 'missing', columns: 5 });
  expect(drawTimeline(timeline)).toEqual([
    'k was missing',
    'a   ├────────┤        SET "x" → 200',
    'bb     ├──┤           GET → 404   ← fits nowhere',
    'a               ├──┄  DELETE → no reply',
  ]);
});

test('the recorder orders events, keys are checked apart, and pairs under way together are counted', () => {
  const recorder = new Recorder();
  const first = recorder.call('a', 'x', set('1'));
  const second = recorder.call('b', 'x', GET);
  const other = recorder.call('c', 'y', GET);
  second(MISS);
  first(OK);
  other(MISS);
  recorder.call('b', 'x', DELETE);
  const { history: whole } = recorder;
  expect(whole.map(({ call, end }) => [call, end])).toEqual([
    [0, 4],
    [1, 3],
    [2, 5],
    [6, undefined],
  ]);
  expect([...byKey(whole).keys()]).toEqual(['x', 'y']);
  expect(concurrentPairs(whole)).toBe(1);
});
