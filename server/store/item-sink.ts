/**
 * How items get out of a store into a log, and back: both are sinks of changes. A store tells a sink of every change
 * behind it and before the reply; a log that is read again tells a store of the same changes in the same order.
 */
const NO_BYTES = new Uint8Array(0);

/** An item as it is at a moment. One object is filled again for every change: a sink copies what it keeps. */
export class ItemState {
  keyBytes: Uint8Array = NO_BYTES;
  keyStart = 0;
  keyEnd = 0;
  valueBytes: Uint8Array = NO_BYTES;
  valueStart = 0;
  valueEnd = 0;
  /** The same memory, where there is a view of it. */
  keyView: DataView | undefined = undefined;
  valueView: DataView | undefined = undefined;
  tag = 0;
  version = 0;
  /** Milliseconds since the Unix epoch, as all times here. */
  createdMs = 0;
  /** When the time to live began, and how long it is; Infinity: never expires. */
  lifeStartMs = 0;
  lifeMs = Infinity;
  /** The lock's token; 0: there is no lock. */
  token = 0;
  lockStartMs = 0;
  /** Infinity: until it is unlocked. */
  lockMs = Infinity;
}

export interface ItemSink {
  /** The item is now this, whatever there was under its key. */
  put(item: ItemState): void;
  /**
   * The same for an item without end and lock, whose key, value and tag are those of a request's frame.
   *
   * @param start where the frame lies in `bytes`, without its length
   * @returns false if nothing was done: then it is told by `put`
   */
  putFrame?(bytes: Uint8Array, start: number, end: number, version: number, createdMs: number): boolean;
  /** The item with this key has these times and this lock; value, tag and version are what they were. */
  touch(item: ItemState): void;
  /** There is no item with this key any more: it was deleted or evicted. One that expires goes without a word. */
  remove(item: ItemState): void;
  /** There are no items any more (RESET-1). */
  reset(): void;
  /** Neither versions nor tokens up to these will be given again (DURABLE-4). */
  counters(lastVersion: number, lastToken: number): void;
  /**
   * About so many items will be there in all, with so many bytes of keys and values at most: what would grow on the way
   * may be made as large as that.
   */
  expect?(items: number, bytes: number): void;
}

/**
 * What a log needs of a store.
 *
 * A walk runs in slices beside changes. An item that was there when it began and is there still when it ends is visited
 * at least once, as it is then; one that changes meanwhile has told the sink. So what a walk visits, and then every
 * change since it began, put into an empty store in this order, make the same items.
 */
export interface LoggedStore extends ItemSink {
  /** Where changes go from now on; undefined: nowhere. Changes that come from a sink's methods are not told. */
  sink: ItemSink | undefined;
  /** How many items there are, with those that have expired and were not met yet. */
  readonly size: number;
  /** The greatest version and token that were given. */
  readonly lastVersion: number;
  readonly lastToken: number;
  /** Begins a walk; there is one at a time, and a new one ends the one before. */
  beginWalk(visit: (item: ItemState) => void): void;
  /**
   * Goes on with the walk.
   *
   * @param itemsMax how many items to visit
   * @returns whether it has ended
   */
  walk(itemsMax: number): boolean;
  /** Ends the walk, wherever it is: nothing is visited any more. */
  endWalk(): void;
}
