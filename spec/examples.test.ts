/** The example servers conform to what they claim, by the suite and by the vectors, and are short enough to be read. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { CASES, renderFailure, runSuite, showAddress, spawnTarget } from './index.ts';

const LINES_MAX = 250;
const TIMEOUT_MS = 120_000;

const seed = process.env['SPEC_SEED'] ?? randomBytes(2).toString('hex');
const scratch = mkdtempSync(join(tmpdir(), 'examples-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const pathOf = (name: string): string => fileURLToPath(new URL(`examples/${name}`, import.meta.url));

function compile(): string[] {
  const program = join(scratch, 'server');
  const flags = ['-std=c11', '-O2', '-Wall', '-Wextra', '-Werror'];
  const { status, stderr } = spawnSync('cc', [...flags, '-o', program, pathOf('server.c')], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return [program, '0'];
}

const EXAMPLES = [
  { name: 'python', file: 'server.py', needs: 'python3', start: () => ['python3', pathOf('server.py'), '--port', '0'] },
  { name: 'c', file: 'server.c', needs: 'cc', start: compile },
];

describe.each(EXAMPLES)('the example in $name', ({ file, needs, start }) => {
  test(`is shorter than ${LINES_MAX} lines`, () => {
    expect(readFileSync(pathOf(file), 'utf8').split('\n').length - 1).toBeLessThan(LINES_MAX);
  });

  const missing = spawnSync(needs, ['--version']).status === 0 ? '' : ` (skipped: ${needs} is not there)`;
  test.skipIf(missing !== '')(`passes everything that it claims${missing}`, { timeout: TIMEOUT_MS }, async () => {
    const target = await spawnTarget({ command: start() });
    try {
      const bad: string[] = [];
      const result = await runSuite({
        target,
        cases: CASES,
        session: { allowReset: true, seed },
        suiteVersion: 'test',
        repeat: 'speicher spec',
        emit: (record) => {
          if (record.record !== 'case' || ['PASS', 'OBS', 'SKIP'].includes(record.status)) return;
          bad.push(renderFailure(record, { target: showAddress(target.address), seed, repeat: 'speicher spec' }));
        },
      });
      expect(bad).toEqual([]);
      expect(result.met).toBe(result.scored);
      expect(result.byStatus.PASS).toBeGreaterThan(90);
      expect(result.exitCode).toBe(0);
    } finally {
      await target.stop();
    }
  });
});
