/** A queue in a ring that grows: first in, first out, without the moves of an array's `shift`. */
const FIRST_SLOTS = 16;

export class Fifo<Item> {
  #slots: (Item | undefined)[] = Array.from({ length: FIRST_SLOTS });
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(item: Item): void {
    if (this.#size === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.#size) & (this.#slots.length - 1)] = item;
    this.#size++;
  }

  /** The oldest item, which stays. */
  peek(): Item | undefined {
    return this.#slots[this.#head];
  }

  /** Takes the oldest item out. */
  shift(): Item | undefined {
    const item = this.#slots[this.#head];
    if (this.#size === 0) return undefined;
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.#size--;
    return item;
  }

  /** The number of slots is always a power of two, so that a mask wraps indexes around. */
  #grow(): void {
    const tail = this.#slots.slice(0, this.#head);
    const items = [...this.#slots.slice(this.#head), ...tail];
    this.#slots = [...items, ...Array.from<undefined>({ length: items.length })];
    this.#head = 0;
  }
}
