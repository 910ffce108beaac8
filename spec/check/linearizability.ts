/**
 * Whether there is an order in which the operations on one key, each taking effect at one moment between its call and
 * its end, get the replies that they got: the algorithm of Wing and Gong with Lowe's memoisation. It goes through calls
 * and ends in the order of time; an operation that has not ended may be placed next, and where the end of one that is
 * not placed is met, the last choice was wrong.
 */
import type { History, Operation } from './history.ts';
import { ABSENT, step, type State } from './model.ts';

export type Verdict =
  /** An order that explains everything: the places in the given history. */
  | { readonly kind: 'ok'; readonly order: readonly number[] }
  /** There is none. `stuck`: the operation that the longest attempt could not place. */
  | { readonly kind: 'violated'; readonly stuck: Operation | undefined }
  /** The budget was used up before either was certain. */
  | { readonly kind: 'unknown' };

export interface CheckOptions {
  /** The state before the first operation. */
  readonly initial?: State;
  /** How many placements may be tried. */
  readonly stepsMax?: number;
}

const STEPS_MAX = 1_000_000;

/** Checks the history of one key. */
export function checkKey(history: History, options: CheckOptions = {}): Verdict {
  return new Search(history, options).run(() => true);
}

/** Every state in which the history of one key can have left it; undefined if the budget did not suffice. */
export function finalStates(history: History, options: CheckOptions = {}): readonly State[] | undefined {
  const states = new Map<string, State>();
  const { kind } = new Search(history, options).run((state) => {
    states.set(stateKey(state), state);
    return false;
  });
  return kind === 'unknown' ? undefined : [...states.values()];
}

function stateKey({ value, version, latest }: State): string {
  return `${value === undefined ? '-' : `=${value}`} ${version} ${latest}`;
}

/** A call or an end in the list of events; 0 is the list's head. */
interface Event {
  readonly at: number;
  /** The place of the operation in the history. */
  readonly operation: number;
  readonly isCall: boolean;
}

const HEAD = 0;

class Search {
  readonly #history: History;
  readonly #stepsMax: number;
  readonly #events: Event[];
  /** The events that are not placed, as a doubly linked list of their indices; the last one's `next` is the head. */
  readonly #next: number[];
  readonly #previous: number[];
  /** Of each operation the event of its end. */
  readonly #endOf = new Map<number, number>();
  readonly #seen = new Set<string>();
  readonly #placed: { readonly event: number; readonly before: State }[] = [];
  #state: State;
  #bits = 0n;
  #open: number;

  constructor(history: History, { initial = ABSENT, stepsMax = STEPS_MAX }: CheckOptions) {
    this.#history = history;
    this.#stepsMax = stepsMax;
    this.#state = initial;
    this.#events = [{ at: -1, operation: -1, isCall: false }, ...eventsOf(history)];
    this.#next = this.#events.map((_, index) => (index + 1) % this.#events.length);
    this.#previous = this.#events.map((_, index) => (index === 0 ? this.#events.length - 1 : index - 1));
    for (const [index, event] of this.#events.entries()) {
      if (index !== HEAD && !event.isCall) this.#endOf.set(event.operation, index);
    }
    this.#open = this.#endOf.size;
  }

  /** @param isEnough is told each state in which an order ends, and says whether to stop there. */
  run(isEnough: (state: State) => boolean): Verdict {
    let stuck: Operation | undefined;
    let longest = -1;
    let event = this.#next[HEAD] ?? HEAD;
    for (let steps = 0; steps < this.#stepsMax; steps += 1) {
      if (this.#open === 0 && isEnough(this.#state)) return { kind: 'ok', order: this.#order() };
      if (event !== HEAD && this.#events[event]?.isCall === true) {
        event = this.#place(event) ? this.#after(HEAD) : this.#after(event);
        continue;
      }
      if (event !== HEAD && this.#placed.length > longest) {
        longest = this.#placed.length;
        stuck = this.#history[this.#events[event]?.operation ?? -1];
      }
      const last = this.#takeBack();
      if (last === undefined) return { kind: 'violated', stuck };
      event = this.#after(last);
    }
    return { kind: 'unknown' };
  }

  #after(event: number): number {
    return this.#next[event] ?? HEAD;
  }

  #order(): number[] {
    return this.#placed.map(({ event }) => this.#events[event]?.operation ?? -1);
  }

  /** Places the operation next, if it fits there and this was not tried before from the same point. */
  #place(event: number): boolean {
    const index = this.#events[event]?.operation ?? -1;
    const operation = this.#history[index];
    if (operation === undefined) return false;
    const after = step(this.#state, operation.input, operation.output);
    if (after === undefined) return false;
    const bits = this.#bits | (1n << BigInt(index));
    const mark = `${bits.toString(36)} ${stateKey(after)}`;
    if (this.#seen.has(mark)) return false;
    this.#seen.add(mark);
    this.#placed.push({ event, before: this.#state });
    this.#state = after;
    this.#bits = bits;
    this.#unlink(event);
    const end = this.#endOf.get(index);
    if (end !== undefined) {
      this.#unlink(end);
      this.#open -= 1;
    }
    return true;
  }

  /** Undoes the last placement and gives its event. */
  #takeBack(): number | undefined {
    const last = this.#placed.pop();
    if (last === undefined) return undefined;
    const index = this.#events[last.event]?.operation ?? -1;
    const end = this.#endOf.get(index);
    if (end !== undefined) {
      this.#link(end);
      this.#open += 1;
    }
    this.#link(last.event);
    this.#state = last.before;
    this.#bits &= ~(1n << BigInt(index));
    return last.event;
  }

  #unlink(event: number): void {
    const [before, after] = [this.#previous[event] ?? HEAD, this.#next[event] ?? HEAD];
    this.#next[before] = after;
    this.#previous[after] = before;
  }

  /** The opposite of the latest `#unlink`; its neighbours are still known. */
  #link(event: number): void {
    const [before, after] = [this.#previous[event] ?? HEAD, this.#next[event] ?? HEAD];
    this.#next[before] = event;
    this.#previous[after] = event;
  }
}

function eventsOf(history: History): Event[] {
  const events = history.flatMap(({ call, end }, operation): Event[] => [
    { at: call, operation, isCall: true },
    ...(end === undefined ? [] : [{ at: end, operation, isCall: false }]),
  ]);
  return events.toSorted((a, b) => a.at - b.at);
}
