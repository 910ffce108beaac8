const NO_BYTES = new Uint8Array(0);

/**
 * How many items a slice looks at: well below a millisecond's worth once the code is hot, and still no more than a few
 * of them in the first slices, which are interpreted.
 */
const SLICE_ITEMS = 250;

/** How far a prefix request has come that is carried out in slices, so that it stops nobody else for long. */
export class Progress {
  /** How many items a slice may look at; Infinity: the request is carried out in one go. */
  readonly sliceItems: number;
  /** Whether the request is to be handed in again, unchanged; the reply is not to be used then. */
  isUnfinished = false;
  /** The key of the item that was visited last; of no bytes if none was. */
  keyBytes: Uint8Array = NO_BYTES;
  keyEnd = 0;
  /** How many items were changed so far. */
  count = 0;
  /** The token that all of them are locked with; 0 if there is none yet. */
  token = 0;

  constructor(sliceItems = SLICE_ITEMS) {
    this.sliceItems = sliceItems;
  }

  /** Ends a slice behind an item with this key. */
  suspend(bytes: Uint8Array, start: number, end: number): void {
    this.isUnfinished = true;
    if (this.keyBytes.length < end - start) this.keyBytes = new Uint8Array(end - start);
    this.keyBytes.set(bytes.subarray(start, end));
    this.keyEnd = end - start;
  }

  /** Ends a slice in which no further item was visited. */
  wait(): void {
    this.isUnfinished = true;
  }

  /** Ends the request. */
  finish(): void {
    this.isUnfinished = false;
    this.keyEnd = this.count = this.token = 0;
  }
}
