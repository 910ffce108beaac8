/** Runs of the load generator (bench/native/loadgen.c), and what they print. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { nativePath } from './native.ts';
import { pinned } from './pinning.ts';
import type { Subject } from './subjects.ts';

const measureSchema = z.object({
  seconds: z.number(),
  operations: z.number(),
  operationsPerSecond: z.number(),
  /** What the server took meanwhile; `residentBytes` is what it holds at the end. */
  server: z.object({
    userSeconds: z.number(),
    systemSeconds: z.number(),
    cpuUsPerOperation: z.number(),
    waitedSeconds: z.number(),
    residentBytes: z.number(),
  }),
});

const runSchema = z.object({
  fill: measureSchema.optional(),
  load: measureSchema
    .extend({
      hits: z.number(),
      misses: z.number(),
      latencyUs: z.object({ p50: z.number(), p90: z.number(), p99: z.number(), p999: z.number(), max: z.number() }),
      ownCpuSeconds: z.number(),
    })
    .optional(),
});

export type Measure = z.infer<typeof measureSchema>;
export type LoadMeasure = NonNullable<z.infer<typeof runSchema>['load']>;

/** The options of the load generator that have no default here; see `loadgen` without arguments for all. */
export interface LoadOptions {
  readonly batch?: number;
  readonly connections?: number;
  readonly firstKey?: number;
  readonly getShare?: number;
  readonly keys?: number;
  readonly ping?: boolean;
  readonly rate?: number;
  readonly seconds?: number;
  readonly seed?: number;
  readonly ttlMs?: number;
  readonly valueBytes?: number;
  readonly warmup?: number;
}

/** What the load has to know of a server. */
type Loaded = Omit<Subject, 'stop'>;

export interface RunningLoad {
  /** Ends the counting early. */
  stop(): void;
  /** @throws Error with what the load generator says if a reply was wrong or a connection was lost */
  readonly finished: Promise<z.infer<typeof runSchema>>;
}

/** `{ valueBytes: 100, ping: true }` as `--value-bytes 100 --ping`. */
export function loadArguments(options: LoadOptions): string[] {
  return Object.entries(options).flatMap(([name, value]: [string, number | boolean]) => {
    const flag = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    if (typeof value === 'boolean') return value ? [flag] : [];
    return [flag, String(value)];
  });
}

function startLoadgen(subject: Loaded, args: readonly string[]): RunningLoad {
  const target = ['--protocol', subject.protocol, '--port', String(subject.port), '--server-pid', String(subject.pid)];
  const [program = '', ...rest] = pinned('load', [nativePath('loadgen'), ...target, ...subject.loadArgs, ...args]);
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  const finish = async (): Promise<z.infer<typeof runSchema>> => {
    const [output, complaint, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close') as Promise<[number | null]>,
    ]);
    if (code !== 0) throw new Error(`the load on ${subject.name} ended with ${code}: ${complaint}`);
    return runSchema.parse(JSON.parse(output));
  };
  return { stop: () => child.kill('SIGTERM'), finished: finish() };
}

/** Starts a load that is counted until it is stopped or its seconds are over. */
export function startLoad(subject: Loaded, options: LoadOptions): RunningLoad {
  return startLoadgen(subject, loadArguments(options));
}

/** Loads a server for `seconds` after `warmup` seconds. */
export async function load(subject: Loaded, options: LoadOptions): Promise<LoadMeasure> {
  const { load } = await startLoad(subject, options).finished;
  if (load === undefined) throw new Error('the load generator tells nothing of the load');
  return load;
}

/** Sets every key once. */
export async function fill(subject: Loaded, options: LoadOptions): Promise<Measure> {
  const { fill } = await startLoadgen(subject, ['--fill', ...loadArguments({ ...options, seconds: 0 })]).finished;
  if (fill === undefined) throw new Error('the load generator tells nothing of the filling');
  return fill;
}
