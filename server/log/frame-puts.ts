/**
 * Items that requests make one after the other, collected as long as the bytes stay that the requests lie in: they are
 * copied together into one record (`puts` in records.ts), for a fraction of what a record each costs.
 */
import { LENGTH_BYTES, readU32, type FrameWriter } from '../../protocol/index.ts';
import { writeFramePut, writePuts } from './records.ts';

export class FramePuts {
  /** Whose frames can be collected: these bytes stay as they are as long as they stand here. */
  input: Uint8Array | undefined;
  readonly #bytesMax: number;
  #count = 0;
  /** Where the frames lie that are collected, with their lengths. */
  #start = 0;
  #end = 0;
  /** The first one's. */
  #version = 0;
  #createdMs = 0;

  /** @param bytesMax so many bytes of frames are collected at most, unless one is longer */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /**
   * Collects an item that a request has made; parameters as for `ItemSink.putFrame`.
   *
   * @param writer where what was collected before goes, if this does not go on from there
   * @returns false if the frame does not lie in `input`
   */
  add(
    writer: FrameWriter,
    bytes: Uint8Array,
    frameStart: number,
    end: number,
    version: number,
    createdMs: number,
  ): boolean {
    const start = frameStart - LENGTH_BYTES;
    if (bytes !== this.input || start < 0 || readU32(bytes, start) !== end - frameStart) return false;
    const goesOn =
      this.#count > 0 &&
      start === this.#end &&
      version === this.#version + this.#count &&
      createdMs === this.#createdMs &&
      end - this.#start <= this.#bytesMax;
    if (!goesOn) {
      this.writeTo(writer);
      this.#start = start;
      this.#version = version;
      this.#createdMs = createdMs;
    }
    this.#count++;
    this.#end = end;
    return true;
  }

  /** Writes what was collected. */
  writeTo(writer: FrameWriter): void {
    const count = this.#count;
    if (count === 0) return;
    this.#count = 0;
    const write = count === 1 ? writeFramePut : writePuts;
    write(writer, this.input!, this.#start, this.#end, this.#version, this.#createdMs);
  }
}
