import type { KeyOrder } from '../key-order.ts';

/** The order of keys, found by sorting all of them at every step: what SortedKeys is compared with. */
export class ScannedKeys implements KeyOrder {
  readonly #keys = new Set<string>();

  add(key: string): void {
    this.#keys.add(key);
  }

  delete(key: string): void {
    this.#keys.delete(key);
  }

  clear(): void {
    this.#keys.clear();
  }

  *from(prefix: string, after = ''): Generator<string, void> {
    for (let last = after; ;) {
      const next = this.#matches(prefix).find((key) => key > last);
      if (next === undefined) return;
      yield next;
      last = next;
    }
  }

  count(prefix: string): number {
    return this.#matches(prefix).length;
  }

  #matches(prefix: string): string[] {
    return [...this.#keys].filter((key) => key.startsWith(prefix)).sort(compareBytes);
  }
}

/** Compares keys as their bytes compare, without leaning on how strings do. */
function compareBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left, 'latin1'), Buffer.from(right, 'latin1'));
}
