/** HELLO, STATS and META: what a server tells of itself and of an item, as entries (ENTRY-1). Also PING and SYNC. */
import { OPCODE, STATUS, type ReplyFrame } from '../../protocol/index.ts';
import type { CallOptions, Dispatcher } from '../dispatcher.ts';
import type { Key } from '../keys.ts';
import { entriesOf, errorOfReply, malformedReply, readDone } from '../replies.ts';
import { Request } from '../request.ts';
import { decodeValueAs, encodeValue } from '../values/index.ts';
import { decodeText } from '../values/text.ts';

/** Entries by their names; those that are decimal numbers as numbers. */
export type Info = Readonly<Record<string, number | string>>;

/** At least these (HELLO-1); `profiles` are separated by spaces, sizes are bytes. */
export type Hello = Readonly<Record<(typeof HELLO_NUMBERS)[number], number> & Record<'server' | 'profiles', string>> &
  Info;

/** At least these (STATS-1); `uptime` in seconds, `memory` in bytes. */
export type Stats = Readonly<Record<(typeof STATS_NUMBERS)[number], number>> & Info;

/**
 * At least these (META-1): `size` in bytes; `created` and `accessed` in Unix seconds; `ttl` as last set and `left`
 * until expiry in milliseconds, −1: never; `lock`: milliseconds left, 0: none, −1: without end.
 */
export type Meta = Readonly<Record<(typeof META_NUMBERS)[number], number>> & Info;

const HELLO_NUMBERS = ['protocol', 'max-key', 'max-value', 'max-frame'] as const;
const HELLO_TEXTS = ['server', 'profiles'] as const;
const STATS_NUMBERS = [
  'uptime',
  'items',
  'connections',
  'requests',
  'hits',
  'misses',
  'memory',
  'evictions',
  'expired',
] as const;
const META_NUMBERS = ['size', 'tag', 'version', 'created', 'accessed', 'ttl', 'left', 'lock'] as const;

const DECIMAL = /^-?[0-9]+(?:\.[0-9]+)?$/;

/**
 * @param numbers names of entries that must be there, as numbers
 * @param texts names of entries that must be there, and stay text whatever they look like
 */
function readInfo(reply: ReplyFrame, numbers: readonly string[], texts: readonly string[] = []): Info {
  if (reply.status !== STATUS.OK) throw errorOfReply(reply);
  // Without a prototype no name that a server sends can mean anything but an entry.
  const info = Object.create(null) as Record<string, number | string>;
  for (const { keyStart, keyEnd, valueStart, valueEnd } of entriesOf(reply)) {
    const name = textOf(reply.valueBytes, keyStart, keyEnd);
    const text = textOf(reply.valueBytes, valueStart, valueEnd);
    info[name] = DECIMAL.test(text) && !texts.includes(name) ? Number(text) : text;
  }
  const lacking =
    numbers.find((name) => typeof info[name] !== 'number') ?? texts.find((name) => info[name] === undefined);
  if (lacking !== undefined) throw malformedReply(`the entry ${lacking} is missing or no number`);
  return info;
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  const text = decodeText(bytes, start, end);
  if (text === undefined) throw malformedReply('an entry is no UTF-8');
  return text;
}

/** undefined if there is no such item. */
export function readMeta(reply: ReplyFrame): Meta | undefined {
  return reply.status === STATUS.NOT_FOUND ? undefined : (readInfo(reply, META_NUMBERS) as Meta);
}

export function meta(dispatcher: Dispatcher, key: Key, options?: CallOptions): Promise<Meta | undefined> {
  return dispatcher.run(options, () => new Request(OPCODE.META, readMeta).key(key));
}

export function stats(dispatcher: Dispatcher, options?: CallOptions): Promise<Stats> {
  return dispatcher.run(options, () => new Request(OPCODE.STATS, (reply) => readInfo(reply, STATS_NUMBERS) as Stats));
}

export function hello(dispatcher: Dispatcher, options?: CallOptions): Promise<Hello> {
  return dispatcher.run(
    options,
    () => new Request(OPCODE.HELLO, (reply) => readInfo(reply, HELLO_NUMBERS, HELLO_TEXTS) as Hello),
  );
}

export function ping(dispatcher: Dispatcher, message: string, options?: CallOptions): Promise<string> {
  return dispatcher.run(options, () => {
    if (typeof message !== 'string') throw new TypeError('the message of a ping is a string');
    return new Request(OPCODE.PING, readPing).bareValue(encodeValue(message).body);
  });
}

function readPing(reply: ReplyFrame): string {
  if (reply.status !== STATUS.OK) throw errorOfReply(reply);
  return decodeValueAs(reply.valueBytes, reply.valueStart, reply.valueEnd, 'string');
}

export function sync(dispatcher: Dispatcher, options?: CallOptions): Promise<true> {
  return dispatcher.run(options, () => new Request(OPCODE.SYNC, readDone));
}
