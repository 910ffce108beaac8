/** What a subcommand loads is what a script waits for. V8 writes a list of it where it counts coverage. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cleanEnvironment } from './testing/run-speicher.ts';

/** The sources: of a bundle it cannot be seen which modules it is made of. */
const SOURCES = ['--import', 'tsx', join(import.meta.dirname, 'main.ts')];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'speicher-loading-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The addresses of all modules that one use of the command has loaded. */
async function loaded(...args: string[]): Promise<string[]> {
  const env = cleanEnvironment({ NODE_V8_COVERAGE: folder });
  const { stderr } = await promisify(execFile)(process.execPath, [...SOURCES, ...args], { env });
  expect(stderr).toBe('');
  return readdirSync(folder).flatMap((name) => {
    const { result } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { result: { url: string }[] };
    return result.map(({ url }) => url);
  });
}

const isBun = process.versions['bun'] !== undefined;
const withoutList = isBun ? ' (skipped: Bun writes no list of modules)' : '';

test.skipIf(isBun).each([
  { args: ['--version'], needed: /\/cli\/program\./, foreign: /\/cli\/commands\/|\/(?:zod|marked|pino)\// },
  { args: ['get', '--help'], needed: /\/cli\/commands\/client\./, foreign: /\/(?:zod|marked|pino|spec)\// },
  { args: ['stats', '--help'], needed: /\/cli\/commands\/stats\./, foreign: /\/(?:zod|marked|pino|spec)\// },
  { args: ['serve', '--print-config'], needed: /\/zod\//, foreign: /\/(?:marked|pino|pino-pretty|spec|client)\// },
  { args: ['bench', '--help'], needed: /\/cli\/commands\/bench\./, foreign: /\/(?:zod|marked|pino|spec)\// },
  { args: ['spec', '--help'], needed: /\/cli\/commands\/spec\./, foreign: /\/(?:zod|marked|pino|client)\// },
])(`$args loads nothing of the other subcommands${withoutList}`, async ({ args, needed, foreign }) => {
  const urls = await loaded(...args);
  expect(urls.filter((url) => needed.test(url))).not.toEqual([]);
  expect(urls.filter((url) => foreign.test(url))).toEqual([]);
});
