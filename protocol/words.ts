/**
 * Bytes seen in words of four. A loop over bytes takes a check and an access for each of them, and `subarray` and `set`
 * take as long as a copy of a hundred bytes by words: most keys and values are shorter (`npm run bench:store`).
 */

/** Up to so many bytes copying by words is faster than `set`, which has to make a view of the source first. */
export const WORD_COPY_BYTES_MAX = 128;

/** A longer array is not held on to. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024;

let keptBytes: Uint8Array = new Uint8Array(0);
let keptView = makeView(keptBytes);

/**
 * The memory of an array as a DataView. That of the last array that was asked for is kept: requests come out of the
 * same buffer, one after the other.
 */
export function viewOf(bytes: Uint8Array): DataView {
  return bytes === keptBytes ? keptView : keepView(bytes);
}

function keepView(bytes: Uint8Array): DataView {
  const view = makeView(bytes);
  if (bytes.length <= KEPT_BYTES_MAX) {
    keptBytes = bytes;
    keptView = view;
  }
  return view;
}

/** The same for an array whose owner keeps the view. */
export function makeView(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/**
 * Copies `source[start]` up to `source[end - 1]` to `target[at]` and behind; the places do not overlap. Each comes as
 * bytes and as a view of the same memory.
 */
export function copyBytes(
  target: Uint8Array,
  targetView: DataView,
  at: number,
  source: Uint8Array,
  sourceView: DataView,
  start: number,
  end: number,
): void {
  if (end - start > WORD_COPY_BYTES_MAX) target.set(source.subarray(start, end), at);
  else copyWords(targetView, at, sourceView, start, end);
}

/** Copies `source[start]` up to `source[end - 1]` to `target[at]` and behind; the places do not overlap. */
export function copyWords(target: DataView, at: number, source: DataView, start: number, end: number): void {
  let from = start;
  let to = at;
  for (const last = end - 16; from <= last; from += 16, to += 16) {
    target.setInt32(to, source.getInt32(from, true), true);
    target.setInt32(to + 4, source.getInt32(from + 4, true), true);
    target.setInt32(to + 8, source.getInt32(from + 8, true), true);
    target.setInt32(to + 12, source.getInt32(from + 12, true), true);
  }
  for (const last = end - 4; from <= last; from += 4, to += 4) target.setInt32(to, source.getInt32(from, true), true);
  for (; from < end; from++, to++) target.setUint8(to, source.getUint8(from));
}
