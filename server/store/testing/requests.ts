/** For tests of stores: requests written as literals, and outcomes that can be compared with literals. */
import { FLAG, ReplyFrame, RequestFrame, flagNames, type FlagName } from '../../../protocol/index.ts';
import { Progress } from '../progress.ts';
import type { ListPage, Store } from '../store.ts';

/** A string stands for bytes, one for each char (latin1). */
export type BytesLiteral = string | Uint8Array;

/** What a request carries; a field that is there sets its flag. */
export interface RequestLiteral {
  readonly key?: BytesLiteral;
  readonly value?: BytesLiteral;
  readonly ttlMs?: number;
  readonly version?: number;
  readonly tag?: number;
  readonly number?: number | bigint;
  readonly token?: number;
  readonly detail?: boolean;
}

/** What a reply carries: the fields that its flags announce, and the value if there is one. */
export interface Outcome {
  status: number;
  value?: string;
  ttlMs?: number;
  version?: number;
  tag?: number;
  number?: bigint;
  token?: number;
  /** Of a listing: keys and values in the order in which they came. */
  entries?: [key: string, value: string][];
}

/** The operations that fill a reply, by their names in `Store`. */
export type OperationOfStore = Exclude<
  keyof Store,
  'logged' | 'prefetch' | 'isMakingRoom' | 'meta' | 'sweep' | 'stats'
>;

/** Bytes that stand around key and value, so that offsets which are off by one do not go unnoticed. */
const MARGIN = '\xa5\x5a';

/** Makes the request that a dialect would hand to the store. */
export function makeRequest(literal: RequestLiteral): RequestFrame {
  const { key = '', value = '', ttlMs, version, tag, number, token, detail } = literal;
  const request = new RequestFrame();
  const keyBytes = bytesOf(key);
  const valueBytes = bytesOf(value);
  const margin = bytesOf(MARGIN);
  request.keyBytes = request.valueBytes = Buffer.concat([margin, keyBytes, margin, valueBytes, margin]);
  request.keyStart = margin.length;
  request.keyEnd = request.keyStart + keyBytes.length;
  request.valueStart = request.keyEnd + margin.length;
  request.valueEnd = request.valueStart + valueBytes.length;
  request.flags =
    (ttlMs === undefined ? 0 : FLAG.TTL) |
    (version === undefined ? 0 : FLAG.VERSION) |
    (tag === undefined ? 0 : FLAG.TAG) |
    (number === undefined ? 0 : FLAG.NUMBER) |
    (token === undefined ? 0 : FLAG.TOKEN) |
    (detail ? FLAG.DETAIL : 0);
  request.ttlMs = ttlMs ?? 0;
  request.version = version ?? 0;
  request.tag = tag ?? 0;
  request.number = BigInt(number ?? 0);
  request.token = token ?? 0;
  return request;
}

/**
 * Carries out one operation. The request's bytes are overwritten afterwards, so that a store which keeps a view of them
 * instead of a copy is found out.
 *
 * @param pageItems of a listing: how many items its page has room for
 */
export function perform(
  store: Store,
  operation: OperationOfStore,
  literal: RequestLiteral = {},
  pageItems = Infinity,
): Outcome {
  const request = makeRequest(literal);
  const reply = new ReplyFrame();
  const entries: [string, string][] = [];
  const page: ListPage = {
    add(keyBytes, keyStart, keyEnd, valueBytes, valueStart, valueEnd) {
      if (entries.length >= pageItems) return false;
      entries.push([textOf(keyBytes, keyStart, keyEnd), textOf(valueBytes, valueStart, valueEnd)]);
      return true;
    },
  };
  // Slices so short that nearly every prefix request takes several.
  const progress = new Progress(3);
  do {
    reply.clear();
    if (operation === 'list') store.list(request, reply, page, progress);
    else store[operation](request, reply, progress);
  } while (progress.isUnfinished);
  const outcome = outcomeOf(reply);
  if (entries.length > 0) outcome.entries = entries;
  request.keyBytes.fill(0xee);
  return outcome;
}

/** META of one key, or undefined if there is no such item. */
export function metaOf(store: Store, key: BytesLiteral): ReturnType<Store['meta']> {
  return store.meta(makeRequest({ key }));
}

/** A clock that stands still until it is moved. */
export class ManualClock {
  #nowMs: number;

  constructor(nowMs = 1_700_000_000_000) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  advance(byMs: number): void {
    this.#nowMs += byMs;
  }
}

function outcomeOf(reply: ReplyFrame): Outcome {
  const announced: ReadonlySet<FlagName> = new Set(flagNames(reply.flags));
  const outcome: Outcome = { status: reply.status };
  if (announced.has('TTL')) outcome.ttlMs = reply.ttlMs;
  if (announced.has('VERSION')) outcome.version = reply.version;
  if (announced.has('TAG')) outcome.tag = reply.tag;
  if (announced.has('NUMBER')) outcome.number = reply.number;
  if (announced.has('TOKEN')) outcome.token = reply.token;
  if (reply.valueEnd > reply.valueStart) outcome.value = textOf(reply.valueBytes, reply.valueStart, reply.valueEnd);
  return outcome;
}

function bytesOf(literal: BytesLiteral): Uint8Array {
  return typeof literal === 'string' ? Buffer.from(literal, 'latin1') : literal;
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.subarray(start, end)).toString('latin1');
}
