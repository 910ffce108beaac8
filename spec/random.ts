/** Randomness that a seed repeats: mulberry32 over a hash of the seed's text. */

export interface Random {
  /** A whole number from 0 up to, not including, `bound`. */
  below(bound: number): number;
  bytes(count: number): Buffer;
  /** A new array with the items in another order. */
  shuffled<Item>(items: readonly Item[]): Item[];
}

function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

export function seededRandom(seed: string): Random {
  let state = hash32(seed);
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (bound: number): number => Math.floor(next() * bound);
  return {
    below,
    bytes: (count) => Buffer.from(Array.from({ length: count }, () => below(256))),
    shuffled: (items) => {
      const result = [...items];
      for (let index = result.length - 1; index > 0; index -= 1) {
        const other = below(index + 1);
        const moved = result[index] as (typeof result)[number];
        result[index] = result[other] as (typeof result)[number];
        result[other] = moved;
      }
      return result;
    },
  };
}
