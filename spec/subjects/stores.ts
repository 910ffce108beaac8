/** What store changes are made of. */
import { FLAG, ReplyFrame, RequestFrame, STATUS } from '../../protocol/index.ts';
import type { ListPage, Store } from '../../server/index.ts';
import { keyIn, setKey, valueIn } from './bodies.ts';

/** The operations that take one key. */
export const KEYED = [
  'get',
  'set',
  'add',
  'replace',
  'append',
  'prepend',
  'delete',
  'increment',
  'touch',
  'lock',
  'unlock',
] as const;

export const has = ({ flags }: { readonly flags: number }, flag: number): boolean => (flags & flag) !== 0;

export const OK = STATUS.OK;

/** A request with other members, which no frame has; the given one stays as it is. */
export function altered(request: RequestFrame, changes: Partial<RequestFrame>): RequestFrame {
  return Object.assign(new RequestFrame(), request, { frameStart: 0, frameEnd: 0 }, changes);
}

/** A request with another key. */
export function keyed(request: RequestFrame, key: Uint8Array, changes: Partial<RequestFrame> = {}): RequestFrame {
  const other = altered(request, changes);
  setKey(other, key);
  return other;
}

/** A request with another value. */
export function valued(request: RequestFrame, value: Uint8Array, changes: Partial<RequestFrame> = {}): RequestFrame {
  return altered(request, { ...changes, valueBytes: value, valueStart: 0, valueEnd: value.length });
}

/** A request that may be carried out later: its bytes are its own. */
export function kept(request: RequestFrame): RequestFrame {
  return keyed(valued(request, valueIn(request)), keyIn(request));
}

/** A reply as operations get it. */
export function blank(): ReplyFrame {
  const reply = new ReplyFrame();
  reply.clear();
  return reply;
}

export interface Found {
  readonly value: Buffer;
  readonly tag: number;
  /** Milliseconds left; 0: it never expires. */
  readonly ttlMs: number;
  readonly version: number;
}

/** The item under a request's key. */
export function find(base: Store, request: RequestFrame): Found | undefined {
  const reply = blank();
  base.get(altered(request, { flags: FLAG.DETAIL, valueStart: 0, valueEnd: 0 }), reply);
  if (reply.status !== OK) return undefined;
  return { value: valueIn(reply), tag: reply.tag, ttlMs: reply.ttlMs, version: reply.version };
}

/** All operations of one key, with the key changed. */
export function eachKey(base: Store, change: (key: Buffer) => Uint8Array): Partial<Store> {
  const other = (request: RequestFrame): RequestFrame => keyed(request, change(keyIn(request)));
  const operations = KEYED.map((name) => [
    name,
    (request: RequestFrame, reply: ReplyFrame) => base[name](other(request), reply),
  ]);
  return { ...(Object.fromEntries(operations) as Partial<Store>), meta: (request) => base.meta(other(request)) };
}

export type Entry = readonly [key: Buffer, value: Buffer];

/** All items under a prefix, in byte order, whatever the request asks for beside. */
export function allUnder(base: Store, prefix: Uint8Array): Entry[] {
  const entries: Entry[] = [];
  const page: ListPage = {
    add: (keyBytes, keyStart, keyEnd, valueBytes, valueStart, valueEnd) => {
      const key = Buffer.from(keyBytes.subarray(keyStart, keyEnd));
      entries.push([key, Buffer.from(valueBytes.subarray(valueStart, valueEnd))]);
      return true;
    },
  };
  base.list(keyed(new RequestFrame(), prefix, { flags: FLAG.PREFIX }), blank(), page);
  return entries;
}

/** Gives entries as a listing: at most NUMBER of them, 206 if there are more, 404 for none. */
export function givePage(
  entries: readonly Entry[],
  request: RequestFrame,
  reply: ReplyFrame,
  page: ListPage,
  partial: number = STATUS.PARTIAL,
): void {
  const most = has(request, FLAG.NUMBER) ? Number(request.number) : Infinity;
  let given = 0;
  for (const [key, value] of entries) {
    if (given >= most || !page.add(key, 0, key.length, value, 0, value.length)) {
      reply.status = partial;
      break;
    }
    given += 1;
  }
  if (given === 0) reply.status = STATUS.NOT_FOUND;
  else number(reply, given);
}

/** Announces NUMBER in a reply. */
export function number(reply: ReplyFrame, count: number | bigint): void {
  reply.flags |= FLAG.NUMBER;
  reply.number = BigInt(count);
}

/** Carries out a request of one key for each of several keys, and counts the successes as a prefix request does. */
export function forEachKey(
  keys: readonly Uint8Array[],
  request: RequestFrame,
  reply: ReplyFrame,
  work: (single: RequestFrame, reply: ReplyFrame) => void,
): void {
  let count = 0;
  for (const key of keys) {
    const one = blank();
    work(keyed(request, key, { flags: request.flags & ~FLAG.PREFIX }), one);
    if (one.status === OK) count += 1;
  }
  if (count === 0) reply.status = STATUS.NOT_FOUND;
  else number(reply, count);
}
