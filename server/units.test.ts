import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatListenUrl, parseListenUrl } from './listen-url.ts';
import { formatBytes, formatDuration, parseBytes, parseDuration } from './units.ts';

test.each([
  ['4096', 4096],
  ['64KiB', 65_536],
  ['64 kib', 65_536],
  ['1MB', 1_000_000],
  ['1.5MiB', 1_572_864],
  ['2GiB', 2 ** 31],
  ['7B', 7],
])('%s is %d bytes', (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes);
});

test.each([
  ['500', 500],
  ['500ms', 500],
  ['5s', 5000],
  ['1.1s', 1100],
  ['2m', 120_000],
  ['1h', 3_600_000],
  ['30d', 2_592_000_000],
])('%s is %d milliseconds', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(['', ' ', '-1', '+1', '0x10', '1e3', '1k', '5 sec', 'MiB', '1.5', '0.1B', '99999999999GiB', '1 2'])(
  '%j is neither size nor time',
  (text) => {
    expect(parseBytes(text)).toBeUndefined();
    expect(parseDuration(text)).toBeUndefined();
  },
);

test('what is written is read back exactly', () => {
  expect([formatBytes(16 * 1024 ** 2), formatBytes(4100), formatBytes(0)]).toEqual(['16MiB', '4100', '0']);
  expect([formatDuration(5000), formatDuration(1500), formatDuration(0)]).toEqual(['5s', '1500ms', '0']);
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 0, max: 20 }), (number, shift) => {
      const quantity = Math.min(number * 2 ** shift, Number.MAX_SAFE_INTEGER);
      expect(parseBytes(formatBytes(quantity))).toBe(quantity);
      expect(parseDuration(formatDuration(quantity))).toBe(quantity);
    }),
  );
});

test.each([
  ['tcp://127.0.0.1:1', { scheme: 'tcp', host: '127.0.0.1', port: 1 }, 'tcp://127.0.0.1:1'],
  ['tcp://localhost', { scheme: 'tcp', host: 'localhost', port: 14567 }, 'tcp://localhost:14567'],
  ['tls://[::1]:0', { scheme: 'tls', host: '::1', port: 0 }, 'tls://[::1]:0'],
  ['unix:///run/a.sock', { scheme: 'unix', path: '/run/a.sock' }, 'unix:///run/a.sock'],
  ['unix:///run/a%20b', { scheme: 'unix', path: '/run/a b' }, 'unix:///run/a b'],
  ['unix:///run/50%', { scheme: 'unix', path: '/run/50%' }, 'unix:///run/50%'],
] as const)('%s is read and written', (text, address, written) => {
  expect(parseListenUrl(text)).toEqual(address);
  expect(formatListenUrl(address)).toBe(written);
});
