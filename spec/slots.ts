/** How many connections' worth of cases run at once: a counting lock, fair, so that large requests get a turn. */

interface Waiting {
  readonly count: number;
  readonly start: () => void;
}

export class Slots {
  readonly capacity: number;
  #free: number;
  readonly #queue: Waiting[] = [];

  /** @param capacity at least 1. */
  constructor(capacity: number) {
    this.capacity = capacity;
    this.#free = capacity;
  }

  /**
   * Waits for so many slots, at most all of them, and runs the work with them.
   *
   * @param isUrgent before everything that waits already
   */
  async use<Result>(wanted: number, work: () => Promise<Result>, isUrgent = false): Promise<Result> {
    const count = Math.min(wanted, this.capacity);
    await new Promise<void>((resolve) => {
      const waiting = { count, start: resolve };
      if (isUrgent) this.#queue.unshift(waiting);
      else this.#queue.push(waiting);
      this.#next();
    });
    try {
      return await work();
    } finally {
      this.#free += count;
      this.#next();
    }
  }

  #next(): void {
    for (let first = this.#queue[0]; first !== undefined && first.count <= this.#free; first = this.#queue[0]) {
      this.#queue.shift();
      this.#free -= first.count;
      first.start();
    }
  }
}
