/** Traces: which key is asked for, access by access. The same seed gives the same trace. */
import { randomOf, shuffled } from './random.ts';

export interface TraceOptions {
  /** How many keys there are; the trace has numbers below it. */
  readonly keys: number;
  readonly accesses: number;
  readonly seed: number;
}

type Trace = (options: TraceOptions) => Uint32Array;

/**
 * Keys drawn by Zipf's law: the k-th most popular has a share that is proportional to 1 / k^exponent. Which key is how
 * popular is random.
 */
function zipfKeys(keys: number, exponent: number, random: () => number): () => number {
  const upTo = new Float64Array(keys);
  let sum = 0;
  for (let rank = 0; rank < keys; rank++) upTo[rank] = sum += (rank + 1) ** -exponent;
  const keyOfRank = shuffled(keys, random);
  return () => {
    const lot = random() * sum;
    let low = 0;
    for (let high = keys - 1; low < high;) {
      const middle = (low + high) >>> 1;
      if (upTo[middle]! > lot) high = middle;
      else low = middle + 1;
    }
    return keyOfRank[low]!;
  };
}

export function zipf({ keys, accesses, seed }: TraceOptions, exponent: number): Uint32Array {
  const next = zipfKeys(keys, exponent, randomOf(seed));
  return Uint32Array.from({ length: accesses }, () => next());
}

/** A scan reads this share of the keys, one after the other, each once. */
const SCAN_SHARE = 0.1;
/** This share of the accesses belongs to scans. */
const SCANNED_SHARE = 0.3;

/** Zipf 0.8, broken by scans of a tenth of the keys: what a backup or a report does to a cache. */
export function zipfWithScans({ keys, accesses, seed }: TraceOptions): Uint32Array {
  const random = randomOf(seed);
  const next = zipfKeys(keys, 0.8, random);
  const scanLength = Math.max(1, Math.floor(keys * SCAN_SHARE));
  const between = Math.round((scanLength * (1 - SCANNED_SHARE)) / SCANNED_SHARE);
  const trace = new Uint32Array(accesses);
  let first = 0;
  for (let at = 0; at < accesses; at++) {
    const inPeriod = at % (between + scanLength);
    if (inPeriod === between) first = Math.floor(random() * keys);
    trace[at] = inPeriod < between ? next() : (first + inPeriod - between) % keys;
  }
  return trace;
}

/** The working set's share of the keys, how often it is gone through, and how much of it is then left behind. */
const LOOP = { share: 0.06, turns: 6, shift: 0.5 };

/** A working set that is gone through in order, several times, and then moves on by half: what LRU is worst at. */
export function shiftingLoop({ keys, accesses }: TraceOptions): Uint32Array {
  const length = Math.max(1, Math.floor(keys * LOOP.share));
  const shift = Math.max(1, Math.floor(length * LOOP.shift));
  return Uint32Array.from({ length: accesses }, (_, at) => {
    const turn = Math.floor(at / length);
    return (Math.floor(turn / LOOP.turns) * shift + (at % length)) % keys;
  });
}

export const TRACES: Readonly<Record<string, Trace>> = {
  'Zipf 0.8': (options) => zipf(options, 0.8),
  'Zipf 1.1': (options) => zipf(options, 1.1),
  'Zipf 0.8 with scans': zipfWithScans,
  'shifting loop': shiftingLoop,
};
