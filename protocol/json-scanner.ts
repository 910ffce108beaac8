/**
 * Walks over JSON text (RFC 8259) in bytes without building anything: checks its form, bounds its depth and tells where
 * values end. `JSON.parse` would lose what JSON-7 wants kept: 9007199254740993 and 1.10. Scanning uses no recursion, so
 * that no input can exhaust the stack. UTF-8 is not checked here; the bytes inside strings are passed over.
 */

/** What a scan returns instead of an offset: the text is no JSON. */
export const JSON_MALFORMED = -1;

/** What a scan returns instead of an offset: arrays and objects are nested deeper than allowed. */
export const JSON_TOO_DEEP = -2;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const MINUS = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;
const ZERO = 0x30;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const LETTER_U = 0x75;

const LITERALS = ['true', 'false', 'null'].map((word) => new TextEncoder().encode(word));
const SIMPLE_ESCAPES = new Set(new TextEncoder().encode('"\\/bfnrt'));

/** Returns the offset of the first byte at or behind `at` that is no white space. */
export function skipJsonSpace(bytes: Uint8Array, at: number, end: number): number {
  while (at < end) {
    const byte = bytes[at]!;
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
    at++;
  }
  return at;
}

/**
 * Passes over a string.
 *
 * @param at offset of the opening quote
 * @returns the offset behind the closing quote, or JSON_MALFORMED
 */
export function skipJsonString(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] !== QUOTE) return JSON_MALFORMED;
  for (at++; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE) return at + 1;
    if (byte < 0x20) return JSON_MALFORMED;
    if (byte !== BACKSLASH) continue;
    at++;
    if (at < end && bytes[at] === LETTER_U) {
      for (const digitsEnd = at + 4; at < digitsEnd;) {
        at++;
        if (at >= end || !isHexDigit(bytes[at]!)) return JSON_MALFORMED;
      }
    } else if (at >= end || !SIMPLE_ESCAPES.has(bytes[at]!)) return JSON_MALFORMED;
  }
  return JSON_MALFORMED;
}

/**
 * Passes over one value of any kind.
 *
 * @param at offset of the value's first byte: no white space
 * @param depthMax how many levels of arrays and objects are allowed
 * @returns the offset behind the value, JSON_MALFORMED or JSON_TOO_DEEP
 */
export function skipJsonValue(bytes: Uint8Array, at: number, end: number, depthMax: number): number {
  /** For each open level the byte that closes it. */
  const closers: number[] = [];
  for (;;) {
    if (at >= end) return JSON_MALFORMED;
    const byte = bytes[at]!;
    if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      if (closers.length >= depthMax) return JSON_TOO_DEEP;
      closers.push(byte === OPEN_ARRAY ? CLOSE_ARRAY : CLOSE_OBJECT);
      at = skipJsonSpace(bytes, at + 1, end);
      if (at >= end) return JSON_MALFORMED;
      if (bytes[at] !== closers.at(-1)) {
        if (byte === OPEN_OBJECT) at = skipMemberName(bytes, at, end);
        if (at < 0) return at;
        continue;
      }
      closers.pop();
    } else {
      at = skipScalar(bytes, at, end) - 1;
      if (at < 0) return JSON_MALFORMED;
    }
    // Here `at` is the last byte of a value, and what encloses it goes on or closes.
    at = skipToNextValue(bytes, at + 1, end, closers);
    if (at < 0 || closers.length === 0) return at;
  }
}

/**
 * Behind a value, closes what closes there.
 *
 * @returns the offset of the next value, the offset behind the outermost one if all has closed, or JSON_MALFORMED
 */
function skipToNextValue(bytes: Uint8Array, at: number, end: number, closers: number[]): number {
  while (closers.length > 0) {
    at = skipJsonSpace(bytes, at, end);
    if (at >= end) return JSON_MALFORMED;
    const byte = bytes[at++]!;
    const closer = closers.at(-1)!;
    if (byte === COMMA) {
      at = skipJsonSpace(bytes, at, end);
      return closer === CLOSE_OBJECT ? skipMemberName(bytes, at, end) : at;
    }
    if (byte !== closer) return JSON_MALFORMED;
    closers.pop();
  }
  return at;
}

/** Passes over a member's name and colon; returns the offset of its value, or JSON_MALFORMED. */
export function skipMemberName(bytes: Uint8Array, at: number, end: number): number {
  at = skipJsonString(bytes, at, end);
  if (at < 0) return at;
  at = skipJsonSpace(bytes, at, end);
  return at < end && bytes[at] === COLON ? skipJsonSpace(bytes, at + 1, end) : JSON_MALFORMED;
}

function skipScalar(bytes: Uint8Array, at: number, end: number): number {
  const byte = bytes[at]!;
  if (byte === QUOTE) return skipJsonString(bytes, at, end);
  if (byte === MINUS || isDigit(byte)) return skipNumber(bytes, at, end);
  for (const literal of LITERALS) {
    if (at + literal.length <= end && literal.every((expected, index) => bytes[at + index] === expected)) {
      return at + literal.length;
    }
  }
  return JSON_MALFORMED;
}

function skipNumber(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] === MINUS) at++;
  const integerAt = at;
  at = skipDigits(bytes, at, end);
  if (at < 0 || (bytes[integerAt] === ZERO && at > integerAt + 1)) return JSON_MALFORMED;
  if (at < end && bytes[at] === POINT) at = skipDigits(bytes, at + 1, end);
  if (at < 0) return JSON_MALFORMED;
  if (at < end && (bytes[at] === 0x65 || bytes[at] === 0x45)) {
    at++;
    if (at < end && (bytes[at] === PLUS || bytes[at] === MINUS)) at++;
    at = skipDigits(bytes, at, end);
  }
  return at;
}

/** Passes over one digit or more. */
function skipDigits(bytes: Uint8Array, at: number, end: number): number {
  const digitsAt = at;
  while (at < end && isDigit(bytes[at]!)) at++;
  return at > digitsAt ? at : JSON_MALFORMED;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= 0x39;
}

function isHexDigit(byte: number): boolean {
  return isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
}
