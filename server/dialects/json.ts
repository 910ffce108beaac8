/** The JSON dialect of section 7: an envelope becomes a request, the outcome becomes an envelope. */
import {
  FLAG,
  JSON_COMMANDS,
  OPCODE,
  ReplyFrame,
  RequestFrame,
  STATUS,
  jsonReply,
  jsonValueReply,
  readJsonRequest,
  type FrameWriter,
  type JsonRequest,
} from '../../protocol/index.ts';
import type { ServerContext } from '../context.ts';
import type { Dispatcher } from '../dispatcher.ts';
import type { Session } from '../session.ts';
import type { ListPage } from '../store/store.ts';
import type { Dialect } from './dialect.ts';

/** No JSON command lists. */
const NO_PAGE: ListPage = { add: () => false };

export class JsonDialect implements Dialect {
  readonly #context: ServerContext;
  readonly #dispatcher: Dispatcher;
  readonly #writer: FrameWriter;
  readonly #request = new RequestFrame();
  readonly #reply = new ReplyFrame();

  /** @param writer where the replies go */
  constructor(context: ServerContext, dispatcher: Dispatcher, writer: FrameWriter) {
    this.#context = context;
    this.#dispatcher = dispatcher;
    this.#writer = writer;
  }

  handle(session: Session, bytes: Uint8Array, start: number, end: number): void {
    const { profiles, maxJsonDepth } = this.#context.options;
    if (!profiles.includes('json')) return this.#put(jsonReply(STATUS.UNKNOWN_OPCODE)); // PROFILE-1
    const envelope = readJsonRequest(bytes, start, end, maxJsonDepth);
    if (typeof envelope !== 'number') this.#run(session, envelope);
    // What is nested too deep may be well formed, and then it is 401 first (AUTH-1, STATUS-2).
    else if (envelope !== STATUS.BAD_REQUEST && !session.isAuthenticated) this.#put(jsonReply(STATUS.UNAUTHENTICATED));
    else this.#put(jsonReply(envelope));
  }

  fail(): void {
    this.#put(jsonReply(STATUS.UNAVAILABLE)); // JSON-4
  }

  #run(session: Session, { command, key, value, tag }: JsonRequest): void {
    const request = this.#request;
    const reply = this.#reply;
    request.opcode = OPCODE[JSON_COMMANDS[command].operation];
    request.flags = tag === 0 ? 0 : FLAG.TAG;
    request.tag = tag;
    request.keyBytes = key;
    request.keyEnd = key.length;
    request.valueBytes = value;
    request.valueEnd = value.length;
    // To make room for a value takes less time than to read it has taken, so it is not worth reading it again.
    do {
      reply.clear();
      this.#dispatcher.run(session, request, reply, NO_PAGE);
    } while (session.isUnfinished);
    // JSON-2: only a GET that found something has a value.
    if (command !== 'GET' || reply.status !== STATUS.OK) this.#put(jsonReply(reply.status));
    else this.#putValue(reply);
  }

  /** JSON-6. */
  #putValue(reply: ReplyFrame): void {
    const storedTag = reply.flags & FLAG.TAG ? reply.tag : 0;
    const { valueBytes, valueStart, valueEnd } = reply;
    const depthMax = this.#context.options.maxJsonDepth;
    const envelope = jsonValueReply(valueBytes, valueStart, valueEnd, storedTag, depthMax);
    this.#put(typeof envelope === 'string' ? envelope : jsonReply(envelope));
  }

  #put(envelope: string): void {
    const writer = this.#writer;
    writer.beginBare();
    writer.text(envelope);
    // FRAME-12, JSON-6: escapes may have made the envelope longer than any frame.
    if (writer.frameBytes > this.#context.options.maxFrameBytes) {
      writer.abandon();
      writer.beginBare();
      writer.text(jsonReply(STATUS.TOO_LARGE));
    }
    writer.finish();
  }
}
