/** Buffers of their own for the few items that are too long for a slot. */

/** What a buffer costs beside its bytes: the objects around it, measured on Node 20. */
export const BUFFER_OVERHEAD_BYTES = 200;

export class ApartBuffers {
  #buffers: (Uint8Array | undefined)[] = [];
  #free: number[] = [];
  #memoryBytes = 0;

  get memoryBytes(): number {
    return this.#memoryBytes;
  }

  /** The buffer of a number that was given out. */
  bytes(number: number): Uint8Array {
    return this.#buffers[number]!;
  }

  /** Makes a buffer; it has exactly so many bytes. */
  take(sizeBytes: number): number {
    const number = this.#free.pop() ?? this.#buffers.length;
    this.#buffers[number] = new Uint8Array(sizeBytes);
    this.#memoryBytes += sizeBytes + BUFFER_OVERHEAD_BYTES;
    return number;
  }

  giveBack(number: number): void {
    this.#memoryBytes -= this.#buffers[number]!.length + BUFFER_OVERHEAD_BYTES;
    this.#buffers[number] = undefined;
    this.#free.push(number);
  }

  clear(): void {
    this.#buffers = [];
    this.#free = [];
    this.#memoryBytes = 0;
  }
}
