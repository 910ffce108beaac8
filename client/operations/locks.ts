/** LOCK and UNLOCK. */
import { OPCODE, STATUS, type ReplyFrame } from '../../protocol/index.ts';
import type { CallOptions, Dispatcher } from '../dispatcher.ts';
import type { Key } from '../keys.ts';
import { errorOfReply, readCount, readWhether, tokenOf } from '../replies.ts';
import { Request } from '../request.ts';
import type { LockOptions, PrefixOptions, TokenOption, TtlOption } from './options.ts';

/** What a prefix's LOCK has locked: one token for all (PREFIX-4). */
export interface LockedPrefix {
  readonly count: number;
  /** undefined if nothing was locked. */
  readonly token: number | undefined;
}

function readLock(reply: ReplyFrame): number | undefined {
  if (reply.status === STATUS.OK) return tokenOf(reply);
  if (reply.status === STATUS.NOT_FOUND) return undefined;
  throw errorOfReply(reply);
}

function readLockedPrefix(reply: ReplyFrame): LockedPrefix {
  const count = readCount(reply);
  return { count, token: count === 0 ? undefined : tokenOf(reply) };
}

export function lock(dispatcher: Dispatcher, key: Key, options?: LockOptions): Promise<number | undefined> {
  return dispatcher.run(options, () =>
    new Request(OPCODE.LOCK, readLock).key(key).ttl(options?.ttlMs).withToken(options?.token),
  );
}

export function unlock(dispatcher: Dispatcher, key: Key, options?: CallOptions & TokenOption): Promise<boolean> {
  return dispatcher.run(options, () => new Request(OPCODE.UNLOCK, readWhether).key(key).withToken(options?.token));
}

export function lockPrefix(
  dispatcher: Dispatcher,
  prefix: Key,
  options?: CallOptions & TtlOption,
): Promise<LockedPrefix> {
  return dispatcher.run(options, () => new Request(OPCODE.LOCK, readLockedPrefix).prefix(prefix).ttl(options?.ttlMs));
}

export function unlockPrefix(dispatcher: Dispatcher, prefix: Key, options?: PrefixOptions): Promise<number> {
  return dispatcher.run(options, () => new Request(OPCODE.UNLOCK, readCount).prefix(prefix).withToken(options?.token));
}
