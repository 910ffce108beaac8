/**
 * Replies leave at the end of the turn of the event loop that has brought their requests, those of all connections one
 * after the other. Two things cost less that way. Whoever waits for several of them is woken once: the system spends a
 * tenth of a small request's time on waking. And what a turn has changed is written to the log together, before any of
 * its replies leaves: a write to a file takes longer than all else that is done for a small request
 * (`npm run bench:servers`, `npm run bench:durability`).
 */
import { LOST, type DataLog } from '../log/data-log.ts';
import { ReplyBox } from './reply-box.ts';

/**
 * Once so much has come in a turn, what is held leaves before more is carried out: whoever sent little does not wait
 * for all that others sent. It is as much as 50 clients send in batches of 16.
 */
const TURN_BYTES_MAX = 128 * 1024;

/** Why a reply has to wait, as bits; 0: nothing stands behind it that could be lost. */
const WAIT = {
  /** Something that it may tell of is not written yet, or not safe enough. */
  unsettled: 1,
  /** Something was changed for it: it tells of what can fail to be written. */
  changed: 2,
  /** SYNC-1: it waits for a sync, whatever the mode is. */
  demanded: 4,
} as const;

/** Whose replies are held. */
export interface Holder {
  /** The reply may leave, or never may: called once. */
  settle(held: Held, error: Error | undefined): void;
}

/** Replies to what one read has brought, held back: `bytes[start]` up to `bytes[end - 1]`. */
export class Held {
  readonly holder: Holder;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** Whose bytes these are, with others' replies; undefined: they lie alone in a buffer of their own. */
  readonly box: ReplyBox | undefined;
  /** Bits of WAIT. */
  readonly reasons: number;
  /** Whether it may leave, once those before it have left. */
  isFree: boolean;
  /** The next one of the same holder. */
  next: Held | undefined = undefined;

  constructor(
    holder: Holder,
    bytes: Uint8Array,
    start: number,
    end: number,
    box: ReplyBox | undefined,
    reasons: number,
  ) {
    this.holder = holder;
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.box = box;
    this.reasons = reasons;
    this.isFree = reasons === 0;
  }
}

export class ReplyTurn {
  readonly #log: DataLog | undefined;
  readonly #endTurn = (): void => this.#end();
  #held: Held[] = [];
  #demanded = 0;
  /** How much has come since replies last left. */
  #broughtBytes = 0;
  #box = new ReplyBox();
  #told: number;

  /** @param log where changes go; undefined: nowhere */
  constructor(log?: DataLog) {
    this.#log = log;
    this.#told = log?.told ?? 0;
  }

  /**
   * Why the replies to what a read has brought have to wait for the log. To be asked once for all of them, behind it.
   *
   * @returns bits of WAIT
   */
  reasonsToWait(): number {
    const log = this.#log;
    if (log === undefined) return 0;
    const { told } = log;
    const changed = told === this.#told ? 0 : WAIT.changed;
    this.#told = told;
    if (log.takeDemand()) return WAIT.demanded | changed;
    return log.isSettled ? 0 : WAIT.unsettled | changed;
  }

  /** Until `leave`, requests are carried out that lie in `bytes[0]` up to `bytes[end - 1]`; these stay as they are. */
  enter(bytes: Uint8Array, end: number): void {
    if (this.#broughtBytes >= TURN_BYTES_MAX) this.#end();
    this.#broughtBytes += end;
    if (this.#log !== undefined) this.#log.input = bytes;
  }

  leave(): void {
    if (this.#log !== undefined) this.#log.input = undefined;
  }

  /** A box with room for so many bytes. */
  boxFor(sizeBytes: number): ReplyBox {
    if (!this.#box.hasRoom(sizeBytes)) this.#box = new ReplyBox();
    return this.#box;
  }

  /** Holds replies until the end of the turn, or longer if they have to be safe by then. */
  hold(held: Held): void {
    this.#held.push(held);
    if (held.reasons & WAIT.demanded) this.#demanded++;
    if (this.#held.length === 1) setImmediate(this.#endTurn);
  }

  #end(): void {
    const all = this.#held;
    const isAnyDemanded = this.#demanded > 0;
    this.#held = [];
    this.#demanded = this.#broughtBytes = 0;
    const ticket = this.#log?.commit() ?? 0;
    if (ticket === 0 && !isAnyDemanded) return settleAll(all, undefined);
    settleAll(
      all.filter(({ reasons }) => reasons === 0),
      undefined,
    );
    if (isAnyDemanded) {
      this.#settleOnce(
        all.filter(({ reasons }) => reasons & WAIT.demanded),
        this.#log!.commit(true),
      );
    }
    this.#settleOnce(
      all.filter(({ reasons }) => reasons !== 0 && !(reasons & WAIT.demanded)),
      ticket,
    );
  }

  /** @param ticket what `commit` has returned */
  #settleOnce(all: readonly Held[], ticket: number): void {
    if (ticket === LOST) lose(all);
    else if (ticket === 0) settleAll(all, undefined);
    else this.#log!.whenSafe(ticket, (error) => settleAll(all, error));
  }
}

function settleAll(all: readonly Held[], error: Error | undefined): void {
  for (const held of all) held.holder.settle(held, error);
}

/** Those that were to be safe are lost with those that tell of changes; for others nothing is amiss. */
function lose(all: readonly Held[]): void {
  const error = new Error('the storage fails');
  for (const held of all) {
    held.holder.settle(held, held.reasons & (WAIT.changed | WAIT.demanded) ? error : undefined);
  }
}
