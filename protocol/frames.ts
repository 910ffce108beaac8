/**
 * A request and a reply, each with its reader and its writer (frame-fields.ts has the grammar). Both are made once and
 * filled again for every frame. Every dialect fills the same `RequestFrame` for the store, and renders the same
 * `ReplyFrame`; key and value may therefore lie in different bytes.
 */
import { FIELD_BYTES_BY_FLAGS, FLAG } from './flags.ts';
import { FrameFields, HEADER_BYTES, readFields, readU16, readU32 } from './frame-fields.ts';
import type { FrameWriter } from './frame-writer.ts';
import { REPLY_BIT } from './operations.ts';
import { STATUS } from './statuses.ts';

const NO_BYTES = new Uint8Array(0);

/** A request. One that was read is valid until the bytes under it change. */
export class RequestFrame extends FrameFields {
  opcode = 0;
  keyBytes: Uint8Array = NO_BYTES;
  keyStart = 0;
  keyEnd = 0;
  valueBytes: Uint8Array = NO_BYTES;
  valueStart = 0;
  valueEnd = 0;
  /** Where the frame lies in `valueBytes` that this was read from; 0 and 0: it was not read from one. */
  frameStart = 0;
  frameEnd = 0;
}

/** A reply. One that was read is valid until the bytes under it change. */
export class ReplyFrame extends FrameFields {
  /** The opcode of the request that it answers: without the high bit (FRAME-5). */
  opcode = 0;
  status = 0;
  valueBytes: Uint8Array = NO_BYTES;
  /** The memory of `valueBytes`, if whoever gave them has a view of it. */
  valueView: DataView | undefined = undefined;
  valueStart = 0;
  valueEnd = 0;

  /** Makes it a 200 without fields and value, keeping opcode and id. */
  clear(): void {
    this.status = STATUS.OK;
    this.flags = 0;
    this.valueStart = this.valueEnd = 0;
  }

  /** Gives it `bytes[start]` up to `bytes[end - 1]` as its value. */
  setValue(bytes: Uint8Array, start = 0, end: number = bytes.length, view?: DataView): void {
    this.valueBytes = bytes;
    this.valueView = view;
    this.valueStart = start;
    this.valueEnd = end;
  }
}

/**
 * Reads a binary request. Opcode, flags and id are set in any case, so that even a malformed request can be answered.
 *
 * @param start offset of the opcode; `end - start` is at least HEADER_BYTES, which FrameDecoder has seen to
 * @param end offset behind the frame
 * @returns false if fields and key do not fit in the frame (FRAME-7); the rest of `into` is then undefined
 */
export function readRequest(into: RequestFrame, bytes: Uint8Array, start: number, end: number): boolean {
  into.keyBytes = into.valueBytes = bytes;
  into.opcode = bytes[start]!;
  into.flags = bytes[start + 1]!;
  into.id = readU32(bytes, start + 4);
  const keyBytes = readU16(bytes, start + 2);
  const fieldsStart = start + HEADER_BYTES;
  if (fieldsStart + FIELD_BYTES_BY_FLAGS[into.flags]! + keyBytes > end) return false; // FRAME-7
  into.keyStart = readFields(into, bytes, fieldsStart);
  into.keyEnd = into.valueStart = into.keyStart + keyBytes;
  into.valueEnd = into.frameEnd = end;
  into.frameStart = start;
  return true;
}

/** Writes a binary request; fields that `flags` does not announce are not looked at. */
export function putRequest(writer: FrameWriter, request: RequestFrame): void {
  writer.begin(request.opcode, request.flags, request.keyEnd - request.keyStart, request.id);
  putFields(writer, request);
  writer.put(request.keyBytes, request.keyStart, request.keyEnd);
  writer.put(request.valueBytes, request.valueStart, request.valueEnd);
  writer.finish();
}

/**
 * Reads a binary reply.
 *
 * @param start offset of the opcode; `end - start` is at least HEADER_BYTES, which FrameDecoder has seen to
 * @param end offset behind the frame
 * @returns false if this is no reply: no high bit in the opcode, or fields that do not fit in the frame
 */
export function readReply(into: ReplyFrame, bytes: Uint8Array, start: number, end: number): boolean {
  into.valueBytes = bytes;
  into.valueView = undefined;
  into.opcode = bytes[start]! & ~REPLY_BIT;
  into.flags = bytes[start + 1]!;
  into.status = readU16(bytes, start + 2);
  into.id = readU32(bytes, start + 4);
  const fieldsStart = start + HEADER_BYTES;
  if (!(bytes[start]! & REPLY_BIT) || fieldsStart + FIELD_BYTES_BY_FLAGS[into.flags]! > end) return false;
  into.valueStart = readFields(into, bytes, fieldsStart);
  into.valueEnd = end;
  return true;
}

/** Writes a binary reply; fields that `flags` does not announce are not looked at. */
export function putReply(writer: FrameWriter, reply: ReplyFrame): void {
  writer.begin(reply.opcode | REPLY_BIT, reply.flags, reply.status, reply.id);
  putFields(writer, reply);
  writer.put(reply.valueBytes, reply.valueStart, reply.valueEnd, reply.valueView);
  writer.finish();
}

/** FRAME-6: the announced fields, lowest bit first. */
function putFields(writer: FrameWriter, fields: FrameFields): void {
  const flags = fields.flags;
  if (FIELD_BYTES_BY_FLAGS[flags] === 0) return;
  if (flags & FLAG.TTL) writer.u64(fields.ttlMs);
  if (flags & FLAG.VERSION) writer.u64(fields.version);
  if (flags & FLAG.TAG) writer.u32(fields.tag);
  if (flags & FLAG.NUMBER) writer.i64(fields.number);
  if (flags & FLAG.TOKEN) writer.u64(fields.token);
}
