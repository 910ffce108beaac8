/**
 * The order of all keys. It is built in slices when the first prefix request comes, and kept from then on: who never
 * asks never pays. While it is built, the items that the walk has passed are in it, and the others are not.
 */
import { NO_LOCATION } from './hash-index.ts';
import { LocationOrder, type LocatedKeys } from './location-order.ts';
import { SlabWalk } from './slab-walk.ts';
import type { Slabs } from './slabs.ts';

/** What the order asks of the items. */
export interface OrderedItems extends LocatedKeys {
  /** Calls with the place of an item's key. */
  withKeyAt(location: number, use: (bytes: Uint8Array, start: number, end: number) => void): void;
}

export class ItemOrder {
  readonly locations: LocationOrder;
  readonly #items: OrderedItems;
  /** Undefined once all items are in it. */
  #walk: SlabWalk | undefined;

  constructor(items: OrderedItems, slabs: Slabs, leafMax: number) {
    this.#items = items;
    this.#walk = new SlabWalk(slabs);
    this.locations = new LocationOrder(items, leafMax);
  }

  /**
   * Goes on building it.
   *
   * @returns how many more items could have been put in: above 0 if it is complete
   */
  build(itemsMax: number): number {
    let left = itemsMax;
    for (; this.#walk !== undefined && left > 0; left--) {
      const location = this.#walk.next();
      if (location === NO_LOCATION) this.#walk = undefined;
      else this.#items.withKeyAt(location, (bytes, start, end) => this.locations.add(location, bytes, start, end));
    }
    return this.#walk === undefined ? Math.max(1, left) : 0;
  }

  add(location: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.#has(location)) this.locations.add(location, bytes, start, end);
  }

  remove(location: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.#has(location)) this.locations.remove(location, bytes, start, end);
  }

  /** Notes that an item has moved; both places are still what they were. */
  relocate(from: number, to: number, bytes: Uint8Array, start: number, end: number): void {
    const wasIn = this.#has(from);
    const isIn = this.#has(to);
    if (wasIn && isIn) this.locations.relocate(from, to);
    else if (wasIn) this.locations.remove(from, bytes, start, end);
    else if (isIn) this.locations.add(to, bytes, start, end);
  }

  /** Whether an item at this place is in the order. */
  #has(location: number): boolean {
    return this.#walk === undefined || this.#walk.hasPassed(location);
  }
}
