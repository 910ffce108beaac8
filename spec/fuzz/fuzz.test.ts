/** The fuzzer: what it sends is the seed's, it finds what is planted, and what it found can be run again. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { PROFILE_NAMES, type Profile } from '../../protocol/profiles.ts';
import { fuzzCases } from '../cases/fuzz.ts';
import type { CaseResult } from '../outcome.ts';
import { seededRandom } from '../random.ts';
import { Runner } from '../runner.ts';
import { openSession, type FuzzOptions, type Session } from '../session.ts';
import { checkSteps } from '../step.ts';
import { but, reply, right, serveSmall, type Behaviour } from '../testing/small-server.ts';
import { DueReader } from '../wire/due.ts';
import { binaryCorpus, jsonCorpus, mutations } from './bytes.ts';
import { isHarmless, isWellFormed } from './expected.ts';
import { readFinding } from './finding.ts';
import { grammar } from './frames.ts';
import type { Generator, Place } from './plan.ts';
import { sequences } from './sequences.ts';
import { shrinkParts } from './shrink.ts';

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

async function sessionWith(behaviour: Behaviour, fuzz: FuzzOptions): Promise<Session> {
  const { target, stop } = await serveSmall(behaviour);
  cleanUps.push(stop);
  return openSession(target, { seed: 'a11c', profiles: ['core'], fuzz });
}

async function fuzzWith(behaviour: Behaviour, id: string, fuzz: FuzzOptions = {}): Promise<CaseResult> {
  const each = fuzzCases.find((candidate) => candidate.id === id);
  if (each === undefined) throw new Error(`no ${id}`);
  return new Runner(await sessionWith(behaviour, fuzz)).run({ ...each, deadlineMs: 600_000 });
}

const SEQUENCES = 'fuzz.sequences-beside-a-model';

/** The third SET of one key, among those that an iteration has for itself, keeps the value of the second. */
function forgetful(): Behaviour {
  const counts = new Map<string, number>();
  return but('SET', (due, socket, items) => {
    const key = due.key.toString('latin1');
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count === 3 && key.includes('~f') ? [reply(due, 200)] : right(due, socket, items);
  });
}

function temporary(): string {
  const path = mkdtempSync(join(tmpdir(), 'speicher-fuzz-'));
  cleanUps.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

describe('findings', () => {
  test('a right server has none', async () => {
    const { status, observed } = await fuzzWith(right, SEQUENCES, { iterations: 50 });
    expect({ status, observed }).toEqual({ status: 'PASS', observed: undefined });
  });

  test('a rare mistake is found, made small, written down, and found again from the file', async () => {
    const findingsPath = temporary();
    const result = await fuzzWith(forgetful(), SEQUENCES, { iterations: 300, findingsPath });
    expect(result).toMatchObject({ status: 'FAIL' });
    const parts = /([0-9]+) of its ([0-9]+) parts are enough/.exec(result.observed ?? '');
    // Three SETs, and a GET or the end of the run.
    expect(Number(parts?.[1])).toBe(4);
    const files = readdirSync(findingsPath);
    expect(files).toHaveLength(1);
    const finding = readFinding(readFileSync(join(findingsPath, files[0] ?? ''), 'utf8'));
    const again = await new Runner(await sessionWith(forgetful(), {})).run(finding);
    expect(again).toMatchObject({ status: 'FAIL' });
    expect(await new Runner(await sessionWith(right, {})).run(finding)).toMatchObject({ status: 'PASS' });
  });

  test('one iteration is repeated alone', async () => {
    const whole = await fuzzWith(forgetful(), SEQUENCES, { iterations: 300 });
    const iteration = Number(/iteration ([0-9]+)/.exec(whole.observed ?? '')?.[1]);
    expect(await fuzzWith(forgetful(), SEQUENCES, { first: iteration, iterations: 1 })).toMatchObject({
      status: 'FAIL',
      observed: expect.stringContaining(`iteration ${iteration}`),
    });
    expect(await fuzzWith(forgetful(), SEQUENCES, { first: 0, iterations: iteration })).toMatchObject({
      status: 'PASS',
    });
  });

  test('what was not touched is watched', async () => {
    let requests = 0;
    const tampering: Behaviour = (due, socket, items) => {
      requests += 1;
      if (requests === 200)
        for (const key of items.keys()) if (key.includes('watched')) items.set(key, Buffer.from('x'));
      return right(due, socket, items);
    };
    const result = await fuzzWith(tampering, SEQUENCES, { iterations: 100 });
    expect(result).toMatchObject({ status: 'FAIL', expected: expect.stringContaining('as it was') });
  });

  test('a server that goes away is told as such, and nothing is made of nothing', async () => {
    let requests = 0;
    const dying: Behaviour = (due, socket, items) => {
      requests += 1;
      if (requests === 100) for (const stop of cleanUps) stop();
      return right(due, socket, items);
    };
    const result = await fuzzWith(dying, SEQUENCES, { iterations: 100 });
    expect(result).toMatchObject({ status: 'FAIL' });
    expect(result.durationMs).toBeLessThan(5000);
  });
});

const PROFILE_SETS: readonly (readonly Profile[])[] = [
  ['core'],
  ['core', 'json'],
  ['core', 'standard', 'prefix'],
  PROFILE_NAMES.filter((name) => name !== 'auth'),
];

function placeFor(profiles: readonly Profile[]): Place {
  const prefix = Buffer.from('012345678~');
  return { profiles: new Set(profiles), frameBytesMax: 16_384, prefix, space: 'f1-', on: 'f1-' };
}

const GENERATORS = {
  'mutated frames': mutations(binaryCorpus),
  'mutated envelopes': mutations(jsonCorpus),
  'any frame': grammar,
  sequences,
} as unknown as Record<string, Generator<unknown>>;

describe.each(Object.entries(GENERATORS))('%s', (_name, generator) => {
  test('are the seed’s, are steps, and whatever is left out the rest is too', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 6 }), fc.constantFrom(...PROFILE_SETS), fc.nat(), (seed, profiles, left) => {
        const place = placeFor(profiles);
        const parts = generator.draw(seededRandom(seed), place);
        expect(generator.draw(seededRandom(seed), place)).toEqual(parts);
        expect(parts.length).toBeGreaterThan(0);
        checkSteps(generator.steps(parts, place));
        checkSteps(
          generator.steps(
            parts.filter((_, index) => index !== left % parts.length),
            place,
          ),
        );
        for (const part of parts)
          for (const simpler of generator.simpler(part)) checkSteps(generator.steps([simpler], place));
      }),
      { numRuns: 50 },
    );
  });

  test('mostly do something', () => {
    const place = placeFor(PROFILE_SETS[3] ?? []);
    const empty = Array.from({ length: 100 }, (_, index) => seededRandom(`${index}`)).filter(
      (random) => generator.steps(generator.draw(random, place), place).length === 0,
    );
    expect(empty.length).toBeLessThan(20);
  });
});

test('nothing that is sent reaches beyond the fuzzer’s keys', () => {
  const place = placeFor(PROFILE_SETS[3] ?? []);
  const region = '012345678~f';
  for (const generator of [mutations(binaryCorpus), mutations(jsonCorpus), grammar]) {
    for (let seed = 0; seed < 300; seed += 1) {
      const steps = generator.steps(generator.draw(seededRandom(`${seed}`), place), place);
      const hex = steps
        .flatMap((step) => ('send' in step ? step.send : []))
        .map((piece) => ('hex' in piece ? piece.hex : ''));
      for (const due of new DueReader(place.frameBytesMax).push(Buffer.from(hex.join(''), 'hex'))) {
        if (due.kind !== 'binary' || due.operation === undefined) continue;
        expect(due.operation).not.toBe('RESET');
        const isWrite = due.operation === 'SET' || due.operation === 'DELETE';
        const isWide = isWrite && isWellFormed(due, place.profiles) && !due.key.toString('latin1').startsWith(region);
        expect(isWide).toBe(false);
      }
    }
  }
  const [wide] = new DueReader(1000).push(Buffer.from('0000000916400001000000 0161'.replace(' ', ''), 'hex'));
  expect(wide && isHarmless(wide, Buffer.from(region))).toBe(false);
});

const hasLargeAndEven = async (numbers: readonly number[]): Promise<boolean> =>
  numbers.some((each) => each >= 7) && numbers.filter((each) => each % 2 === 0).length >= 2;
const oneLess = (number: number): number[] => (number > 0 ? [number - 1] : []);

test('a list is made as short as it can be, and its parts as simple', async () => {
  const smallest = await shrinkParts([1, 3, 12, 5, 8, 4, 9, 11], oneLess, hasLargeAndEven, 500);
  expect(await hasLargeAndEven(smallest)).toBe(true);
  expect(smallest).toHaveLength(2);
  let asked = 0;
  await shrinkParts(
    [1, 2, 3, 4],
    () => [],
    async () => ((asked += 1), undefined),
    500,
  );
  expect(asked).toBe(1);
});
