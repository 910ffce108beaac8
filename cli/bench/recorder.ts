/** Counts and latencies of what comes back, for each operation of a run. */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { STATUS } from '../../protocol/index.ts';
import { BENCH_OPERATIONS, type BenchOperationName } from './operations.ts';

const NS_PER_MS = 1e6;
/** Latencies are kept to three figures, up to an hour. */
const HISTOGRAM = { lowest: 1, highest: 3600 * 1000 * NS_PER_MS, figures: 3 } as const;

export interface Latencies {
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** What was counted of one operation, or of all. */
export interface Tally {
  readonly requests: number;
  /** How often each status came, by its number. */
  readonly statuses: Readonly<Record<string, number>>;
  /** In milliseconds; undefined if no reply came. */
  readonly latencyMs: Latencies | undefined;
}

class Counts {
  ok = 0;
  readonly others = new Map<number, number>();
  readonly histogram = createHistogram(HISTOGRAM);
}

export class Recorder {
  readonly #names: readonly BenchOperationName[];
  readonly #counts: readonly Counts[];

  constructor(names: readonly BenchOperationName[]) {
    this.#names = names;
    this.#counts = names.map(() => new Counts());
  }

  /** @param kind the operation: an index into the names */
  record(kind: number, status: number, latencyMs: number): void {
    const counts = this.#counts[kind]!;
    if (status === STATUS.OK) counts.ok += 1;
    else counts.others.set(status, (counts.others.get(status) ?? 0) + 1);
    counts.histogram.record(Math.max(1, Math.round(latencyMs * NS_PER_MS)));
  }

  get requests(): number {
    return this.#counts.reduce((sum, { histogram }) => sum + histogram.count, 0);
  }

  /** Each operation's, in the order of the mix. */
  byOperation(): (readonly [BenchOperationName, Tally])[] {
    return this.#names.map((name, kind) => [name, tally([this.#counts[kind]!])] as const);
  }

  total(): Tally {
    return tally(this.#counts);
  }

  /** How often each status came that its operation does not expect. */
  errors(): Record<string, number> {
    const errors: Record<string, number> = {};
    for (const [kind, { others }] of this.#counts.entries()) {
      const expected: readonly number[] = BENCH_OPERATIONS[this.#names[kind]!].expected;
      for (const [status, count] of others) {
        if (!expected.includes(status)) errors[status] = (errors[status] ?? 0) + count;
      }
    }
    return errors;
  }
}

function tally(all: readonly Counts[]): Tally {
  const statuses: Record<string, number> = {};
  const add = (status: number, count: number): void => {
    if (count > 0) statuses[status] = (statuses[status] ?? 0) + count;
  };
  const sum = createHistogram(HISTOGRAM);
  for (const { ok, others, histogram } of all) {
    add(STATUS.OK, ok);
    for (const [status, count] of others) add(status, count);
    sum.add(histogram);
  }
  return { requests: sum.count, statuses, latencyMs: sum.count === 0 ? undefined : latenciesOf(sum) };
}

function latenciesOf(histogram: RecordableHistogram): Latencies {
  const at = (percentile: number): number => inMs(histogram.percentile(percentile));
  return {
    mean: inMs(histogram.mean),
    p50: at(50),
    p90: at(90),
    p99: at(99),
    p999: at(99.9),
    max: inMs(histogram.max),
  };
}

/** Microseconds are as fine as a latency over a socket is worth telling. */
function inMs(ns: number): number {
  return Math.round(ns / 1000) / 1000;
}
