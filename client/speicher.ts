/** The client: every operation of the protocol as a method. What the methods do is in operations/. */
import { OPCODE } from '../protocol/index.ts';
import { Dispatcher, type CallOptions, type CloseOptions } from './dispatcher.ts';
import type { Key } from './keys.ts';
import { increment, incrementPrefix } from './operations/counters.ts';
import { touch, touchPrefix, ttl } from './operations/expiry.ts';
import { get, gets, type Item } from './operations/get.ts';
import { hello, meta, ping, stats, sync, type Hello, type Meta, type Stats } from './operations/insight.ts';
import { count, keys, scan } from './operations/listings.ts';
import { lock, lockPrefix, unlock, unlockPrefix, type LockedPrefix } from './operations/locks.ts';
import type {
  AddOptions,
  ChangeOptions,
  GetOptions,
  IncrementOptions,
  ListOptions,
  LockOptions,
  PrefixOptions,
  ScanOptions,
  SetOptions,
  SetPrefixOptions,
  TokenOption,
  TtlOption,
} from './operations/options.ts';
import { remove, removePrefix, reset } from './operations/remove.ts';
import { add, append, replace, set, setPrefix } from './operations/store.ts';
import { resolveOptions, type SpeicherOptions } from './options.ts';
import type { StorableValue, Value, ValueForm, ValueForms } from './values/index.ts';

/**
 * A client of one server. It connects at its first call, and again at the first call after a connection was lost; calls
 * made without waiting leave together and are answered on one connection, in order.
 *
 * Every method returns a promise that settles by its deadline, whatever happens. Expected outcomes are results: a miss
 * is `undefined`, what was not changed is `false` or 0. A wrong argument rejects with TypeError or RangeError and sends
 * nothing. Everything else rejects with a SpeicherError, whose `code` tells what happened, `outcome` what is known of
 * the request (`not-sent`, `rejected` or `unknown`), and `retryable` whether trying again makes sense (docs/errors.md).
 * Nothing that may have been carried out is ever sent again on its own.
 *
 * A program may end without `close`: a client for whose calls nobody waits keeps no process alive.
 */
export class Speicher {
  readonly #dispatcher: Dispatcher;

  /**
   * @param options a URL such as `tcp://localhost:14567`, or options; nothing is connected yet
   * @throws SpeicherError SPEICHER_OPTION, which names the option that is wrong
   */
  constructor(options: string | SpeicherOptions = {}) {
    this.#dispatcher = new Dispatcher(resolveOptions(options));
  }

  /**
   * The value under a key; undefined for a miss.
   *
   * @throws SpeicherError SPEICHER_UNDECODABLE if the value's TAG is unknown, or the bytes are not what it or `as` says
   */
  get<Form extends ValueForm>(key: Key, options: GetOptions & { as: Form }): Promise<ValueForms[Form] | undefined>;
  get(key: Key, options?: GetOptions): Promise<Value | undefined>;
  get(key: Key, options?: GetOptions): Promise<Value | undefined> {
    return get(this.#dispatcher, key, options);
  }

  /** The value with its version, for `cas`, its TAG and the time that it has left; undefined for a miss. */
  gets<Form extends ValueForm>(
    key: Key,
    options: GetOptions & { as: Form },
  ): Promise<Item<ValueForms[Form]> | undefined>;
  gets(key: Key, options?: GetOptions): Promise<Item | undefined>;
  gets(key: Key, options?: GetOptions): Promise<Item | undefined> {
    return gets(this.#dispatcher, key, options);
  }

  /**
   * Creates or replaces an item. Without `ttlMs` it never expires.
   *
   * @returns true; with `version`, false if the item is absent or has another
   * @throws TypeError for what cannot be stored: undefined, functions, NaN, a Map; a lone surrogate
   */
  set(key: Key, value: StorableValue, options?: SetOptions): Promise<boolean> {
    if (value !== null || !this.#dispatcher.settings.nullDeletes) return set(this.#dispatcher, key, value, options);
    return remove(this.#dispatcher, key, options).then(() => true);
  }

  /** Creates an item; false if there is one already. */
  add(key: Key, value: StorableValue, options?: AddOptions): Promise<boolean> {
    return add(this.#dispatcher, key, value, options);
  }

  /** Replaces an item; false if there is none, or if its version is another than `version`. */
  replace(key: Key, value: StorableValue, options?: SetOptions): Promise<boolean> {
    return replace(this.#dispatcher, key, value, options);
  }

  /** Puts text or bytes behind an item's value; false if there is no such item, or if its version is another. */
  append(key: Key, value: string | Uint8Array, options?: ChangeOptions): Promise<boolean> {
    return append(this.#dispatcher, OPCODE.APPEND, key, value, options);
  }

  /** Puts text or bytes before an item's value; false if there is no such item, or if its version is another. */
  prepend(key: Key, value: string | Uint8Array, options?: ChangeOptions): Promise<boolean> {
    return append(this.#dispatcher, OPCODE.PREPEND, key, value, options);
  }

  /** Compare and set: stores the value if the item still has the version that `gets` gave; else false. */
  cas(key: Key, value: StorableValue, version: number, options?: SetOptions): Promise<boolean> {
    return set(this.#dispatcher, key, value, { ...options, version });
  }

  /** Removes an item; false if there is none, or if its version is another than `version`. */
  delete(key: Key, options?: ChangeOptions): Promise<boolean> {
    return remove(this.#dispatcher, key, options);
  }

  /**
   * Adds to a value that is a decimal 64-bit integer.
   *
   * @param delta a safe integer, or a bigint of 64 bits
   * @returns the sum, as a bigint where a number is not exact; undefined if there is no such item and no `initial`
   * @throws SpeicherError SPEICHER_NOT_A_NUMBER, or SPEICHER_CONFLICT if the version is another than `version`
   */
  increment(key: Key, delta: number | bigint = 1, options?: IncrementOptions): Promise<number | bigint | undefined> {
    return increment(this.#dispatcher, 1n, key, delta, options);
  }

  /** Takes away from a value; otherwise as `increment`. The result may be negative. */
  decrement(key: Key, delta: number | bigint = 1, options?: IncrementOptions): Promise<number | bigint | undefined> {
    return increment(this.#dispatcher, -1n, key, delta, options);
  }

  /** Sets an item's expiry, to `ttlMs` milliseconds from now; 0 or Infinity: never. False if there is no such item. */
  touch(key: Key, ttlMs: number, options?: ChangeOptions): Promise<boolean> {
    return touch(this.#dispatcher, key, ttlMs, options);
  }

  /** How many milliseconds an item has left; Infinity if it never expires, undefined for a miss. */
  ttl(key: Key, options?: CallOptions): Promise<number | undefined> {
    return ttl(this.#dispatcher, key, options);
  }

  /**
   * Locks an item: until `ttlMs` have passed or it is unlocked, only who gives the token changes it.
   *
   * @returns the token; undefined if there is no such item
   * @throws SpeicherError SPEICHER_LOCKED if somebody else has locked it
   */
  lock(key: Key, options?: LockOptions): Promise<number | undefined> {
    return lock(this.#dispatcher, key, options);
  }

  /**
   * Removes an item's lock, with `token` only if the lock is that one. False if there is no such item.
   *
   * @throws SpeicherError SPEICHER_LOCKED if the lock has another token
   */
  unlock(key: Key, options?: CallOptions & TokenOption): Promise<boolean> {
    return unlock(this.#dispatcher, key, options);
  }

  /** What the server keeps of an item: size, tag, version, times; undefined for a miss (META-1). */
  meta(key: Key, options?: CallOptions): Promise<Meta | undefined> {
    return meta(this.#dispatcher, key, options);
  }

  /** The server's counters (STATS-1). */
  stats(options?: CallOptions): Promise<Stats> {
    return stats(this.#dispatcher, options);
  }

  /** Sends a message, which comes back. */
  ping(message = 'PONG', options?: CallOptions): Promise<string> {
    return ping(this.#dispatcher, message, options);
  }

  /** What the server is, what it offers, and its limits (HELLO-1). */
  hello(options?: CallOptions): Promise<Hello> {
    return hello(this.#dispatcher, options);
  }

  /** How many items' keys begin with the prefix. */
  count(prefix: Key = '', options?: CallOptions): Promise<number> {
    return count(this.#dispatcher, prefix, options);
  }

  /** The keys that begin with the prefix, in the order of their bytes, asked for page by page (LIST-3). */
  keys(prefix: Key | undefined, options: ListOptions & { keysAs: 'bytes' }): AsyncGenerator<Uint8Array>;
  keys(prefix?: Key, options?: ListOptions): AsyncGenerator<Key>;
  keys(prefix: Key = '', options?: ListOptions): AsyncGenerator<Key> {
    return keys(this.#dispatcher, prefix, options);
  }

  /**
   * The items whose keys begin with the prefix, in the order of the keys' bytes. Listings carry no TAGs: without `as`,
   * pages of keys are listed and their values fetched by GETs, so that they come back as what they were stored as; with
   * `as`, whole pages of items come in one reply.
   */
  scan<Form extends ValueForm>(
    prefix: Key | undefined,
    options: ScanOptions & { as: Form },
  ): AsyncGenerator<[key: Key, value: ValueForms[Form]]>;
  scan(prefix?: Key, options?: ScanOptions): AsyncGenerator<[key: Key, value: Value]>;
  scan(prefix: Key = '', options?: ScanOptions): AsyncGenerator<[key: Key, value: Value]> {
    return scan(this.#dispatcher, prefix, options);
  }

  /** Gives every item under a prefix this value and expiry; returns how many. Locked items are passed over. */
  setPrefix(prefix: Key, value: StorableValue, options?: SetPrefixOptions): Promise<number> {
    return setPrefix(this.#dispatcher, prefix, value, options);
  }

  /** Removes every item under a prefix; returns how many. Locked items are passed over. */
  deletePrefix(prefix: Key, options?: PrefixOptions): Promise<number> {
    return removePrefix(this.#dispatcher, prefix, options);
  }

  /** Adds to every number under a prefix; returns how many. What is locked or no number is passed over. */
  incrementPrefix(prefix: Key, delta: number | bigint = 1, options?: PrefixOptions): Promise<number> {
    return incrementPrefix(this.#dispatcher, 1n, prefix, delta, options);
  }

  /** Takes away from every number under a prefix; returns how many. What is locked or no number is passed over. */
  decrementPrefix(prefix: Key, delta: number | bigint = 1, options?: PrefixOptions): Promise<number> {
    return incrementPrefix(this.#dispatcher, -1n, prefix, delta, options);
  }

  /** Sets the expiry of every item under a prefix, as `touch` does; returns how many. */
  touchPrefix(prefix: Key, ttlMs: number, options?: PrefixOptions): Promise<number> {
    return touchPrefix(this.#dispatcher, prefix, ttlMs, options);
  }

  /** Locks every item under a prefix that is not locked; returns how many, and the one token for all of them. */
  lockPrefix(prefix: Key, options?: CallOptions & TtlOption): Promise<LockedPrefix> {
    return lockPrefix(this.#dispatcher, prefix, options);
  }

  /** Removes locks under a prefix: with `token` those that it took, and counts them; without, all, and counts items. */
  unlockPrefix(prefix: Key, options?: PrefixOptions): Promise<number> {
    return unlockPrefix(this.#dispatcher, prefix, options);
  }

  /** Removes every item, locked ones too. */
  reset(options?: CallOptions): Promise<true> {
    return reset(this.#dispatcher, options);
  }

  /** Returns once everything that was carried out before is durable (SYNC-1). */
  sync(options?: CallOptions): Promise<true> {
    return sync(this.#dispatcher, options);
  }

  /**
   * Ends the client: waits for the calls in flight, then closes the connection. Calling it again changes nothing; other
   * calls reject with SPEICHER_CLOSED from now on. (The Python client connects anew after its `close`; this one does
   * not.)
   *
   * @param options `drainMs`: how long calls may still take, 0 for not at all; those left reject with SPEICHER_CLOSED
   */
  close(options?: CloseOptions): Promise<void> {
    return this.#dispatcher.close(options);
  }

  /** For `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
