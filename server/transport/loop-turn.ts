/**
 * A turn of the event loop: requests of all connections come, are carried out one after the other once all have come,
 * what they have changed is written to the log, and then all replies leave. Four things cost less that way. What the
 * requests name is fetched into the processor's caches for many of them at a time (lookahead.ts). The code that carries
 * them out stays there as well, where otherwise the system's reads and writes stand between any two. Whoever waits for
 * several replies is woken once: the system spends a tenth of a small request's time on waking. And a write to a file
 * takes longer than all else that is done for a small request (`npm run bench:servers`, `npm run bench:durability`).
 */
import { copyBytes, makeView, viewOf } from '../../protocol/index.ts';
import type { BatchClock } from '../clock.ts';
import { LOST, type DataLog } from '../log/data-log.ts';
import type { Lookahead } from './lookahead.ts';
import { ReplyBox } from './reply-box.ts';

/**
 * Once so much has come in a turn, it ends before more is taken: whoever sent little does not wait for all that others
 * sent. It is as much as 50 clients send in batches of 16.
 */
const TURN_BYTES_MAX = 128 * 1024;

/** What comes in longer pieces is carried out at once: to copy it would cost more than to wait saves. */
const BROUGHT_BYTES_MAX = 8192;

/** Why a reply has to wait, as bits; 0: nothing stands behind it that could be lost. */
const WAIT = {
  /** Something that it may tell of is not written yet, or not safe enough. */
  unsettled: 1,
  /** Something was changed for its connection in this turn: it tells of what can fail to be written. */
  changed: 2,
  /** SYNC-1: it waits for a sync, whatever the mode is. */
  demanded: 4,
} as const;

/** Whose requests change something, and whose replies are held. */
export interface Holder {
  /** Whether something was changed for it that is not written yet. The turn's to set. */
  hasChanged: boolean;
  /** What was changed for it is not kept, be there a reply that tells of it or not: it cannot go on. */
  lose(error: Error): void;
  /** The reply may leave, or never may: called once. */
  settle(held: Held, error: Error | undefined): void;
}

const NO_BYTES = new Uint8Array(0);

/** Replies to what one read has brought, held back: `bytes[start]` up to `bytes[end - 1]`. */
export class Held {
  readonly holder: Holder;
  bytes: Uint8Array = NO_BYTES;
  start = 0;
  end = 0;
  /** Whose bytes these are, with others' replies; undefined: they lie alone in a buffer of their own. */
  box: ReplyBox | undefined = undefined;
  /** Bits of WAIT. */
  reasons = 0;
  /** Whether it may leave, once those before it have left. */
  isFree = false;
  /** The next one of the same holder. */
  next: Held | undefined = undefined;

  constructor(holder: Holder) {
    this.holder = holder;
  }

  hold(bytes: Uint8Array, start: number, end: number, box: ReplyBox | undefined, reasons: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.box = box;
    this.reasons = reasons;
    this.isFree = reasons === 0;
  }

  /** Holds nothing any more, and can be used again. */
  clear(): void {
    this.bytes = NO_BYTES;
    this.box = this.next = undefined;
  }
}

/** Whose requests come. */
export interface Bringer {
  /** Carries out the requests in `bytes[start]` up to `bytes[end - 1]`, which stay as they are until it returns. */
  carryOut(bytes: Uint8Array, start: number, end: number): void;
}

export interface LoopTurnDependencies {
  readonly clock: BatchClock;
  readonly lookahead: Lookahead;
  /** Where changes go; undefined: nowhere. */
  readonly log: DataLog | undefined;
}

export class LoopTurn {
  readonly #clock: BatchClock;
  readonly #lookahead: Lookahead;
  readonly #log: DataLog | undefined;
  readonly #onImmediate = (): void => {
    try {
      this.carryOut();
    } finally {
      // What is held up to here leaves now: nothing need be planned for it.
      this.#isPlanned = false;
    }
    this.#leave();
  };
  #isPlanned = false;
  /** What was brought, one piece behind the other: that of `#bringers[n]` begins at `#starts[n]`. */
  readonly #input = new Uint8Array(TURN_BYTES_MAX);
  readonly #inputView = makeView(this.#input);
  #inputEnd = 0;
  readonly #bringers: (Bringer | undefined)[] = [];
  readonly #starts: number[] = [];
  #brought = 0;
  #isCarryingOut = false;
  /** How much has come since replies last left. */
  #takenBytes = 0;
  #held: Held[] = [];
  /** Those for which something was changed in this turn. */
  #changers: Holder[] = [];
  /** Whose requests are carried out at the moment, and how much the log had been told before. */
  #current: Holder | undefined;
  #toldBefore = 0;
  #demanded = 0;
  #box = new ReplyBox();

  constructor({ clock, lookahead, log }: LoopTurnDependencies) {
    this.#clock = clock;
    this.#lookahead = lookahead;
    this.#log = log;
  }

  /** Takes what has come, `bytes[start]` up to `bytes[end - 1]`: it is carried out by the end of the turn. */
  bring(bringer: Bringer, bytes: Uint8Array, start: number, end: number): void {
    const sizeBytes = end - start;
    // A stream that goes on while requests are carried out may tell what it has kept.
    if (this.#isCarryingOut) return bringer.carryOut(bytes, start, end);
    if (this.#takenBytes + sizeBytes > TURN_BYTES_MAX && this.#takenBytes > 0) {
      this.carryOut();
      this.#leave();
    }
    this.#takenBytes += sizeBytes;
    if (sizeBytes > BROUGHT_BYTES_MAX) {
      this.carryOut();
      this.#begin(bytes, start, end);
      try {
        bringer.carryOut(bytes, start, end);
      } finally {
        this.#end();
      }
      return;
    }
    copyBytes(this.#input, this.#inputView, this.#inputEnd, bytes, viewOf(bytes), start, end);
    this.#bringers[this.#brought] = bringer;
    this.#starts[this.#brought++] = this.#inputEnd;
    this.#inputEnd += sizeBytes;
    this.#plan();
  }

  /** Carries out what was brought and was not carried out yet. */
  carryOut(): void {
    const count = this.#brought;
    if (count === 0 || this.#isCarryingOut) return;
    this.#starts[count] = this.#inputEnd;
    this.#begin(this.#input, 0, this.#inputEnd);
    try {
      for (let at = 0; at < count; at++) {
        this.#bringers[at]!.carryOut(this.#input, this.#starts[at]!, this.#starts[at + 1]!);
      }
    } finally {
      this.#end();
      this.#bringers.fill(undefined, 0, count);
      this.#brought = this.#inputEnd = 0;
    }
  }

  #begin(bytes: Uint8Array, start: number, end: number): void {
    this.#isCarryingOut = true;
    this.#clock.hold();
    this.#lookahead.begin(bytes, start, end);
    if (this.#log !== undefined) this.#log.input = bytes;
  }

  #end(): void {
    this.#isCarryingOut = false;
    this.#clock.release();
    this.#lookahead.end();
    if (this.#log !== undefined) this.#log.input = undefined;
  }

  #plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    setImmediate(this.#onImmediate);
  }

  /** Requests of this holder are carried out until `endFor`: what the log is told meanwhile was changed for it. */
  beginFor(holder: Holder): void {
    if (this.#log === undefined) return;
    this.#current = holder;
    this.#toldBefore = this.#log.told;
  }

  endFor(holder: Holder): void {
    if (this.#log === undefined) return;
    this.#noteChanges(holder);
    this.#current = undefined;
  }

  /** What is changed without a reply, by QUIET or by a slice of a request, is answered for too. */
  #noteChanges(holder: Holder): void {
    if (holder.hasChanged || this.#current !== holder || this.#log!.told === this.#toldBefore) return;
    holder.hasChanged = true;
    this.#changers.push(holder);
    this.#plan();
  }

  /**
   * Why the replies to what a read has brought have to wait for the log. To be asked once for all of them, behind it.
   * It takes the demand of a SYNC with it.
   *
   * @returns bits of WAIT
   */
  reasonsToWait(holder: Holder): number {
    const log = this.#log;
    if (log === undefined) return 0;
    this.#noteChanges(holder);
    const changed = holder.hasChanged ? WAIT.changed : 0;
    if (log.takeDemand()) return WAIT.demanded | changed;
    return log.isSettled ? 0 : WAIT.unsettled | changed;
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
    this.#plan();
  }

  /** Writes what was changed, and lets go what may leave then. */
  #leave(): void {
    const all = this.#held;
    const changers = this.#changers;
    const isAnyDemanded = this.#demanded > 0;
    this.#held = [];
    if (changers.length > 0) this.#changers = [];
    this.#demanded = this.#takenBytes = 0;
    for (const holder of changers) holder.hasChanged = false;
    const ticket = this.#log?.commit() ?? 0;
    // Asked before any reply leaves: whoever goes on then may change something that this turn does not answer for.
    const demandTicket = isAnyDemanded ? this.#log!.commit(true) : 0;
    if (ticket === 0 && !isAnyDemanded) return settleAll(all, undefined);
    // All are looked at before any leaves: one that has left may hold something else at once.
    const ready = all.filter(({ reasons }) => reasons === 0);
    const demanding = all.filter(({ reasons }) => reasons & WAIT.demanded);
    const others = all.filter(({ reasons }) => reasons !== 0 && !(reasons & WAIT.demanded));
    settleAll(ready, undefined);
    if (isAnyDemanded) this.#settleOnce(demanding, [], demandTicket);
    this.#settleOnce(others, changers, ticket);
  }

  /**
   * @param changers who is lost with what was changed, and may have no reply among them
   * @param ticket what `commit` has returned
   */
  #settleOnce(all: readonly Held[], changers: readonly Holder[], ticket: number): void {
    if (ticket === LOST) lose(all, changers);
    else if (ticket === 0) settleAll(all, undefined);
    else {
      this.#log!.whenSafe(ticket, (error) => {
        if (error !== undefined) loseAll(changers, error);
        settleAll(all, error);
      });
    }
  }
}

function settleAll(all: readonly Held[], error: Error | undefined): void {
  for (const held of all) held.holder.settle(held, error);
}

function loseAll(holders: readonly Holder[], error: Error): void {
  for (const holder of holders) holder.lose(error);
}

/** Those that were to be safe are lost with those for whom something was changed; for others nothing is amiss. */
function lose(all: readonly Held[], changers: readonly Holder[]): void {
  const error = new Error('the storage fails');
  loseAll(changers, error);
  for (const held of all) held.holder.settle(held, held.reasons & WAIT.demanded ? error : undefined);
}
