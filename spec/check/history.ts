/** What happened: requests and replies, ordered by a counter of one process. */
import type { Input, Output } from './model.ts';

export interface Operation {
  /** Its place in the history, from 0. */
  readonly index: number;
  /** The connection. Operations of one connection may overlap: it may send without waiting. */
  readonly process: string;
  readonly key: string;
  readonly input: Input;
  /** The counter before the request was written. */
  readonly call: number;
  /** The counter when the whole reply had been read; undefined if none came: it may have taken effect, now or never. */
  readonly end?: number;
  readonly output?: Output;
}

export type History = readonly Operation[];

/**
 * Takes down operations. The counter stands for time: what ended before something else was called came before it,
 * whatever clocks say.
 */
export class Recorder {
  readonly #operations: Operation[] = [];
  #counter = 0;

  get history(): History {
    return this.#operations;
  }

  /** To be called directly before the request is written. Gives what is to be called when its reply has been read. */
  call(process: string, key: string, input: Input): (output: Output) => void {
    const index = this.#operations.length;
    const called: Operation = { index, process, key, input, call: this.#counter++ };
    this.#operations.push(called);
    return (output) => {
      this.#operations[index] = { ...called, end: this.#counter++, output };
    };
  }
}

/** The history of each key: they are checked one by one, as each key is linearizable for itself (CONSISTENT-1). */
export function byKey(history: History): Map<string, History> {
  const keys = new Map<string, Operation[]>();
  for (const operation of history) {
    const own = keys.get(operation.key);
    if (own === undefined) keys.set(operation.key, [operation]);
    else own.push(operation);
  }
  return keys;
}

/** Whether one of the two could have taken effect before the other as well as behind it. */
export function overlap(a: Operation, b: Operation): boolean {
  return a.call < (b.end ?? Infinity) && b.call < (a.end ?? Infinity);
}

/**
 * How many pairs of operations on one key, at least one of them a write, were under way at the same time: without them
 * a history says nothing about concurrency.
 */
export function concurrentPairs(history: History): number {
  let pairs = 0;
  for (const operations of byKey(history).values()) {
    for (const [at, a] of operations.entries()) {
      for (const b of operations.slice(at + 1)) {
        if (overlap(a, b) && (a.input.op !== 'GET' || b.input.op !== 'GET')) pairs += 1;
      }
    }
  }
  return pairs;
}
