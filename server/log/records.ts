/**
 * Records: the changes of a store as frames of the protocol, and back.
 *
 *     put       SET     key VERSION [TTL] [TAG] [TOKEN]   times value
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

/** No put is shorter: a frame with VERSION, a key of one byte and one time. */
export const PUT_BYTES_MIN = LENGTH_BYTES + HEADER_BYTES + 8 + 1 + F64_BYTES;

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
  const { lifeMs, token, view } = item;
  if (lifeMs === Infinity && token === 0 && view !== undefined) writeSimplePut(writer, item, view);
  else writeAnyPut(writer, item);
}

/** Opcode and flags where they stand in the first four bytes of a header. */
const SIMPLE_HEAD = (OPCODE.SET << 24) | (FLAG.VERSION << 16);

/**
 * The same for an item without end and lock, which is what most of them are, in one piece: every SET pays for it
 * (`npm run bench:durability`). `writeAnyPut` writes the same bytes, which a test sees to.
 */
function writeSimplePut(writer: FrameWriter, item: ItemState, source: DataView): void {
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
  copyWords(view, at, source, keyStart, keyEnd);
  at += keyBytes;
  view.setFloat64(at, item.createdMs);
  at += F64_BYTES;
  copyBytes(writer.bytes, view, at, valueBytes, source, valueStart, valueEnd);
  writer.length = at + valueEnd - valueStart;
}

/** The same for any item. */
export function writeAnyPut(writer: FrameWriter, item: ItemState): void {
  beginItem(writer, OPCODE.SET, item, FLAG.VERSION | (item.tag === 0 ? 0 : FLAG.TAG));
  writer.put(item.valueBytes, item.valueStart, item.valueEnd);
  writer.finish();
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

/** Reads records out of blocks and tells a sink. No object is made for a record. */
export class RecordReader {
  /** Records read so far, ends and counters too. */
  records = 0;
  /** Items put so far. */
  puts = 0;
  /** What an end has said; undefined: there was none yet. */
  endItems: number | undefined;
  /** How many puts there can be at most, whatever a record announces. */
  putsMax = 0;
  /** The greatest version and token that any record has. */
  lastVersion = 0;
  lastToken = 0;
  readonly #sink: ItemSink;
  readonly #frame = new RequestFrame();
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
      if (end - at < LENGTH_BYTES + HEADER_BYTES) return false;
      const frameStart = at + LENGTH_BYTES;
      const frameEnd = frameStart + readU32(bytes, at);
      if (frameEnd > end || frameEnd - frameStart < HEADER_BYTES) return false;
      if (!readRequest(this.#frame, bytes, frameStart, frameEnd) || !this.#apply()) return false;
      this.records++;
      if (this.#frame.opcode !== OPCODE.QUIT && this.#frame.version > this.lastVersion) {
        this.lastVersion = this.#frame.version;
      }
      if (this.#frame.token > this.lastToken) this.lastToken = this.#frame.token;
      at = frameEnd;
    }
    return true;
  }

  #apply(): boolean {
    const frame = this.#frame;
    switch (frame.opcode) {
      case OPCODE.SET:
        if (!this.#fill(frame)) return false;
        this.puts++;
        this.#sink.put(this.#item);
        return true;
      case OPCODE.TOUCH:
        if (!this.#fill(frame)) return false;
        this.#sink.touch(this.#item);
        return true;
      case OPCODE.DELETE:
        this.#fillKey(frame);
        this.#sink.remove(this.#item);
        return true;
      case OPCODE.RESET:
        this.#sink.reset();
        return true;
      case OPCODE.SYNC:
        if (frame.flags & FLAG.NUMBER) this.#sink.expect?.(Math.min(Number(frame.number), this.putsMax));
        this.#sink.counters(frame.version, frame.token);
        return true;
      case OPCODE.QUIT:
        this.endItems = frame.version;
        return true;
      default:
        return false;
    }
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
