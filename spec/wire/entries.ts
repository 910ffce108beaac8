/** ENTRY-1: `u16 key length, u32 value length, key, value`, repeated. Read without trust in either length. */

export interface Entry {
  readonly key: Buffer;
  readonly value: Buffer;
}

const ENTRY_HEAD_BYTES = 6;

/** The entries in a reply's value, or in words what is wrong with them and where. */
export function parseEntries(value: Uint8Array): { entries: Entry[]; problem?: string } {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const entries: Entry[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const left = bytes.length - offset;
    if (left < ENTRY_HEAD_BYTES) {
      return { entries, problem: `${left} bytes behind the last entry, at offset ${offset} of the value` };
    }
    const keyBytes = bytes.readUInt16BE(offset);
    const valueBytes = bytes.readUInt32BE(offset + 2);
    const end = offset + ENTRY_HEAD_BYTES + keyBytes + valueBytes;
    if (end > bytes.length) {
      return { entries, problem: `the entry at offset ${offset} of the value is ${end - bytes.length} bytes too long` };
    }
    const keyEnd = offset + ENTRY_HEAD_BYTES + keyBytes;
    entries.push({ key: bytes.subarray(offset + ENTRY_HEAD_BYTES, keyEnd), value: bytes.subarray(keyEnd, end) });
    offset = end;
  }
  return { entries };
}

/** Entries such as HELLO's as a map of texts; of two with the same key the first counts. */
export function entriesToTexts(entries: readonly Entry[]): Map<string, string> {
  const texts = new Map<string, string>();
  for (const { key, value } of entries) {
    const name = key.toString('utf8');
    if (!texts.has(name)) texts.set(name, value.toString('utf8'));
  }
  return texts;
}
