/**
 * Items that requests make one after the other, collected as long as the bytes stay that the requests lie in: they are
 * copied together into one record (`puts` in records.ts), for a fraction of what a record each costs.
 */
import { LENGTH_BYTES, readU32, type FrameWriter } from '../../protocol/index.ts';
import { writeFramePut, writePuts, type FrameRun } from './records.ts';

const NO_BYTES: Uint8Array = new Uint8Array(0);

export class FramePuts {
  readonly #bytesMax: number;
  /** Whose frames can be collected. */
  #input: Uint8Array | undefined;
  #count = 0;
  readonly #run = { bytes: NO_BYTES, start: 0, end: 0, version: 0, createdMs: 0 } satisfies FrameRun;

  /** @param bytesMax so many bytes of frames are collected at most, unless one is longer */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /**
   * Collects what lies in these bytes, which stay as they are until the next call.
   *
   * @param writer where what was collected before goes
   */
  begin(bytes: Uint8Array | undefined, writer: FrameWriter): void {
    this.writeTo(writer);
    this.#input = bytes;
  }

  /**
   * Collects an item that a request has made; parameters as for `ItemSink.putFrame`.
   *
   * @param writer where what was collected before goes, if this does not go on from there
   * @returns false if the frame does not lie in the bytes of `begin`
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
    if (bytes !== this.#input || readU32(bytes, start) !== end - frameStart) return false;
    const run = this.#run;
    const goesOn =
      this.#count > 0 &&
      start === run.end &&
      version === run.version + this.#count &&
      createdMs === run.createdMs &&
      end - run.start <= this.#bytesMax;
    if (!goesOn) {
      this.writeTo(writer);
      run.bytes = bytes;
      run.start = start;
      run.version = version;
      run.createdMs = createdMs;
    }
    this.#count++;
    run.end = end;
    return true;
  }

  /** Writes what was collected. */
  writeTo(writer: FrameWriter): void {
    const count = this.#count;
    if (count === 0) return;
    this.#count = 0;
    if (count === 1) writeFramePut(writer, this.#run);
    else writePuts(writer, this.#run);
  }
}
