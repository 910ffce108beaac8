/**
 * A request as a method makes it: the fields of the wire, checked, with key and value still in the caller's form. Each
 * method reads as a sentence: `new Request(OPCODE.TOUCH, readWhether).key(key).ttl(ttlMs).token(options.token)`.
 */
import { COUNTER_MAX, FLAG, RequestFrame, type ReplyFrame } from '../protocol/index.ts';
import { checkI64, checkInteger, checkTtlMs } from './checks.ts';
import { checkKeyType, type Key } from './keys.ts';
import type { EncodedValue } from './values/index.ts';

/** Reads a reply's result, or throws the SpeicherError that the reply stands for. It must copy what it keeps. */
export type ReadReply<Result> = (reply: ReplyFrame) => Result;

export class Request<Result> extends RequestFrame {
  readonly read: ReadReply<Result>;
  givenKey: Key | undefined;
  /** A string stands for its UTF-8 bytes. */
  givenValue: string | Uint8Array | undefined;

  constructor(opcode: number, read: ReadReply<Result>) {
    super();
    this.opcode = opcode;
    this.read = read;
  }

  /** @throws TypeError if the key is empty, or neither string nor bytes */
  key(key: Key): this {
    this.givenKey = checkKeyType(key);
    if (key.length === 0) throw new TypeError('a key has at least one byte');
    return this;
  }

  /** Makes it a prefix request; an empty prefix stands for all items. */
  prefix(prefix: Key): this {
    this.flags |= FLAG.PREFIX;
    this.givenKey = checkKeyType(prefix);
    return this;
  }

  /** A key that limits a request to the items under it, where the operation takes no PREFIX (FRAME-9). */
  under(prefix: Key): this {
    this.givenKey = checkKeyType(prefix);
    return this;
  }

  value({ tag, body }: EncodedValue): this {
    this.givenValue = body;
    if (tag === 0) return this;
    this.flags |= FLAG.TAG;
    this.tag = tag;
    return this;
  }

  /** A value that takes no TAG: what is appended, a payload, a cursor. */
  bareValue(body: string | Uint8Array): this {
    this.givenValue = body;
    return this;
  }

  ttl(ttlMs: number | undefined): this {
    if (ttlMs === undefined) return this;
    this.flags |= FLAG.TTL;
    this.ttlMs = checkTtlMs(ttlMs);
    return this;
  }

  /** VERSION-2: to be carried out only if the item has this version. */
  ifVersion(version: number | undefined): this {
    if (version === undefined) return this;
    this.flags |= FLAG.VERSION;
    this.version = checkInteger('version', version, 1, COUNTER_MAX);
    return this;
  }

  /** LOCK-3: the proof that the item's lock is the caller's. */
  withToken(token: number | undefined): this {
    if (token === undefined) return this;
    this.flags |= FLAG.TOKEN;
    this.token = checkInteger('token', token, 1, COUNTER_MAX);
    return this;
  }

  withNumber(name: string, number: number | bigint): this {
    this.flags |= FLAG.NUMBER;
    this.number = checkI64(name, number);
    return this;
  }

  /** GET-2, VERSION-3: asks for VERSION, and GET for TTL too. */
  detail(): this {
    this.flags |= FLAG.DETAIL;
    return this;
  }
}
