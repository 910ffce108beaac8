/**
 * The JSON envelope of section 7, the dialect of the original speicher:
 *
 *     request = {"command": "SET" | "GET" | "DEL" | "RST", "key": string, "value": any}
 *     reply   = {"status_code": integer, "value": any}
 *
 * Values are never parsed into JavaScript's and printed again: a string becomes its UTF-8 bytes, anything else stays
 * the very text that came (JSON-6, JSON-7).
 */
import { isUtf8 } from 'node:buffer';
import {
  JSON_MALFORMED,
  JSON_TOO_DEEP,
  skipJsonSpace,
  skipJsonString,
  skipJsonValue,
  skipMemberName,
} from './json-scanner.ts';
import { STATUS, type Status } from './statuses.ts';
import { TAG } from './tags.ts';

/** The commands of JSON-1 and the operations that they stand for. */
export const JSON_COMMANDS = {
  SET: { operation: 'SET', takesKey: true, takesValue: true },
  GET: { operation: 'GET', takesKey: true, takesValue: false },
  DEL: { operation: 'DELETE', takesKey: true, takesValue: false },
  RST: { operation: 'RESET', takesKey: false, takesValue: false },
} as const;

export type JsonCommand = keyof typeof JSON_COMMANDS;

/** A request, understood. Key and value are views of the frame's bytes where those hold them unescaped. */
export interface JsonRequest {
  readonly command: JsonCommand;
  /** UTF-8; empty for a command that takes no key. */
  readonly key: Uint8Array;
  /** The bytes to store; empty for a command that takes no value. */
  readonly value: Uint8Array;
  /** The TAG to store: 1 for a string, 3 for any other value (JSON-6). */
  readonly tag: number;
}

const NO_BYTES = new Uint8Array(0);
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const CLOSE_OBJECT = 0x7d;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Where the values of the members that matter lie; the last of several with one name counts, as with JSON.parse. */
interface Members {
  command?: ByteRange;
  key?: ByteRange;
  value?: ByteRange;
}

interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a request.
 *
 * @param start offset of the `{`
 * @param end offset behind the frame
 * @param depthMax how many levels a value may be nested (JSON-3)
 * @returns the request, or the status that it gets: 400, or 413 if it is nested too deep
 */
export function readJsonRequest(bytes: Uint8Array, start: number, end: number, depthMax: number): JsonRequest | Status {
  if (!isUtf8(bytes.subarray(start, end))) return STATUS.BAD_REQUEST;
  const members = findMembers(bytes, start, end, depthMax);
  if (typeof members === 'number') return members;
  const command = members.command && readJsonString(bytes, members.command);
  if (command === undefined || !Object.hasOwn(JSON_COMMANDS, command)) return STATUS.BAD_REQUEST;
  const { takesKey, takesValue } = JSON_COMMANDS[command as JsonCommand];
  const key = takesKey ? members.key && readStringBytes(bytes, members.key) : NO_BYTES;
  if (key === undefined || (takesKey && key.length === 0)) return STATUS.BAD_REQUEST;
  if (!takesValue) return { command: command as JsonCommand, key, value: NO_BYTES, tag: 0 };
  if (members.value === undefined) return STATUS.BAD_REQUEST;
  const isText = bytes[members.value.start] === QUOTE;
  const value = isText ? readStringBytes(bytes, members.value) : bytes.subarray(members.value.start, members.value.end);
  if (value === undefined) return STATUS.BAD_REQUEST;
  return { command: command as JsonCommand, key, value, tag: isText ? TAG.TEXT : TAG.JSON };
}

/** Walks over the envelope, checking all of it. */
function findMembers(bytes: Uint8Array, start: number, end: number, depthMax: number): Members | Status {
  const members: Members = {};
  let at = skipJsonSpace(bytes, start + 1, end);
  if (at < end && bytes[at] === CLOSE_OBJECT)
    return skipJsonSpace(bytes, at + 1, end) === end ? members : STATUS.BAD_REQUEST;
  for (;;) {
    const valueStart = skipMemberName(bytes, at, end);
    if (valueStart < 0) return STATUS.BAD_REQUEST;
    const name = readJsonString(bytes, { start: at, end: skipJsonString(bytes, at, end) });
    const valueEnd = skipJsonValue(bytes, valueStart, end, depthMax);
    if (valueEnd === JSON_TOO_DEEP) return STATUS.TOO_LARGE;
    if (valueEnd === JSON_MALFORMED) return STATUS.BAD_REQUEST;
    if (name === 'command' || name === 'key' || name === 'value') members[name] = { start: valueStart, end: valueEnd };
    at = skipJsonSpace(bytes, valueEnd, end);
    if (at >= end) return STATUS.BAD_REQUEST;
    const byte = bytes[at];
    at = skipJsonSpace(bytes, at + 1, end);
    if (byte === CLOSE_OBJECT) return at === end ? members : STATUS.BAD_REQUEST;
    if (byte !== COMMA) return STATUS.BAD_REQUEST;
  }
}

/** The string in a range that was scanned already; undefined if the value there is no string. */
function readJsonString(bytes: Uint8Array, { start, end }: ByteRange): string | undefined {
  if (bytes[start] !== QUOTE) return undefined;
  if (!hasEscape(bytes, start, end)) return decoder.decode(bytes.subarray(start + 1, end - 1));
  return JSON.parse(decoder.decode(bytes.subarray(start, end))) as string;
}

/** The string in a range as UTF-8; undefined if it is no string or has no UTF-8 form (JSON-6). */
function readStringBytes(bytes: Uint8Array, range: ByteRange): Uint8Array | undefined {
  if (bytes[range.start] !== QUOTE) return undefined;
  if (!hasEscape(bytes, range.start, range.end)) return bytes.subarray(range.start + 1, range.end - 1);
  const text = readJsonString(bytes, range)!;
  return isWellFormed(text) ? encoder.encode(text) : undefined;
}

function hasEscape(bytes: Uint8Array, start: number, end: number): boolean {
  return bytes.subarray(start, end).includes(BACKSLASH);
}

/** Whether a string has no lone surrogate: whether encoding it as UTF-8 keeps it. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/** The reply without a value. */
export function jsonReply(status: number): string {
  return `{"status_code":${status}}`;
}

/**
 * The reply to a GET that found an item (JSON-6).
 *
 * @param depthMax as for requests: what a SET of the same value would be refused for, is not given out either
 * @returns the envelope's text, or the status 400 for what has no JSON form and 413 for what is nested too deep
 */
export function jsonValueReply(
  bytes: Uint8Array,
  start: number,
  end: number,
  tag: number,
  depthMax: number,
): string | Status {
  const value = bytes.subarray(start, end);
  if (!isUtf8(value)) return STATUS.BAD_REQUEST;
  const text = decoder.decode(value);
  if (tag !== TAG.JSON) return `{"status_code":${STATUS.OK},"value":${JSON.stringify(text)}}`;
  const valueEnd = skipJsonValue(bytes, skipJsonSpace(bytes, start, end), end, depthMax);
  if (valueEnd === JSON_TOO_DEEP) return STATUS.TOO_LARGE;
  if (valueEnd < 0 || skipJsonSpace(bytes, valueEnd, end) !== end) return STATUS.BAD_REQUEST;
  return `{"status_code":${STATUS.OK},"value":${text}}`;
}
