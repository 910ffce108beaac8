/** The figures of `npm run bench:durability` as Markdown. */
import type { Header } from '../lib/results.ts';
import { number, spread, table } from './format.ts';
import type { DurabilityResult } from './schemas.ts';
import { part } from './tables.ts';
import {
  AHEAD_TARGET,
  EVERYSEC_SHARE_TARGET,
  RECOVERY_RATE_TARGET,
  SNAPSHOT_PAUSE_TARGET_MS,
  verdict,
  verdictAtLeast,
} from './targets.ts';

type Loads = DurabilityResult['loads'];
type Share = keyof Loads[number]['shares'];

const percent = (share: number): string => `${Math.round(100 * share)} %`;

function headOf({ getShare, batch }: Loads[number]): string {
  const most = getShare < 0.5 ? `${percent(1 - getShare)} set` : `${percent(getShare)} get`;
  return `${most}, batches of ${batch}`;
}

function modeTable(loads: Loads, of: 'cpuUsPerOperation' | 'operationsPerSecond', more: string[][] = []): string {
  const rows = loads[0]?.rows ?? [];
  return table([
    ['server', ...loads.map(headOf)],
    ...rows.map(({ name, mode }, at) => {
      const cells = loads.map((load) => load.rows[at]?.[of]);
      return [`${name}, ${mode}`].concat(cells.map((cell) => (cell === undefined ? 'not measured' : spread(cell))));
    }),
    ...more,
  ]);
}

function shareRow(loads: Loads, title: string, of: Share, target?: number): string[] {
  const cells = loads.map(({ shares }) => {
    const share = shares[of];
    if (share === undefined) return 'not measured';
    return spread(share) + (target === undefined ? '' : `; ${verdictAtLeast(share.median, target)}`);
  });
  return [title, ...cells];
}

function shareRows(loads: Loads): string[][] {
  return [
    shareRow(loads, 'speicher, everysec / off', 'everysec', EVERYSEC_SHARE_TARGET),
    shareRow(loads, 'Redis, everysec / off', 'redisEverysec'),
    shareRow(loads, 'everysec, speicher / Redis', 'everysecOfRedis', AHEAD_TARGET),
    shareRow(loads, 'always, speicher / Redis', 'alwaysOfRedis', AHEAD_TARGET),
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
  const { loads, filesystem, items, pinning, rounds, seconds, snapshot } = result;
  return part(
    'Durability',
    result,
    `50 connections, 100 000 keys, values of 100 bytes; medians of ${rounds} rounds of ${seconds} s; ${pinning}; the data ` +
      `lie on ${filesystem}. Redis has an append-only file that is synced by the same policy; \`off\` is without one. ` +
      'CPU time of the server for an operation, in µs, without that of the process that Redis rewrites its file in:',
    modeTable(loads, 'cpuUsPerOperation'),
    'Operations a second:',
    modeTable(loads, 'operationsPerSecond', shareRows(loads)),
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
