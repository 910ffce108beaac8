/**
 * Deadlines of calls. Calls with the same time limit expire in the order in which they began, so each limit has a list
 * in that order and one timer for its first entry: beginning and ending a call costs a few assignments, whatever their
 * number. Timers are unreferenced: what keeps a process alive is the socket on which calls wait.
 */

/** What may expire. The fields are kept by `Deadlines` alone. */
export interface Expiring {
  expiresAtMs: number;
  deadlineList: DeadlineList | undefined;
  earlier: Expiring | undefined;
  later: Expiring | undefined;
  /** Called once, after the item has left its list. */
  expire(): void;
}

export class Deadlines {
  readonly #lists = new Map<number, DeadlineList>();

  /** Lets `item` expire in `timeoutMs`, unless it is removed before. */
  add(item: Expiring, timeoutMs: number): void {
    let list = this.#lists.get(timeoutMs);
    if (list === undefined) {
      list = new DeadlineList(timeoutMs, () => this.#lists.delete(timeoutMs));
      this.#lists.set(timeoutMs, list);
    }
    list.append(item);
  }

  /** Takes an item out, if it is in. */
  static remove(item: Expiring): void {
    item.deadlineList?.remove(item);
  }

  /** Stops all timers; nothing expires any more. */
  clear(): void {
    for (const list of this.#lists.values()) list.stop();
    this.#lists.clear();
  }
}

class DeadlineList {
  readonly #timeoutMs: number;
  readonly #onDone: () => void;
  #first: Expiring | undefined;
  #last: Expiring | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param onDone called when the list is empty and its timer has stopped: it may be forgotten */
  constructor(timeoutMs: number, onDone: () => void) {
    this.#timeoutMs = timeoutMs;
    this.#onDone = onDone;
  }

  append(item: Expiring): void {
    item.expiresAtMs = performance.now() + this.#timeoutMs;
    item.deadlineList = this;
    item.earlier = this.#last;
    if (this.#last === undefined) this.#first = item;
    else this.#last.later = item;
    this.#last = item;
    if (this.#timer === undefined) this.#start(this.#timeoutMs);
  }

  remove(item: Expiring): void {
    if (item.earlier === undefined) this.#first = item.later;
    else item.earlier.later = item.later;
    if (item.later === undefined) this.#last = item.earlier;
    else item.later.earlier = item.earlier;
    item.deadlineList = item.earlier = item.later = undefined;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #start(delayMs: number): void {
    // A program that was busy beyond a deadline finds timers due before it has looked at its sockets. Expiring a turn
    // later gives replies that are there already their chance; between two immediates every runtime looks at them.
    this.#timer = setTimeout(() => setImmediate(() => setImmediate(() => this.#sweep())), delayMs);
    this.#timer.unref();
  }

  #sweep(): void {
    const nowMs = performance.now();
    while (this.#first !== undefined && this.#first.expiresAtMs <= nowMs) {
      const item = this.#first;
      this.remove(item);
      item.expire();
    }
    if (this.#first !== undefined) this.#start(Math.ceil(this.#first.expiresAtMs - nowMs));
    else this.#onDone();
  }
}
