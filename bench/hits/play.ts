/** Plays a trace to a cache and counts its hits. */
import type { Cache } from './cache.ts';

/** The first half fills the cache, and only hits of the second count. */
const WARM_SHARE = 0.5;

export interface Played {
  readonly hitRatio: number;
  /** The mean of what `itemsOf` gave while hits were counted. */
  readonly items: number;
}

const SAMPLES = 100;

/**
 * @param itemsOf how many keys the cache holds at the moment
 * @throws RangeError if the trace has less than two accesses
 */
export function play(trace: Uint32Array, cache: Cache, itemsOf: () => number = () => 0): Played {
  if (trace.length < 2) throw new RangeError('a trace has at least two accesses');
  const warm = Math.floor(trace.length * WARM_SHARE);
  const counted = trace.length - warm;
  const sampleEach = Math.max(1, Math.floor(counted / SAMPLES));
  let hits = 0;
  let items = 0;
  let samples = 0;
  for (let at = 0; at < trace.length; at++) {
    const isHit = cache.access(trace[at]!);
    if (at < warm) continue;
    if (isHit) hits++;
    if ((at - warm) % sampleEach !== 0) continue;
    items += itemsOf();
    samples++;
  }
  return { hitRatio: hits / counted, items: items / samples };
}
