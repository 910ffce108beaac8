/** The figures of `npm run bench:durability` as Markdown. */
import type { Header } from '../lib/results.ts';
import { number, spread, table } from './format.ts';
import type { DurabilityResult } from './schemas.ts';
import { part } from './tables.ts';
import {
  EVERYSEC_SHARE_TARGET,
  RECOVERY_RATE_TARGET,
  SNAPSHOT_PAUSE_TARGET_MS,
  verdict,
  verdictAtLeast,
} from './targets.ts';

type Batches = DurabilityResult['batches'];

function modeTable(batches: Batches, of: 'cpuUsPerOperation' | 'operationsPerSecond', more: string[][] = []): string {
  const rows = batches[0]?.rows ?? [];
  return table([
    ['server', ...batches.map(({ batch }) => `batches of ${batch}`)],
    ...rows.map(({ name, mode }, at) => {
      const cells = batches.map((batch) => batch.rows[at]?.[of]);
      return [`${name}, ${mode}`].concat(cells.map((cell) => (cell === undefined ? 'not measured' : spread(cell))));
    }),
    ...more,
  ]);
}

function shareRows(batches: Batches): string[][] {
  const ours = batches.map(
    ({ everysecShare }) => `${spread(everysecShare)}; ${verdictAtLeast(everysecShare.median, EVERYSEC_SHARE_TARGET)}`,
  );
  const redis = batches.map(({ redisEverysecShare }) =>
    redisEverysecShare === undefined ? 'not measured' : spread(redisEverysecShare),
  );
  return [
    ['speicher, everysec / off', ...ours],
    ['Redis, everysec / off', ...redis],
  ];
}

function recoveryTable({ recovery }: DurabilityResult): string {
  const shownTarget = number(RECOVERY_RATE_TARGET);
  return table([
    ['server', 'from', 'bytes on the disk', 'ms', 'items a second', 'target'],
    ...recovery.map(({ name, from, bytes, milliseconds, itemsPerSecond }) => [
      name,
      `a ${from}`,
      number(bytes),
      spread(milliseconds),
      number(itemsPerSecond),
      name === 'speicher' ? verdictAtLeast(itemsPerSecond, RECOVERY_RATE_TARGET, shownTarget) : '',
    ]),
  ]);
}

export function durabilityPart(result: Header & DurabilityResult): string {
  const { batches, filesystem, items, pinning, rounds, seconds, snapshot } = result;
  return part(
    'Durability',
    result,
    `50 connections, 90 % set, values of 100 bytes; medians of ${rounds} rounds of ${seconds} s; ${pinning}; the data ` +
      `lie on ${filesystem}. Redis has an append-only file that is synced by the same policy; \`off\` is without one. ` +
      'CPU time of the server for an operation, in µs, without that of the process that Redis rewrites its file in:',
    modeTable(batches, 'cpuUsPerOperation'),
    'Operations a second:',
    modeTable(batches, 'operationsPerSecond', shareRows(batches)),
    `A start with ${number(items)} items of 14 + 100 bytes: milliseconds until it has answered a request, less what ` +
      'an empty directory takes.',
    recoveryTable(result),
    `A PING every millisecond while a snapshot of ${number(items)} items is written:`,
    table([
      ['meanwhile', 'seconds', 'p99, ms', 'longest, ms', 'waited for a core in all, ms', 'target for p99'],
      ...snapshot.map(({ scenario, seconds: took, p99Ms, maxMs, waitedMs }) => [
        scenario,
        spread(took),
        spread(p99Ms),
        spread(maxMs),
        spread(waitedMs),
        scenario === 'idle' ? '' : verdict(p99Ms.median, SNAPSHOT_PAUSE_TARGET_MS),
      ]),
    ]),
  );
}
