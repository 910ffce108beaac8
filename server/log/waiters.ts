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
    this.#callBack(reached, undefined);
  }

  /** It will never come so far, which all are told who wait for no more. */
  fail(error: Error | undefined, missed = Infinity): void {
    this.#callBack(missed, error);
  }

  #callBack(last: number, error: Error | undefined): void {
    const called = this.#all.filter(({ upTo }) => upTo <= last);
    // Whoever is called back may wait for something else at once.
    this.#all = this.#all.filter(({ upTo }) => upTo > last);
    for (const { done } of called) done(error);
  }
}
