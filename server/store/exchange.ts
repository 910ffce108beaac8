/** What operations read of a request and put into a reply. */
import { FLAG, STATUS, type ReplyFrame, type RequestFrame } from '../../protocol/index.ts';

const encoder = new TextEncoder();

/** Whether a request carries a flag. */
export function has(request: RequestFrame, flag: number): boolean {
  return (request.flags & flag) !== 0;
}

/** INCREMENT-1: the shortest form. */
export function decimal(number: bigint): Uint8Array {
  return encoder.encode(`${number}`);
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
