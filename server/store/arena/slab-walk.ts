/**
 * A walk over all records in slices, beside changes. It goes through the classes one after the other and through each
 * from its end to its beginning: when a record goes, the last one of its class takes its place, which the walk has
 * passed already or will come to. So no record that stays in its class is missed, and one may be met twice.
 */
import { NO_LOCATION } from './hash-index.ts';
import { CLASSES, type Slabs } from './slabs.ts';

export class SlabWalk {
  readonly #slabs: Slabs;
  #sizeClass = -1;
  /** Records of the class from this one on are passed. */
  #record = 0;

  constructor(slabs: Slabs) {
    this.#slabs = slabs;
  }

  /** The next record's location, or NO_LOCATION once the walk has ended. */
  next(): number {
    this.#record = Math.min(this.#record, this.#sizeClass < 0 ? 0 : this.#slabs.recordsOf(this.#sizeClass));
    while (this.#record === 0) {
      if (this.#sizeClass + 1 >= CLASSES) return NO_LOCATION;
      this.#sizeClass++;
      this.#record = this.#slabs.recordsOf(this.#sizeClass);
    }
    this.#record--;
    return this.#slabs.locationOf(this.#sizeClass, this.#record);
  }

  /** Whether the walk has passed a location; it will come to all others if there is a record then. */
  hasPassed(location: number): boolean {
    const sizeClass = this.#slabs.classAt(location);
    if (sizeClass !== this.#sizeClass) return sizeClass < this.#sizeClass;
    return this.#slabs.recordAt(location) >= this.#record;
  }
}
