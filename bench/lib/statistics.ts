/** What several rounds come to: the median, and how far apart they lie. */

export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/**
 * The median of the middle two of an even number of values is their mean.
 *
 * @throws RangeError if there are no values
 */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[sorted.length >> 1];
  const lower = sorted[(sorted.length - 1) >> 1];
  if (upper === undefined || lower === undefined) throw new RangeError('no values have no median');
  return (lower + upper) / 2;
}

/** @throws RangeError if there are no values */
export function summary(values: readonly number[]): Summary {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/**
 * Ratios round by round: what disturbs the machine for a while disturbs the two of one round alike.
 *
 * @throws RangeError if the lists are empty or of different lengths
 */
export function ratios(values: readonly number[], others: readonly number[]): Summary {
  if (values.length !== others.length) throw new RangeError('rounds differ in number');
  return summary(values.map((value, round) => value / others[round]!));
}
