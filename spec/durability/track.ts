/** What may be found under one key when a server comes back: the states that section 8 permits. */

/** An item, or undefined for none. */
export type Item =
  | {
      readonly value: string;
      readonly tag: number;
      /** When it expires by our clock, between these moments; undefined: never. */
      readonly expiresMs: readonly [number, number] | undefined;
      /** Undefined if its reply never came. */
      readonly version: bigint | undefined;
    }
  | undefined;

export type Change =
  | { readonly op: 'SET'; readonly value: string; readonly tag: number; readonly ttlMs: number }
  | { readonly op: 'APPEND'; readonly value: string }
  | { readonly op: 'DELETE' };

export interface Tracked {
  readonly change: Change;
  readonly sentMs: number;
  /** Undefined until its reply has come. */
  reply?: { readonly status: number; readonly version: bigint | undefined; readonly atMs: number };
}

/** The item after a change, if it is carried out. */
function applied(item: Item, { change, sentMs, reply }: Tracked): Item {
  if (reply !== undefined && reply.status !== 200) return item;
  if (change.op === 'DELETE') return undefined;
  const version = reply?.version;
  if (change.op === 'APPEND') return item && { ...item, value: item.value + change.value, version };
  const { value, tag, ttlMs } = change;
  const expiresMs = ttlMs === 0 ? undefined : ([sentMs + ttlMs, (reply?.atMs ?? Infinity) + ttlMs] as const);
  return { value, tag, expiresMs, version };
}

function keyOf(item: Item): string {
  return item === undefined ? '' : `${item.value}\0${item.tag}\0${item.expiresMs?.[0]}\0${item.version}`;
}

/**
 * All items that may be there: what was durable, and of each later change the whole or nothing (DURABLE-1).
 *
 * @param durable how many of the changes had been carried out before a SYNC that got 200
 */
export function permittedItems(base: Item, changes: readonly Tracked[], durable: number): Item[] {
  const start = changes.slice(0, durable).reduce(applied, base);
  const items = new Map([[keyOf(start), start]]);
  for (const change of changes.slice(durable)) {
    const before = [...items.values()];
    for (const item of before) {
      const after = applied(item, change);
      items.set(keyOf(after), after);
    }
  }
  return [...items.values()];
}

export interface Found {
  readonly value: string;
  readonly tag: number;
  /** Undefined if it does not expire, or nobody asked. */
  readonly ttlMs: number | undefined;
  readonly version: bigint | undefined;
  readonly sentMs: number;
  readonly atMs: number;
}

/** A server may keep moments in seconds, and its clock may be set a little meanwhile. */
const CLOCK_MS = 1500;

/** Whether this is the item that was found; versions and expiries count where they are known (`detail`). */
export function isItem(item: Item, found: Found | undefined, detail: boolean): boolean {
  if (item === undefined || found === undefined) return item === found;
  if (item.value !== found.value || item.tag !== found.tag) return false;
  if (!detail) return true;
  if (item.version !== undefined && item.version !== found.version) return false;
  if (item.expiresMs === undefined || found.ttlMs === undefined) return item.expiresMs === found.ttlMs;
  const [first, last] = item.expiresMs;
  return found.ttlMs >= first - found.atMs - CLOCK_MS && found.ttlMs <= last - found.sentMs + CLOCK_MS;
}

/** An item in words. */
export function showItem(item: Item): string {
  if (item === undefined) return 'no item';
  const { value, tag, expiresMs, version } = item;
  const parts = [JSON.stringify(value)];
  if (tag !== 0) parts.push(`TAG ${tag}`);
  if (expiresMs !== undefined) parts.push('expiring');
  if (version !== undefined) parts.push(`version ${version}`);
  return parts.join(', ');
}

export function showFound(found: Found | undefined): string {
  if (found === undefined) return 'no item';
  const { value, tag, ttlMs, version } = found;
  const expiring = ttlMs === undefined ? '' : `, TTL ${ttlMs}`;
  return `${JSON.stringify(value)}, TAG ${tag}${expiring}${version === undefined ? '' : `, version ${version}`}`;
}
