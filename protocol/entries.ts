/**
 * Entries, the form of listings and of HELLO, STATS and META replies (ENTRY-1):
 *
 *     entries = *entry
 *     entry   = key length:u16 value length:u32 key value
 */
import { readU16, readU32 } from './frame-fields.ts';
import type { FrameWriter } from './frame-writer.ts';

/** Bytes of an entry before its key. */
export const ENTRY_HEADER_BYTES = 6;

/** Where one entry's key and value lie in the bytes that were read. */
export interface EntryRange {
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** Writes an entry with a text key and a text value, as HELLO, STATS and META have them. */
export function putTextEntry(writer: FrameWriter, key: string, value: string): void {
  const headerAt = writer.length;
  writer.u16(0);
  writer.u32(0);
  const keyAt = writer.length;
  writer.text(key);
  const valueAt = writer.length;
  writer.text(value);
  const keyBytes = valueAt - keyAt;
  writer.bytes[headerAt] = keyBytes >>> 8;
  writer.bytes[headerAt + 1] = keyBytes;
  writer.patchU32(headerAt + 2, writer.length - valueAt);
}

/**
 * Walks over entries.
 *
 * @param start offset of the first entry
 * @param end offset behind the last
 * @throws RangeError if an entry runs over `end`: these are no entries
 */
export function* readEntries(bytes: Uint8Array, start = 0, end: number = bytes.length): Generator<EntryRange> {
  for (let at = start; at < end;) {
    if (at + ENTRY_HEADER_BYTES > end) throw new RangeError(`entry header at offset ${at - start} is cut off`);
    const keyStart = at + ENTRY_HEADER_BYTES;
    const valueStart = keyStart + readU16(bytes, at);
    const valueEnd = valueStart + readU32(bytes, at + 2);
    if (valueEnd > end) throw new RangeError(`entry at offset ${at - start} is cut off`);
    yield { keyStart, keyEnd: valueStart, valueStart, valueEnd };
    at = valueEnd;
  }
}
