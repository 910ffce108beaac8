/** The options of `speicher bench`, read and checked. */
import { randomBytes } from 'node:crypto';
import { SpeicherError } from '../../protocol/index.ts';
import { BYTES_FORMS, DURATION_FORMS, formatBytes, parseBytes, parseDuration } from '../../server/units.ts';
import type { Distribution } from './distribution.ts';
import { BENCH_OPERATION_NAMES, KEY_DIGITS, type BenchOperationName } from './operations.ts';

/** What `--help` says, and what is used where an option is not given. */
export const BENCH_DEFAULTS = {
  operations: 'get:90,set:10',
  connections: '50',
  pipeline: '1',
  valueSize: '64',
  keys: '10000',
  distribution: 'uniform',
  requests: '100000',
} as const;

const CONNECTIONS_MAX = 10_000;
const PIPELINE_MAX = 65_536;
const WEIGHT_MAX = 1_000_000;
const KEYS_MAX = 10 ** KEY_DIGITS;
const VALUE_BYTES_MAX = 256 * 1024 * 1024;
const RATE_MAX = 10_000_000;
const EXPONENT_MAX = 10;
/** Requests that may be on their way take so much memory at most. */
const IN_FLIGHT_BYTES_MAX = 1024 ** 3;
/** More than the header, fields and key of any request. */
const REQUEST_BYTES_BESIDE_VALUE = 128;

export interface MixPart {
  readonly name: BenchOperationName;
  readonly weight: number;
}

export interface BenchOptions {
  readonly mix: readonly MixPart[];
  readonly connections: number;
  /** How many requests are on their way on one connection at most. */
  readonly pipeline: number;
  readonly valueBytes: { readonly min: number; readonly max: number };
  readonly keys: number;
  readonly distribution: Distribution;
  /** How many requests; undefined if `durationMs` says when it ends. */
  readonly requests: number | undefined;
  readonly durationMs: number | undefined;
  /** Requests per second in an open loop; undefined for a closed loop. */
  readonly ratePerSecond: number | undefined;
  readonly seed: string;
  readonly keep: boolean;
}

type Flags = Readonly<Record<string, unknown>>;

function wrong(flag: string, wanted: string, given: string): never {
  throw new SpeicherError('SPEICHER_OPTION', `--${flag} must be ${wanted}, not ${given === '' ? '""' : given}`);
}

function textOf(flags: Flags, name: keyof typeof BENCH_DEFAULTS): string {
  const given = flags[name];
  return typeof given === 'string' ? given : BENCH_DEFAULTS[name];
}

function integer(flag: string, text: string, least: number, most: number): number {
  const number = /^\d{1,15}$/.test(text) ? Number(text) : -1;
  return number >= least && number <= most ? number : wrong(flag, `an integer from ${least} to ${most}`, text);
}

function isOperation(name: string): name is BenchOperationName {
  return BENCH_OPERATION_NAMES.some((known) => known === name);
}

function readMix(text: string): MixPart[] {
  const mix = text.split(',').map((part): MixPart => {
    const [name = '', weight = '1', ...more] = part.trim().split(':');
    if (!isOperation(name) || more.length > 0) {
      const wanted = `a list such as get:90,set:10 of ${BENCH_OPERATION_NAMES.join(', ')}`;
      return wrong('operations', wanted, text);
    }
    return { name, weight: integer(`operations: the weight of ${name}`, weight, 1, WEIGHT_MAX) };
  });
  const twice = mix.find(({ name }, at) => mix.findIndex((part) => part.name === name) !== at);
  return twice === undefined ? mix : wrong('operations', `each operation once, and ${twice.name} is there twice`, text);
}

function readValueSize(text: string): BenchOptions['valueBytes'] {
  const [first = '', last = first, ...more] = text.split('-');
  const [min, max] = [parseBytes(first), parseBytes(last)];
  if (min === undefined || max === undefined || more.length > 0 || min > max || max > VALUE_BYTES_MAX) {
    const wanted = `${BYTES_FORMS}, or MIN-MAX of them, up to ${formatBytes(VALUE_BYTES_MAX)}`;
    return wrong('value-size', wanted, text);
  }
  return { min, max };
}

function readDistribution(text: string): Distribution {
  if (text === 'uniform' || text === 'sequential') return { kind: text };
  const [, digits = ''] = /^zipf:(\d+(?:\.\d+)?)$/.exec(text) ?? [];
  const exponent = Number(digits);
  if (digits !== '' && exponent > 0 && exponent <= EXPONENT_MAX) return { kind: 'zipf', exponent };
  return wrong('distribution', `uniform, sequential, or zipf:S with S above 0, up to ${EXPONENT_MAX}`, text);
}

function readEnd(flags: Flags): Pick<BenchOptions, 'requests' | 'durationMs'> {
  const duration = flags['duration'];
  if (typeof duration !== 'string') {
    return {
      requests: integer('requests', textOf(flags, 'requests'), 1, Number.MAX_SAFE_INTEGER),
      durationMs: undefined,
    };
  }
  if (flags['requests'] !== undefined) {
    throw new SpeicherError('SPEICHER_OPTION', '--requests and --duration both say when it ends: give one of them');
  }
  const durationMs = parseDuration(duration);
  if (durationMs === undefined || durationMs === 0) return wrong('duration', `${DURATION_FORMS}, above 0`, duration);
  return { requests: undefined, durationMs };
}

/**
 * Reads the flags as commander keeps them.
 *
 * @throws SpeicherError SPEICHER_OPTION, naming the option, what it wants and what it got
 */
export function readBenchOptions(flags: Flags): BenchOptions {
  const { rate, seed } = flags;
  const options: BenchOptions = {
    mix: readMix(textOf(flags, 'operations')),
    connections: integer('connections', textOf(flags, 'connections'), 1, CONNECTIONS_MAX),
    pipeline: integer('pipeline', textOf(flags, 'pipeline'), 1, PIPELINE_MAX),
    valueBytes: readValueSize(textOf(flags, 'valueSize')),
    keys: integer('keys', textOf(flags, 'keys'), 1, KEYS_MAX),
    distribution: readDistribution(textOf(flags, 'distribution')),
    ...readEnd(flags),
    ratePerSecond: typeof rate === 'string' ? integer('rate', rate, 1, RATE_MAX) : undefined,
    seed: typeof seed === 'string' ? seed : randomBytes(4).toString('hex'),
    keep: flags['keep'] === true,
  };
  const { connections, pipeline, valueBytes } = options;
  const inFlightBytes = connections * pipeline * (valueBytes.max + REQUEST_BYTES_BESIDE_VALUE);
  if (inFlightBytes > IN_FLIGHT_BYTES_MAX) {
    const detail = `--connections, --pipeline and --value-size make ${formatBytes(inFlightBytes)} on the way at once`;
    throw new SpeicherError('SPEICHER_OPTION', `${detail}; at most ${formatBytes(IN_FLIGHT_BYTES_MAX)} may be`);
  }
  return options;
}
