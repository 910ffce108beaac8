/** Time, injected wherever it is needed, so that tests and simulations decide what time it is. */
export interface Clock {
  /** Milliseconds since the Unix epoch, fractions included; never goes back. */
  nowMs(): number;
}

/** The machine's clock, read once at the start and counted on from there: steps of the system's time do no harm. */
export const systemClock: Clock = {
  nowMs: () => performance.timeOrigin + performance.now(),
};
