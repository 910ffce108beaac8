import { copyBytes, makeView } from '../../protocol/index.ts';

/** As much as a turn's short replies take, or a few turns'. */
const BOX_BYTES = 64 * 1024;

/** Copies of short replies that are held back, one behind the other: a buffer for each would cost more than they do. */
export class ReplyBox {
  readonly bytes = new Uint8Array(BOX_BYTES);
  readonly view = makeView(this.bytes);
  #endAt = 0;
  #held = 0;

  hasRoom(sizeBytes: number): boolean {
    return this.#endAt + sizeBytes <= BOX_BYTES;
  }

  /**
   * Copies a reply, for which there is room; the place is its own until `release`.
   *
   * @param view the memory of `bytes`
   * @param end where the reply ends, which begins at 0
   * @returns where the copy begins
   */
  put(bytes: Uint8Array, view: DataView, end: number): number {
    const start = this.#endAt;
    copyBytes(this.bytes, this.view, start, bytes, view, 0, end);
    this.#endAt += end;
    this.#held++;
    return start;
  }

  /** One of the replies is not needed any more. Once that is so for all of them, there is room for others. */
  release(): void {
    if (--this.#held === 0) this.#endAt = 0;
  }
}
