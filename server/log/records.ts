/**
 * Records: the changes of a store as frames of the protocol, and back.
 *
 *     put       SET     key VERSION [TTL] [TAG] [TOKEN]   times value
 *     puts      SET     PREFIX VERSION                    created:f64 frames
 *     touch     TOUCH   key [TTL] [TOKEN]                 times
 *     remove    DELETE  key
 *     reset     RESET
 *     counters  SYNC    VERSION [NUMBER] TOKEN            NUMBER: about how many items will be put
 *     end       QUIT    VERSION                           how many items a snapshot has
 *     times     = created:f64 [life start:f64] [lock start:f64 lock:f64]
 *
 * Fields are the protocol's own (FRAME-6): TTL is how long the item lives from the life's start on, in milliseconds,
 * and TOKEN its lock's. Times are milliseconds since the Unix epoch, as doubles in big-endian, so that they come back
 * exactly as they were; the life's start is there with TTL, and the lock's times are there with TOKEN.
 *
 * `puts` are items without end and lock that were made one after the other by requests which came so: `frames` are
 * these requests with their lengths, of which key, TAG and value count, and VERSION is the first one's. GETs among them
 * say nothing. They are copied together, for a fraction of what a put each would cost (`npm run bench:durability`).
 * Format 1 has no `puts`, and format 2 no GETs in them.
 */
import {
  FLAG,
  HEADER_BYTES,
  LENGTH_BYTES,
  OPCODE,
  RequestFrame,
  copyBytes,
  copyWords,
  readRequest,
  readU32,
  viewOf,
} from '../../protocol/index.ts';
import type { FrameWriter } from '../../protocol/index.ts';
import { ItemState, type ItemSink } from '../store/item-sink.ts';

const F64_BYTES = 8;
const U32_RANGE = 2 ** 32;

/** No item that is put takes less: a frame in `puts`, with a key of one byte. */
export const PUT_BYTES_MIN = LENGTH_BYTES + HEADER_BYTES + 1;

function putF64(writer: FrameWriter, value: number): void {
  writer.reserve(F64_BYTES);
  writer.view.setFloat64(writer.length, value);
  writer.length += F64_BYTES;
}

/** Header, fields, key and times of an item; the value and the end are still to come. */
function beginItem(writer: FrameWriter, opcode: number, item: ItemState, extraFlags: number): void {
  const { lifeMs, token, keyStart, keyEnd } = item;
  const isMortal = lifeMs !== Infinity;
  const flags = extraFlags | (isMortal ? FLAG.TTL : 0) | (token > 0 ? FLAG.TOKEN : 0);
  writer.begin(opcode, flags, keyEnd - keyStart, 0);
  if (isMortal) writer.u64(lifeMs);
  if (flags & FLAG.VERSION) writer.u64(item.version);
  if (flags & FLAG.TAG) writer.u32(item.tag);
  if (token > 0) writer.u64(token);
  writer.put(item.keyBytes, keyStart, keyEnd);
  putF64(writer, item.createdMs);
  if (isMortal) putF64(writer, item.lifeStartMs);
  if (token === 0) return;
  putF64(writer, item.lockStartMs);
  putF64(writer, item.lockMs);
}

export function writePut(writer: FrameWriter, item: ItemState): void {
  const { lifeMs, token, keyView, valueView } = item;
  if (lifeMs === Infinity && token === 0 && keyView !== undefined && valueView !== undefined) {
    writeSimplePut(writer, item, keyView, valueView);
  } else writeAnyPut(writer, item);
}

/** Opcode and flags where they stand in the first four bytes of a header. */
const SIMPLE_HEAD = (OPCODE.SET << 24) | (FLAG.VERSION << 16);

/**
 * The same for an item without end and lock, which is what most of them are, in one piece: every SET pays for it
 * (`npm run bench:durability`). `writeAnyPut` writes the same bytes, which a test sees to.
 */
function writeSimplePut(writer: FrameWriter, item: ItemState, keyView: DataView, valueView: DataView): void {
  const { keyStart, keyEnd, valueBytes, valueStart, valueEnd, version, tag } = item;
  const keyBytes = keyEnd - keyStart;
  const hasTag = tag !== 0;
  const frameBytes = HEADER_BYTES + (hasTag ? 12 : 8) + keyBytes + F64_BYTES + (valueEnd - valueStart);
  writer.reserve(LENGTH_BYTES + frameBytes);
  const { view } = writer;
  let at = writer.length;
  view.setInt32(at, frameBytes);
  view.setInt32(at + 4, SIMPLE_HEAD | (hasTag ? FLAG.TAG << 16 : 0) | keyBytes);
  view.setInt32(at + 8, 0);
  view.setInt32(at + 12, Math.floor(version / U32_RANGE));
  view.setInt32(at + 16, version);
  at += 20;
  if (hasTag) {
    view.setInt32(at, tag);
    at += 4;
  }
  copyWords(view, at, keyView, keyStart, keyEnd);
  at += keyBytes;
  view.setFloat64(at, item.createdMs);
  at += F64_BYTES;
  copyBytes(writer.bytes, view, at, valueBytes, valueView, valueStart, valueEnd);
  writer.length = at + valueEnd - valueStart;
}

/** The same for any item. */
export function writeAnyPut(writer: FrameWriter, item: ItemState): void {
  beginItem(writer, OPCODE.SET, item, FLAG.VERSION | (item.tag === 0 ? 0 : FLAG.TAG));
  writer.put(item.valueBytes, item.valueStart, item.valueEnd);
  writer.finish();
}

const PUTS_HEAD = (OPCODE.SET << 24) | ((FLAG.PREFIX | FLAG.VERSION) << 16);
const PUTS_FRAMES_AT = LENGTH_BYTES + HEADER_BYTES + 8 + F64_BYTES;

/**
 * Writes items by the requests that have made them one after the other, which lie in `bytes[start]` up to
 * `bytes[end - 1]`, with their lengths; of what lies between them only GETs are allowed.
 *
 * @param version the first item's; the others' follow
 */
export function writePuts(
  writer: FrameWriter,
  bytes: Uint8Array,
  start: number,
  end: number,
  version: number,
  createdMs: number,
): void {
  const sizeBytes = PUTS_FRAMES_AT + end - start;
  writer.reserve(sizeBytes);
  const { view } = writer;
  const at = writer.length;
  view.setInt32(at, sizeBytes - LENGTH_BYTES);
  view.setInt32(at + 4, PUTS_HEAD);
  view.setInt32(at + 8, 0);
  view.setInt32(at + 12, Math.floor(version / U32_RANGE));
  view.setInt32(at + 16, version);
  view.setFloat64(at + 20, createdMs);
  copyBytes(writer.bytes, view, at + PUTS_FRAMES_AT, bytes, viewOf(bytes), start, end);
  writer.length = at + sizeBytes;
}

export function writeTouch(writer: FrameWriter, item: ItemState): void {
  beginItem(writer, OPCODE.TOUCH, item, 0);
  writer.finish();
}

export function writeRemove(writer: FrameWriter, { keyBytes, keyStart, keyEnd }: ItemState): void {
  writer.begin(OPCODE.DELETE, 0, keyEnd - keyStart, 0);
  writer.put(keyBytes, keyStart, keyEnd);
  writer.finish();
}

export function writeReset(writer: FrameWriter): void {
  writer.begin(OPCODE.RESET, 0, 0, 0);
  writer.finish();
}

/** @param items about how many items will follow; undefined: nothing is said of that */
export function writeCounters(writer: FrameWriter, lastVersion: number, lastToken: number, items?: number): void {
  writer.begin(OPCODE.SYNC, FLAG.VERSION | (items === undefined ? 0 : FLAG.NUMBER) | FLAG.TOKEN, 0, 0);
  writer.u64(lastVersion);
  if (items !== undefined) writer.u64(items);
  writer.u64(lastToken);
  writer.finish();
}

/** A snapshot's last record: one without it is not whole. */
export function writeEnd(writer: FrameWriter, items: number): void {
  writer.begin(OPCODE.QUIT, FLAG.VERSION, 0, 0);
  writer.u64(items);
  writer.finish();
}

/** Reads the frame whose length stands at `at`; returns false if none ends before `end`. */
function readFrame(into: RequestFrame, bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at < LENGTH_BYTES + HEADER_BYTES) return false;
  const start = at + LENGTH_BYTES;
  const frameEnd = start + readU32(bytes, at);
  if (frameEnd > end || frameEnd - start < HEADER_BYTES) return false;
  return readRequest(into, bytes, start, frameEnd);
}

/** Reads records out of blocks and tells a sink. No object is made for a record. */
export class RecordReader {
  /** Records read so far, ends and counters too. */
  records = 0;
  /** Items put so far. */
  puts = 0;
  /** What an end has said; undefined: there was none yet. */
  endItems: number | undefined;
  /** How long the file is, in bytes: not more items can be put than fit in it, whatever a record announces. */
  fileBytes = 0;
  /** The greatest version and token that any record has. */
  lastVersion = 0;
  lastToken = 0;
  readonly #sink: ItemSink;
  readonly #frame = new RequestFrame();
  /** One of those in `puts`. */
  readonly #inner = new RequestFrame();
  readonly #item = new ItemState();

  constructor(sink: ItemSink) {
    this.#sink = sink;
  }

  /**
   * Tells the sink of all records that lie in `bytes[start]` up to `bytes[end - 1]`.
   *
   * @returns false if these are no records: the rest is not looked at
   */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    for (let at = start; at < end;) {
      const changes = readFrame(this.#frame, bytes, at, end) ? this.#apply() : 0;
      if (changes === 0) return false;
      this.records += changes;
      if (this.#frame.opcode !== OPCODE.QUIT) {
        this.lastVersion = Math.max(this.lastVersion, this.#frame.version + changes - 1);
      }
      this.lastToken = Math.max(this.lastToken, this.#frame.token);
      at = this.#frame.frameEnd;
    }
    return true;
  }

  /** Tells the sink; returns how many changes that were, 0 if this is no record. */
  #apply(): number {
    const frame = this.#frame;
    switch (frame.opcode) {
      case OPCODE.SET:
        if (frame.flags & FLAG.PREFIX) return this.#applyPuts(frame);
        if (!this.#fill(frame)) return 0;
        this.puts++;
        this.#sink.put(this.#item);
        return 1;
      case OPCODE.TOUCH:
        if (!this.#fill(frame)) return 0;
        this.#sink.touch(this.#item);
        return 1;
      case OPCODE.DELETE:
        this.#fillKey(frame);
        this.#sink.remove(this.#item);
        return 1;
      case OPCODE.RESET:
        this.#sink.reset();
        return 1;
      case OPCODE.SYNC:
        if (frame.flags & FLAG.NUMBER) this.#foretell(Number(frame.number));
        this.#sink.counters(frame.version, frame.token);
        return 1;
      case OPCODE.QUIT:
        this.endItems = frame.version;
        return 1;
      default:
        return 0;
    }
  }

  #foretell(items: number): void {
    this.#sink.expect?.(Math.min(items, Math.floor(this.fileBytes / PUT_BYTES_MIN)), this.fileBytes);
  }

  #applyPuts({ valueBytes: bytes, valueStart, valueEnd, version }: RequestFrame): number {
    const item = this.#item;
    const inner = this.#inner;
    if (valueEnd - valueStart < F64_BYTES) return 0;
    item.createdMs = item.lifeStartMs = viewOf(bytes).getFloat64(valueStart);
    item.lifeMs = item.lockMs = Infinity;
    item.token = item.lockStartMs = 0;
    item.valueBytes = bytes;
    let changes = 0;
    for (let at = valueStart + F64_BYTES; at < valueEnd;) {
      if (valueEnd - at <= LENGTH_BYTES) return 0;
      const nextAt = at + LENGTH_BYTES + readU32(bytes, at);
      if (nextAt > valueEnd) return 0;
      // A GET is passed over without a look into it: it may be one that was refused.
      if (bytes[at + LENGTH_BYTES] !== OPCODE.GET) {
        if (!readFrame(inner, bytes, at, valueEnd)) return 0;
        this.#fillKey(inner);
        item.valueStart = inner.valueStart;
        item.valueEnd = inner.valueEnd;
        item.tag = inner.tag;
        item.version = version + changes++;
        this.puts++;
        this.#sink.put(item);
      }
      at = nextAt;
    }
    return changes;
  }

  #fillKey(frame: RequestFrame): void {
    const item = this.#item;
    item.keyBytes = frame.keyBytes;
    item.keyStart = frame.keyStart;
    item.keyEnd = frame.keyEnd;
  }

  #fill(frame: RequestFrame): boolean {
    const item = this.#item;
    const { flags, valueBytes: bytes } = frame;
    this.#fillKey(frame);
    const hasLife = (flags & FLAG.TTL) !== 0;
    const hasLock = (flags & FLAG.TOKEN) !== 0;
    const timesEnd = frame.valueStart + F64_BYTES * (1 + (hasLife ? 1 : 0) + (hasLock ? 2 : 0));
    if (timesEnd > frame.valueEnd) return false;
    const view = viewOf(bytes);
    let at = frame.valueStart;
    item.createdMs = item.lifeStartMs = view.getFloat64(at);
    if (hasLife) item.lifeStartMs = view.getFloat64((at += F64_BYTES));
    item.lifeMs = hasLife ? frame.ttlMs : Infinity;
    item.lockStartMs = hasLock ? view.getFloat64(at + F64_BYTES) : 0;
    item.lockMs = hasLock ? view.getFloat64(at + 2 * F64_BYTES) : Infinity;
    item.token = frame.token;
    item.version = frame.version;
    item.tag = frame.tag;
    item.valueBytes = bytes;
    item.valueStart = timesEnd;
    item.valueEnd = frame.valueEnd;
    return true;
  }
}
