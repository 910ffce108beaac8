/** What `speicher dump` says when not all of its output can be written: who keeps a dump goes by its exit code. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { SPEICHER } from '../testing/speicher-command.ts';
import { startOwnServer } from './testing/own-server.ts';
import { cleanEnvironment } from './testing/run-speicher.ts';

// Processes are started here, and on a busy machine each takes a second to begin.
vi.setConfig({ testTimeout: 60_000 });

/** What `ulimit -f` of bash counts in. */
const FILE_KIB_MAX = 64;

const { url, client } = await startOwnServer();
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'speicher-'));
  // More than a pipe holds, and in one line: of a write that is cut short nothing is left to be tried again.
  await client.set('k'.repeat(4096), 'v'.repeat(1_000_000));
  for (let at = 0; at < 100; at++) await client.set(`${at}`.padStart(4096, 'a'), '');
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** Runs a script of bash in which `speicher` is the command, and FILE a file. */
function runScript(script: string): Promise<{ code: number; stderr: string }> {
  const command = `speicher() { ${SPEICHER.map((word) => `'${word}'`).join(' ')} "$@"; }`;
  // Counts of coverage would be cut off at the limit as well. What is left out the runtime hands on all the same.
  const env = cleanEnvironment({ SPEICHER_URL: url, FILE: join(folder, 'dump'), NODE_V8_COVERAGE: '' });
  return new Promise((resolve) => {
    execFile('bash', ['-c', `set -o pipefail; ${command}; ${script}`], { env }, (error, _, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stderr });
    });
  });
}

test.each(['dump', 'dump --frames'])('%s whose reader ends early fails, and says why', async (command) => {
  const { code, stderr } = await runScript(`speicher ${command} | head -c 1000 > "$FILE"`);
  expect(stderr).toMatch(/^speicher: not all could be written to standard output \(.*EPIPE.*\)\n$/);
  expect(code).toBe(3);
});

test('a listing whose reader ends early is none the worse for it', async () => {
  expect(await runScript('speicher keys | head -c 1000 > "$FILE"')).toEqual({ code: 0, stderr: '' });
});

test('a dump that the system cuts short at its end fails, and says why', async () => {
  const { code, stderr } = await runScript(`ulimit -f ${FILE_KIB_MAX}; speicher dump kkk > "$FILE"`);
  expect((await stat(join(folder, 'dump'))).size).toBe(FILE_KIB_MAX * 1024);
  expect(stderr).toBe('speicher: not all could be written to standard output (EFBIG: file too large, write)\n');
  expect(code).toBe(3);
});

test('a dump goes on where the file is, behind what is there', async () => {
  const { code, stderr } = await runScript('{ echo before; speicher dump kkk; } > "$FILE"; head -c 7 "$FILE" >&2');
  expect({ code, stderr }).toEqual({ code: 0, stderr: 'before\n' });
  expect((await stat(join(folder, 'dump'))).size).toBeGreaterThan(1_000_000);
});
