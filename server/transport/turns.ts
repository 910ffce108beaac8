/**
 * Work that is done in slices of a few milliseconds, such as requests on a million items: each turn of the event loop
 * does some of it, in turn, and then whoever else has something to do has it done.
 */

/** After so much of a turn no further slice is begun. */
const TURN_MS = 4;

export class Turns {
  readonly #waiting: (() => void)[] = [];
  #isScheduled = false;

  /** Runs a slice in one of the next turns. */
  add(slice: () => void): void {
    this.#waiting.push(slice);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#waiting.length === 0) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#run();
    });
  }

  #run(): void {
    const endMs = performance.now() + TURN_MS;
    // What the slices add comes behind those that wait already, and in another turn.
    for (let left = this.#waiting.length; left > 0; left--) {
      this.#waiting.shift()!();
      if (performance.now() >= endMs) break;
    }
    this.#schedule();
  }
}
