/** Who waits until something has come so far: a block that is synced, a snapshot that is written. */
export type Done = (error?: Error) => void;

interface Waiter {
  readonly upTo: number;
  readonly done: Done;
}

export class Waiters {
  #all: Waiter[] = [];

  get isEmpty(): boolean {
    return this.#all.length === 0;
  }

  /** @param done called once, when `serve` reaches this number, or with why it never will */
  add(upTo: number, done: Done): void {
    this.#all.push({ upTo, done });
  }

  /** It has come so far: all who wait for no more are called back. */
  serve(reached: number): void {
    const served = this.#all.filter(({ upTo }) => upTo <= reached);
    // Whoever is called back may wait for something else at once.
    this.#all = this.#all.filter(({ upTo }) => upTo > reached);
    for (const { done } of served) done();
  }

  /** It will go no further. */
  fail(error: Error | undefined): void {
    for (const { done } of this.#all.splice(0)) done(error);
  }
}
