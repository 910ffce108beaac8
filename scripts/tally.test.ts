import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { REPOSITORY } from './repository.ts';

const folder = mkdtempSync(join(tmpdir(), 'speicher-tally-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs vitest for real on test files with these contents; its report is what is counted. */
function report(files: Record<string, string>): string {
  const project = mkdtempSync(join(folder, 'project-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(project, name), text);
  const path = join(project, 'vitest.json');
  const vitest = join(REPOSITORY, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [vitest, 'run', '--root', project, '--globals', '--reporter=json', `--outputFile=${path}`];
  spawnSync(process.execPath, args, { cwd: project });
  return path;
}

const onePassed = report({ 'a.test.js': 'test("one", () => {});' });

function tox(...statuses: string[]): string {
  const path = join(folder, `tox-${statuses.join('-')}.json`);
  writeFileSync(path, JSON.stringify(statuses.map((status, index) => ({ name: `environment-${index}`, status }))));
  return path;
}

function tally(
  vitestPath: string,
  toxPath: string,
  vitestStatus = '0',
  toxStatus = '0',
): { lines: string[]; code: number | null } {
  const args = ['--import', 'tsx', 'scripts/tally.ts', vitestPath, vitestStatus, toxPath, toxStatus];
  const { stdout, status } = spawnSync(process.execPath, args, { cwd: REPOSITORY, encoding: 'utf8' });
  return { lines: stdout.trimEnd().split('\n'), code: status };
}

test('tests and environments are added up, and the line is the last', () => {
  const path = report({ 'a.test.js': 'test("one", () => {}); test("two", () => {}); test.skip("three", () => {});' });
  expect(tally(path, tox('ok', 'skip'))).toEqual({ lines: ['3 passed, 0 failed, 2 skipped'], code: 0 });
});

test('a failed test and a file that does not load are failures', () => {
  const path = report({
    'a.test.js': 'test("one", () => {}); test("two", () => expect(1).toBe(2));',
    'b.test.js': 'import "./absent.js"; test("three", () => {});',
  });
  expect(tally(path, tox('ok'))).toEqual({ lines: ['2 passed, 2 failed, 0 skipped'], code: 1 });
});

test('a failed environment is a failure', () => {
  expect(tally(onePassed, tox('ok', 'fail'))).toEqual({ lines: ['2 passed, 1 failed, 0 skipped'], code: 1 });
});

test('a run that failed without naming a failure is one', () => {
  expect(tally(onePassed, tox('ok'), '1')).toEqual({ lines: ['2 passed, 1 failed, 0 skipped'], code: 1 });
  expect(tally(onePassed, tox('ok'), '0', '2')).toEqual({ lines: ['2 passed, 1 failed, 0 skipped'], code: 1 });
});

test('results that are missing are failures', () => {
  expect(tally(join(folder, 'absent.json'), join(folder, 'absent.json'))).toEqual({
    lines: ['0 passed, 2 failed, 0 skipped'],
    code: 1,
  });
});
