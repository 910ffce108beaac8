/** What a reply's status and fields mean to a caller: a result, or the error of the table. */
import { Buffer } from 'node:buffer';
import {
  errorCodeOfStatus,
  FLAG,
  readEntries,
  SpeicherError,
  STATUS,
  STATUSES,
  statusName,
  type EntryRange,
  type ReplyFrame,
} from '../protocol/index.ts';
import { toNumber } from './values/integer.ts';

/** More of a server's explanation is not shown. */
const EXPLANATION_BYTES_MAX = 200;

/** The error for what is no reply of the protocol: its connection is given up. */
export function malformedReply(detail: string): SpeicherError {
  return new SpeicherError('SPEICHER_MALFORMED_REPLY', detail);
}

/** The error that a reply stands for: that of its status, with the server's explanation (FRAME-11). */
export function errorOfReply(reply: ReplyFrame): SpeicherError {
  const code = errorCodeOfStatus(reply.status);
  if (code !== undefined) return new SpeicherError(code, explanation(reply));
  return malformedReply(`status ${statusName(reply.status) ?? reply.status} does not answer this request`);
}

/** The server's explanation, made fit to be shown; undefined if it says no more than the status does. */
export function explanation({ status, valueBytes, valueStart, valueEnd }: ReplyFrame): string | undefined {
  if (valueStart === valueEnd) return undefined;
  const shown = valueBytes.subarray(valueStart, Math.min(valueEnd, valueStart + EXPLANATION_BYTES_MAX));
  const text = Buffer.from(shown).toString().replaceAll(/\p{C}/gu, '\u{fffd}');
  const name = statusName(status);
  return name !== undefined && text === STATUSES[name].message ? undefined : text;
}

/** For requests that have no other outcome than success: true. */
export function readDone(reply: ReplyFrame): true {
  if (reply.status !== STATUS.OK) throw errorOfReply(reply);
  return true;
}

/** Whether it was carried out: false if there is no such item, if there is one already, or with another version. */
export function readWhether(reply: ReplyFrame): boolean {
  if (reply.status === STATUS.OK) return true;
  if (reply.status === STATUS.NOT_FOUND || reply.status === STATUS.CONFLICT) return false;
  throw errorOfReply(reply);
}

/** How many items were changed or counted. */
export function readCount(reply: ReplyFrame): number {
  if (reply.status === STATUS.NOT_FOUND) return 0;
  if (reply.status !== STATUS.OK) throw errorOfReply(reply);
  return Number(numberOf(reply));
}

/** A counter's value, or undefined if there is no such item. */
export function readCounter(reply: ReplyFrame): number | bigint | undefined {
  if (reply.status === STATUS.NOT_FOUND) return undefined;
  if (reply.status !== STATUS.OK) throw errorOfReply(reply);
  return toNumber(numberOf(reply));
}

function numberOf(reply: ReplyFrame): bigint {
  if ((reply.flags & FLAG.NUMBER) === 0) throw malformedReply('NUMBER is missing');
  return reply.number;
}

/** The TOKEN of a lock that was taken. */
export function tokenOf(reply: ReplyFrame): number {
  if ((reply.flags & FLAG.TOKEN) === 0) throw malformedReply('TOKEN is missing');
  return reply.token;
}

/** The entries that are a reply's value (ENTRY-1). */
export function entriesOf({ valueBytes, valueStart, valueEnd }: ReplyFrame): EntryRange[] {
  try {
    return [...readEntries(valueBytes, valueStart, valueEnd)];
  } catch (error) {
    throw malformedReply((error as RangeError).message);
  }
}
