/** UTF-8 text, TAG 1. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text in `bytes[start]` up to `bytes[end - 1]`; undefined if that is no UTF-8. */
export function decodeText(bytes: Uint8Array, start: number, end: number): string | undefined {
  try {
    return decoder.decode(bytes.subarray(start, end));
  } catch {
    return undefined;
  }
}
