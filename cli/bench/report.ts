/** What a run found out, as a table for people and as one object for programs. */
import { statusName } from '../../protocol/index.ts';
import { VERSION } from '../../server/version.ts';
import { BENCH_OPERATIONS } from './operations.ts';
import type { BenchOptions } from './options.ts';
import type { Latencies, Tally } from './recorder.ts';
import type { Progress, RunResult } from './run.ts';

function count(number: number): string {
  return Math.round(number).toLocaleString('en-US');
}

function distributionText({ distribution }: BenchOptions): string {
  return distribution.kind === 'zipf' ? `zipf:${distribution.exponent}` : distribution.kind;
}

function rate(number: number, seconds: number): number {
  return seconds === 0 ? 0 : Math.round(number / seconds);
}

function tallyObject({ requests, statuses, latencyMs }: Tally, seconds: number): Record<string, unknown> {
  return { requests, requestsPerSecond: rate(requests, seconds), statuses, latencyMs: latencyMs ?? null };
}

/** What `--json` prints; docs/bench.md explains each member. */
export function resultObject(options: BenchOptions, address: string, result: RunResult): Record<string, unknown> {
  const { recorder, seconds } = result;
  return {
    version: VERSION,
    address,
    server: result.server,
    seed: options.seed,
    keyPrefix: result.runPrefix,
    options: {
      operations: Object.fromEntries(options.mix.map(({ name, weight }) => [name, weight])),
      connections: options.connections,
      pipeline: options.pipeline,
      valueBytes: options.valueBytes,
      keys: options.keys,
      distribution: distributionText(options),
      requests: options.requests ?? null,
      durationMs: options.durationMs ?? null,
      ratePerSecond: options.ratePerSecond ?? null,
    },
    seconds: Math.round(seconds * 1e6) / 1e6,
    interrupted: result.isInterrupted,
    ...tallyObject(recorder.total(), seconds),
    errors: recorder.errors(),
    unsent: result.unsent,
    sentBytes: result.sentBytes,
    receivedBytes: result.receivedBytes,
    cpuSeconds: result.cpuSeconds,
    byOperation: Object.fromEntries(recorder.byOperation().map(([name, tally]) => [name, tallyObject(tally, seconds)])),
  };
}

const HEAD = ['', 'requests', 'per second', 'p50 ms', 'p90 ms', 'p99 ms', 'p99.9 ms', 'max ms'];

function row(name: string, { requests, latencyMs }: Tally, seconds: number): string[] {
  const shown = (key: keyof Latencies): string => latencyMs?.[key].toFixed(3) ?? '-';
  const latencies = (['p50', 'p90', 'p99', 'p999', 'max'] as const).map(shown);
  return [name, count(requests), count(rate(requests, seconds)), ...latencies];
}

/** Columns of text, the first to the left and the others to the right. */
function aligned(rows: readonly (readonly string[])[]): string {
  const widths = HEAD.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows
    .map((cells) =>
      cells
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Statuses other than 200, in words: `get 404 NOT_FOUND 12`; those that are errors say so. */
function statusLines(result: RunResult): string[] {
  return result.recorder.byOperation().flatMap(([name, { statuses }]) => {
    const expected: readonly number[] = BENCH_OPERATIONS[name].expected;
    return Object.entries(statuses)
      .filter(([status]) => status !== '200')
      .map(([status, times]) => {
        const isError = !expected.includes(Number(status));
        return `${name} ${status} ${statusName(Number(status)) ?? ''}: ${count(times)}${isError ? ' (error)' : ''}`;
      });
  });
}

/** The report for people. */
export function resultTable(options: BenchOptions, address: string, result: RunResult): string {
  const { connections, pipeline, valueBytes, keys, ratePerSecond } = options;
  const { recorder, seconds } = result;
  const size = valueBytes.min === valueBytes.max ? `${valueBytes.min}` : `${valueBytes.min}-${valueBytes.max}`;
  const loop = ratePerSecond === undefined ? 'closed loop' : `open loop, ${count(ratePerSecond)} requests per second`;
  const operations = recorder.byOperation();
  const all = operations.length > 1 ? [row('all', recorder.total(), seconds)] : [];
  const rows = [HEAD, ...operations.map(([name, tally]) => row(name, tally, seconds)), ...all];
  const notes = [
    ...statusLines(result),
    ...(result.unsent > 0 ? [`due and not sent by the end: ${count(result.unsent)}, in no percentile`] : []),
    ...(result.isInterrupted ? ['interrupted: only what had been measured by then'] : []),
    ...(options.keep ? [`keys are kept under ${result.runPrefix}`] : []),
  ];
  const mib = (bytes: number): string => (bytes / 1024 ** 2 / Math.max(seconds, 1e-9)).toFixed(1);
  return [
    `${address}, ${result.server}`,
    `${connections} connections, pipeline ${pipeline}, values of ${size} bytes, ${count(keys)} keys, ` +
      `${distributionText(options)}, seed ${options.seed}`,
    loop,
    '',
    aligned(rows),
    '',
    ...notes,
    `${seconds.toFixed(2)} s; ${mib(result.sentBytes)} MiB/s sent, ${mib(result.receivedBytes)} MiB/s received; ` +
      `this process used ${result.cpuSeconds.toFixed(2)} s of CPU`,
    '',
  ].join('\n');
}

/** One line that says what is going on, for a terminal. */
export function progressLine(progress: Progress, nowMs: number): string {
  if (progress.phase !== 'measuring') return `${progress.phase} keys: ${count(progress.done)} of ${count(progress.of)}`;
  const { requests } = progress.recorder;
  const seconds = (nowMs - progress.startMs) / 1000;
  return `${seconds.toFixed(1)} s: ${count(requests)} requests, ${count(rate(requests, seconds))} per second`;
}
