/**
 * Replies that wait for the log, of all connections: what one turn of the event loop has changed is written together,
 * before any of its replies leaves. A write to a file takes longer than all else that is done for a small request, so
 * one for each connection would cost more than the requests do (`npm run bench:durability`).
 */
import { LOST, type DataLog } from '../log/data-log.ts';
import { ReplyBox } from './reply-box.ts';

/** Replies to what one read has brought, held back: `bytes[start]` up to `bytes[end - 1]`. */
export interface Held {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** Whose bytes these are, with others' replies; undefined: they lie alone in a buffer of their own. */
  readonly box: ReplyBox | undefined;
  /** SYNC-1: whether it waits for a sync, whatever the mode is. */
  readonly isDemanded: boolean;
  /** Whether anything was changed for it. If not, it tells of nothing that can fail to be written. */
  readonly isChange: boolean;
  isSafe: boolean;
  /** Called once: it may leave, or it never may. */
  readonly settle: (held: Held, error: Error | undefined) => void;
}

export class LogTurn {
  readonly #log: DataLog;
  #held: Held[] = [];
  #demanded = 0;
  #box = new ReplyBox();
  #told: number;

  constructor(log: DataLog) {
    this.#log = log;
    this.#told = log.told;
  }

  /**
   * Whether replies have to wait, and why. To be asked once for all that a read has brought, behind it.
   *
   * @returns undefined if they may leave at once
   */
  reasonToWait(): Pick<Held, 'isDemanded' | 'isChange'> | undefined {
    const log = this.#log;
    const isChange = log.told !== this.#told;
    this.#told = log.told;
    const isDemanded = log.takeDemand();
    return isDemanded || !log.isSettled ? { isDemanded, isChange } : undefined;
  }

  /** Requests are carried out now that lie in these bytes, which stay as they are until the next call. */
  set input(bytes: Uint8Array | undefined) {
    this.#log.input = bytes;
  }

  /** A box with room for so many bytes. */
  boxFor(sizeBytes: number): ReplyBox {
    if (!this.#box.hasRoom(sizeBytes)) this.#box = new ReplyBox();
    return this.#box;
  }

  /** Holds replies until the end of the turn, or longer if they have to be safe by then. */
  hold(held: Held): void {
    this.#held.push(held);
    if (held.isDemanded) this.#demanded++;
    if (this.#held.length === 1) setImmediate(() => this.#end());
  }

  #end(): void {
    const all = this.#held;
    const isAnyDemanded = this.#demanded > 0;
    this.#held = [];
    this.#demanded = 0;
    const ticket = this.#log.commit();
    if (!isAnyDemanded) return this.#settle(all, ticket);
    this.#settle(
      all.filter(({ isDemanded }) => isDemanded),
      this.#log.commit(true),
    );
    this.#settle(
      all.filter(({ isDemanded }) => !isDemanded),
      ticket,
    );
  }

  #settle(all: readonly Held[], ticket: number): void {
    if (ticket === LOST) return this.#lose(all);
    const settle = (error?: Error): void => {
      for (const held of all) held.settle(held, error);
    };
    if (ticket === 0) settle();
    else this.#log.whenSafe(ticket, settle);
  }

  /** Those that were to be safe are lost with those that tell of changes; for others nothing is amiss. */
  #lose(all: readonly Held[]): void {
    const error = new Error('the storage fails');
    for (const held of all) held.settle(held, held.isChange || held.isDemanded ? error : undefined);
  }
}
