import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, test, vi } from 'vitest';
import { statsTable } from './commands/stats.ts';
import { startOwnServer } from './testing/own-server.ts';
import { start } from './testing/run-speicher.ts';

// Processes are started here, and on a busy machine each takes a second to begin.
vi.setConfig({ testTimeout: 60_000 });

const { url } = await startOwnServer();

test('the table has a rate for what only grows', () => {
  const before = { atMs: 1000, stats: { items: 1, requests: 1000, hits: 5 } };
  const now = { atMs: 3000, stats: { items: 21, requests: 5_001_000, hits: 5 } };
  expect(statsTable(now, before)).toBe(
    [
      '                now  per second',
      'items            21',
      'requests  5,001,000   2,500,000',
      'hits              5           0',
    ].join('\n'),
  );
  expect(statsTable(now, undefined)).not.toContain('2,500,000');
});

test('--watch goes on until Ctrl-C, which is no failure', async () => {
  const child = start(['stats', '--watch', '100ms', '--json', '-u', url]);
  const exited = once(child, 'close');
  const requests: number[] = [];
  for await (const line of createInterface({ input: child.stdout! })) {
    requests.push((JSON.parse(line) as { requests: number }).requests);
    if (requests.length === 3) child.kill('SIGINT');
  }
  expect(await exited).toEqual([0, null]);
  expect(requests.length).toBeGreaterThanOrEqual(3);
  expect(requests).toEqual([...requests].sort((a, b) => a - b));
});
