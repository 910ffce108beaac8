/** A sink that only counts: where snapshots are all that is kept, it tells whether there is anything new to keep. */
import type { ItemSink } from '../store/item-sink.ts';

export class ChangeCount implements ItemSink {
  count = 0;

  put(): void {
    this.count++;
  }

  touch(): void {
    this.count++;
  }

  remove(): void {
    this.count++;
  }

  reset(): void {
    this.count++;
  }

  counters(): void {
    this.count++;
  }
}
