/** A store that is plain to see through, for tests of the log: a Map of items that tells its sink of every change. */
import { ItemState, type ItemSink, type LoggedStore } from '../../store/item-sink.ts';

export interface ModelItem {
  value: string;
  tag: number;
  version: number;
  createdMs: number;
  lifeStartMs: number;
  lifeMs: number;
  token: number;
  lockStartMs: number;
  lockMs: number;
}

/** Where a request lies, without its length. */
export interface ModelFrame {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

const timeText = (milliseconds: number): string => (milliseconds === Infinity ? '"ever"' : String(milliseconds));

/** By hand, as every change of the simulation needs one. */
function textOf(key: string, item: ModelItem): string {
  const times = [item.createdMs, item.lifeStartMs, item.lifeMs, item.lockStartMs, item.lockMs].map(timeText);
  const head = `${JSON.stringify(key)},${JSON.stringify(item.value)}`;
  return `[${head},${item.tag},${item.version},${item.token},${times.join()}]`;
}

export class ModelStore implements LoggedStore {
  sink: ItemSink | undefined;
  lastVersion = 0;
  lastToken = 0;
  readonly items = new Map<string, ModelItem>();
  /** Items as texts; one that changes is forgotten. */
  readonly #texts = new Map<string, string>();
  readonly #state = new ItemState();
  #walk: Iterator<string> | undefined;
  #visit: ((item: ItemState) => void) | undefined;

  get size(): number {
    return this.items.size;
  }

  /**
   * What SET does.
   *
   * @param frame of the request that has come for it
   */
  set(
    key: string,
    value: string,
    nowMs: number,
    more: Partial<Pick<ModelItem, 'tag' | 'lifeMs'>> = {},
    frame?: ModelFrame,
  ): ModelItem {
    const before = this.items.get(key);
    const item: ModelItem = {
      value,
      tag: more.tag ?? 0,
      version: ++this.lastVersion,
      createdMs: nowMs,
      lifeStartMs: nowMs,
      lifeMs: more.lifeMs ?? Infinity,
      token: before?.token ?? 0,
      lockStartMs: before?.lockStartMs ?? 0,
      lockMs: before?.lockMs ?? Infinity,
    };
    this.items.set(key, item);
    this.#texts.delete(key);
    if (frame === undefined || !this.#putFrame(item, frame)) this.sink?.put(this.#fill(key, item));
    return item;
  }

  /** Tells of an item by its request's frame; returns false if that cannot be. */
  #putFrame({ lifeMs, token, version, createdMs }: ModelItem, { bytes, start, end }: ModelFrame): boolean {
    if (lifeMs !== Infinity || token !== 0) return false;
    return this.sink?.putFrame?.(bytes, start, end, version, createdMs) ?? false;
  }

  /** What TOUCH does, if there is such an item. */
  expire(key: string, lifeMs: number, nowMs: number): void {
    const item = this.items.get(key);
    if (item === undefined) return;
    this.#texts.delete(key);
    item.lifeStartMs = lifeMs === Infinity ? item.createdMs : nowMs;
    item.lifeMs = lifeMs;
    this.sink?.touch(this.#fill(key, item));
  }

  /** What LOCK does, if there is such an item. */
  lock(key: string, lockMs: number, nowMs: number): void {
    const item = this.items.get(key);
    if (item === undefined) return;
    this.#texts.delete(key);
    item.token = ++this.lastToken;
    item.lockStartMs = nowMs;
    item.lockMs = lockMs;
    this.sink?.touch(this.#fill(key, item));
  }

  delete(key: string): void {
    const item = this.items.get(key);
    if (item === undefined) return;
    this.items.delete(key);
    this.sink?.remove(this.#fill(key, item));
  }

  clear(): void {
    this.items.clear();
    this.sink?.reset();
  }

  put(state: ItemState): void {
    const { tag, version } = state;
    this.#texts.delete(keyOf(state));
    const value = text(state.valueBytes, state.valueStart, state.valueEnd);
    this.items.set(keyOf(state), { value, tag, version, createdMs: state.createdMs, ...timesOf(state) });
    this.lastVersion = Math.max(this.lastVersion, version);
  }

  touch(state: ItemState): void {
    const item = this.items.get(keyOf(state));
    this.#texts.delete(keyOf(state));
    if (item !== undefined) Object.assign(item, timesOf(state));
  }

  remove(state: ItemState): void {
    this.items.delete(keyOf(state));
  }

  reset(): void {
    this.items.clear();
  }

  counters(lastVersion: number, lastToken: number): void {
    this.lastVersion = Math.max(this.lastVersion, lastVersion);
    this.lastToken = Math.max(this.lastToken, lastToken);
  }

  beginWalk(visit: (item: ItemState) => void): void {
    this.#walk = [...this.items.keys()].values();
    this.#visit = visit;
  }

  walk(itemsMax: number): boolean {
    for (let left = itemsMax; left > 0; left--) {
      const next = this.#walk!.next();
      if (next.done === true) return true;
      const item = this.items.get(next.value);
      if (item !== undefined) this.#visit!(this.#fill(next.value, item));
    }
    return false;
  }

  endWalk(): void {
    this.#walk = this.#visit = undefined;
  }

  /** All that is in it, as JSON that is equal if and only if the items are: an array for each, its key first. */
  fingerprint(): string {
    const entries = [...this.items.keys()].toSorted().map((key) => {
      let text = this.#texts.get(key);
      if (text === undefined) {
        text = textOf(key, this.items.get(key)!);
        this.#texts.set(key, text);
      }
      return text;
    });
    return `[${entries.join()}]`;
  }

  #fill(key: string, item: ModelItem): ItemState {
    const state = this.#state;
    state.keyBytes = Buffer.from(`<${key}>`, 'latin1');
    state.keyStart = 1;
    state.keyEnd = 1 + key.length;
    state.valueBytes = Buffer.from(`<${item.value}>`, 'latin1');
    state.valueStart = 1;
    state.valueEnd = 1 + item.value.length;
    const { tag, version, createdMs, lifeStartMs, lifeMs, token, lockStartMs, lockMs } = item;
    return Object.assign(state, { tag, version, createdMs, lifeStartMs, lifeMs, token, lockStartMs, lockMs });
  }
}

/** Times that say nothing, because there is no life's end or no lock, are as if they had not been. */
function timesOf(state: ItemState): Omit<ModelItem, 'value' | 'tag' | 'version' | 'createdMs'> {
  const { createdMs, lifeStartMs, lifeMs, token, lockStartMs, lockMs } = state;
  return {
    lifeStartMs: lifeMs === Infinity ? createdMs : lifeStartMs,
    lifeMs,
    token,
    lockStartMs: token === 0 ? 0 : lockStartMs,
    lockMs: token === 0 ? Infinity : lockMs,
  };
}

function keyOf(state: ItemState): string {
  return text(state.keyBytes, state.keyStart, state.keyEnd);
}

function text(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.subarray(start, end)).toString('latin1');
}
