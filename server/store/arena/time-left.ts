/**
 * What is left of a stretch of time, in whole milliseconds: at least 1 (GET-2), and 0 once it is over. Beginning and
 * length are given rather than an end: the sum of a length near 2^53 and the clock's time would not be exact
 * (EXPIRY-2).
 *
 * @param lengthMs Infinity: without end, and so is what is left
 */
export function leftMs(startMs: number, lengthMs: number, nowMs: number): number {
  return Math.ceil(Math.max(0, lengthMs - (nowMs - startMs)));
}
