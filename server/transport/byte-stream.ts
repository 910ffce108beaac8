/**
 * What a connection needs of the bytes under it. There are three: over the runtime's handles (handle-stream.ts), over
 * sockets of node:net and node:tls (socket-stream.ts), and over those of Bun (bun-stream.ts).
 */

/**
 * What a stream tells the connection above it. After `closed` it tells nothing more, and never tells that from within
 * `write`, `end`, `pause` or `resume`: whoever calls these is amid something, with replies in a buffer that all share.
 */
export interface StreamReader {
  /** `bytes[start]` up to `bytes[end - 1]` have come. They are borrowed: the stream uses its buffer again. */
  received(bytes: Uint8Array, start: number, end: number): void;
  /** The client has sent its FIN; it may still read (TRANSPORT-4). */
  ended(): void;
  /** A buffer that was written is free again. A stream that cannot tell leaves it to the garbage collector. */
  released(bytes: Uint8Array): void;
  /** All that lay unsent has gone. */
  drained(): void;
  /** Our FIN has gone, behind all that was written before it. */
  finished(): void;
  /** The stream is no more, by an error if there is one; not told after `destroy`. */
  closed(error?: Error): void;
}

export interface ByteStream {
  /** Who is at the other end, as the log shows it. */
  readonly peer: string;
  /** Bytes that were written and that the operating system has not taken yet. */
  readonly unsentBytes: number;
  /** A figure that changes whenever the client reads of what lies unsent. */
  readonly unsentProgress: number;
  /** Begins to read and to tell `reader`; called once, before anything else. */
  open(reader: StreamReader): void;
  /**
   * Sends `bytes[0]` up to `bytes[end - 1]`, behind what was written before.
   *
   * @returns whether the buffer is free to be used again; if not, it is the stream's from now on
   */
  write(bytes: Uint8Array, end: number): boolean;
  /** Stops reading: nothing is told of what comes until `resume`. */
  pause(): void;
  resume(): void;
  /** Sends a FIN behind all that was written; reading goes on, and nothing may be written any more. */
  end(): void;
  /** Closes at once; what lies unsent is lost. */
  destroy(): void;
}

/** A byte stream whose replies wait for what was changed for them. */
export interface RequestStream extends ByteStream {
  /** Requests that have come by it are carried out now: what is changed until `endRequests`, is changed for it. */
  beginRequests(): void;
  endRequests(): void;
}

/** Who is at the other end of a connection; only those of Unix sockets have no address. */
export function peerName(address: string | undefined, port: number | undefined): string {
  return address === undefined ? 'unix' : `${address}:${port}`;
}
