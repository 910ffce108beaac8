import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { serversChart } from './chart.ts';
import { number, percent, spread, table } from './format.ts';
import { CHART_PATH, README_PATH, reportedChart, reportedReadme } from './report.ts';
import type { ServersResult } from './schemas.ts';
import { serversPart } from './tables.ts';
import { verdict } from './targets.ts';

const flat = (value: number): { median: number; min: number; max: number } => ({
  median: value,
  min: value,
  max: value,
});

const latencies = { p50Us: flat(20), p99Us: flat(50), p999Us: flat(90), waitedShare: 0.125 };

const HEADER = {
  date: '2026-01-02 03:04 UTC',
  machine: { cpu: 'Some & Co <CPU>', cores: 2, kernel: 'Linux 6', memoryGib: 8 },
  versions: { commit: 'abc', node: 'v20.0.0', redis: '7.0.15' },
};

const SERVERS: ServersResult = {
  pinning: 'nothing is pinned',
  rounds: 3,
  seconds: 2,
  warmup: 1,
  batches: [
    {
      batch: 1,
      servers: [
        { name: 'speicher', cpuUsPerOperation: { median: 4, min: 2, max: 8 }, operationsPerSecond: flat(50_000) },
        { name: 'wire limit', cpuUsPerOperation: flat(2), operationsPerSecond: flat(90_000) },
      ],
      wireRatio: { median: 1.3, min: 1.2, max: 1.4 },
    },
  ],
  halfLoad: { rate: 12_345, tailRatio: flat(0.9), servers: [{ name: 'speicher', ...latencies }] },
};

describe('numbers', () => {
  test.each([
    [0, '0'],
    [0.01234, '0.0123'],
    [0.5, '0.500'],
    [9.994, '9.99'],
    [12.34, '12.3'],
    [123.4, '123'],
    [4321, '4321'],
    [1_234_567, '1 234 567'],
  ])('%d is written %s', (value, written) => expect(number(value)).toBe(written));

  test('a spread has all three, a share is per cent', () => {
    expect(spread({ median: 2, min: 1, max: 30 })).toBe('2.00 (1.00–30.0)');
    expect(percent(0.1234)).toBe('12.3 %');
  });

  test('a verdict holds the value against its target, if there is one', () => {
    expect(verdict(1.25, 1.25)).toBe('≤ 1.25, kept');
    expect(verdict(1.26, 1.25)).toBe('≤ 1.25, missed');
    expect(verdict(1.26, undefined)).toBe('');
  });

  test('a table has its head first', () => {
    expect(
      table([
        ['a', 'b'],
        ['1', '2'],
      ]),
    ).toBe('| a | b |\n| --- | --- |\n| 1 | 2 |');
  });
});

describe('the comparison of servers', () => {
  const text = serversPart({ ...HEADER, ...SERVERS });

  test('says on what it was measured, and leaves out what was not there', () => {
    expect(text).toContain(
      '2026-01-02 03:04 UTC; 2 × Some & Co <CPU>, 8 GiB, Linux 6; commit abc, Node v20.0.0, Redis 7.0.15.',
    );
    expect(text).not.toContain('memcached 1');
  });

  test('has ratios with their targets, and says what was not measured', () => {
    expect(text).toContain('| speicher / wire limit | 1.30 (1.20–1.40); ≤ 1.25, missed |');
    expect(text).toContain('| speicher / better of Redis and memcached | not measured |');
    expect(text).toContain('p99.9 of speicher / Redis: 0.900 (0.900–0.900); ≤ 1, kept.');
    expect(text).toContain('| speicher | 20.0 (20.0–20.0) | 50.0 (50.0–50.0) | 90.0 (90.0–90.0) | 12.5 % |');
  });

  test('is drawn with bars as long as the medians', () => {
    const widths = [...serversChart(SERVERS).matchAll(/<rect x="150" .*? width="([\d.]+)"/g)].map(([, width]) => width);
    // The panel's scale ends at the greatest of all rounds: 8 µs at 460 of 720 units.
    expect(widths).toEqual(['230', '115']);
  });

  test('is drawn as XML whatever the names are', () => {
    const [batch] = SERVERS.batches;
    const servers = [{ ...batch!.servers[0]!, name: 'a <b> & "c"' }];
    expect(serversChart({ ...SERVERS, batches: [{ batch: 1, servers }] })).toContain(
      '>a &lt;b> &amp; &quot;c&quot;</text>',
    );
  });
});

describe('what is published', () => {
  test('bench/README.md has the newest results: npm run bench:report', async () => {
    const readme = readFileSync(README_PATH, 'utf8');
    expect(readme).toBe(await reportedReadme(readme));
  });

  test('the chart is that of the newest results', () => {
    expect(existsSync(CHART_PATH) ? readFileSync(CHART_PATH, 'utf8') : undefined).toBe(reportedChart());
  });

  test('a README without the marks is not written over', async () => {
    await expect(reportedReadme('# Benchmarks')).rejects.toThrow('marks');
  });
});
