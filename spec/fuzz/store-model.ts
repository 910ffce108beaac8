/**
 * What a server must keep, as plain as can be: items under names, and what each request makes of them. It knows no
 * versions and tokens, which a server chooses, but by the names under which a run saves them.
 */
import type { Draft } from './draft.ts';

export interface ModelItem {
  value: string;
  tag: number;
  /** Whether it expires, in an hour: never during a run. */
  expires: boolean;
  /** The name under which its version was saved; undefined if no reply told it. */
  version: string | undefined;
  /** The name under which the token of its lock was saved. */
  lock: string | undefined;
}

/** What a request says of itself beyond operation, key and value. */
export interface Claims {
  /** A name under which a version was saved; `false`: a version that is not the item's. */
  readonly version?: string | false;
  /** A name under which a token was saved; `false`: a token that is no lock's. */
  readonly token?: string | false;
}

type Item = ModelItem | undefined;

const DECIMAL = /^-?[0-9]{1,19}$/;
const I64_BITS = 64;

/** INCREMENT's sum, or undefined if the item is no number or the sum is outside i64 (INCREMENT-2). */
export function sumOf(value: string, by: bigint): bigint | undefined {
  if (!DECIMAL.test(value) || BigInt.asIntN(I64_BITS, BigInt(value)) !== BigInt(value)) return undefined;
  const sum = BigInt(value) + by;
  return BigInt.asIntN(I64_BITS, sum) === sum ? sum : undefined;
}

export class StoreModel {
  readonly items = new Map<string, ModelItem>();

  /** The names that start with a prefix and their items, in byte order: they are ASCII. */
  matching(prefix: string): [string, ModelItem][] {
    const found = [...this.items].filter(([name]) => name.startsWith(prefix));
    return found.toSorted(([a], [b]) => (a < b ? -1 : 1));
  }

  /** Whether the lock, if there is one, keeps the request out (LOCK-3). */
  isShut(item: ModelItem, { token }: Claims): boolean {
    return item.lock !== undefined && token !== item.lock;
  }

  /**
   * Why a write of an item that has to be there is refused. Several reasons may hold; one of them is given (STATUS-2).
   */
  refusals(item: ModelItem | undefined, claims: Claims, isNumber: boolean): readonly number[] {
    if (item === undefined) return [404];
    const reasons: number[] = [];
    if (claims.version !== undefined && claims.version !== item.version) reasons.push(409);
    if (this.isShut(item, claims)) reasons.push(423);
    if (!isNumber) reasons.push(422);
    return reasons;
  }

  /** Does what a request says, which nothing refuses. Gives the item as it is then, unless it is gone. */
  carryOut({ op, value, tag, expires, number = 1n }: Draft, name: string, item: ModelItem | undefined): Item {
    if (op === 'DELETE') {
      this.items.delete(name);
      return undefined;
    }
    if (op === 'SET' || op === 'ADD' || op === 'REPLACE') {
      const after: ModelItem = { value, tag, expires, version: undefined, lock: item?.lock };
      this.items.set(name, after);
      return after;
    }
    if (item === undefined) return undefined;
    if (op === 'TOUCH') item.expires = expires;
    if (op === 'APPEND') item.value += value;
    if (op === 'PREPEND') item.value = value + item.value;
    if (op === 'INCREMENT') item.value = String(sumOf(item.value, number));
    // TOUCH keeps the version (VERSION-1); after all others it is a new one that no reply has told yet.
    if (op !== 'TOUCH') item.version = undefined;
    return item;
  }

  /** What GET through JSON gives: the JSON text of the value, or undefined for 400 (JSON-6). */
  jsonValue({ value, tag }: ModelItem): string | undefined {
    if (tag !== 3) return JSON.stringify(value);
    try {
      JSON.parse(value);
      return value;
    } catch {
      return undefined;
    }
  }
}
