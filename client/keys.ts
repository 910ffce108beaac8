/** Keys: strings as UTF-8, or bytes. Every method's key passes through here. */
import { Buffer } from 'node:buffer';
import { isWellFormed, KEY_BYTES_CEILING } from '../protocol/index.ts';
import { describe } from './checks.ts';
import { decodeText } from './values/text.ts';

/** A key of 1 to 65 535 bytes. Servers may have a lower limit, which is never below 250 (KEY-4). */
export type Key = string | Uint8Array;

/** Where `encodeKey` leaves the bytes of the key that it was given last. */
export const keyScratch = Buffer.alloc(KEY_BYTES_CEILING);

/**
 * @returns `key`, which is a string or bytes; its length and characters are checked when its bytes are written
 * @throws TypeError if it is anything else
 */
export function checkKeyType(key: Key): Key {
  if (typeof key === 'string' || key instanceof Uint8Array) return key;
  throw new TypeError(`a key or prefix is a string or a Uint8Array, not ${describe(key)}`);
}

/**
 * Writes the bytes of a key or prefix to the beginning of `keyScratch`.
 *
 * @returns how many there are
 * @throws TypeError if it is a string without a UTF-8 form
 * @throws RangeError if it is too long
 */
export function encodeKey(key: Key): number {
  if (key.length > KEY_BYTES_CEILING) throw tooLong();
  if (typeof key !== 'string') {
    keyScratch.set(key);
    return key.length;
  }
  for (let at = 0; at < key.length; at++) {
    const code = key.charCodeAt(at);
    if (code >= 0x80) return encodeOtherKey(key);
    keyScratch[at] = code;
  }
  return key.length;
}

/** A key that is not all ASCII. */
function encodeOtherKey(key: string): number {
  if (!isWellFormed(key)) throw new TypeError('a key with a lone surrogate has no UTF-8 form');
  if (Buffer.byteLength(key) > KEY_BYTES_CEILING) throw tooLong();
  return keyScratch.write(key);
}

function tooLong(): RangeError {
  return new RangeError(`a key has at most ${KEY_BYTES_CEILING} bytes`);
}

/** A key as callers get it: a string, or the bytes themselves if they are no UTF-8. */
export function decodeKey(bytes: Uint8Array): Key {
  return decodeText(bytes, 0, bytes.length) ?? bytes;
}
