/** Sorts items by key, four bytes at a time, when the order is made for many of them at once. */

/** The keys of items, by their locations. */
export interface KeyChunks {
  /** Four bytes of a key from `depth` on, big-endian; 0 for each that it does not have. */
  chunkAt(location: number, depth: number): number;
  keyBytesOf(location: number): number;
}

const CHUNK_BYTES = 4;

/** Chunk and location as one number that the runtime can sort by itself: the location in the lower word. */
const IS_LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;
const LOCATION_WORD = IS_LITTLE_ENDIAN ? 0 : 1;
const CHUNK_WORD = 1 - LOCATION_WORD;

/** Four bytes from `at` on, big-endian; 0 for each that lies behind `end`. */
export function chunkOf(bytes: Uint8Array, at: number, end: number): number {
  let chunk = 0;
  for (let index = at; index < at + CHUNK_BYTES; index++) chunk = chunk * 256 + (index < end ? bytes[index]! : 0);
  return chunk;
}

/** Sorts locations by their keys' bytes, ascending; no two keys are the same. */
export function sortLocations(locations: Uint32Array, keys: KeyChunks): void {
  const pairs = new BigUint64Array(locations.length);
  const words = new Uint32Array(pairs.buffer);
  // Ranges of which the bytes before `depth` are the same.
  const ranges: [start: number, end: number, depth: number][] = [[0, locations.length, 0]];
  for (let range = ranges.pop(); range !== undefined; range = ranges.pop()) {
    const [start, end, depth] = range;
    for (let at = start; at < end; at++) {
      words[2 * at + LOCATION_WORD] = locations[at]!;
      words[2 * at + CHUNK_WORD] = keys.chunkAt(locations[at]!, depth);
    }
    pairs.subarray(start, end).sort();
    for (let at = start; at < end; at++) locations[at] = words[2 * at + LOCATION_WORD]!;
    for (let from = start, to = start; from < end; from = to) {
      const chunk = words[2 * from + CHUNK_WORD]!;
      while (to < end && words[2 * to + CHUNK_WORD] === chunk) to++;
      if (to - from === 1) continue;
      const longerFrom = putEndedFirst(locations, from, to, depth + CHUNK_BYTES, keys);
      if (to - longerFrom > 1) ranges.push([longerFrom, to, depth + CHUNK_BYTES]);
    }
  }
}

/**
 * Puts the keys that are no longer than `depth` before the others, the shorter ones first. Their bytes are the same, so
 * they differ in how many 00 they end with: there are at most five.
 *
 * @returns where the longer keys begin
 */
function putEndedFirst(locations: Uint32Array, from: number, to: number, depth: number, keys: KeyChunks): number {
  let longerFrom = from;
  for (let at = from; at < to; at++) {
    const location = locations[at]!;
    const keyBytes = keys.keyBytesOf(location);
    if (keyBytes > depth) continue;
    locations[at] = locations[longerFrom]!;
    let into = longerFrom++;
    for (; into > from && keys.keyBytesOf(locations[into - 1]!) > keyBytes; into--) {
      locations[into] = locations[into - 1]!;
    }
    locations[into] = location;
  }
  return longerFrom;
}
