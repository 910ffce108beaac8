/** Frames without their length, as the hooks of a wire see them: read, changed and made with the codec of protocol/. */
import {
  FrameWriter,
  HEADER_BYTES,
  JSON_FIRST_BYTE,
  LENGTH_BYTES,
  OPCODE,
  REPLY_BIT,
  ReplyFrame,
  RequestFrame,
  STATUS,
  putReply,
  putRequest,
  readEntries,
  readReply,
  readRequest,
} from '../../protocol/index.ts';

export const isJson = (body: Buffer | undefined): boolean => body?.[0] === JSON_FIRST_BYTE;

/** A binary request; undefined for an envelope, and for what does not fit. */
export function requestOf(body: Buffer | undefined): RequestFrame | undefined {
  const request = new RequestFrame();
  if (body === undefined || isJson(body) || body.length < HEADER_BYTES) return undefined;
  return readRequest(request, body, 0, body.length) ? request : undefined;
}

/** A binary reply; undefined for an envelope. */
export function replyOf(body: Buffer): ReplyFrame | undefined {
  const reply = new ReplyFrame();
  return isJson(body) || !readReply(reply, body, 0, body.length) ? undefined : reply;
}

function written(put: (writer: FrameWriter) => void): Buffer {
  const writer = new FrameWriter(256);
  put(writer);
  return Buffer.from(writer.bytes.subarray(LENGTH_BYTES, writer.length));
}

export const requestBody = (request: RequestFrame): Buffer => written((writer) => putRequest(writer, request));
const replyBody = (reply: ReplyFrame): Buffer => written((writer) => putReply(writer, reply));

/** The body with its request changed; an envelope, and what does not fit, as it is. */
export function editRequest(body: Buffer, change: (request: RequestFrame) => void): Buffer {
  const request = requestOf(body);
  if (request === undefined) return body;
  change(request);
  return requestBody(request);
}

/** The body with its reply changed; an envelope as it is. */
export function editReply(body: Buffer, change: (reply: ReplyFrame) => void): Buffer {
  const reply = replyOf(body);
  if (reply === undefined) return body;
  change(reply);
  return replyBody(reply);
}

/** A binary reply to a binary request, however malformed it is. */
export function answerTo(request: Buffer, status: number, value = ''): Buffer {
  const reply = new ReplyFrame();
  reply.opcode = request[0]! & ~REPLY_BIT;
  reply.id = request.readUInt32BE(4);
  reply.status = status;
  reply.setValue(Buffer.from(value));
  return replyBody(reply);
}

/** An envelope. */
export const envelopeOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** The object in an envelope; undefined for a binary frame and for what is no JSON object. */
export function objectOf(body: Buffer | undefined): Record<string, unknown> | undefined {
  if (body === undefined || !isJson(body)) return undefined;
  try {
    return JSON.parse(body.toString()) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** The envelope with its object changed; a binary frame, and what is no JSON, as it is. */
export function editObject(body: Buffer, change: (object: Record<string, unknown>) => unknown): Buffer {
  const object = objectOf(body);
  return object === undefined ? body : envelopeOf(change(object));
}

/**
 * The entries of a reply as pairs, changed; an error has none. Keys and values are strings with one char for each byte.
 */
export function editEntries(
  body: Buffer,
  change: (entries: Map<string, string>) => Iterable<readonly [string, string]>,
): Buffer {
  return editReply(body, (reply) => {
    if (reply.status >= STATUS.BAD_REQUEST) return;
    const bytes = Buffer.from(reply.valueBytes.subarray(reply.valueStart, reply.valueEnd));
    const entries = new Map<string, string>();
    for (const { keyStart, keyEnd, valueStart, valueEnd } of readEntries(bytes)) {
      entries.set(bytes.toString('latin1', keyStart, keyEnd), bytes.toString('latin1', valueStart, valueEnd));
    }
    const writer = new FrameWriter(512);
    for (const [key, value] of change(entries)) {
      writer.u16(key.length);
      writer.u32(value.length);
      writer.put(Buffer.from(key + value, 'latin1'));
    }
    reply.setValue(writer.bytes, 0, writer.length);
  });
}

/** The bytes of the value of a request or a reply. */
export function valueIn(frame: RequestFrame | ReplyFrame): Buffer {
  return Buffer.from(frame.valueBytes.subarray(frame.valueStart, frame.valueEnd));
}

export function keyIn(request: RequestFrame): Buffer {
  return Buffer.from(request.keyBytes.subarray(request.keyStart, request.keyEnd));
}

export function setKey(request: RequestFrame, key: Uint8Array): void {
  request.keyBytes = key;
  request.keyStart = 0;
  request.keyEnd = key.length;
}

export function setValue(request: RequestFrame, value: Uint8Array): void {
  request.valueBytes = value;
  request.valueStart = 0;
  request.valueEnd = value.length;
}

/** A PING with an id, which every server answers. */
export function pingBody(id: number): Buffer {
  const request = new RequestFrame();
  request.opcode = OPCODE.PING;
  request.id = id;
  return requestBody(request);
}

/** The frame of a body (FRAME-1). */
export function frameOf(body: Buffer): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}
