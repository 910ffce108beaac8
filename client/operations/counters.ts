/** INCREMENT, up and down. */
import { OPCODE } from '../../protocol/index.ts';
import { checkI64 } from '../checks.ts';
import type { Dispatcher } from '../dispatcher.ts';
import type { Key } from '../keys.ts';
import { readCount, readCounter } from '../replies.ts';
import { Request } from '../request.ts';
import type { IncrementOptions, PrefixOptions } from './options.ts';

/** Whether the delta is added or taken away. */
export type Sign = 1n | -1n;

export function increment(
  dispatcher: Dispatcher,
  sign: Sign,
  key: Key,
  delta: number | bigint,
  options?: IncrementOptions,
): Promise<number | bigint | undefined> {
  return dispatcher.run(options, () => {
    const request = new Request(OPCODE.INCREMENT, readCounter)
      .key(key)
      .withNumber('delta', sign * checkI64('delta', delta))
      .ttl(options?.ttlMs)
      .ifVersion(options?.version)
      .withToken(options?.token);
    const initial = options?.initial;
    return initial === undefined ? request : request.bareValue(String(checkI64('initial', initial)));
  });
}

export function incrementPrefix(
  dispatcher: Dispatcher,
  sign: Sign,
  prefix: Key,
  delta: number | bigint,
  options?: PrefixOptions,
): Promise<number> {
  return dispatcher.run(options, () =>
    new Request(OPCODE.INCREMENT, readCount)
      .prefix(prefix)
      .withNumber('delta', sign * checkI64('delta', delta))
      .withToken(options?.token),
  );
}
