/** A MapStore as a log sees it (item-sink.ts). */
import type { ItemSink, ItemState, LoggedStore } from '../item-sink.ts';
import type { ItemTable } from './item-table.ts';

export class LoggedTable implements LoggedStore {
  readonly #table: ItemTable;
  #walk: Iterator<ItemState, void> | undefined;
  #visit: ((item: ItemState) => void) | undefined;

  constructor(table: ItemTable) {
    this.#table = table;
  }

  get sink(): ItemSink | undefined {
    return this.#table.sink;
  }

  set sink(sink: ItemSink | undefined) {
    this.#table.sink = sink;
  }

  get size(): number {
    return this.#table.size;
  }

  get lastVersion(): number {
    return this.#table.lastVersion;
  }

  get lastToken(): number {
    return this.#table.lastToken;
  }

  put(item: ItemState): void {
    this.#table.restore(item);
    this.counters(item.version, item.token);
  }

  touch(item: ItemState): void {
    this.#table.restoreTimes(item);
    this.counters(0, item.token);
  }

  remove(item: ItemState): void {
    this.#table.removeKey(item);
  }

  reset(): void {
    this.#table.clear();
  }

  counters(lastVersion: number, lastToken: number): void {
    this.#table.lastVersion = Math.max(this.#table.lastVersion, lastVersion);
    this.#table.lastToken = Math.max(this.#table.lastToken, lastToken);
  }

  /** A Map's iterator meets what is added while it runs, and not what is removed: a walk may be in slices. */
  beginWalk(visit: (item: ItemState) => void): void {
    this.#walk = this.#table.states();
    this.#visit = visit;
  }

  walk(itemsMax: number): boolean {
    for (let left = itemsMax; left > 0; left--) {
      const next = this.#walk?.next();
      if (next === undefined || next.done === true) return true;
      this.#visit?.(next.value);
    }
    return false;
  }

  endWalk(): void {
    this.#walk = this.#visit = undefined;
  }
}
