/**
 * Frames by the grammar of section 2: any opcode with any flags, fields, key and value, whether they belong to it or
 * not.
 */
import { FLAGS, FLAG, type FlagName } from '../../protocol/flags.ts';
import { COUNTER_MAX, I64_MAX, I64_MIN } from '../../protocol/limits.ts';
import { OPERATION_NAMES, OPERATIONS, operationForm, type OperationName } from '../../protocol/operations.ts';
import type { Random } from '../random.ts';
import { toHex } from '../wire/bytes.ts';
import { DueReader } from '../wire/due.ts';
import { buildRequest } from '../wire/request.ts';
import { regionOf, streamSteps, type Chunk } from './bytes.ts';
import { isHarmless, isWellFormed } from './expected.ts';
import type { Generator, Place } from './plan.ts';

const FRAMES_MAX = 6;
const DRAWS_MAX = 50;

const ALL_FLAGS = Object.keys(FLAGS) as FlagName[];

const NUMBERS = [0n, 1n, -1n, 2n, 255n, 256n, BigInt(COUNTER_MAX), BigInt(COUNTER_MAX) + 1n, I64_MAX, I64_MIN] as const;

const VALUES = ['', '0', '-1', '9223372036854775807', 'text', '{}', '\u0000', 'x'.repeat(300)] as const;

const pick = <Item>(random: Random, items: readonly Item[]): Item => items[random.below(items.length)] as Item;

/** Mostly the operation's own flags, so that requests get past the first check and fail, or not, at a later one. */
function drawFlags(random: Random, operation: OperationName | undefined): FlagName[] {
  const form = operation && operationForm(operation, random.below(3) === 0);
  const own = form?.flags ?? [];
  return ALL_FLAGS.filter((name) => random.below(own.includes(name) ? 3 : 12) === 0);
}

function drawFrame(random: Random, place: Place): Buffer {
  const operation = random.below(10) === 0 ? undefined : pick(random, OPERATION_NAMES);
  const opcode = operation === undefined ? random.below(0x80) : OPERATIONS[operation].opcode;
  const flags = drawFlags(random, operation);
  const has = (name: FlagName): boolean => flags.includes(name);
  const number = (): bigint => pick(random, NUMBERS);
  const keys = ['', `${place.prefix.toString('latin1')}${place.space}`];
  const key = pick(random, [
    ...keys,
    `${keys[1]}a`,
    `${keys[1]}ab`,
    `${keys[1]}\u00ff`,
    `${keys[1]}${'k'.repeat(230)}`,
  ]);
  return buildRequest({
    opcode,
    id: random.below(2 ** 32),
    flagBits: flags.reduce((bits, name) => bits | FLAG[name], 0),
    ttl: has('TTL') ? drawTtl(random) : undefined,
    version: has('VERSION') ? number() : undefined,
    tag: has('TAG') ? pick(random, [0, 1, 2, 3, 0xffff_ffff]) : undefined,
    number: has('NUMBER') ? number() : undefined,
    token: has('TOKEN') ? number() : undefined,
    key: Buffer.from(key, 'latin1'),
    value: Buffer.from(pick(random, VALUES), 'latin1'),
    keyLength: random.below(12) === 0 ? random.below(600) : undefined,
  });
}

/** Never so short that it passes meanwhile, and never so long that it is waited for. */
function drawTtl(random: Random): bigint {
  return pick(random, [0n, 600_000n, BigInt(COUNTER_MAX), BigInt(COUNTER_MAX) + 1n, 2n ** 64n - 1n]);
}

function isAllowed(frame: Buffer, place: Place): boolean {
  const space = regionOf(place);
  return new DueReader(place.frameBytesMax)
    .push(frame)
    .every(
      (due) =>
        isHarmless(due, space) &&
        !(due.kind === 'binary' && (due.flags & FLAG.QUIET) !== 0 && isWellFormed(due, place.profiles)),
    );
}

/** Frames whose form says whether they have to be refused. */
export const grammar: Generator<Chunk> = {
  draw: (random, place) =>
    Array.from({ length: 1 + random.below(FRAMES_MAX) }, () => {
      let frame = buildRequest({ opcode: OPERATIONS.PING.opcode, id: random.below(2 ** 32) });
      for (let draw = 0; draw < DRAWS_MAX; draw += 1) {
        const drawn = drawFrame(random, place);
        if (!isAllowed(drawn, place)) continue;
        frame = drawn;
        break;
      }
      return { hex: toHex(frame), cut: undefined };
    }),
  steps: streamSteps,
  simpler: () => [],
};
