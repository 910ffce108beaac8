/** DELETE and RESET: what removes items. */
import { OPCODE } from '../../protocol/index.ts';
import type { CallOptions, Dispatcher } from '../dispatcher.ts';
import type { Key } from '../keys.ts';
import { readCount, readDone, readWhether } from '../replies.ts';
import { Request } from '../request.ts';
import type { ChangeOptions, PrefixOptions } from './options.ts';

export function remove(dispatcher: Dispatcher, key: Key, options?: ChangeOptions): Promise<boolean> {
  return dispatcher.run(options, () =>
    new Request(OPCODE.DELETE, readWhether).key(key).ifVersion(options?.version).withToken(options?.token),
  );
}

export function removePrefix(dispatcher: Dispatcher, prefix: Key, options?: PrefixOptions): Promise<number> {
  return dispatcher.run(options, () => new Request(OPCODE.DELETE, readCount).prefix(prefix).withToken(options?.token));
}

export function reset(dispatcher: Dispatcher, options?: CallOptions): Promise<true> {
  return dispatcher.run(options, () => new Request(OPCODE.RESET, readDone));
}
