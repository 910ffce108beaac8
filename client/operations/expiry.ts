/** TOUCH, and the question how long an item has to live. */
import { OPCODE } from '../../protocol/index.ts';
import type { CallOptions, Dispatcher } from '../dispatcher.ts';
import type { Key } from '../keys.ts';
import { readCount, readWhether } from '../replies.ts';
import { Request } from '../request.ts';
import { readMeta } from './insight.ts';
import type { ChangeOptions, PrefixOptions } from './options.ts';

/** What META gives as `left` for an item that never expires (META-1). */
const NEVER = -1;

export function touch(dispatcher: Dispatcher, key: Key, ttlMs: number, options?: ChangeOptions): Promise<boolean> {
  return dispatcher.run(options, () =>
    new Request(OPCODE.TOUCH, readWhether)
      .key(key)
      .ttl(checkGiven(ttlMs))
      .ifVersion(options?.version)
      .withToken(options?.token),
  );
}

export function touchPrefix(
  dispatcher: Dispatcher,
  prefix: Key,
  ttlMs: number,
  options?: PrefixOptions,
): Promise<number> {
  return dispatcher.run(options, () =>
    new Request(OPCODE.TOUCH, readCount).prefix(prefix).ttl(checkGiven(ttlMs)).withToken(options?.token),
  );
}

/** A TTL that was forgotten would make the item live for ever. */
function checkGiven(ttlMs: number | undefined): number {
  if (ttlMs === undefined) throw new TypeError('ttlMs is missing; Infinity is "never expires"');
  return ttlMs;
}

/** META tells it without sending the value along, and is no access. */
export function ttl(dispatcher: Dispatcher, key: Key, options?: CallOptions): Promise<number | undefined> {
  return dispatcher.run(options, () =>
    new Request(OPCODE.META, (reply) => {
      const leftMs = readMeta(reply)?.left;
      return leftMs === NEVER ? Infinity : leftMs;
    }).key(key),
  );
}
