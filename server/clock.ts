/** Time, injected wherever it is needed, so that tests and simulations decide what time it is. */
export interface Clock {
  /** Milliseconds since the Unix epoch, fractions included; never goes back. */
  nowMs(): number;
}

const { timeOrigin } = performance;

/** The machine's clock, read once at the start and counted on from there: steps of the system's time do no harm. */
export const systemClock: Clock = {
  nowMs: () => timeOrigin + performance.now(),
};

/**
 * A clock that stands still while a batch of requests is carried out, as to ask the machine costs as much as to find an
 * item. All requests of a batch had arrived before it stood still, and none is answered before, so each may take effect
 * at that moment (CONSISTENT-1), and what has expired by then does not exist (EXPIRY-1). Between batches it goes.
 */
export class BatchClock implements Clock {
  readonly #source: Clock;
  #holds = 0;
  #stillMs = 0;

  constructor(source: Clock) {
    this.#source = source;
  }

  nowMs(): number {
    return this.#holds > 0 ? this.#stillMs : this.#source.nowMs();
  }

  /** Stands still at the present time until `release`; where it stands still already, that is until the outer one. */
  hold(): void {
    if (this.#holds++ === 0) this.renew();
  }

  release(): void {
    this.#holds--;
  }

  /** Goes on to the present time, and stands still there. */
  renew(): void {
    this.#stillMs = this.#source.nowMs();
  }
}

/**
 * A clock that can be told of a time that has been: if the machine's is before it, because it was set back while the
 * server was down, it goes on from there. What had expired stays so (EXPIRY-1).
 */
export class RaisedClock implements Clock {
  readonly #source: Clock;
  #raisedMs = 0;

  constructor(source: Clock) {
    this.#source = source;
  }

  nowMs(): number {
    return this.#source.nowMs() + this.#raisedMs;
  }

  /**
   * Goes on from no time before this one.
   *
   * @returns by how many milliseconds it is ahead of the machine's clock now
   */
  raiseTo(floorMs: number): number {
    this.#raisedMs = Math.max(0, floorMs - this.#source.nowMs());
    return this.#raisedMs;
  }
}
