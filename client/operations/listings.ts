/** COUNT, KEYS and GET with PREFIX: listings, page by page (LIST-3). */
import { Buffer } from 'node:buffer';
import { FLAG, OPCODE, STATUS, type ReplyFrame } from '../../protocol/index.ts';
import { checkInteger } from '../checks.ts';
import type { CallOptions, Dispatcher } from '../dispatcher.ts';
import { decodeKey, type Key } from '../keys.ts';
import { entriesOf, errorOfReply, malformedReply, readCount } from '../replies.ts';
import { Request } from '../request.ts';
import { checkValueForm, decodeValueAs, type Value, type ValueForm } from '../values/index.ts';
import { get } from './get.ts';
import type { ListOptions, ScanOptions } from './options.ts';

const PAGE_SIZE = 500;
const PAGE_SIZE_MAX = 0x7fff_ffff;

/** How many GETs a scan has on their way at once. */
const GETS_AT_ONCE = 128;

interface Page {
  /** Copies, in ascending order. */
  readonly keys: readonly Uint8Array[];
  /** Empty but for GET with PREFIX. */
  readonly values: readonly Value[];
  readonly isLast: boolean;
}

const LAST_PAGE: Page = { keys: [], values: [], isLast: true };

export function count(dispatcher: Dispatcher, prefix: Key, options?: CallOptions): Promise<number> {
  return dispatcher.run(options, () => new Request(OPCODE.COUNT, readCount).under(prefix));
}

export async function* keys(dispatcher: Dispatcher, prefix: Key, options: ListOptions = {}): AsyncGenerator<Key> {
  for await (const page of pages(dispatcher, prefix, options, undefined)) {
    for (const bytes of page.keys) yield keyOf(bytes, options);
  }
}

export async function* scan(
  dispatcher: Dispatcher,
  prefix: Key,
  options: ScanOptions = {},
): AsyncGenerator<[key: Key, value: Value]> {
  if (options.as !== undefined) checkValueForm(options.as);
  for await (const page of pages(dispatcher, prefix, options, options.as)) {
    if (options.as !== undefined) {
      for (const [index, bytes] of page.keys.entries()) yield [keyOf(bytes, options), page.values[index]!];
      continue;
    }
    for (let at = 0; at < page.keys.length; at += GETS_AT_ONCE) {
      const some = page.keys.slice(at, at + GETS_AT_ONCE);
      const { timeoutMs, signal } = options;
      const values = await Promise.all(some.map((bytes) => get(dispatcher, bytes, { timeoutMs, signal })));
      for (const [index, value] of values.entries()) {
        // An item that has gone since its key was listed is passed over.
        if (value !== undefined) yield [keyOf(some[index]!, options), value];
      }
    }
  }
}

function keyOf(bytes: Uint8Array, { keysAs }: ListOptions): Key {
  return keysAs === 'bytes' ? bytes : decodeKey(bytes);
}

/** @param form how values are decoded; undefined: only keys are asked for */
async function* pages(
  dispatcher: Dispatcher,
  prefix: Key,
  options: ListOptions,
  form: ValueForm | undefined,
): AsyncGenerator<Page> {
  const { pageSize = PAGE_SIZE, keysAs } = options;
  checkInteger('pageSize', pageSize, 1, PAGE_SIZE_MAX);
  if (keysAs !== undefined && keysAs !== 'bytes') throw new TypeError("keysAs is 'bytes' or left out");
  let cursor: Uint8Array | undefined;
  for (;;) {
    const page: Page = await dispatcher.run(options, () => pageRequest(prefix, pageSize, cursor, form));
    yield page;
    if (page.isLast) return;
    cursor = page.keys.at(-1);
  }
}

function pageRequest(prefix: Key, pageSize: number, cursor: Uint8Array | undefined, form: ValueForm | undefined) {
  const read = (reply: ReplyFrame) => readPage(reply, cursor, form);
  const request =
    form === undefined
      ? new Request(OPCODE.KEYS, read).under(prefix) // LIST-1
      : new Request(OPCODE.GET, read).prefix(prefix); // PREFIX-1
  request.withNumber('pageSize', pageSize); // LIST-2
  return cursor === undefined ? request : request.bareValue(cursor);
}

function readPage(reply: ReplyFrame, cursor: Uint8Array | undefined, form: ValueForm | undefined): Page {
  const { status, valueBytes } = reply;
  if (status === STATUS.NOT_FOUND) return LAST_PAGE;
  if (status !== STATUS.OK && status !== STATUS.PARTIAL) throw errorOfReply(reply);
  const keys: Uint8Array[] = [];
  const values: Value[] = [];
  for (const entry of entriesOf(reply)) {
    keys.push(new Uint8Array(valueBytes.subarray(entry.keyStart, entry.keyEnd)));
    if (form !== undefined) values.push(decodeValueAs(valueBytes, entry.valueStart, entry.valueEnd, form));
  }
  const last = keys.at(-1);
  // A listing that does not advance would never end.
  if (last === undefined || (cursor !== undefined && Buffer.compare(last, cursor) <= 0)) {
    throw malformedReply('a listing that does not advance');
  }
  if ((reply.flags & FLAG.NUMBER) === 0 || Number(reply.number) !== keys.length) {
    throw malformedReply('NUMBER does not count the entries');
  }
  return { keys, values, isLast: status === STATUS.OK };
}
