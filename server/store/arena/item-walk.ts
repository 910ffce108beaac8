/** A walk over all items for a snapshot (LoggedStore): in slices, and ahead of itself where an item moves meanwhile. */
import type { ItemState } from '../item-sink.ts';
import type { BlockChains } from './block-chains.ts';
import { NO_LOCATION } from './hash-index.ts';
import { RecordView } from './record.ts';
import { SlabWalk } from './slab-walk.ts';
import type { Slabs } from './slabs.ts';
import type { Teller } from './teller.ts';
import { NO_ENTRY, type Times } from './times.ts';

/** What a walk needs of the items. */
export interface WalkedItems {
  readonly slabs: Slabs;
  readonly chains: BlockChains;
  readonly times: Times;
  readonly teller: Teller;
}

export class ItemWalk {
  readonly #walk: SlabWalk;
  readonly #record: RecordView;
  readonly #times: Times;
  readonly #teller: Teller;
  readonly #visit: (item: ItemState) => void;

  constructor({ slabs, chains, times, teller }: WalkedItems, visit: (item: ItemState) => void) {
    this.#walk = new SlabWalk(slabs);
    this.#record = new RecordView(slabs, chains);
    this.#times = times;
    this.#teller = teller;
    this.#visit = visit;
  }

  /** Goes past so many items, and visits those that have not expired; returns whether the walk has ended. */
  go(itemsMax: number, nowMs: number): boolean {
    for (let left = itemsMax; left > 0; left--) {
      const location = this.#walk.next();
      if (location === NO_LOCATION) return true;
      this.#visitAt(location, nowMs);
    }
    return false;
  }

  /** An item is about to move from here, by what the sink is not told of: it is visited now if it would be later. */
  visitBeforeMove(location: number, nowMs: number): void {
    if (!this.#walk.hasPassed(location)) this.#visitAt(location, nowMs);
  }

  #visitAt(location: number, nowMs: number): void {
    const record = this.#record;
    record.open(location);
    const { entry } = record;
    if (entry !== NO_ENTRY && this.#times.isExpired(entry, nowMs)) return;
    record.gather();
    this.#visit(this.#teller.stateOf(record, nowMs));
  }
}
