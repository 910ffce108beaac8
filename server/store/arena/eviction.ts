/**
 * Which item goes when there is no more room: of a few that are looked at by chance, the one that is worth least. Items
 * stand in the index in the order of their hashes, so any that stand side by side are a sample by chance.
 *
 * `lru`: the one that has not been accessed for the longest time.
 * `lfu`: idle time too, but an item that was accessed again is given more of it for each doubling of its accesses, and
 * one that never was (what scans leave) less. What these are measured by is how long items last before they are
 * evicted, which follows the load. docs/decisions/0011-eviction.md has the figures.
 */
import { NO_LOCATION, type HashIndex } from './hash-index.ts';
import { accessTick, type RecordView } from './record.ts';
import { NO_ENTRY, type Times } from './times.ts';

/** What is done when there is no room: evict by one of two rules, or refuse with 507. */
export const EVICTION_POLICIES = ['lru', 'lfu', 'none'] as const;
export type EvictionPolicy = (typeof EVICTION_POLICIES)[number];

/** How many items are looked at; with twice as many hit ratios grow by less than a tenth of a percent. */
const SAMPLED_ITEMS = 8;

/** How many samples may hold nothing but locked items before eviction is given up. */
const SAMPLES_MAX = 32;

/** In lifetimes of evicted items: what each doubling of an item's accesses is worth. */
const WORTH_OF_DOUBLING = 2;
/** In the same: what it costs an item that it was never accessed again. */
const COST_OF_NO_USE = 4;
/** How much one eviction counts in the mean lifetime. */
const MEAN_WEIGHT = 0.001;

export class Eviction {
  readonly policy: EvictionPolicy;
  /** Whether one request may evict as many as it needs: those that are carried out in slices. */
  isUnbounded = false;
  /** Whether the last request found no room only because it may not evict so many items in one turn. */
  isUnfinished = false;
  /** For how long evicted items had not been accessed, in ticks; at least 1, so that uses tell where ticks do not. */
  #lifeTicks = 1;
  #random: number;
  readonly #sample = new Uint32Array(SAMPLED_ITEMS);

  /** @param seed any 32 bits, which decide what is looked at */
  constructor(policy: EvictionPolicy, seed: number) {
    this.policy = policy;
    this.#random = seed | 1;
  }

  /**
   * Chooses an item that is not locked; the record is left open somewhere.
   *
   * @param spared an item that must not be chosen
   * @returns NO_LOCATION if there is nothing to be had
   */
  choose(index: HashIndex, record: RecordView, times: Times, spared: number, nowMs: number): number {
    const nowTick = accessTick(nowMs);
    for (let samples = 0; samples < SAMPLES_MAX; samples++) {
      const found = index.sample(this.#draw(), this.#sample);
      let victim = NO_LOCATION;
      let most = -Infinity;
      let idleTicks = 0;
      for (let at = 0; at < found; at++) {
        const location = this.#sample[at]!;
        record.open(location);
        const urgency = this.#urgency(record, nowTick);
        if (urgency <= most || location === spared) continue;
        if (record.entry !== NO_ENTRY && times.token(record.entry, nowMs) !== 0) continue;
        victim = location;
        most = urgency;
        idleTicks = record.idleTicks(nowTick);
      }
      if (victim === NO_LOCATION) continue;
      this.#lifeTicks = Math.max(1, this.#lifeTicks + (idleTicks - this.#lifeTicks) * MEAN_WEIGHT);
      return victim;
    }
    return NO_LOCATION;
  }

  /** How much an item is to be preferred for eviction. */
  #urgency(record: RecordView, nowTick: number): number {
    const idleTicks = record.idleTicks(nowTick);
    if (this.policy === 'lru') return idleTicks;
    const { uses } = record;
    const worth = uses < 2 ? -COST_OF_NO_USE : WORTH_OF_DOUBLING * Math.log2(uses);
    return idleTicks - worth * this.#lifeTicks;
  }

  /** A number from 0 up to, not including, 1. */
  #draw(): number {
    // xorshift32
    this.#random ^= this.#random << 13;
    this.#random ^= this.#random >>> 17;
    this.#random ^= this.#random << 5;
    return (this.#random >>> 0) / 2 ** 32;
  }
}
