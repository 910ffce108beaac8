/** Tells a sink what has become of items. */
import { FLAG, viewOf, type RequestFrame } from '../../../protocol/index.ts';
import { ItemState, type ItemSink } from '../item-sink.ts';
import type { RecordView } from './record.ts';
import { NO_ENTRY, type Times } from './times.ts';

export class Teller {
  /** Undefined: nobody is told. */
  sink: ItemSink | undefined;
  readonly #state = new ItemState();
  readonly #times: Times;

  constructor(times: Times) {
    this.#times = times;
  }

  /**
   * The open item has been written.
   *
   * @param request has given it value and tag, as a whole: the value is told from there, where it is in one piece
   */
  put(record: RecordView, nowMs: number, request?: RequestFrame): void {
    const { sink } = this;
    if (sink === undefined || (request !== undefined && this.#putFrame(sink, record, request))) return;
    if (request === undefined) record.gather();
    const state = this.stateOf(record, nowMs);
    if (request !== undefined) {
      state.valueBytes = request.valueBytes;
      state.valueView = viewOf(request.valueBytes);
      state.valueStart = request.valueStart;
      state.valueEnd = request.valueEnd;
    }
    sink.put(state);
  }

  #putFrame(sink: ItemSink, record: RecordView, request: RequestFrame): boolean {
    const { valueBytes, frameStart, frameEnd, flags } = request;
    // With PREFIX the request's key is not the item's.
    if (frameEnd === 0 || flags & FLAG.PREFIX || record.entry !== NO_ENTRY) return false;
    return sink.putFrame?.(valueBytes, frameStart, frameEnd, record.version, record.createdMs) ?? false;
  }

  /** The open item has other times, or another lock. */
  touch(record: RecordView, nowMs: number): void {
    if (this.sink !== undefined) this.sink.touch(this.stateOf(record, nowMs));
  }

  /** The open item is about to go. */
  remove(record: RecordView, nowMs: number): void {
    if (this.sink !== undefined) this.sink.remove(this.stateOf(record, nowMs));
  }

  /** The open item, with its value if it has been gathered; valid until the next one is asked for. */
  stateOf(record: RecordView, nowMs: number): ItemState {
    const state = this.#state;
    const times = this.#times;
    const { entry } = record;
    state.keyBytes = state.valueBytes = record.bytes;
    state.keyView = state.valueView = record.view;
    state.keyStart = record.keyStart;
    state.keyEnd = state.valueStart = record.valueStart;
    state.valueEnd = record.valueEnd;
    state.tag = record.tag;
    state.version = record.version;
    state.createdMs = record.createdMs;
    state.lifeStartMs = entry === NO_ENTRY ? 0 : times.startMs(entry);
    state.lifeMs = entry === NO_ENTRY ? Infinity : times.lengthMs(entry);
    state.token = entry === NO_ENTRY ? 0 : times.token(entry, nowMs);
    state.lockStartMs = state.token === 0 ? 0 : times.lockStartMs(entry);
    state.lockMs = state.token === 0 ? Infinity : times.lockLengthMs(entry);
    return state;
  }
}
