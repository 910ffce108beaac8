/** Small helpers on byte strings that the wire layer shares. */

/**
 * The bytes that `hex` spells; white space in it is ignored. Throws a TypeError for anything else than pairs of digits.
 */
export function fromHex(hex: string): Buffer {
  const digits = hex.replace(/\s+/g, '');
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(digits)) throw new TypeError(`no hex: ${hex.slice(0, 80)}`);
  return Buffer.from(digits, 'hex');
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

export function utf8(text: string): Buffer {
  return Buffer.from(text, 'utf8');
}

const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text that the bytes are in UTF-8, or undefined if they are none. A byte order mark is kept. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return undefined;
  }
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

export function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return bytes.length >= prefix.length && sameBytes(bytes.subarray(0, prefix.length), prefix);
}

/** The bytes for a reader of a report: as text where they are plain ASCII, otherwise as hex; cut after `bytesMax`. */
export function showBytes(bytes: Uint8Array, bytesMax = 48): string {
  const shown = bytes.subarray(0, bytesMax);
  const more = bytes.length > shown.length ? ` … (${bytes.length} bytes)` : '';
  const plain = shown.every((byte) => byte >= 0x20 && byte < 0x7f);
  return (plain ? JSON.stringify(Buffer.from(shown).toString('latin1')) : `hex ${toHex(shown)}`) + more;
}
