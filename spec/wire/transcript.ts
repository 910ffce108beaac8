/** What went over one connection, in order, as the bytes were written and read. */

export interface TranscriptEvent {
  readonly direction: 'sent' | 'received' | 'note';
  readonly bytes: Buffer;
  readonly note: string;
  /** When, on the clock of `performance.now()`: it orders events over several connections. */
  readonly atMs: number;
}

/** What the suite does to a connection besides sending, as the transcript calls it. */
export const NOTE = {
  halfClose: 'half-closed by the suite',
  reset: 'reset by the suite',
  pause: 'the suite stops reading',
  resume: 'the suite reads again',
} as const;

/** Bytes beyond this are counted and not kept, so that a hostile server cannot fill the memory. */
const KEPT_BYTES_MAX = 1 << 20;

export class Transcript {
  readonly connection: string;
  readonly events: TranscriptEvent[] = [];
  #kept = 0;

  /** @param connection the connection's name in the case. */
  constructor(connection: string) {
    this.connection = connection;
  }

  sent(bytes: Uint8Array): void {
    this.#bytes('sent', bytes);
  }

  received(bytes: Uint8Array): void {
    this.#bytes('received', bytes);
  }

  note(note: string): void {
    this.events.push({ direction: 'note', bytes: Buffer.alloc(0), note, atMs: performance.now() });
  }

  /** All bytes of one direction that were kept. */
  stream(direction: 'sent' | 'received'): Buffer {
    return Buffer.concat(this.events.filter((event) => event.direction === direction).map(({ bytes }) => bytes));
  }

  #bytes(direction: 'sent' | 'received', bytes: Uint8Array): void {
    const kept = Buffer.from(bytes.subarray(0, Math.max(0, KEPT_BYTES_MAX - this.#kept)));
    this.#kept += kept.length;
    const cut = bytes.length - kept.length;
    const note = cut > 0 ? `${cut} more bytes are not kept` : '';
    this.events.push({ direction, bytes: kept, note, atMs: performance.now() });
  }
}
