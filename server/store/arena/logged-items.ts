/** The items of an ArenaStore as a log sees them: what changes goes to its sink, and what it has read comes back. */
import type { Clock } from '../../clock.ts';
import type { ItemSink, ItemState, LoggedStore } from '../item-sink.ts';
import type { ArenaItems } from './arena-items.ts';
import { NO_LOCATION } from './hash-index.ts';
import { NO_ENTRY } from './times.ts';

/** So many items that are read in a row count as accessed at the same time: asking the clock for each takes long. */
const PUTS_PER_TIME = 256;

/**
 * When what a log says is carried out: before all times. An item whose time is over by now may be given more of it by
 * what the log says next.
 */
const BEFORE_ALL_MS = -Infinity;

export class LoggedItems implements LoggedStore {
  readonly #items: ArenaItems;
  readonly #clock: Clock;
  /** The time that the last items were given, and for how many more it will do. */
  #accessMs = 0;
  #accessesLeft = 0;

  constructor(items: ArenaItems, clock: Clock) {
    this.#items = items;
    this.#clock = clock;
  }

  get sink(): ItemSink | undefined {
    return this.#items.teller.sink;
  }

  /** Whoever keeps what changes from now on has loaded what there was. */
  set sink(sink: ItemSink | undefined) {
    this.#items.expect(0, 0);
    this.#items.teller.sink = sink;
  }

  get size(): number {
    return this.#items.size;
  }

  get lastVersion(): number {
    return this.#items.lastVersion;
  }

  get lastToken(): number {
    return this.#items.lastToken;
  }

  put(item: ItemState): void {
    const items = this.#items;
    const location = items.find(item, BEFORE_ALL_MS);
    const valueBytes = item.valueEnd - item.valueStart;
    const needsEntry = item.lifeMs !== Infinity || item.token !== 0;
    const nowMs = needsEntry ? this.#clock.nowMs() : this.#recentMs();
    if (location === NO_LOCATION) items.create(item, valueBytes, item.tag, needsEntry, nowMs);
    else items.resize(location, valueBytes, item.tag, needsEntry, -1, nowMs);
    const { record } = items;
    record.putValue(0, item.valueBytes, item.valueStart, item.valueEnd);
    record.version = item.version;
    record.createdMs = item.createdMs;
    record.access(nowMs);
    if (needsEntry) this.#setTimes(item);
    this.counters(item.version, item.token);
  }

  touch(item: ItemState): void {
    const items = this.#items;
    const nowMs = this.#clock.nowMs();
    const location = items.find(item, BEFORE_ALL_MS);
    // DURABLE-4: its token was given, even if the item has gone since.
    this.counters(0, item.token);
    if (location === NO_LOCATION) return;
    if (item.lifeMs !== Infinity || item.token !== 0) items.ensureEntry(location, nowMs);
    this.#setTimes(item);
  }

  remove(item: ItemState): void {
    const items = this.#items;
    const location = items.find(item, BEFORE_ALL_MS);
    if (location !== NO_LOCATION) items.remove(location);
  }

  reset(): void {
    this.#items.clear();
  }

  counters(lastVersion: number, lastToken: number): void {
    const items = this.#items;
    if (lastVersion > items.lastVersion) items.lastVersion = lastVersion;
    if (lastToken > items.lastToken) items.lastToken = lastToken;
  }

  expect(items: number, bytes: number): void {
    this.#items.expect(items, bytes);
  }

  beginWalk(visit: (item: ItemState) => void): void {
    this.#items.beginWalk(visit);
  }

  walk(itemsMax: number): boolean {
    return this.#items.walk(itemsMax, this.#clock.nowMs());
  }

  endWalk(): void {
    this.#items.endWalk();
  }

  #recentMs(): number {
    if (this.#accessesLeft-- === 0) {
      this.#accessMs = this.#clock.nowMs();
      this.#accessesLeft = PUTS_PER_TIME;
    }
    return this.#accessMs;
  }

  /** Gives the open item the life and the lock that another has. */
  #setTimes({ lifeStartMs, lifeMs, token, lockStartMs, lockMs }: ItemState): void {
    const { record, times } = this.#items;
    const { entry } = record;
    if (entry === NO_ENTRY) return;
    times.setLife(entry, lifeStartMs, lifeMs);
    if (token === 0) times.unlock(entry);
    else times.lock(entry, token, lockStartMs, lockMs);
  }
}
