import type { Session } from '../session.ts';

/**
 * A form of requests and replies. A dialect parses a frame, has the request carried out, and writes the reply; it
 * writes one reply or, where the contract says so, none.
 */
export interface Dialect {
  /**
   * Answers the frame in `bytes[start]` up to `bytes[end - 1]`. If `session.isUnfinished` then, nothing was written, and
   * the frame is to be handed in again.
   */
  handle(session: Session, bytes: Uint8Array, start: number, end: number): void;
  /** Answers that frame after a defect of the server: whatever `handle` had written of a reply is gone. */
  fail(bytes: Uint8Array, start: number): void;
}
