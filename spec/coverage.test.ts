import { expect, test } from 'vitest';
import { operationForm, OPERATIONS } from '../protocol/operations.ts';
import { PROFILES, type Profile } from '../protocol/profiles.ts';
import { caseLevel, type Case } from './case.ts';
import { clauses, parseClauses } from './clauses.ts';
import { EXEMPT_CLAUSES } from './exempt.ts';
import { CASES, checkCases } from './registry.ts';
import { shuffledCases } from './runner.ts';
import { requestsOf, type Request } from './step.ts';

const cited = new Set(CASES.flatMap((each) => each.clauses));

test('every clause of the contract has a case, or a reason why it has none', () => {
  const without = [...clauses().keys()].filter((id) => !cited.has(id) && !(id in EXEMPT_CLAUSES));
  expect(without, 'write a case that cites the clause, or give the reason in spec/exempt.ts').toEqual([]);
});

test('every clause that a case cites is in the contract', () => {
  const unknown = CASES.flatMap((each) =>
    each.clauses.filter((id) => !clauses().has(id)).map((id) => `${each.id}: ${id}`),
  );
  expect(unknown, 'the contract has lost this clause: remove the case or cite another').toEqual([]);
});

test('an exemption is for a clause of section 8 that has no case', () => {
  for (const id of Object.keys(EXEMPT_CLAUSES)) {
    expect(clauses().get(id)?.section).toBe(8);
    expect(cited.has(id)).toBe(false);
  }
});

test('all twelve impostors are somebody’s business', () => {
  const killed = new Set(CASES.flatMap((each) => each.kills ?? []));
  expect([...killed].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)))).toEqual(
    Array.from({ length: 12 }, (_, index) => `I${index + 1}`),
  );
});

test('every case says why in a sentence', () => {
  for (const each of CASES) expect(`${each.id}: ${each.why}`).toMatch(/: \S.{15,}\.$/);
});

/** What a request that is to succeed takes for granted. */
function profilesOf(request: Request): Profile[] {
  if (typeof request.op === 'number') return [];
  const flags = new Set<string>(request.flags);
  for (const field of ['ttl', 'version', 'tag', 'number', 'token'] as const) {
    if (request[field] !== undefined) flags.add(field.toUpperCase());
  }
  if (operationForm(request.op, flags.has('PREFIX')) === undefined) return [];
  const all = Object.keys(PROFILES) as Profile[];
  const ofFlags = all.filter((profile) => PROFILES[profile].flags.some((flag) => flags.has(flag)));
  return [OPERATIONS[request.op].profile, ...ofFlags];
}

test('a case claims every profile that its steps use', () => {
  const missing = CASES.flatMap((each) => {
    const claimed = new Set<Profile>(['core', each.profile, ...(each.also ?? [])]);
    const steps = 'steps' in each ? each.steps : [];
    const used = steps.flatMap(requestsOf).filter(({ statuses }) => statuses.some((status) => status < 300));
    return used
      .flatMap(({ request }) => profilesOf(request))
      .filter((profile) => !claimed.has(profile))
      .map((profile) => `${each.id} uses ${profile}`);
  });
  expect([...new Set(missing)]).toEqual([]);
});

test('clauses are read with their section, level and whole text', () => {
  const read = parseClauses(
    '## 3. X\n\n- **A-1** A server MUST\n  do it.\n- **A-2** It SHOULD.\n\nMUST not count\n## 4. Y\n- **B-1** So it is.\n',
  );
  expect([...read.values()]).toEqual([
    { id: 'A-1', text: 'A server MUST do it.', section: 3, level: 'MUST' },
    { id: 'A-2', text: 'It SHOULD.', section: 3, level: 'SHOULD' },
    { id: 'B-1', text: 'So it is.', section: 4, level: 'MUST' },
  ]);
  expect(() => parseClauses('- **A-1** x\n- **A-1** y\n')).toThrow('twice');
});

const sample: Case = { id: 'a.b', clauses: ['PING-1'], profile: 'core', why: 'Because.', steps: [] };

test('ids are unique and well formed, and steps hold to their schema', () => {
  expect(() => checkCases(CASES)).not.toThrow();
});

test('malformed cases are refused by name', () => {
  expect(() => checkCases([sample, sample])).toThrow('two cases are called a.b');
  expect(() => checkCases([{ ...sample, id: 'A.b' }])).toThrow('no area.slug');
  expect(() => checkCases([{ ...sample, clauses: [] }])).toThrow('names no clause');
  const steps = [{ ask: { op: 'PING', vale: 'x' }, expect: { status: 200 } }] as unknown as readonly [];
  expect(() => checkCases([{ ...sample, steps }])).toThrow('the steps of a.b are malformed');
  expect(caseLevel(sample)).toBe('MUST');
  expect(caseLevel({ ...sample, clauses: ['JSON-7'] })).toBe('SHOULD');
});

test('the order is the seed’s, and dependencies come first', () => {
  const first = { ...sample, id: 'a.first' };
  const cases = [{ ...sample, id: 'a.last', dependsOn: ['a.first'] }, first, ...CASES];
  for (const seed of ['1', '2', '3', '4', '5']) {
    const ids = shuffledCases(cases, seed).map(({ id }) => id);
    expect(ids).toHaveLength(cases.length);
    expect(ids.indexOf('a.first')).toBeLessThan(ids.indexOf('a.last'));
    expect(shuffledCases(cases, seed).map(({ id }) => id)).toEqual(ids);
  }
  expect(shuffledCases(CASES, '1')).not.toEqual(shuffledCases(CASES, '2'));
});
