/**
 * Items that requests make one after the other, collected as long as the bytes stay that the requests lie in: they are
 * copied together into one record (`puts` in records.ts), for a fraction of what a record each costs. A GET between
 * them is copied with them, as to leave it out would take two records, which cost more than its bytes.
 */
import { LENGTH_BYTES, OPCODE, readU32, type FrameWriter } from '../../protocol/index.ts';
import { writePuts } from './records.ts';

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Nothing is collected: no frame begins here. */
const NOWHERE = -1;

/** So many bytes of GETs between two items are copied with them; what a second record costs is more than that. */
const GETS_BYTES_MAX = 256;

export class FramePuts {
  readonly #bytesMax: number;
  /** Whose frames can be collected. */
  #input: Uint8Array | undefined;
  /** What is collected: frames with their lengths, from `#start` up to `#end` of `#bytes`. */
  #bytes: Uint8Array = NO_BYTES;
  #start = NOWHERE;
  #end = NOWHERE;
  /** The first item's version, and the one behind the last's. */
  #version = 0;
  #nextVersion = 0;
  #createdMs = 0;

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
    const goesOn =
      version === this.#nextVersion &&
      createdMs === this.#createdMs &&
      end - this.#start <= this.#bytesMax &&
      (start === this.#end || this.#hasGetsUpTo(start));
    if (!goesOn) {
      this.writeTo(writer);
      this.#bytes = bytes;
      this.#start = start;
      this.#version = version;
      this.#createdMs = createdMs;
    }
    this.#end = end;
    this.#nextVersion = version + 1;
    return true;
  }

  /** Whether something was collected, and between it and `start` there is nothing but a few GETs. */
  #hasGetsUpTo(start: number): boolean {
    let at = this.#end;
    if (at === NOWHERE || start - at > GETS_BYTES_MAX) return false;
    while (at < start && this.#bytes[at + LENGTH_BYTES] === OPCODE.GET) at += LENGTH_BYTES + readU32(this.#bytes, at);
    return at === start;
  }

  /** Writes what was collected. */
  writeTo(writer: FrameWriter): void {
    if (this.#end === NOWHERE) return;
    writePuts(writer, this.#bytes, this.#start, this.#end, this.#version, this.#createdMs);
    this.#start = this.#end = NOWHERE;
  }
}
