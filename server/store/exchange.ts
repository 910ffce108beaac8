/** What operations read of a request and put into a reply. */
import { FLAG, STATUS, type ReplyFrame, type RequestFrame } from '../../protocol/index.ts';
import type { Item } from './item.ts';

const encoder = new TextEncoder();

/** Whether a request carries a flag. */
export function has(request: RequestFrame, flag: number): boolean {
  return (request.flags & flag) !== 0;
}

/** Bytes as a string with one char for each. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}

/** The request's key, as a string with one char for each byte. */
export function keyOf({ keyBytes, keyStart, keyEnd }: RequestFrame): string {
  return latin1(keyBytes, keyStart, keyEnd);
}

/** A copy of the request's value. */
export function valueOf({ valueBytes, valueStart, valueEnd }: RequestFrame): Uint8Array {
  return new Uint8Array(valueBytes.subarray(valueStart, valueEnd));
}

/** All bytes of the parts, one part behind the other. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** INCREMENT-1: the shortest form. */
export function decimal(number: bigint): Uint8Array {
  return encoder.encode(`${number}`);
}

/** With DETAIL a reply carries the item's VERSION (GET-2, VERSION-3). */
export function replyDetail(item: Item, request: RequestFrame, reply: ReplyFrame): void {
  if (!has(request, FLAG.DETAIL)) return;
  reply.flags |= FLAG.VERSION;
  reply.version = item.version;
}

/** Announces and sets NUMBER. */
export function replyNumber(reply: ReplyFrame, number: bigint): void {
  reply.flags |= FLAG.NUMBER;
  reply.number = number;
}

/** Announces and sets TOKEN. */
export function replyToken(reply: ReplyFrame, token: number): void {
  reply.flags |= FLAG.TOKEN;
  reply.token = token;
}

/** PREFIX-2: how many items were changed; 404 if none was. */
export function replyCount(reply: ReplyFrame, count: number): void {
  if (count === 0) reply.status = STATUS.NOT_FOUND;
  else replyNumber(reply, BigInt(count));
}
