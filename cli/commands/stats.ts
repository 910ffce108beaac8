/** `speicher stats`: the server's counters once, or again and again with what they grow by per second. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Speicher } from '../../client/index.ts';
import { SpeicherError } from '../../protocol/index.ts';
import { DURATION_FORMS, parseDuration } from '../../server/units.ts';
import { CLIENT_COMMANDS } from '../client-commands.ts';
import { addConnectionOptions, connect, CONNECTION_HELP } from '../connect.ts';
import { askAndPrint, makeCommand } from './client.ts';

const WATCH_MS_DEFAULT = 1000;
const WATCH_MS_MIN = 100;

/** Those that only grow, so that what they grow by means something (STATS-1). */
const COUNTERS: ReadonlySet<string> = new Set(['requests', 'hits', 'misses', 'evictions', 'expired']);

/** Moves to the upper left corner and clears what follows: the table stands still while it changes. */
const REDRAW = '\u001B[H\u001B[J';

type Stats = Readonly<Record<string, unknown>>;

/** What was read at a moment. */
export interface Sample {
  readonly atMs: number;
  readonly stats: Stats;
}

function formatNumber(value: unknown): string {
  return typeof value === 'number' ? value.toLocaleString('en-US') : String(value);
}

function perSecond(name: string, now: Sample, before: Sample | undefined): string {
  if (before === undefined || !COUNTERS.has(name)) return '';
  const grown = Number(now.stats[name]) - Number(before.stats[name]);
  return Math.round((grown * 1000) / (now.atMs - before.atMs)).toLocaleString('en-US');
}

/** The table: name, value, and what counters grew by per second since the sample before. */
export function statsTable(now: Sample, before: Sample | undefined): string {
  const rows = [
    ['', 'now', 'per second'],
    ...Object.entries(now.stats).map(([name, value]) => [name, formatNumber(value), perSecond(name, now, before)]),
  ];
  const widthOf = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  const [nameWidth, valueWidth, rateWidth] = [widthOf(0), widthOf(1), widthOf(2)];
  return rows
    .map(([name = '', value = '', rate = '']) =>
      `${name.padEnd(nameWidth)}  ${value.padStart(valueWidth)}  ${rate.padStart(rateWidth)}`.trimEnd(),
    )
    .join('\n');
}

function intervalOf(watch: unknown): number {
  if (typeof watch !== 'string') return WATCH_MS_DEFAULT;
  const intervalMs = parseDuration(watch);
  if (intervalMs === undefined || intervalMs < WATCH_MS_MIN) {
    throw new SpeicherError('SPEICHER_OPTION', `--watch must be at least ${WATCH_MS_MIN}ms, as ${DURATION_FORMS}`);
  }
  return intervalMs;
}

function print(address: string, now: Sample, before: Sample | undefined, isJson: boolean): void {
  if (isJson) {
    process.stdout.write(`${JSON.stringify(now.stats)}\n`);
    return;
  }
  const table = `${address}\n\n${statsTable(now, before)}\n`;
  process.stdout.write(process.stdout.isTTY ? `${REDRAW}${table}\nCtrl-C ends.\n` : `${table}\n`);
}

async function watch(client: Speicher, address: string, intervalMs: number, isJson: boolean): Promise<void> {
  const end = new AbortController();
  process.once('SIGINT', () => end.abort());
  let before: Sample | undefined;
  while (!end.signal.aborted) {
    const now = { stats: await client.stats(), atMs: performance.now() };
    print(address, now, before, isJson);
    before = now;
    // Ctrl-C is the way to end a watch, and no failure.
    await delay(intervalMs, undefined, { signal: end.signal }).catch(() => undefined);
  }
}

/** The subcommand, for the program. */
export function statsCommand(): Command {
  const description = CLIENT_COMMANDS.get('stats');
  if (description === undefined) throw new TypeError('the table of commands has no stats');
  const command = makeCommand('stats', description, 'speicher ', async (_, words, flags) => {
    if (flags['watch'] === undefined) {
      await askAndPrint(description, words, flags);
      return;
    }
    const intervalMs = intervalOf(flags['watch']);
    const { client, address } = await connect(flags, process.env);
    try {
      await watch(client, address, intervalMs, flags['json'] === true);
    } finally {
      await client.close();
    }
  });
  command.option('-w, --watch [TIME]', 'print them again and again, every second or so often, with rates');
  return addConnectionOptions(command).addHelpText('after', CONNECTION_HELP);
}
