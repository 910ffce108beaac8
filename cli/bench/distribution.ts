/** Which key a request is for: how the numbers from 0 up to the number of keys are drawn. */
import type { Random } from './random.ts';

export type Distribution =
  | { readonly kind: 'uniform' | 'sequential' }
  /** The key of rank r, counted from 1, comes r^exponent times as seldom as the first. */
  | { readonly kind: 'zipf'; readonly exponent: number };

/** Draws the number of a key. */
export type Draw = () => number;

export function drawFrom(distribution: Distribution, keys: number, random: Random): Draw {
  if (distribution.kind === 'zipf') return zipf(keys, distribution.exponent, random);
  if (distribution.kind === 'uniform') return () => random.below(keys);
  let next = 0;
  return () => {
    const index = next;
    next = index + 1 === keys ? 0 : index + 1;
    return index;
  };
}

/**
 * Zipf's law over the ranks 1 to `keys`, by rejection-inversion (Hörmann and Derflinger, 1996): constant time and no
 * table, for any number of keys. The law's curve is integrated, a point of the area is drawn, and those few are thrown
 * back that lie outside the steps of the ranks.
 */
function zipf(keys: number, exponent: number, random: Random): Draw {
  const height = (x: number): number => x ** -exponent;
  const rest = 1 - exponent;
  const area = (x: number): number => (rest === 0 ? Math.log(x) : Math.expm1(rest * Math.log(x)) / rest);
  const inverse = (y: number): number => Math.exp(rest === 0 ? y : Math.log1p(Math.max(-1, y * rest)) / rest);
  const areaFirst = area(1.5) - 1;
  const areaLast = area(keys + 0.5);
  /** Closer to a rank's middle than this, a point is within its step for certain. */
  const certain = 2 - inverse(area(2.5) - height(2));
  return () => {
    for (;;) {
      const point = areaLast + random.next() * (areaFirst - areaLast);
      const x = inverse(point);
      const rank = Math.min(keys, Math.max(1, Math.round(x)));
      if (rank - x <= certain || point >= area(rank + 0.5) - height(rank)) return rank - 1;
    }
  };
}
