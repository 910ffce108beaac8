/** GET of one item. */
import { FLAG, OPCODE, STATUS, type ReplyFrame } from '../../protocol/index.ts';
import type { Dispatcher } from '../dispatcher.ts';
import type { Key } from '../keys.ts';
import { errorOfReply, malformedReply } from '../replies.ts';
import { Request } from '../request.ts';
import { checkValueForm, decodeValue, decodeValueAs, type Value, type ValueForm } from '../values/index.ts';
import type { GetOptions } from './options.ts';

/** An item with what the server keeps beside its value. */
export interface Item<Result = Value> {
  readonly value: Result;
  /** To be given to `cas`. */
  readonly version: number;
  /** 0 unless set: bytes. */
  readonly tag: number;
  /** Milliseconds until it expires; Infinity: never. */
  readonly ttlMs: number;
}

type Found = Value | undefined;

/** A miss is undefined (GET-1). */
function readValue(reply: ReplyFrame): Found {
  if (reply.status === STATUS.OK) return decodeValue(reply.valueBytes, reply.valueStart, reply.valueEnd, reply.tag);
  if (reply.status === STATUS.NOT_FOUND) return undefined;
  throw errorOfReply(reply);
}

function readValueAs(reply: ReplyFrame, form: ValueForm): Found {
  if (reply.status !== STATUS.OK) return readValue(reply);
  return decodeValueAs(reply.valueBytes, reply.valueStart, reply.valueEnd, form);
}

const readerByForm: { readonly [Form in ValueForm]: (reply: ReplyFrame) => Found } = {
  bytes: (reply) => readValueAs(reply, 'bytes'),
  string: (reply) => readValueAs(reply, 'string'),
  number: (reply) => readValueAs(reply, 'number'),
  json: (reply) => readValueAs(reply, 'json'),
};

function readerOf(form: ValueForm | undefined): (reply: ReplyFrame) => Found {
  if (form === undefined) return readValue;
  checkValueForm(form);
  return readerByForm[form];
}

export function get(dispatcher: Dispatcher, key: Key, options?: GetOptions): Promise<Found> {
  return dispatcher.run(options, () => getRequest(key, options, readerOf(options?.as)));
}

export function gets(dispatcher: Dispatcher, key: Key, options?: GetOptions): Promise<Item | undefined> {
  return dispatcher.run(options, () => {
    const read = readerOf(options?.as);
    return getRequest(key, options, (reply) => readItem(reply, read)).detail();
  });
}

function getRequest<Result>(key: Key, options: GetOptions | undefined, read: (reply: ReplyFrame) => Result) {
  return new Request(OPCODE.GET, read).key(key).ttl(options?.ttlMs).withToken(options?.token);
}

/** GET-2. */
function readItem(reply: ReplyFrame, read: (reply: ReplyFrame) => Found): Item | undefined {
  const value = read(reply);
  if (value === undefined) return undefined;
  if ((reply.flags & FLAG.VERSION) === 0) throw malformedReply('VERSION is missing');
  const ttlMs = reply.flags & FLAG.TTL ? reply.ttlMs : Infinity;
  return { value, version: reply.version, tag: reply.tag, ttlMs };
}
