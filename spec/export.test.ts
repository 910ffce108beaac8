import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Case } from './case.ts';
import { CODE_REASONS } from './code-reasons.ts';
import { areaSchema, vectorFiles } from './export.ts';
import { CASES } from './registry.ts';

const folder = new URL('vectors/', import.meta.url);
const files = vectorFiles();

test('the vectors that are checked in are those of the registry', () => {
  const kept = new Map(
    readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => [name, readFileSync(new URL(name, folder), 'utf8')]),
  );
  const names = new Set([...kept.keys(), ...files.keys()]);
  const stale = [...names].filter((name) => kept.get(name) !== files.get(name));
  const what = stale.includes('clauses.json')
    ? 'a clause has changed: see whether the cases that cite it still prove it (`speicher spec explain ID`)'
    : 'the cases have changed: see that none is missing';
  expect(stale, `${what}; run \`npm run export:vectors\`, look at the difference, commit it`).toEqual([]);
});

test('each case that is data is in the file of its area, and each that is code has its reason', () => {
  const index = JSON.parse(files.get('index.json') ?? '') as { cases: { id: string; file?: string; code?: string }[] };
  expect(index.cases.map(({ id }) => id)).toEqual(CASES.map(({ id }) => id));
  const exported = new Map<string, object>();
  for (const name of new Set(index.cases.flatMap(({ file }) => file ?? []))) {
    const { area, cases } = areaSchema.parse(JSON.parse(files.get(name) ?? ''));
    expect(`${area}.json`).toBe(name);
    for (const each of cases) exported.set(each.id, each);
  }
  const steps = CASES.filter((each) => 'steps' in each);
  // The same as in a file: without what is undefined, and without the sign of a zero.
  const written = JSON.parse(JSON.stringify(steps)) as typeof steps;
  for (const { id, why, steps: own } of written) expect(exported.get(id)).toMatchObject({ why, steps: own });
  expect(exported.size).toBe(steps.length);
  expect(index.cases.filter(({ code }) => code !== undefined && code.length > 10)).toHaveLength(
    CASES.length - steps.length,
  );
});

test('every reason for code is the reason of some case', () => {
  const code = CASES.filter((each) => 'run' in each);
  const idle = Object.keys(CODE_REASONS).filter((start) => !code.some(({ id }) => id.startsWith(start)));
  expect(idle, 'no case of code begins like this any more: remove it from spec/code-reasons.ts').toEqual([]);
});

test('a case of code without a reason is refused by name', () => {
  const unknown: Case = {
    id: 'ping.by-code',
    clauses: ['PING-1'],
    profile: 'core',
    why: 'Why not.',
    run: async () => {},
  };
  expect(() => vectorFiles([unknown])).toThrow('ping.by-code is code');
});

test('texts have a UTF-8 form, so that every language has them', () => {
  const broken: string[] = [];
  for (const [name, text] of files) {
    JSON.parse(text, (_, value: unknown) => {
      if (typeof value === 'string' && Buffer.from(value).toString() !== value) broken.push(`${name}: ${value}`);
      return value;
    });
  }
  expect(broken).toEqual([]);
});
