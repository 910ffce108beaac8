/**
 * Memory for what is too long for a slot: blocks of 4 KiB on pages of the slabs, each value's in a chain. As any blocks
 * make a chain, there are no holes between values of different lengths, and a page that long values no longer need goes
 * back to the slots, and the other way.
 *
 * Blocks are packed as slots are: when one is given back, the last one moves into it, and its neighbours in its chain
 * are told. A chain's number stays what it is meanwhile.
 */
import { PAGE_BYTES, type Slabs } from './slabs.ts';

export const BLOCK_BYTES = 4096;
const BLOCK_SHIFT = 4;
const BLOCKS_PER_PAGE = PAGE_BYTES / BLOCK_BYTES;
const BLOCK_MASK = BLOCKS_PER_PAGE - 1;

/** The words of a block's link. */
const NEXT = 0;
/** The block before; in the first of a chain the chain's number with IS_FIRST. */
const PREVIOUS = 1;
const WORDS = 2;
const IS_FIRST = 0x8000_0000;
/** The block behind the last of a chain. */
const NONE = 0x7fff_ffff;

/** What a block takes with its link. */
export const CHAINED_BLOCK_BYTES = BLOCK_BYTES + WORDS * 4;
/** What a chain takes beside its blocks. */
export const CHAIN_BYTES = 4;

const CAPACITY_MIN = 64;

export class BlockChains {
  readonly #slabs: Slabs;
  #pages: number[] = [];
  #blocks = 0;
  #links = new Uint32Array(CAPACITY_MIN * WORDS);
  /** Each chain's first block. */
  #firsts = new Uint32Array(CAPACITY_MIN);
  /** How many numbers of chains were given out, those that are free again too. */
  #used = 0;
  #freeChains: number[] = [];

  constructor(slabs: Slabs) {
    this.#slabs = slabs;
  }

  /** Bytes of the blocks that are in use. */
  get usedBytes(): number {
    return this.#blocks * BLOCK_BYTES;
  }

  /** Bytes of what is kept about them. */
  get linkBytes(): number {
    const chains = this.#used - this.#freeChains.length;
    return this.#blocks * (CHAINED_BLOCK_BYTES - BLOCK_BYTES) + chains * CHAIN_BYTES;
  }

  /** Makes a chain of so many blocks, one at least; what they hold is to be filled in. */
  take(blocks: number): number {
    const chain = this.#freeChains.pop() ?? this.#used++;
    if (chain === this.#firsts.length) this.#firsts = grown(this.#firsts);
    this.#firsts[chain] = this.#blocks;
    for (let left = blocks, previous = IS_FIRST + chain; left > 0; left--) {
      const block = this.#blocks++;
      if (block * WORDS === this.#links.length) this.#links = grown(this.#links);
      if ((block & BLOCK_MASK) === 0) this.#pages.push(this.#slabs.takePage());
      this.#links[block * WORDS + NEXT] = left === 1 ? NONE : block + 1;
      this.#links[block * WORDS + PREVIOUS] = previous;
      previous = block;
    }
    return chain;
  }

  giveBack(chain: number): void {
    for (let block = this.#firsts[chain]!; block !== NONE; block = this.#firsts[chain]!) {
      this.#setNext(IS_FIRST + chain, this.#links[block * WORDS + NEXT]!);
      this.#fill(block);
    }
    this.#freeChains.push(chain);
  }

  /** Copies the chain's bytes from `from` on to `target[at]` up to `target[end - 1]`. */
  read(chain: number, from: number, target: Uint8Array, at: number, end: number): void {
    this.#visit(chain, from, end - at, (bytes, start, length, done) => {
      target.set(bytes.subarray(start, start + length), at + done);
    });
  }

  /** Copies `source[start]` up to `source[end - 1]` to the chain's bytes from `to` on. */
  write(chain: number, to: number, source: Uint8Array, start: number, end: number): void {
    this.#visit(chain, to, end - start, (bytes, at, length, done) => {
      bytes.set(source.subarray(start + done, start + done + length), at);
    });
  }

  clear(): void {
    this.#pages = [];
    this.#blocks = this.#used = 0;
    this.#links = new Uint32Array(CAPACITY_MIN * WORDS);
    this.#firsts = new Uint32Array(CAPACITY_MIN);
    this.#freeChains = [];
  }

  /**
   * Walks over one chain.
   *
   * @returns how many blocks it has
   * @throws Error if its links are broken: a defect
   */
  check(chain: number): number {
    let blocks = 0;
    let previous = IS_FIRST + chain;
    for (let block = this.#firsts[chain]!; block !== NONE; block = this.#links[block * WORDS + NEXT]!, blocks++) {
      /* c8 ignore next 3 -- only a defect gets here */
      if (block >= this.#blocks || this.#links[block * WORDS + PREVIOUS] !== previous) {
        throw new Error(`chain ${chain} is broken at block ${block}`);
      }
      previous = block;
    }
    return blocks;
  }

  /** Calls with the places where `sizeBytes` bytes of a chain lie, and with how many bytes came before. */
  #visit(
    chain: number,
    from: number,
    sizeBytes: number,
    use: (bytes: Uint8Array, start: number, length: number, done: number) => void,
  ): void {
    let block = this.#firsts[chain]!;
    let skip = from;
    for (; skip >= BLOCK_BYTES; skip -= BLOCK_BYTES) block = this.#links[block * WORDS + NEXT]!;
    for (let done = 0; done < sizeBytes; block = this.#links[block * WORDS + NEXT]!, skip = 0) {
      const length = Math.min(BLOCK_BYTES - skip, sizeBytes - done);
      const page = this.#pages[block >>> BLOCK_SHIFT]!;
      use(this.#slabs.bytesOfPage(page), this.#slabs.byteOfPage(page) + offsetInPage(block) + skip, length, done);
      done += length;
    }
  }

  /** Moves the last block into one that is in no chain any more. */
  #fill(hole: number): void {
    const last = --this.#blocks;
    if (hole !== last) {
      const from = this.#pages[last >>> BLOCK_SHIFT]!;
      const to = this.#pages[hole >>> BLOCK_SHIFT]!;
      const start = this.#slabs.byteOfPage(from) + offsetInPage(last);
      const bytes = this.#slabs.bytesOfPage(from).subarray(start, start + BLOCK_BYTES);
      this.#slabs.bytesOfPage(to).set(bytes, this.#slabs.byteOfPage(to) + offsetInPage(hole));
      this.#setNext(this.#links[last * WORDS + PREVIOUS]!, hole);
      this.#setNext(hole, this.#links[last * WORDS + NEXT]!);
    }
    if ((last & BLOCK_MASK) === 0) this.#slabs.givePageBack(this.#pages.pop()!);
  }

  /** Lets one block follow another, or be a chain's first (IS_FIRST with its number). */
  #setNext(previous: number, block: number): void {
    if (previous >= IS_FIRST) this.#firsts[previous - IS_FIRST] = block;
    else this.#links[previous * WORDS + NEXT] = block;
    if (block !== NONE) this.#links[block * WORDS + PREVIOUS] = previous;
  }
}

function offsetInPage(block: number): number {
  return (block & BLOCK_MASK) * BLOCK_BYTES;
}

function grown(words: Uint32Array): Uint32Array<ArrayBuffer> {
  const twice = new Uint32Array(words.length * 2);
  twice.set(words);
  return twice;
}
