/**
 * Whether the next sync is done at once, by the thread that serves, or handed to another one. A disk that syncs in less
 * time than it takes to hand that over serves more when everybody waits for it: all clients ask again together, and the
 * next sync is for all of them (docs/decisions/0010). A slow disk must not hold up the loop: as soon as syncs are
 * longer, they are handed over, and it is only seen now and then whether they have become quick again.
 */

/** Up to this mean a sync is done at once, in milliseconds. */
const QUICK_MS_MAX = 0.3;

/** One sync of so many milliseconds is enough to hand the next ones over. */
const STALL_MS = 5;

/** The mean forgets at this rate: it is of about so many syncs. */
const MEAN_OF = 8;

/** So many syncs are handed over before one is tried at once again: twice as many after each trial that was slow. */
const HANDED_OVER_MIN = 8;
const HANDED_OVER_MAX = 4096;

export class SyncPace {
  #meanMs = 0;
  #handedOver = 0;
  #nextHandedOver = HANDED_OVER_MIN;
  #atOnce = 0;

  /** Whether the next sync is to be done at once; to be asked once for each. */
  nextAtOnce(): boolean {
    if (this.#handedOver === 0) return true;
    this.#handedOver--;
    return false;
  }

  /** Notes how long a sync took that was done at once. */
  took(elapsedMs: number): void {
    this.#meanMs += (elapsedMs - this.#meanMs) / MEAN_OF;
    this.#atOnce++;
    if (this.#meanMs > QUICK_MS_MAX || elapsedMs >= STALL_MS) {
      this.#handedOver = this.#nextHandedOver;
      this.#nextHandedOver = Math.min(HANDED_OVER_MAX, 2 * this.#nextHandedOver);
      this.#meanMs = this.#atOnce = 0;
    } else if (this.#atOnce === HANDED_OVER_MAX) {
      // What was slow for a while is quick by now.
      this.#nextHandedOver = HANDED_OVER_MIN;
      this.#atOnce = 0;
    }
  }
}
