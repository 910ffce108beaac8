/**
 * A call on its way: from the moment its request is written into a batch until its reply has come or cannot come any
 * more. A call that has settled early, by its deadline or signal, stays on its connection's books until then: its late
 * reply must be recognised and dropped.
 */
import { SpeicherError } from '../protocol/index.ts';
import { Deadlines, type Expiring } from './deadlines.ts';
import type { ReadReply } from './request.ts';

/** Who is told what becomes of a call. */
export interface CallOwner {
  /** It has its result. */
  onSettled(): void;
  /** Its deadline has passed; it has settled before. */
  onExpired(): void;
}

export class Call implements Expiring {
  readonly owner: CallOwner;
  readonly opcode: number;
  readonly id: number;
  readonly read: ReadReply<unknown>;
  readonly timeoutMs: number;
  /** The frame: `bytes[start]` up to `bytes[end - 1]`. The bytes are let go once they have been sent. */
  bytes: Uint8Array;
  start: number;
  end: number;
  /** What the frame adds to the bytes that are pending. */
  readonly frameBytes: number;
  /** When it was handed to the socket; undefined while it waits. */
  sentAtMs: number | undefined;
  isSettled = false;

  expiresAtMs = 0;
  deadlineList: Expiring['deadlineList'];
  earlier: Expiring | undefined;
  later: Expiring | undefined;

  readonly #resolve: (result: unknown) => void;
  readonly #reject: (error: unknown) => void;
  #signal: AbortSignal | undefined;

  constructor(
    owner: CallOwner,
    request: { readonly opcode: number; readonly id: number; readonly read: ReadReply<unknown> },
    frame: { readonly bytes: Uint8Array; readonly start: number; readonly end: number },
    handlers: CallHandlers,
  ) {
    this.owner = owner;
    this.opcode = request.opcode;
    this.id = request.id;
    this.read = request.read;
    this.timeoutMs = handlers.timeoutMs;
    this.bytes = frame.bytes;
    this.start = frame.start;
    this.end = frame.end;
    this.frameBytes = frame.end - frame.start;
    this.#resolve = handlers.resolve;
    this.#reject = handlers.reject;
    if (handlers.signal !== undefined) {
      this.#signal = handlers.signal;
      this.#signal.addEventListener('abort', this);
    }
  }

  /** An AbortSignal's way to call an object. */
  handleEvent(): void {
    this.reject(
      new SpeicherError('SPEICHER_ABORTED', undefined, { cause: this.#signal?.reason, outcome: this.outcomeIfLost }),
    );
  }

  expire(): void {
    const detail = `${this.timeoutMs} ms`;
    this.reject(new SpeicherError('SPEICHER_TIMEOUT', detail, { outcome: this.outcomeIfLost }));
    this.owner.onExpired();
  }

  /** What is known of a call for which no reply will be read. */
  get outcomeIfLost(): 'unknown' | 'not-sent' {
    return this.sentAtMs === undefined ? 'not-sent' : 'unknown';
  }

  resolve(result: unknown): void {
    if (this.#settle()) this.#resolve(result);
  }

  reject(error: unknown): void {
    if (this.#settle()) this.#reject(error);
  }

  #settle(): boolean {
    if (this.isSettled) return false;
    this.isSettled = true;
    Deadlines.remove(this);
    this.#signal?.removeEventListener('abort', this);
    this.owner.onSettled();
    return true;
  }
}

/** The caller's end of a call. */
export interface CallHandlers {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}
