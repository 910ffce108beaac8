/** The options that operations take beside the deadline and signal that all take. */
import type { CallOptions } from '../dispatcher.ts';
import type { ValueForm } from '../values/index.ts';

export interface TokenOption {
  /** A lock's token: lets the request pass the lock (LOCK-3). */
  token?: number | undefined;
}

export interface VersionOption {
  /** Carry it out only if the item has this version (VERSION-2). */
  version?: number | undefined;
}

export interface TtlOption {
  /** Time until expiry in milliseconds, an integer; 0, Infinity or none: never. */
  ttlMs?: number | undefined;
}

export interface GetOptions extends CallOptions, TokenOption {
  /** Decode the value in this form, whatever TAG it was stored with. */
  as?: ValueForm | undefined;
  /** Set the expiry anew, as `touch` would (GET-3). */
  ttlMs?: number | undefined;
}

export interface AddOptions extends CallOptions, TtlOption {
  /** Store this TAG instead of the value's own; the value is then a string or bytes. */
  tag?: number | undefined;
}

export interface SetOptions extends AddOptions, TokenOption, VersionOption {}

/** What requests that change an item take. */
export interface ChangeOptions extends CallOptions, TokenOption, VersionOption {}

export interface IncrementOptions extends ChangeOptions {
  /** Create a missing item with this number, to which nothing is added (INCREMENT-3). */
  initial?: number | bigint | undefined;
  /** Expiry of an item that is created; an existing one keeps its own (INCREMENT-4). */
  ttlMs?: number | undefined;
}

export interface LockOptions extends CallOptions {
  /** How long the lock holds in milliseconds, an integer; 0, Infinity or none: until it is unlocked. */
  ttlMs?: number | undefined;
  /** The token of the caller's own lock, to set its time anew (LOCK-2). */
  token?: number | undefined;
}

export interface PrefixOptions extends CallOptions, TokenOption {}

export interface SetPrefixOptions extends AddOptions, TokenOption {}

export interface ListOptions extends CallOptions {
  /** How many items one request may return. Default: 500. */
  pageSize?: number | undefined;
  /** `bytes`: give every key as bytes. Default: as strings, and as bytes only where they are no UTF-8. */
  keysAs?: 'bytes' | undefined;
}

export interface ScanOptions extends ListOptions {
  /** Decode the values in this form. Listings carry no TAGs: without `as` each value is fetched by a GET of its own. */
  as?: ValueForm | undefined;
}
