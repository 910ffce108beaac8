import type { ItemSink } from '../../store/item-sink.ts';

/** A sink that keeps nothing. */
export const NO_SINK: ItemSink = {
  put: () => {},
  touch: () => {},
  remove: () => {},
  reset: () => {},
  counters: () => {},
};
