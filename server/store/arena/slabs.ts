/**
 * Memory for records of up to RECORD_BYTES_MAX bytes: segments of 4 MiB, divided into pages of 64 KiB, each of which
 * belongs to a size class and is divided into slots of one size, or to the chains of blocks for what is longer.
 *
 * The slots of a class are always packed: when one is given back, the class's last record moves into it. So there are
 * no holes to be managed and nothing to be compacted later; all waste is the rest of a slot (at most an eighth of it,
 * above 64 bytes), the rest of a page (at most an eighth), and each class's last page.
 */
import { NO_LOCATION } from './hash-index.ts';

/** Locations count in steps of so many bytes: 32 bits of them reach over 32 GiB. */
const LOCATION_BYTES = 8;
export const PAGE_BYTES = 64 * 1024;
const SEGMENT_BYTES = 4 * 1024 * 1024;
/** How many locations a page has. */
export const LOCATIONS_PER_PAGE = PAGE_BYTES / LOCATION_BYTES;
const PAGES_PER_SEGMENT = SEGMENT_BYTES / PAGE_BYTES;
const SEGMENT_SHIFT = 19;
const SEGMENT_MASK = 2 ** SEGMENT_SHIFT - 1;
/** More than these are not made ahead: 1 GiB. */
const RESERVED_SEGMENTS_MAX = 256;
const WORDS_PER_LOCATION = LOCATION_BYTES / 4;

/** Processors fetch memory in lines of so many words: 64 bytes. */
const LINE_WORDS = 16;
/** So many lines of a record are fetched ahead, which is an item with a value of 100 bytes. */
const FETCHED_LINES = 3;

/** The longest record that goes into a slot. */
export const RECORD_BYTES_MAX = PAGE_BYTES / 8;

/** Up to this size there is a class for every 8 bytes, above it there are eight for each doubling. */
const FINE_BYTES_MAX = 256;
const STEPS_PER_DOUBLING = 8;

const SLOT_BYTES: readonly number[] = slotSizes();
/** How many classes there are. */
export const CLASSES = SLOT_BYTES.length;
const CLASS_BY_UNITS = classesByUnits();

/** The class whose slots a record of so many bytes goes into; at most RECORD_BYTES_MAX. */
export function sizeClass(recordBytes: number): number {
  return CLASS_BY_UNITS[(recordBytes + LOCATION_BYTES - 1) >>> 3]!;
}

/** What a slot of a class takes. */
export function slotBytes(sizeClass: number): number {
  return SLOT_BYTES[sizeClass]!;
}

/** Where in its segment's words a record begins. */
export function wordOf(location: number): number {
  return (location & SEGMENT_MASK) * WORDS_PER_LOCATION;
}

/** The index of a record's segment. */
export function segmentOf(location: number): number {
  return location >>> SEGMENT_SHIFT;
}

export class Slabs {
  /** The segments, as bytes, as words and as views over the same memory. */
  bytes: Uint8Array[] = [];
  words: Uint32Array[] = [];
  views: DataView[] = [];
  /** Page 0 is never given out, so that no record lies at NO_LOCATION. */
  #pages = 1;
  #freePages: number[] = [];
  readonly #pagesOfClass: number[][] = SLOT_BYTES.map(() => []);
  readonly #records = new Uint32Array(SLOT_BYTES.length);
  /** Of each page its class, and which of its class's pages it is. */
  #classOfPage: number[] = [];
  #rankOfPage: number[] = [];
  #usedBytes = 0;
  #reserved: ArrayBuffer[] = [];
  /** A bit of all that was fetched: what nobody keeps is not loaded. */
  fetched = 0;

  /** Bytes of the slots that are in use. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Bytes of the pages that are in use. */
  get pageBytes(): number {
    return (this.#pages - 1 - this.#freePages.length) * PAGE_BYTES;
  }

  /** Fetches what lies at some locations, as much of each as a small item takes; what is no location is passed over. */
  prefetch(locations: Uint32Array, count: number): void {
    let fetched = 0;
    for (let at = 0; at < count; at++) {
      const location = locations[at]!;
      const words = this.words[segmentOf(location)];
      if (words === undefined) continue;
      const word = wordOf(location);
      const lastWord = words.length - 1;
      for (let line = 0; line < FETCHED_LINES; line++) fetched ^= words[Math.min(word + line * LINE_WORDS, lastWord)]!;
    }
    this.fetched = fetched & 1;
  }

  /** Gives out a slot of a class. */
  take(sizeClass: number): number {
    const record = this.#records[sizeClass]!;
    const pages = this.#pagesOfClass[sizeClass]!;
    if (record === pages.length * slotsPerPage(sizeClass)) {
      const page = this.takePage();
      this.#classOfPage[page] = sizeClass;
      this.#rankOfPage[page] = pages.length;
      pages.push(page);
    }
    this.#records[sizeClass] = record + 1;
    this.#usedBytes += SLOT_BYTES[sizeClass]!;
    return this.locationOf(sizeClass, record);
  }

  /**
   * Takes a slot back.
   *
   * @returns where the record was that lies in it now, or NO_LOCATION; its bytes are still there
   */
  giveBack(sizeClass: number, location: number): number {
    const last = this.#records[sizeClass]! - 1;
    const from = this.locationOf(sizeClass, last);
    this.#records[sizeClass] = last;
    this.#usedBytes -= SLOT_BYTES[sizeClass]!;
    if (last % slotsPerPage(sizeClass) === 0) this.givePageBack(this.#pagesOfClass[sizeClass]!.pop()!);
    if (from === location) return NO_LOCATION;
    const source = this.words[segmentOf(from)]!;
    const target = this.words[segmentOf(location)]!;
    const sourceAt = wordOf(from);
    const targetAt = wordOf(location);
    for (let at = SLOT_BYTES[sizeClass]! / 4 - 1; at >= 0; at--) target[targetAt + at] = source[sourceAt + at]!;
    return from;
  }

  clear(): void {
    this.bytes = [];
    this.words = [];
    this.views = [];
    this.#pages = 1;
    this.#freePages = [];
    this.#classOfPage = [];
    this.#rankOfPage = [];
    for (const pages of this.#pagesOfClass) pages.length = 0;
    this.#records.fill(0);
    this.#usedBytes = 0;
  }

  /** Every record's location with its class, for walks over all; nothing may be taken or given back meanwhile. */
  *records(): Generator<readonly [location: number, sizeClass: number], void> {
    for (const sizeClass of SLOT_BYTES.keys()) {
      for (let record = 0; record < this.#records[sizeClass]!; record++) {
        yield [this.locationOf(sizeClass, record), sizeClass];
      }
    }
  }

  /** How many records a class has. */
  recordsOf(sizeClass: number): number {
    return this.#records[sizeClass]!;
  }

  /** Where a class's record with this number lies. */
  locationOf(sizeClass: number, record: number): number {
    const perPage = slotsPerPage(sizeClass);
    const page = this.#pagesOfClass[sizeClass]![Math.floor(record / perPage)]!;
    return page * LOCATIONS_PER_PAGE + ((record % perPage) * SLOT_BYTES[sizeClass]!) / LOCATION_BYTES;
  }

  /** The class that a location's page belongs to, or did last. */
  classAt(location: number): number {
    return this.#classOfPage[Math.floor(location / LOCATIONS_PER_PAGE)]!;
  }

  /** Records on a location's page lie at least 2 to the power of this apart. */
  slotShiftAt(location: number): number {
    return SLOT_SHIFTS[this.classAt(location)]!;
  }

  /** Which record of its class lies at a location, or did last. */
  recordAt(location: number): number {
    const page = Math.floor(location / LOCATIONS_PER_PAGE);
    const sizeClass = this.#classOfPage[page]!;
    const slot = ((location % LOCATIONS_PER_PAGE) * LOCATION_BYTES) / SLOT_BYTES[sizeClass]!;
    return this.#rankOfPage[page]! * slotsPerPage(sizeClass) + slot;
  }

  /** Gives out a page. */
  takePage(): number {
    const free = this.#freePages.pop();
    if (free !== undefined) return free;
    const page = this.#pages++;
    if (Math.floor(page / PAGES_PER_SEGMENT) === this.bytes.length) {
      const segment = this.#reserved.pop() ?? new ArrayBuffer(SEGMENT_BYTES);
      this.bytes.push(new Uint8Array(segment));
      this.words.push(new Uint32Array(segment));
      this.views.push(new DataView(segment));
    }
    return page;
  }

  /**
   * Makes segments for so many bytes ahead, in place of those that were made ahead before. The system gives no memory
   * for them until they are used, but the garbage collector looks at the heap whenever so much has been allocated: once
   * for all together, and not again and again while they are filled.
   */
  reserve(bytes: number): void {
    const segments = Math.min(Math.floor(bytes / SEGMENT_BYTES), RESERVED_SEGMENTS_MAX);
    this.#reserved = Array.from({ length: segments }, () => new ArrayBuffer(SEGMENT_BYTES));
  }

  givePageBack(page: number): void {
    this.#freePages.push(page);
  }

  /** The segment of a page. */
  bytesOfPage(page: number): Uint8Array {
    return this.bytes[Math.floor(page / PAGES_PER_SEGMENT)]!;
  }

  /** Where in its segment a page begins. */
  byteOfPage(page: number): number {
    return (page % PAGES_PER_SEGMENT) * PAGE_BYTES;
  }
}

const SLOTS_PER_PAGE = Uint32Array.from(SLOT_BYTES, (slotBytes) => Math.floor(PAGE_BYTES / slotBytes));

/** Of each class the logarithm of what its slots take in locations, rounded down. */
const SLOT_SHIFTS = Uint8Array.from(SLOT_BYTES, (slotBytes) => Math.floor(Math.log2(slotBytes / LOCATION_BYTES)));

function slotsPerPage(sizeClass: number): number {
  return SLOTS_PER_PAGE[sizeClass]!;
}

function slotSizes(): number[] {
  const sizes: number[] = [];
  for (let size = LOCATION_BYTES; size <= FINE_BYTES_MAX; size += LOCATION_BYTES) sizes.push(size);
  for (let base = FINE_BYTES_MAX; base < RECORD_BYTES_MAX; base *= 2) {
    for (let step = 1; step <= STEPS_PER_DOUBLING; step++) sizes.push(base + (base / STEPS_PER_DOUBLING) * step);
  }
  return sizes;
}

function classesByUnits(): Uint8Array {
  const classes = new Uint8Array(RECORD_BYTES_MAX / LOCATION_BYTES + 1);
  for (let units = 1, sizeClass = 0; units < classes.length; units++) {
    if (units * LOCATION_BYTES > SLOT_BYTES[sizeClass]!) sizeClass++;
    classes[units] = sizeClass;
  }
  return classes;
}
