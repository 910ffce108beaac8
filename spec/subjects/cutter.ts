/** Cuts a stream into frames and keeps what is none: a wire has to pass on framing errors and halves of frames too. */
import { FRAME_BYTES_CEILING, HEADER_BYTES, JSON_FIRST_BYTE, LENGTH_BYTES } from '../../protocol/index.ts';

export class Cutter {
  readonly #frameBytesMax: number;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #wantedBytes = LENGTH_BYTES;
  #broken = false;

  constructor(frameBytesMax = FRAME_BYTES_CEILING) {
    this.#frameBytesMax = frameBytesMax;
  }

  /** Takes bytes, and gives the bodies of the frames that are complete now. */
  push(chunk: Buffer): Buffer[] {
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    const bodies: Buffer[] = [];
    // Chunks are joined only when a frame is whole, or a long one would be copied for every chunk.
    while (!this.#broken && this.#heldBytes >= this.#wantedBytes) {
      const bytes = this.#join();
      const length = bytes.readUInt32BE(0);
      if (this.#isError(bytes, length)) this.#broken = true;
      else if (bytes.length < LENGTH_BYTES + length) this.#wantedBytes = LENGTH_BYTES + length;
      else {
        bodies.push(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length));
        this.#keep(bytes.subarray(LENGTH_BYTES + length));
      }
    }
    return bodies;
  }

  /** Whether a framing error has come: nothing behind it is a frame. */
  get isBroken(): boolean {
    return this.#broken;
  }

  /** What has come and is no whole frame; it is given once. */
  rest(): Buffer {
    const bytes = this.#join();
    this.#keep(Buffer.alloc(0));
    return bytes;
  }

  #isError(bytes: Buffer, length: number): boolean {
    if (length === 0 || length > this.#frameBytesMax) return true;
    return length < HEADER_BYTES && bytes.length > LENGTH_BYTES && bytes[LENGTH_BYTES] !== JSON_FIRST_BYTE;
  }

  #join(): Buffer {
    const bytes = this.#held.length === 1 ? this.#held[0]! : Buffer.concat(this.#held);
    this.#held = [bytes];
    return bytes;
  }

  #keep(bytes: Buffer): void {
    this.#held = bytes.length > 0 ? [bytes] : [];
    this.#heldBytes = bytes.length;
    this.#wantedBytes = LENGTH_BYTES;
  }
}
