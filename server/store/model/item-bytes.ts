/** What MapStore reads of a request and tells of an item, in the strings and arrays that it keeps. */
import { FLAG, type ReplyFrame, type RequestFrame } from '../../../protocol/index.ts';
import { has } from '../exchange.ts';
import type { Item } from './item.ts';

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

/** With DETAIL a reply carries the item's VERSION (GET-2, VERSION-3). */
export function replyDetail(item: Item, request: RequestFrame, reply: ReplyFrame): void {
  if (!has(request, FLAG.DETAIL)) return;
  reply.flags |= FLAG.VERSION;
  reply.version = item.version;
}
