/** What goes with `speicher spec`, as somebody runs it. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { recordLine } from '../spec/report/json.ts';
import { serveSmall, right } from '../spec/testing/small-server.ts';
import { caseOf, runOf } from '../spec/testing/sample-run.ts';
import { parseXml } from '../spec/testing/xml.ts';
import { run, type Run } from './testing/run-speicher.ts';

vi.setConfig({ testTimeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), 'speicher-spec-tools-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function spec(...args: readonly string[]): Promise<Run> {
  return run(['spec', ...args]);
}

function write(name: string, records: ReturnType<typeof runOf>): string {
  const path = join(folder, name);
  writeFileSync(path, records.map(recordLine).join(''));
  return path;
}

describe('list', () => {
  test('ids with level, profile and clauses; as JSON too', async () => {
    const { code, stdout } = await spec('list', 'SET-1');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^set\.[a-z-]+ +MUST +\S+ +.*SET-1/m);
    expect(stdout).not.toMatch(/^quit\./m);
    const listed = JSON.parse((await spec('list', '--json')).stdout) as { id: string; why: string }[];
    expect(listed.length).toBeGreaterThan(250);
    expect(listed[0]).toMatchObject({ id: expect.stringMatching(/^[a-z]+\./), why: expect.any(String), level: 'MUST' });
    expect(await spec('list', 'nothing.*')).toMatchObject({ code: 5, stdout: '' });
  });
});

describe('explain', () => {
  test('a clause, with the cases that prove it', async () => {
    const { stdout } = await spec('explain', 'set-1');
    expect(stdout).toMatch(
      /^SET-1: "SET MUST create or replace[^]*proved by [0-9]+ cases:\n[a-z]+\.[^]*\nset\.replaces /,
    );
  });

  test('a case, with its steps in words', async () => {
    const { stdout } = await spec('explain', 'taken.quit-refuses-other-parts');
    expect(stdout).toMatch(/^taken\.quit-refuses-other-parts {3}MUST[^]*\nwhy {3}\S[^]*\n1\. /);
  });

  test('what does not exist, with what comes near', async () => {
    expect(await spec('explain', 'quit-refuses-other-p')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean taken.quit-refuses-other-parts'),
    });
  });
});

describe('doctor', () => {
  test('3 where nothing can be judged, 1 for mistakes, 0 for none', async () => {
    const { target, stop } = await serveSmall(right);
    try {
      expect(await spec('doctor', target.label)).toMatchObject({
        code: 1,
        stdout: expect.stringMatching(/^✗ HELLO is answered with 405\. Until .* \(HELLO-1\)\.\n$/),
      });
    } finally {
      stop();
    }
    expect(await spec('doctor', target.label)).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/^✗ nothing listens/),
    });
    expect(await spec('doctor', 'http://x')).toMatchObject({ code: 2 });
  });
});

describe('replay', () => {
  test('sends a failed case again, and says whether the same came', async () => {
    const { target, stop } = await serveSmall(right);
    try {
      const path = write(
        'replay.json',
        runOf([caseOf('set.fail', 'FAIL'), caseOf('set.pass', 'PASS')], { target: target.label }),
      );
      const { code, stdout } = await spec('replay', path, 'set.fail');
      expect(code).toBe(0);
      expect(stdout).toMatch(/^set\.fail\n {2}→ a {2}0000 {2}00 00 00 0b[^]*reply to GET, no flags, status 404/);
      // The record has a 200.
      expect(stdout).toContain('≠ a  other bytes came than in the record, from offset 0006 on');
      expect(await spec('replay', path, 'set.pass')).toMatchObject({ code: 2 });
      stop();
      expect(await spec('replay', path)).toMatchObject({ code: 3, stderr: expect.stringContaining('ECONNREFUSED') });
    } finally {
      stop();
    }
  });
});

describe('report', () => {
  const path = write('report.json', runOf([caseOf('set.pass', 'PASS'), caseOf('set.fail', 'FAIL')]));
  const filtered = write(
    'filtered.json',
    runOf([caseOf('set.pass', 'PASS')], { selection: { run: ['set.*'], skip: [] } }),
  );

  test('each form on standard output', async () => {
    expect((await spec('report', path)).stdout).toContain('DOES NOT CONFORM');
    expect(parseXml((await spec('report', path, '--junit')).stdout).name).toBe('testsuites');
    expect((await spec('report', path, '--tap')).stdout).toContain('not ok 2 - set.fail');
    expect((await spec('report', path, '--html')).stdout).toContain('<!doctype html>');
    expect((await spec('report', path, '--github')).stdout).toContain('::error title=set.fail');
    expect((await spec('report', path, '--badge')).stdout).toContain('1/2');
    expect(await spec('report', path, '--tap', '--junit')).toMatchObject({ code: 2 });
  });

  test('no badge for a filtered run', async () => {
    expect(await spec('report', filtered, '--badge')).toMatchObject({ code: 1, stdout: '' });
  });

  test('what is no report', async () => {
    const other = join(folder, 'other.json');
    writeFileSync(other, '{"hello":1}\n');
    expect(await spec('report', other)).toMatchObject({ code: 2, stderr: expect.stringContaining('is no report') });
    expect(await spec('report', join(folder, 'absent.json'))).toMatchObject({ code: 2 });
  });
});

test('diff is 1 for what is worse', async () => {
  const before = write('before.json', runOf([caseOf('set.a', 'PASS')]));
  const after = write('after.json', runOf([caseOf('set.a', 'FAIL')]));
  expect(await spec('diff', before, after)).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('newly failing: 1'),
  });
  expect(await spec('diff', after, before)).toMatchObject({ code: 0, stdout: expect.stringContaining('fixed: 1') });
});

test('export writes the vectors and their interpreter', async () => {
  const directory = join(folder, 'vectors');
  expect(await spec('export', directory)).toMatchObject({ code: 0 });
  expect(existsSync(join(directory, 'run.py'))).toBe(true);
  expect(JSON.parse(readFileSync(join(directory, 'index.json'), 'utf8'))).toMatchObject({ protocol: 1 });
});

test('help names every option and subcommand', async () => {
  const { stdout, code } = await spec('--help');
  expect(code).toBe(0);
  for (const name of [
    '--spawn',
    '--expected-failures',
    '--allow-reset',
    '--fuzz-iterations',
    '--fuzz-first',
    '--findings',
    '--kills',
    '--lose-power',
    'doctor',
    'replay',
    'baseline',
    'Exit codes:',
  ]) {
    expect(stdout).toContain(name);
  }
});
