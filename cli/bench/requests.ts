/** Makes the requests of a run, one behind the other, and knows the values that GET must bring back. */
import { Buffer } from 'node:buffer';
import { FrameWriter, OPCODE, putRequest, RequestFrame, type ReplyFrame } from '../../protocol/index.ts';
import { drawFrom, type Draw } from './distribution.ts';
import {
  BENCH_OPERATIONS,
  KEY_DIGITS,
  KEYS_LIMIT,
  opcodeOf,
  PREFIX_DIGITS_OFF,
  TOUCH_TTL_MS,
  type BenchOperationName,
  type KeySpace,
} from './operations.ts';
import type { BenchOptions } from './options.ts';
import { Random } from './random.ts';

const ZERO = 48;
const PRINTABLE = 95;
const FIRST_COUNTER = Buffer.from('0');

const SPACE_LETTERS = { values: 'v', counters: 'n', texts: 't' } as const satisfies Record<KeySpace, string>;

/** What stands before the digits of a key. */
export function keyPrefix(runPrefix: string, space: KeySpace): string {
  return `${runPrefix}${SPACE_LETTERS[space]}:`;
}

/** The key of a number, as it is written on the wire too. */
export function keyText(runPrefix: string, space: KeySpace, index: number): string {
  return keyPrefix(runPrefix, space) + String(index).padStart(KEY_DIGITS, '0');
}

/** The kinds of keys that the operations need. */
export function spacesOf(names: readonly BenchOperationName[]): KeySpace[] {
  return [...new Set(names.map((name) => BENCH_OPERATIONS[name].space))];
}

/** An operation of the mix, ready to be asked for. */
interface Kind {
  readonly request: RequestFrame;
  /** Weights are added up: drawn is the first kind whose sum is above the number drawn. */
  readonly weightsUpTo: number;
  readonly hasValue: boolean;
}

export class RequestMaker {
  readonly names: readonly BenchOperationName[];
  readonly #kinds: readonly Kind[];
  readonly #random: Random;
  readonly #draw: Draw;
  /** A value of n bytes is its first n bytes. */
  readonly #filler: Buffer;
  readonly #valueBytesMin: number;
  readonly #valueBytesMax: number;
  readonly #weightSum: number;
  readonly #first: Record<KeySpace, RequestFrame>;

  constructor(options: BenchOptions, runPrefix: string) {
    const { mix, valueBytes, keys, distribution, seed } = options;
    this.#random = new Random(seed);
    this.#draw = drawFrom(distribution, keys, this.#random);
    this.#filler = Buffer.from(Array.from({ length: valueBytes.max }, () => 32 + this.#random.below(PRINTABLE)));
    this.#valueBytesMin = valueBytes.min;
    this.#valueBytesMax = valueBytes.max;
    this.names = mix.map(({ name }) => name);
    let weightsUpTo = 0;
    this.#kinds = mix.map(({ name, weight }) => {
      weightsUpTo += weight;
      return { request: this.#requestOf(name, runPrefix), weightsUpTo, hasValue: BENCH_OPERATIONS[name].hasValue };
    });
    this.#weightSum = weightsUpTo;
    this.#first = {
      values: this.#setOf('values', runPrefix),
      counters: this.#setOf('counters', runPrefix),
      texts: this.#setOf('texts', runPrefix),
    };
  }

  /**
   * Writes the next request of the mix.
   *
   * @returns which operation it is: an index into `names`
   */
  putNext(writer: FrameWriter, id: number): number {
    const kinds = this.#kinds;
    let index = 0;
    if (kinds.length > 1) {
      const drawn = this.#random.below(this.#weightSum);
      while (kinds[index]!.weightsUpTo <= drawn) index += 1;
    }
    const { request, hasValue } = kinds[index]!;
    writeDigits(request.keyBytes, this.#draw());
    if (hasValue) request.valueEnd = this.#valueSize();
    request.id = id;
    putRequest(writer, request);
    return index;
  }

  /** Writes the SET that prepares a key. */
  putFirst(writer: FrameWriter, id: number, space: KeySpace, index: number): void {
    const request = this.#first[space];
    writeDigits(request.keyBytes, index);
    if (space !== 'counters') request.valueEnd = this.#valueSize();
    request.id = id;
    putRequest(writer, request);
  }

  /** Whether a GET has brought back what was stored, byte for byte (VALUE-1). */
  isStoredValue({ valueBytes, valueStart, valueEnd }: ReplyFrame): boolean {
    const sizeBytes = valueEnd - valueStart;
    if (sizeBytes < this.#valueBytesMin || sizeBytes > this.#valueBytesMax) return false;
    return this.#filler.compare(valueBytes, valueStart, valueEnd, 0, sizeBytes) === 0;
  }

  #valueSize(): number {
    const min = this.#valueBytesMin;
    const max = this.#valueBytesMax;
    return min === max ? min : min + this.#random.below(max - min + 1);
  }

  #requestOf(name: BenchOperationName, runPrefix: string): RequestFrame {
    const { space, key, flags } = BENCH_OPERATIONS[name];
    const request = withKey(opcodeOf(name), keyText(runPrefix, space, 0));
    if (key === 'prefix') request.keyEnd -= PREFIX_DIGITS_OFF;
    request.flags = flags;
    request.ttlMs = TOUCH_TTL_MS;
    request.number = KEYS_LIMIT;
    request.valueBytes = this.#filler;
    return request;
  }

  #setOf(space: KeySpace, runPrefix: string): RequestFrame {
    const request = withKey(OPCODE.SET, keyText(runPrefix, space, 0));
    request.valueBytes = space === 'counters' ? FIRST_COUNTER : this.#filler;
    if (space === 'counters') request.valueEnd = FIRST_COUNTER.length;
    return request;
  }
}

function withKey(opcode: number, key: string): RequestFrame {
  const request = new RequestFrame();
  request.opcode = opcode;
  request.keyBytes = Buffer.from(key);
  request.keyEnd = request.keyBytes.length;
  return request;
}

/** Writes a number into the digits at the end of a key. */
function writeDigits(key: Uint8Array, index: number): void {
  let left = index;
  for (let at = key.length - 1; at >= key.length - KEY_DIGITS; at -= 1) {
    const tens = (left / 10) | 0;
    key[at] = ZERO + left - tens * 10;
    left = tens;
  }
}
