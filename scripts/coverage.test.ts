import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { codeLines, countLines, hasOnlyTypes } from './coverage-lines.ts';
import { remapCoverage, type ProcessCoverage } from './remap-coverage.ts';
import { readText, REPOSITORY } from './repository.ts';

const SAMPLE = 'scripts/fixtures/coverage-sample.ts';

const folder = mkdtempSync(join(tmpdir(), 'speicher-coverage-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface LineCoverage {
  readonly statementMap: Readonly<Record<string, { start: { line: number } }>>;
  readonly s: Readonly<Record<string, number>>;
}

test('the lines that c8 reports are the lines that did not run', () => {
  const raw = join(folder, 'raw');
  const remapped = join(folder, 'remapped');
  mkdirSync(remapped);
  spawnSync(process.execPath, ['--import', 'tsx', SAMPLE], {
    cwd: REPOSITORY,
    env: { ...process.env, NODE_V8_COVERAGE: raw },
  });
  for (const name of readdirSync(raw)) {
    const coverage = JSON.parse(readFileSync(join(raw, name), 'utf8')) as ProcessCoverage;
    const result = remapCoverage(coverage, (path) => path.endsWith(SAMPLE));
    writeFileSync(join(remapped, name), JSON.stringify(result));
  }
  const c8 = join(REPOSITORY, 'node_modules', 'c8', 'bin', 'c8.js');
  const args = ['report', '--temp-directory', remapped, '--reporter', 'json', '--reports-dir', folder];
  spawnSync(process.execPath, [c8, ...args, '--include', SAMPLE, '--exclude', ''], { cwd: REPOSITORY });
  const report = JSON.parse(readFileSync(join(folder, 'coverage-final.json'), 'utf8')) as Record<string, LineCoverage>;
  const [file] = Object.values(report);
  const missed = Object.entries(file?.s ?? {})
    .filter(([, count]) => count === 0)
    .map(([id]) => file?.statementMap[id]?.start.line);

  const lines = readText(SAMPLE).split('\n');
  const marked = lines.flatMap((line, index) => (line.endsWith('// not reached') ? [index + 1] : []));
  // Where a block only begins or ends, c8 counts the line with the block or with what is around it.
  const runs = (line: number): boolean => !/[{}]$/.test(lines[line - 1] ?? '');
  expect(missed.filter((line) => line !== undefined && runs(line))).toEqual(marked);
});

test('lines of code are those that hold more than a comment', () => {
  const text =
    '/** A\n * comment. */\nconst a = 1; // with one\n\n// alone\nconst b = /* inside */ 2;\n/* before */ f();\n';
  expect([...codeLines('a.ts', text)]).toEqual([3, 6, 7]);
  const report = {
    statementMap: { 0: { start: { line: 3 } }, 1: { start: { line: 5 } }, 2: { start: { line: 6 } } },
    s: { 0: 1, 1: 0, 2: 0 },
  };
  expect(countLines('a.ts', text, report)).toEqual({ code: 3, reached: 2, missed: [6] });
});

test('a file of types alone is told apart', () => {
  expect(hasOnlyTypes('a.ts', `import type { B } from './b.ts';\nexport interface A { b: B }\ntype C = A;`)).toBe(true);
  expect(hasOnlyTypes('a.ts', `export type A = 1;\nexport const a = 1;`)).toBe(false);
  expect(hasOnlyTypes('a.ts', `export { b } from './b.ts';`)).toBe(false);
});
