/** When the requests of a run are to leave, and when no more do. All times are those of `performance.now()`. */

/** No request is to leave now. */
export const NOT_NOW = -1;

export interface Schedule {
  /**
   * Takes the next request if it is to leave by now.
   *
   * @returns the moment from which its latency counts, in milliseconds, or NOT_NOW
   */
  take(nowMs: number): number;
  /** Whether no request will leave any more. */
  isOver(nowMs: number): boolean;
  /** When the next one is due, for schedules that make requests wait for their time. */
  readonly dueMs: number | undefined;
  /** Lets no more requests leave. */
  stop(nowMs: number): void;
}

/** As soon as a connection has room: how many are asked depends on how quickly is answered. */
export class ClosedLoop implements Schedule {
  readonly dueMs = undefined;
  #endMs: number;
  #left: number;

  constructor(startMs: number, requests = Number.POSITIVE_INFINITY, durationMs = Number.POSITIVE_INFINITY) {
    this.#left = requests;
    this.#endMs = startMs + durationMs;
  }

  take(nowMs: number): number {
    if (this.isOver(nowMs)) return NOT_NOW;
    this.#left -= 1;
    return nowMs;
  }

  isOver(nowMs: number): boolean {
    return this.#left <= 0 || nowMs >= this.#endMs;
  }

  stop(nowMs: number): void {
    this.#endMs = Math.min(this.#endMs, nowMs);
  }
}

/** What was due by the end of an open loop may leave so much later: its last turn is never quite on time. */
const GRACE_MS = 50;

/**
 * Evenly spaced, whether replies have come or not. A request that leaves late, because a connection has no room or the
 * loop was busy, counts from when it was due: a server that keeps requests waiting cannot hide it.
 */
export class OpenLoop implements Schedule {
  readonly #startMs: number;
  readonly #spacingMs: number;
  #endMs: number;
  #requests: number;
  #taken = 0;

  constructor(
    startMs: number,
    ratePerSecond: number,
    requests = Number.POSITIVE_INFINITY,
    durationMs = Number.POSITIVE_INFINITY,
  ) {
    this.#startMs = startMs;
    this.#spacingMs = 1000 / ratePerSecond;
    this.#requests = Math.min(requests, Math.max(1, Math.round((durationMs * ratePerSecond) / 1000)));
    this.#endMs = startMs + durationMs + GRACE_MS;
  }

  get dueMs(): number {
    return this.#startMs + this.#taken * this.#spacingMs;
  }

  take(nowMs: number): number {
    const dueMs = this.dueMs;
    if (dueMs > nowMs || this.isOver(nowMs)) return NOT_NOW;
    this.#taken += 1;
    return dueMs;
  }

  isOver(nowMs: number): boolean {
    return this.#taken >= this.#requests || nowMs >= this.#endMs;
  }

  /** Once it is over: how many were due and did not leave. Their latencies are in no percentile. */
  get unsent(): number {
    return this.#requests - this.#taken;
  }

  stop(nowMs: number): void {
    this.#endMs = nowMs;
    const due = Math.floor((nowMs - this.#startMs) / this.#spacingMs) + 1;
    this.#requests = Math.min(this.#requests, Math.max(this.#taken, due));
  }
}
