/** The binary dialect: a frame becomes a request, the outcome becomes a frame (sections 2 to 5). */
import {
  ENTRY_HEADER_BYTES,
  FLAG,
  HEADER_BYTES,
  OPCODE,
  REPLY_BIT,
  ReplyFrame,
  RequestFrame,
  STATUS,
  STATUSES,
  putReply,
  readRequest,
  statusName,
  type FrameWriter,
} from '../../protocol/index.ts';
import type { ServerContext } from '../context.ts';
import type { Dispatcher } from '../dispatcher.ts';
import type { Session } from '../session.ts';
import type { ListPage } from '../store/store.ts';
import type { Dialect } from './dialect.ts';

/**
 * A listing without a limit comes in pages of about this many bytes (LIST-2): memory and other connections' patience
 * are not to depend on how much there is to list.
 */
const LIST_PAGE_BYTES = 1024 * 1024;

/** Bytes of a listing's reply before its first entry: header and NUMBER. */
const LIST_HEADER_BYTES = HEADER_BYTES + 8;

/** Writes a listing's items behind a reply that was begun. */
class EntryPage implements ListPage {
  items = 0;
  readonly #writer: FrameWriter;
  readonly #frameBytesMax: number;
  #sendsValues = false;

  constructor(writer: FrameWriter, frameBytesMax: number) {
    this.#writer = writer;
    this.#frameBytesMax = Math.min(frameBytesMax, LIST_HEADER_BYTES + LIST_PAGE_BYTES);
  }

  begin(sendsValues: boolean): void {
    this.items = 0;
    this.#sendsValues = sendsValues;
  }

  add(
    keyBytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    valueBytes: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): boolean {
    const writer = this.#writer;
    const sentBytes = this.#sendsValues ? valueEnd - valueStart : 0;
    const entryBytes = ENTRY_HEADER_BYTES + keyEnd - keyStart + sentBytes;
    // The first item goes in whatever its size: HELLO-1 sees to it that every item fits in a frame.
    if (this.items > 0 && writer.frameBytes + entryBytes > this.#frameBytesMax) return false;
    writer.reserve(entryBytes);
    writer.u16(keyEnd - keyStart);
    writer.u32(sentBytes);
    writer.put(keyBytes, keyStart, keyEnd);
    if (sentBytes > 0) writer.put(valueBytes, valueStart, valueEnd);
    this.items++;
    return true;
  }
}

export class BinaryDialect implements Dialect {
  readonly #dispatcher: Dispatcher;
  readonly #writer: FrameWriter;
  readonly #page: EntryPage;
  readonly #request = new RequestFrame();
  readonly #reply = new ReplyFrame();

  /** @param writer where the replies go */
  constructor({ options }: ServerContext, dispatcher: Dispatcher, writer: FrameWriter) {
    this.#dispatcher = dispatcher;
    this.#writer = writer;
    this.#page = new EntryPage(writer, options.maxFrameBytes);
  }

  handle(session: Session, bytes: Uint8Array, start: number, end: number): void {
    const request = this.#request;
    const reply = this.#reply;
    const fits = readRequest(request, bytes, start, end);
    reply.clear();
    reply.opcode = request.opcode;
    reply.id = request.id;
    reply.status = this.#dispatcher.checkShape(request, fits);
    if (reply.status !== STATUS.OK) return this.#putError(reply);
    if (this.#dispatcher.isList(request)) return this.#list(session, request, reply);
    this.#dispatcher.run(session, request, reply, this.#page);
    if (session.isUnfinished) return;
    if (reply.status >= STATUS.BAD_REQUEST) {
      if (!isSilentMiss(request, reply)) this.#putError(reply);
    } else if (!(request.flags & FLAG.QUIET) || request.opcode === OPCODE.GET) {
      putReply(this.#writer, reply);
    }
  }

  fail(bytes: Uint8Array, start: number): void {
    readRequest(this.#request, bytes, start, start + HEADER_BYTES);
    this.#reply.opcode = this.#request.opcode;
    this.#reply.id = this.#request.id;
    this.#reply.status = STATUS.INTERNAL;
    this.#putError(this.#reply);
  }

  /** Writes the entries straight into the reply, whose header is put right afterwards. */
  #list(session: Session, request: RequestFrame, reply: ReplyFrame): void {
    const writer = this.#writer;
    const replyAt = writer.length;
    reply.flags = FLAG.NUMBER;
    reply.number = 0n;
    putReply(writer, reply);
    this.#page.begin(request.opcode === OPCODE.GET);
    this.#dispatcher.run(session, request, reply, this.#page);
    if (session.isUnfinished) return writer.abandon();
    if (reply.status >= STATUS.BAD_REQUEST) {
      writer.abandon();
      return this.#putError(reply);
    }
    const entriesEnd = writer.length;
    writer.length = replyAt;
    reply.flags = FLAG.NUMBER;
    reply.number = BigInt(this.#page.items);
    putReply(writer, reply);
    writer.length = entriesEnd;
    writer.finish();
  }

  /** FRAME-11: no fields, and the explanation of the table. */
  #putError(reply: ReplyFrame): void {
    const writer = this.#writer;
    writer.begin(reply.opcode | REPLY_BIT, 0, reply.status, reply.id);
    const name = statusName(reply.status);
    if (name !== undefined) writer.text(STATUSES[name].message);
    writer.finish();
  }
}

/** FRAME-10: a quiet GET that finds nothing is not answered. */
function isSilentMiss(request: RequestFrame, reply: ReplyFrame): boolean {
  return (request.flags & FLAG.QUIET) !== 0 && request.opcode === OPCODE.GET && reply.status === STATUS.NOT_FOUND;
}

/** Answers what is no request at all, a framing error or a connection too many: opcode 80 and id 0 (FRAME-3). */
export function putConnectionError(writer: FrameWriter, status: number): void {
  writer.begin(REPLY_BIT, 0, status, 0);
  writer.finish();
}
