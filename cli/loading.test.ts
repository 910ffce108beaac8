/** What a subcommand loads is what a script waits for. V8 writes a list of it where it counts coverage. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { run } from './testing/run-speicher.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'speicher-loading-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The addresses of all modules that one use of the command has loaded. */
async function loaded(...args: string[]): Promise<string[]> {
  const { code, stderr } = await run(args, { env: { NODE_V8_COVERAGE: folder } });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return readdirSync(folder).flatMap((name) => {
    const { result } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { result: { url: string }[] };
    return result.map(({ url }) => url);
  });
}

const isBun = process.versions['bun'] !== undefined;

test.skipIf(isBun).each([
  { args: ['--version'], needed: /\/cli\/program\./, foreign: /\/cli\/commands\/|\/(?:zod|marked|pino)\// },
  { args: ['get', '--help'], needed: /\/cli\/commands\/client\./, foreign: /\/(?:zod|marked|pino|spec)\// },
  { args: ['stats', '--help'], needed: /\/cli\/commands\/stats\./, foreign: /\/(?:zod|marked|pino|spec)\// },
  { args: ['serve', '--print-config'], needed: /\/zod\//, foreign: /\/(?:marked|pino|pino-pretty|spec|client)\// },
  { args: ['bench', '--help'], needed: /\/cli\/commands\/bench\./, foreign: /\/(?:zod|marked|pino|spec)\// },
  { args: ['spec', '--help'], needed: /\/cli\/commands\/spec\./, foreign: /\/(?:zod|marked|pino|client)\// },
])('$args loads nothing of the other subcommands', async ({ args, needed, foreign }) => {
  const urls = await loaded(...args);
  expect(urls.filter((url) => needed.test(url))).not.toEqual([]);
  expect(urls.filter((url) => foreign.test(url))).toEqual([]);
});
