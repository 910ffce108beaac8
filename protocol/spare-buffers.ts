/**
 * Buffers that were made for long frames, kept for those that come next. Left to the garbage collector, which counts
 * objects and hardly the memory behind them, tens of megabytes of them lie about at any time.
 */

/** Shorter ones are not worth it. */
const BUFFER_BYTES_MIN = 16 * 1024;

export class SpareBuffers {
  readonly #bytesMax: number;
  #bytes = 0;
  /** Those that are kept, by the logarithm of their sizes. */
  readonly #bySize: Uint8Array[][] = [];

  /** @param bytesMax how much is kept at most; what is given back beyond that is left to the garbage collector */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes that are kept at present. */
  get keptBytes(): number {
    return this.#bytes;
  }

  /** A buffer of at least so many bytes, and less than twice as many; what it holds is anything. */
  take(sizeBytes: number): Uint8Array {
    const bits = bitsOf(sizeBytes);
    const spare = this.#bySize[bits]?.pop();
    if (spare === undefined) return new Uint8Array(2 ** bits);
    this.#bytes -= spare.length;
    return spare;
  }

  /** Keeps a buffer that nobody uses any more, if it is one that `take` made. */
  giveBack(bytes: Uint8Array): void {
    const bits = bitsOf(bytes.length);
    if (bytes.length !== 2 ** bits || this.#bytes + bytes.length > this.#bytesMax) return;
    this.#bytes += bytes.length;
    (this.#bySize[bits] ??= []).push(bytes);
  }
}

function bitsOf(sizeBytes: number): number {
  return Math.ceil(Math.log2(Math.max(sizeBytes, BUFFER_BYTES_MIN)));
}
