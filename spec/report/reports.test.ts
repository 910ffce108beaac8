import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Parser } from 'tap-parser';
import { describe, expect, test } from 'vitest';
import { parseExpectedFailures, proposeBaseline } from '../expected-failures.ts';
import type { RunRecord } from '../records.ts';
import { resultOf } from '../score.ts';
import { ALL_STATUSES, caseOf, HEADER, NASTY, runOf } from '../testing/sample-run.ts';
import { parseXml, type XmlElement } from '../testing/xml.ts';
import { renderBadge, whyNoBadge } from './badge.ts';
import { diffRuns } from './diff.ts';
import { FORMATS } from './formats.ts';
import { renderGithub } from './github.ts';
import { readRecords, recordLine } from './json.ts';
import { renderJunit } from './junit.ts';
import { renderTap } from './tap.ts';
import { renderTerminal, TerminalReport } from './terminal.ts';

const everything = runOf(ALL_STATUSES);
const fine = runOf([caseOf('set.pass', 'PASS'), caseOf('get.pass', 'PASS')]);
const cut = everything.slice(0, -1);

describe('scores', () => {
  test('only what is met counts as met, and nothing leaves the denominator but what is not claimed', () => {
    const result = resultOf(everything);
    expect(result).toMatchObject({ executed: 9, scored: 10, met: 2, withheld: 1, exitCode: 1, isComplete: false });
    const unclaimed = caseOf('get.other', 'SKIP', { skip: 'unclaimed' });
    expect(resultOf(runOf([...ALL_STATUSES, unclaimed])).scored).toBe(10);
  });

  test.each([
    [['PASS', 'WARN', 'SKIP', 'XFAIL'], 0],
    [['PASS', 'FAIL', 'ERROR'], 1],
    [['PASS', 'XPASS'], 1],
    [['PASS', 'FLAKY'], 1],
    [['PASS', 'ERROR'], 4],
    [['PASS', 'UNKNOWN'], 4],
    [['SKIP', 'SKIP'], 5],
  ] as const)('%j ends with %i', (statuses, exitCode) => {
    expect(resultOf(runOf(statuses.map((status, index) => caseOf(`a.b${index}`, status)))).exitCode).toBe(exitCode);
  });

  test('a run that was cut short conforms to nothing', () => {
    expect(resultOf(fine.slice(0, -1))).toMatchObject({ exitCode: 4, isComplete: false });
    expect(resultOf(runOf(ALL_STATUSES.slice(0, 1), { selected: 2 })).exitCode).toBe(4);
  });
});

describe('records', () => {
  test('are read as they were written, and a torn last line is not there', () => {
    const text = everything.map(recordLine).join('');
    expect(readRecords(text, 'f')).toEqual(JSON.parse(JSON.stringify(everything)));
    expect(readRecords(text.slice(0, -5), 'f')).toHaveLength(everything.length - 1);
  });

  test.each([
    ['', 'no header'],
    ['{"record":"case"}\n', 'no header'],
    ['nonsense\n{}\n', 'f:1 is no record'],
    [recordLine({ ...HEADER, format: 2 }), 'format 2'],
  ])('%j is refused', (text, message) => {
    expect(() => readRecords(text, 'f')).toThrow(message);
  });
});

function elements(root: XmlElement, name: string): XmlElement[] {
  return [...(root.name === name ? [root] : []), ...root.children.flatMap((child) => elements(child, name))];
}

describe('JUnit', () => {
  const root = parseXml(renderJunit(everything));

  test('has a test for each case, and its numbers are right', () => {
    expect(root.attributes).toMatchObject({ tests: '11', failures: '3', errors: '3' });
    for (const suite of elements(root, 'testsuite')) {
      const count = (name: string): string => String(elements(suite, name).length);
      expect(suite.attributes).toMatchObject({
        tests: count('testcase'),
        failures: count('failure'),
        errors: count('error'),
        skipped: count('skipped'),
      });
    }
  });

  test('gives the text of a failure, whatever the server said', () => {
    const failed = elements(root, 'testcase').find(({ attributes }) => attributes['name'] === 'fail');
    const [failure] = failed?.children ?? [];
    expect(failure?.attributes['message']).toContain('<b>&amp; "q"');
    expect(failure?.attributes['type']).toBe('SET-1');
    expect(failure?.text).toContain('again:  speicher spec 127.0.0.1:14567 --run set.fail');
  });

  test('a run that was cut short is an error', () => {
    const problems = elements(parseXml(renderJunit(cut)), 'error').map(({ attributes }) => attributes['message']);
    expect(problems).toContain('the run did not come to its end');
  });

  test.skipIf(spawnSync('xmllint', ['--version']).error !== undefined)('xmllint finds it valid', () => {
    const schema = fileURLToPath(new URL('../testing/junit.xsd', import.meta.url));
    for (const records of [everything, fine, cut]) {
      const { status, stderr } = spawnSync('xmllint', ['--noout', '--schema', schema, '-'], {
        input: renderJunit(records),
      });
      expect({ status, text: String(stderr) }).toMatchObject({ status: 0 });
    }
  });
});

function readTap(records: readonly RunRecord[]): ReturnType<typeof Parser.parse> {
  return Parser.parse(renderTap(records));
}

describe('TAP', () => {
  type Assertion = { ok: boolean; id: number; name: string; skip?: unknown; todo?: unknown; diag?: { shown?: string } };
  const assertions = (records: readonly RunRecord[]): Assertion[] =>
    readTap(records).flatMap(([type, value]) => (type === 'assert' ? [value as unknown as Assertion] : []));

  test('a parser sees each case as it is', () => {
    const seen = new Map(assertions(everything).map((each) => [each.name.split(' ')[0], each]));
    expect([...seen.keys()]).toEqual(ALL_STATUSES.map(({ id }) => id));
    const passing = [...seen.values()].filter(({ ok }) => ok).map(({ name }) => name.split(' ')[0]);
    expect(passing).toEqual(['set.pass', 'set.warn', 'get.obs', 'get.skip']);
    expect(seen.get('get.skip')?.skip).toContain('<b>&amp;');
    expect(seen.get('get.xfail')?.todo).toContain('not # done');
    expect(seen.get('set.fail')?.diag?.shown).toContain('SET-1: "SET MUST create or replace');
  });

  test('and whether the whole passed', () => {
    const isOk = (records: readonly RunRecord[]): unknown =>
      (readTap(records).find(([type]) => type === 'complete')?.[1] as { ok: boolean } | undefined)?.ok;
    expect(isOk(fine)).toBe(true);
    expect(isOk(everything)).toBe(false);
    expect(isOk(fine.slice(0, -1))).toBe(false);
    expect(readTap(everything).filter(([type]) => type === 'extra')).toEqual([]);
  });
});

describe('GitHub', () => {
  const lines = renderGithub(everything).trimEnd().split('\n');

  test('each annotation is one line, whatever the server said', () => {
    expect(lines.map((line) => /^::(error|warning|notice) title=/.exec(line)?.[1])).toEqual([
      ...Array<string>(5).fill('error'),
      'warning',
      'notice',
    ]);
    expect(lines[0]).toMatch(/^::error title=set\.fail \(SET-1\)::✗ set\.fail .*%0A.*100 %25 # a: b, c\\u000d/);
    expect(renderGithub(everything)).not.toMatch(/\r|^\s*::error::/m);
  });

  test('properties escape what would end them', () => {
    const records = runOf([caseOf('set.fail', 'FAIL', { clauses: ['A-1:', 'B%2,'] })]);
    expect(renderGithub(records)).toMatch(/^::error title=set\.fail \(A-1%3A%2C B%252%2C\)::/);
  });
});

test('the page has the matrix that is checked in: how the suite was itself tried out', () => {
  expect(FORMATS.html(fine)).toMatch(/The suite on trial.*one-cell-for-all-keys.*latency-of-100-ms/s);
});

describe('the badge', () => {
  test('names the profiles of a whole run, or the score', () => {
    expect(parseXml(renderBadge(fine)).attributes['aria-label']).toBe('speicher protocol 1: core standard');
    const failing = runOf([caseOf('set.pass', 'PASS'), caseOf('set.fail', 'FAIL')]);
    expect(parseXml(renderBadge(failing)).attributes['aria-label']).toBe('speicher protocol 1: 1/2');
  });

  test.each<[string, RunRecord[]]>([
    ['filtered', runOf([caseOf('set.pass', 'PASS')], { selection: { run: ['set.*'], skip: [] } })],
    ['filtered', runOf([caseOf('set.pass', 'PASS')], { selection: { run: [], skip: ['get.*'] } })],
    ['cut short', fine.slice(0, -1)],
    ['not tried', runOf([caseOf('set.pass', 'PASS'), caseOf('a.b', 'SKIP', { skip: 'withheld' })])],
    ['blocked', runOf([caseOf('set.fail', 'FAIL'), caseOf('a.b', 'BLOCKED')])],
  ])('there is none for a run that was %s', (why, records) => {
    expect(whyNoBadge(records)).toContain(why);
    expect(() => renderBadge(records)).toThrow('no badge');
  });
});

describe('the terminal', () => {
  test('shows failures in full, the counts, and the verdict last', () => {
    const text = renderTerminal(everything);
    expect(text).toContain('cases     11 declared, 11 selected');
    expect(text).toContain('  SET-1: "SET MUST create or replace the item');
    expect(text).toMatch(/→ a {2}0000 {2}00 00 00 0b/);
    expect(text).toContain('declared 11, selected 11, executed 9, scored 10');
    expect(text).toContain('score 2/10 (20 %)');
    expect(text.trimEnd().split('\n').at(-1)).toBe('DOES NOT CONFORM after 1.2 s, seed 7f3a');
    expect(renderTerminal(fine)).toMatch(/score 2\/2 \(100 %\)[^]*\nconforms after/);
  });

  test('99.99 % is not 100 %, and what was left out is said', () => {
    const many = [...Array.from({ length: 1999 }, (_, index) => caseOf(`a.b${index}`, 'PASS')), caseOf('a.c', 'XFAIL')];
    expect(renderTerminal(runOf(many))).toContain('score 1999/2000 (99.9 %)');
    expect(renderTerminal(runOf([caseOf('set.pass', 'PASS')], { selection: { run: ['set.*'], skip: [] } }))).toMatch(
      /FILTERED by --run set\.\*[^]*FILTERED: this says nothing/,
    );
    expect(renderTerminal(cut)).toContain('INCOMPLETE');
    const withheld = runOf([caseOf('a.b', 'PASS'), caseOf('a.c', 'SKIP', { skip: 'withheld', reason: 'no RESET' })]);
    expect(renderTerminal(withheld)).toMatch(/1 not run: no RESET[^]*conforms, as far as it was tried: 1 requirements/);
  });

  test('after ten failures a line is enough for each', () => {
    const failing = Array.from({ length: 12 }, (_, index) => caseOf(`a.b${index}`, 'FAIL'));
    const text = renderTerminal(runOf(failing));
    expect(text.match(/again:/g)).toHaveLength(10);
    expect(text).toContain('--run ID shows one in full');
  });

  test('elsewhere than on a terminal nothing is written over or coloured, but for what the server said', () => {
    const lines = renderTerminal(runOf([caseOf('a.b', 'FAIL', { observed: 'plain' })]));
    expect(lines).not.toContain('\u001B');
    const report = new TerminalReport({ isTerminal: true, columns: 20 });
    const text = fine.map((record) => report.add(record)).join('');
    expect(text).toContain('\r\u001B[K1/2  set.pass');
    for (const line of text.replaceAll('\r\u001B[K', '\n').split('\n').slice(5, 7))
      expect(line.length).toBeLessThan(20);
  });

  test('what a server says cannot steer the terminal', () => {
    const failing = runOf([caseOf('a.b', 'FAIL', { hint: NASTY, serverOutput: '\u001B[2Jgone\u0007' })]);
    const seen = Array.from(renderTerminal(failing)).filter((character) => character < ' ' && character !== '\n');
    expect(seen).toEqual([]);
  });
});

describe('comparisons', () => {
  const before = runOf([
    caseOf('a.fixed', 'FAIL'),
    caseOf('a.broken', 'PASS'),
    caseOf('a.gone', 'PASS'),
    caseOf('a.same', 'PASS'),
  ]);
  const after = runOf([
    caseOf('a.fixed', 'PASS'),
    caseOf('a.broken', 'FAIL'),
    caseOf('a.same', 'PASS'),
    caseOf('a.new', 'FAIL'),
  ]);

  test('what fails now and did not is worse', () => {
    const { text, isWorse } = diffRuns(before, after);
    expect(isWorse).toBe(true);
    expect(text).toMatch(/newly failing: 2\n {2}a\.broken .*PASS → FAIL.*\n {2}a\.new .*\(absent\) → FAIL/);
    expect(text).toMatch(/fixed: 1\n {2}a\.fixed/);
    expect(text).toMatch(/no longer there: 1\n {2}a\.gone/);
    expect(text).not.toContain('a.same');
  });

  test('the same is no worse', () => {
    expect(diffRuns(after, after)).toEqual({ text: expect.stringContaining('no case changed'), isWorse: false });
  });
});

test('a proposed baseline is a file of expected failures', () => {
  const cases = [caseOf('set.fail', 'FAIL', { code: 'status-404' }), caseOf('set.pass', 'PASS')];
  const text = proposeBaseline(cases);
  const known = cases.map(({ id, clauses }) => ({ id, clauses }) as never);
  expect(parseExpectedFailures(text, known, 'f')).toMatchObject([{ id: 'set.fail', code: 'status-404', url: '-' }]);
});
