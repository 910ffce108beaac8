/**
 * A record, which is an item in a slot:
 *
 *     record  = head created accessed:u32 [tag:u32] [entry:u32] [chain:u32 value length:u32] content
 *     head    = key length:u16 length in the slot:u16 version low:u32 version high:21 bits marks:3 bits uses:8 bits
 *     content = key value
 *
 * Numbers are in the byte order of the machine. `marks` tell which of the optional parts are there: a tag that is
 * not 0, a number in Times, and the number of a chain of blocks that holds what a slot would be too short for. Then
 * the slot holds the beginning, so long that the rest fills its blocks, and that the whole key is in it, if that is
 * possible. The length in the slot is the value's, or with a chain that of the content. `uses` count to 255 how
 * often the item was written or read. `created` is Unix seconds, which is what META shows; `accessed` is ticks of
 * 1/32 s, of which 32 bits tell apart the last four years.
 */
import { copyBytes, makeView, viewOf } from '../../../protocol/index.ts';
import { BLOCK_BYTES, type BlockChains } from './block-chains.ts';
import { RECORD_BYTES_MAX, segmentOf, sizeClass, wordOf, type Slabs } from './slabs.ts';
import { NO_ENTRY } from './times.ts';

const NO_BYTES = new Uint8Array(0);
const NO_VIEW = makeView(NO_BYTES);

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
const OPTIONAL_WORDS: readonly number[] = [0, 1, 1, 2, 2, 3, 3, 4];

/** The marks of an item that fits in a slot. */
export function marksOf(tag: number, withEntry: boolean): number {
  return (tag === 0 ? 0 : MARK.TAG) | (withEntry ? MARK.ENTRY : 0);
}

/** Bytes of a record with so much of its content in the slot. */
export function recordBytes(marks: number, contentBytes: number): number {
  return (HEADER_WORDS + OPTIONAL_WORDS[marks]!) * 4 + contentBytes;
}

/** Whether a record with these marks is too long for a slot. */
export function isTooLong(marks: number, contentBytes: number): boolean {
  return recordBytes(marks, contentBytes) > RECORD_BYTES_MAX;
}

/** How much of the content of a record that is too long stands in its slot; the rest fills blocks. */
export function slotContentBytes(marks: number, keyBytes: number, valueBytes: number): number {
  const restBytes = (keyBytes + valueBytes) % BLOCK_BYTES;
  const hasRoomForKey = recordBytes(marks | MARK.APART, restBytes + BLOCK_BYTES) <= RECORD_BYTES_MAX;
  return restBytes < keyBytes && hasRoomForKey ? restBytes + BLOCK_BYTES : restBytes;
}

/** A view of one record after the other. What it shows is valid until an item is made, resized or removed. */
export class RecordView {
  readonly #slabs: Slabs;
  readonly #chains: BlockChains;
  #words: Uint32Array = new Uint32Array(0);
  #at = 0;
  /** Of a record with a chain, where its content begins, and how much of that is in the slot. */
  #contentStart = 0;
  #slotContentBytes = 0;
  #slotBytes: Uint8Array = NO_BYTES;
  #slotView = NO_VIEW;
  /** Where what lies in blocks is brought together: as long as the longest that was. */
  #whole: Uint8Array = NO_BYTES;
  #wholeView = NO_VIEW;
  marks = 0;
  /** What key and value lie in; of a value that lies in blocks, only after `gather`. */
  bytes: Uint8Array = NO_BYTES;
  /** The same memory. */
  view = NO_VIEW;
  keyStart = 0;
  /** Where the key ends, too. */
  valueStart = 0;
  valueEnd = 0;

  constructor(slabs: Slabs, chains: BlockChains) {
    this.#slabs = slabs;
    this.#chains = chains;
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
    this.bytes = this.#slabs.bytes[segment]!;
    this.view = this.#slabs.views[segment]!;
    this.keyStart = contentAt * 4;
    this.valueStart = this.keyStart + (lengths & 0xffff);
    if ((marks & MARK.APART) === 0) this.valueEnd = this.valueStart + (lengths >>> 16);
    else this.#openApart(lengths & 0xffff, lengths >>> 16, words[contentAt - 1]!);
  }

  #openApart(keyBytes: number, slotContentBytes: number, valueBytes: number): void {
    this.#slotBytes = this.bytes;
    this.#slotView = this.view;
    this.#contentStart = this.keyStart;
    this.#slotContentBytes = slotContentBytes;
    this.valueEnd = this.valueStart + valueBytes;
    if (keyBytes > slotContentBytes) this.#bringTogether(keyBytes);
  }

  /** Sees to it that the value can be read in `bytes`, where it lies in blocks; there it is not to be written. */
  gather(): void {
    if (this.marks & MARK.APART) this.#bringTogether(this.valueEnd - this.keyStart);
  }

  #bringTogether(sizeBytes: number): void {
    const { keyStart, valueStart, valueEnd } = this;
    if (this.#whole.length < sizeBytes) {
      this.#whole = new Uint8Array(2 ** Math.ceil(Math.log2(sizeBytes)));
      this.#wholeView = makeView(this.#whole);
    }
    const inSlotBytes = Math.min(sizeBytes, this.#slotContentBytes);
    const slotEnd = this.#contentStart + inSlotBytes;
    copyBytes(this.#whole, this.#wholeView, 0, this.#slotBytes, this.#slotView, this.#contentStart, slotEnd);
    this.#chains.read(this.chain, 0, this.#whole, inSlotBytes, sizeBytes);
    this.bytes = this.#whole;
    this.view = this.#wholeView;
    this.keyStart = 0;
    this.valueStart = valueStart - keyStart;
    this.valueEnd = valueEnd - keyStart;
  }

  /**
   * Writes the head of a record in a slot that was taken for it, and opens it; everything else is to be filled in.
   *
   * @param chain the number of the chain that holds what is not in the slot, if it is marked so
   */
  begin(location: number, marks: number, keyBytes: number, valueBytes: number, chain: number): void {
    const words = this.#slabs.words[segmentOf(location)]!;
    const at = wordOf(location);
    const isApart = (marks & MARK.APART) !== 0;
    words[at] = keyBytes | ((isApart ? slotContentBytes(marks, keyBytes, valueBytes) : valueBytes) << 16);
    words[at + VERSION_HIGH] = marks << MARKS_SHIFT;
    if (isApart) {
      const contentAt = at + HEADER_WORDS + OPTIONAL_WORDS[marks]!;
      words[contentAt - 2] = chain;
      words[contentAt - 1] = valueBytes;
    }
    this.open(location);
  }

  /** Writes the key of a record that was begun. */
  putKey(source: Uint8Array, start: number, end: number): void {
    const isApart = (this.marks & MARK.APART) !== 0;
    if (isApart) this.#putApart(0, source, start, end);
    if (isApart && this.bytes !== this.#whole) return;
    copyBytes(this.bytes, this.view, this.keyStart, source, viewOf(source), start, end);
  }

  /** Writes a part of the value, from its byte `at` on. */
  putValue(at: number, source: Uint8Array, start: number, end: number): void {
    const { marks, bytes, view, valueStart } = this;
    if ((marks & MARK.APART) === 0) copyBytes(bytes, view, valueStart + at, source, viewOf(source), start, end);
    else this.#putApart(this.valueStart - this.keyStart + at, source, start, end);
  }

  #putApart(at: number, source: Uint8Array, start: number, end: number): void {
    const inSlotEnd = Math.min(end, start + Math.max(0, this.#slotContentBytes - at));
    copyBytes(this.#slotBytes, this.#slotView, this.#contentStart + at, source, viewOf(source), start, inSlotEnd);
    this.#chains.write(this.chain, Math.max(0, at - this.#slotContentBytes), source, inSlotEnd, end);
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

  /** The number of the chain of a record that is marked to have one. */
  get chain(): number {
    return this.#words[this.#at + HEADER_WORDS + OPTIONAL_WORDS[this.marks]! - 2]!;
  }

  /** The class of the slot. */
  get sizeClass(): number {
    return sizeClass(recordBytes(this.marks, this.slotContentBytes));
  }

  /** How much of the content stands in the slot. */
  get slotContentBytes(): number {
    return this.marks & MARK.APART ? this.#slotContentBytes : this.valueEnd - this.keyStart;
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
