/**
 * A record, which is an item in a slot:
 *
 *     record = head created:u32 accessed:u32 [tag:u32] [entry:u32] (key value | buffer:u32)      words of the machine
 *     head   = key length:u16 value length:u16 version low:u32 version high:21 bits marks:3 bits uses:8 bits
 *
 * `marks` tell which of the optional parts are there: a tag that is not 0, a number in Times, and the number of a
 * buffer that holds key and value, where a slot would be too short for them. `uses` count to 255 how often the item was
 * written or read. `created` is Unix seconds, which is what META shows; `accessed` is ticks of 1/32 s, of which 32 bits
 * tell apart the last four years.
 */
import type { ApartBuffers } from './apart-buffers.ts';
import { segmentOf, wordOf, type Slabs } from './slabs.ts';
import { NO_ENTRY } from './times.ts';

const HEADER_WORDS = 5;
const VERSION_LOW = 1;
const VERSION_HIGH = 2;
const CREATED = 3;
const ACCESSED = 4;

const MARKS_SHIFT = 21;
const VERSION_HIGH_MASK = 2 ** MARKS_SHIFT - 1;
const MARKS_MASK = 7;
const USES_SHIFT = 24;
const USES_MAX = 255;
const U32_RANGE = 0x1_0000_0000;
const SECOND_MS = 1000;
const ACCESS_TICK_MS = SECOND_MS / 32;

/** Marks, which optional parts a record has. */
export const MARK = { TAG: 1, ENTRY: 2, APART: 4 } as const;

/** How many words the optional parts take, by marks. */
const OPTIONAL_WORDS: readonly number[] = [0, 1, 1, 2, 1, 2, 2, 3];

/** The marks of an item that fits in a slot. */
export function marksOf(tag: number, withEntry: boolean): number {
  return (tag === 0 ? 0 : MARK.TAG) | (withEntry ? MARK.ENTRY : 0);
}

/** Bytes of a record without what its slot is too long for. */
export function recordBytes(marks: number, contentBytes: number): number {
  return (HEADER_WORDS + OPTIONAL_WORDS[marks]!) * 4 + contentBytes;
}

/** A view of one record after the other. What it shows is valid until an item is made, resized or removed. */
export class RecordView {
  readonly #slabs: Slabs;
  readonly #buffers: ApartBuffers;
  #words: Uint32Array = new Uint32Array(0);
  #at = 0;
  marks = 0;
  /** What key and value lie in. */
  bytes: Uint8Array = new Uint8Array(0);
  keyStart = 0;
  /** Where the key ends, too. */
  valueStart = 0;
  valueEnd = 0;

  constructor(slabs: Slabs, buffers: ApartBuffers) {
    this.#slabs = slabs;
    this.#buffers = buffers;
  }

  /** Goes to a record. */
  open(location: number): void {
    const segment = segmentOf(location);
    const words = this.#slabs.words[segment]!;
    const at = wordOf(location);
    const lengths = words[at]!;
    const marks = (words[at + VERSION_HIGH]! >>> MARKS_SHIFT) & MARKS_MASK;
    this.#words = words;
    this.#at = at;
    this.marks = marks;
    const contentAt = at + HEADER_WORDS + OPTIONAL_WORDS[marks]!;
    if ((marks & MARK.APART) === 0) {
      this.bytes = this.#slabs.bytes[segment]!;
      this.keyStart = contentAt * 4;
      this.valueStart = this.keyStart + (lengths & 0xffff);
      this.valueEnd = this.valueStart + (lengths >>> 16);
    } else {
      this.bytes = this.#buffers.bytes(words[contentAt - 1]!);
      this.keyStart = 0;
      this.valueStart = lengths & 0xffff;
      this.valueEnd = this.bytes.length;
    }
  }

  /**
   * Writes the head of a record in a slot that was taken for it, and opens it; everything else is to be filled in.
   *
   * @param buffer the number of the buffer that holds its key and value, if it is marked so
   */
  begin(location: number, marks: number, keyBytes: number, valueBytes: number, buffer: number): void {
    const words = this.#slabs.words[segmentOf(location)]!;
    const at = wordOf(location);
    const isApart = (marks & MARK.APART) !== 0;
    words[at] = keyBytes | (isApart ? 0 : valueBytes << 16);
    words[at + VERSION_HIGH] = marks << MARKS_SHIFT;
    if (isApart) words[at + HEADER_WORDS + OPTIONAL_WORDS[marks]! - 1] = buffer;
    this.open(location);
  }

  /** Sets the length of a value that stays in its slot. */
  setValueBytes(valueBytes: number): void {
    this.#words[this.#at] = (this.valueStart - this.keyStart) | (valueBytes << 16);
    this.valueEnd = this.valueStart + valueBytes;
  }

  get version(): number {
    const high = this.#words[this.#at + VERSION_HIGH]! & VERSION_HIGH_MASK;
    return high * U32_RANGE + this.#words[this.#at + VERSION_LOW]!;
  }

  set version(version: number) {
    const words = this.#words;
    words[this.#at + VERSION_LOW] = version;
    const at = this.#at + VERSION_HIGH;
    words[at] = Math.floor(version / U32_RANGE) | (words[at]! & ~VERSION_HIGH_MASK);
  }

  get tag(): number {
    return this.marks & MARK.TAG ? this.#words[this.#at + HEADER_WORDS]! : 0;
  }

  /** Sets the tag of a record that has room for one, as the marks say: others have tag 0. */
  set tag(tag: number) {
    if (this.marks & MARK.TAG) this.#words[this.#at + HEADER_WORDS] = tag;
  }

  /** The item's number in Times, or NO_ENTRY. */
  get entry(): number {
    return this.marks & MARK.ENTRY ? this.#words[this.#at + HEADER_WORDS + (this.marks & MARK.TAG)]! : NO_ENTRY;
  }

  /** Sets the number in Times of a record that is marked to have one. */
  set entry(entry: number) {
    this.#words[this.#at + HEADER_WORDS + (this.marks & MARK.TAG)] = entry;
  }

  /** The number of the buffer of a record that is marked to have one. */
  get buffer(): number {
    return this.#words[this.#at + HEADER_WORDS + OPTIONAL_WORDS[this.marks]! - 1]!;
  }

  get createdMs(): number {
    return this.#words[this.#at + CREATED]! * SECOND_MS;
  }

  set createdMs(timeMs: number) {
    this.#words[this.#at + CREATED] = timeMs / SECOND_MS;
  }

  /** Notes that the item was written or read. */
  access(nowMs: number): void {
    const words = this.#words;
    words[this.#at + ACCESSED] = accessTick(nowMs);
    const at = this.#at + VERSION_HIGH;
    if (words[at]! >>> USES_SHIFT < USES_MAX) words[at]! += 1 << USES_SHIFT;
  }

  /** When the item was last written or read: the beginning of that 1/32 s, so seconds are exact. */
  accessedMs(nowMs: number): number {
    const nowTick = Math.floor(nowMs / ACCESS_TICK_MS);
    return (nowTick - this.idleTicks(nowTick)) * ACCESS_TICK_MS;
  }

  /** How long the item was neither written nor read, in ticks of 1/32 s. */
  idleTicks(nowTick: number): number {
    return (nowTick - this.#words[this.#at + ACCESSED]!) >>> 0;
  }

  /** How often the item was written and read, to 255. */
  get uses(): number {
    return this.#words[this.#at + VERSION_HIGH]! >>> USES_SHIFT;
  }

  /** Takes over from another record when its item was last accessed, and how often. */
  takeAccesses(from: RecordView): void {
    this.#words[this.#at + ACCESSED] = from.#words[from.#at + ACCESSED]!;
    this.#words[this.#at + VERSION_HIGH]! |= from.uses << USES_SHIFT;
  }
}

/** The time as `accessed` has it. */
export function accessTick(nowMs: number): number {
  return Math.floor(nowMs / ACCESS_TICK_MS);
}
