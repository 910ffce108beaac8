/**
 * The order of keys, for prefix requests (PREFIX-1, LIST-1, COUNT-1). Keys are strings with one char for each byte
 * (latin1), none of them empty; such strings compare as their bytes do.
 */

/** A set of keys that knows their order. */
export interface KeyOrder {
  /** Puts a key in; one that is there already stays as it is. */
  add(key: string): void;
  /** Takes a key out, if it is there. */
  delete(key: string): void;
  clear(): void;
  /**
   * The keys that start with `prefix` and are greater than `after`, ascending. Keys may be added and deleted between
   * the steps, the one given last too: each step gives the smallest key that is there by then and greater than the
   * last.
   *
   * @param after need not be there; an empty one is below every key
   */
  from(prefix: string, after?: string): IterableIterator<string>;
  /** How many keys start with `prefix`. */
  count(prefix: string): number;
}

/**
 * The longest leaf. A smaller one makes more leaves to search and to move at a split, a larger one more keys to move at
 * each insertion; of 128 to 1024, this took the least time for a million and for ten million random keys.
 */
const LEAF_KEYS_MAX = 256;

/**
 * Stands above every byte: `prefix + ABOVE_BYTES` is greater than every key with the prefix, and below all behind
 * these.
 */
const ABOVE_BYTES = '\u0100';

/** The string that comes next behind `key` among all strings. */
const successorOf = (key: string): string => `${key}\0`;

/**
 * A sorted list in two levels: leaves of sorted keys, one behind the other. A leaf that grows too long is split, one
 * that shrinks below a quarter of that takes from its neighbour or joins it; only a lone leaf may be shorter. Finding a
 * key takes two binary searches. Ten million keys make some sixty thousand leaves, so that even a split, which moves
 * the references to all leaves behind it, is a small copy.
 */
export class SortedKeys implements KeyOrder {
  readonly #leafKeysMax: number;
  readonly #leafKeysMin: number;
  #leaves: string[][] = [[]];
  /** Counts changes, so that an iterator notices that its place may have moved. */
  #changes = 0;

  /** @param leafKeysMax a multiple of 4; small ones let tests see many leaves with few keys */
  constructor(leafKeysMax = LEAF_KEYS_MAX) {
    this.#leafKeysMax = leafKeysMax;
    this.#leafKeysMin = leafKeysMax / 4;
  }

  add(key: string): void {
    const leafAt = this.#leafFor(key);
    const leaf = this.#leaves[leafAt]!;
    const at = lowerBound(leaf, key);
    if (leaf[at] === key) return;
    leaf.splice(at, 0, key);
    if (leaf.length > this.#leafKeysMax) this.#leaves.splice(leafAt + 1, 0, leaf.splice(this.#leafKeysMax / 2));
    this.#changes++;
  }

  delete(key: string): void {
    const leafAt = this.#leafFor(key);
    const leaf = this.#leaves[leafAt]!;
    const at = lowerBound(leaf, key);
    if (leaf[at] !== key) return;
    leaf.splice(at, 1);
    if (leaf.length < this.#leafKeysMin && this.#leaves.length > 1) this.#refill(leafAt);
    this.#changes++;
  }

  clear(): void {
    this.#leaves = [[]];
    this.#changes++;
  }

  *from(prefix: string, after = ''): Generator<string, void> {
    const end = prefix + ABOVE_BYTES;
    let start = after < prefix ? prefix : successorOf(after);
    for (;;) {
      const changes = this.#changes;
      for (const key of this.#walk(start, end)) {
        yield key;
        if (changes !== this.#changes) {
          start = successorOf(key);
          break;
        }
      }
      if (changes === this.#changes) return;
    }
  }

  count(prefix: string): number {
    const end = prefix + ABOVE_BYTES;
    const firstLeafAt = this.#leafFor(prefix);
    const lastLeafAt = this.#leafFor(end);
    let count = lowerBound(this.#leaves[lastLeafAt]!, end) - lowerBound(this.#leaves[firstLeafAt]!, prefix);
    for (let leafAt = firstLeafAt; leafAt < lastLeafAt; leafAt++) count += this.#leaves[leafAt]!.length;
    return count;
  }

  /**
   * Walks over the whole structure.
   *
   * @throws Error if keys are out of order or a leaf out of its bounds: a defect
   */
  check(): void {
    let last = '';
    for (const leaf of this.#leaves) {
      const isLone = this.#leaves.length === 1;
      /* c8 ignore next 3 -- only a defect gets here */
      if (leaf.length > this.#leafKeysMax || (leaf.length < this.#leafKeysMin && !isLone)) {
        throw new Error(`a leaf of ${leaf.length} keys among ${this.#leaves.length}`);
      }
      for (const key of leaf) {
        /* c8 ignore next -- only a defect gets here */
        if (key <= last) throw new Error(`key ${JSON.stringify(key)} stands behind ${JSON.stringify(last)}`);
        last = key;
      }
    }
  }

  /** The index of the first leaf that ends with `key` or behind it, or else of the last leaf: where `key` belongs. */
  #leafFor(key: string): number {
    const leaves = this.#leaves;
    let low = 0;
    let high = leaves.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const leaf = leaves[middle]!;
      if (leaf[leaf.length - 1]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Gives a leaf that became too small the keys of a neighbour; together they are one leaf again, or two halves. */
  #refill(leafAt: number): void {
    const leftAt = Math.max(leafAt - 1, 0);
    const joined = this.#leaves[leftAt]!.concat(this.#leaves[leftAt + 1]!);
    const right = joined.length > this.#leafKeysMax ? [joined.splice(joined.length >>> 1)] : [];
    this.#leaves.splice(leftAt, 2, joined, ...right);
  }

  /** The keys from `start` on and below `end`, as long as nothing changes. */
  *#walk(start: string, end: string): Generator<string, void> {
    let leafAt = this.#leafFor(start);
    let at = lowerBound(this.#leaves[leafAt]!, start);
    for (; leafAt < this.#leaves.length; leafAt++, at = 0) {
      for (const leaf = this.#leaves[leafAt]!; at < leaf.length; at++) {
        const key = leaf[at]!;
        if (key >= end) return;
        yield key;
      }
    }
  }
}

/** The index of the first key in a sorted leaf that is not below `key`. */
function lowerBound(leaf: readonly string[], key: string): number {
  let low = 0;
  let high = leaf.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (leaf[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
