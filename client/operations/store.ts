/** SET, ADD, REPLACE, APPEND, PREPEND: what gives items values. */
import { OPCODE } from '../../protocol/index.ts';
import { checkInteger } from '../checks.ts';
import type { Dispatcher } from '../dispatcher.ts';
import type { Key } from '../keys.ts';
import { readCount, readWhether } from '../replies.ts';
import { Request } from '../request.ts';
import { encodeValue, type EncodedValue, type StorableValue } from '../values/index.ts';
import type { AddOptions, ChangeOptions, SetOptions, SetPrefixOptions } from './options.ts';

const TAG_MAX = 0xffff_ffff;

export function set(dispatcher: Dispatcher, key: Key, value: StorableValue, options?: SetOptions): Promise<boolean> {
  return dispatcher.run(options, () => storeRequest(OPCODE.SET, key, value, options));
}

export function replace(
  dispatcher: Dispatcher,
  key: Key,
  value: StorableValue,
  options?: SetOptions,
): Promise<boolean> {
  return dispatcher.run(options, () => storeRequest(OPCODE.REPLACE, key, value, options));
}

function storeRequest(opcode: number, key: Key, value: StorableValue, options: SetOptions | undefined) {
  return new Request(opcode, readWhether)
    .key(key)
    .value(encode(value, options))
    .ttl(options?.ttlMs)
    .ifVersion(options?.version)
    .withToken(options?.token);
}

export function add(dispatcher: Dispatcher, key: Key, value: StorableValue, options?: AddOptions): Promise<boolean> {
  return dispatcher.run(options, () =>
    new Request(OPCODE.ADD, readWhether).key(key).value(encode(value, options)).ttl(options?.ttlMs),
  );
}

export function append(
  dispatcher: Dispatcher,
  opcode: typeof OPCODE.APPEND | typeof OPCODE.PREPEND,
  key: Key,
  value: string | Uint8Array,
  options?: ChangeOptions,
): Promise<boolean> {
  return dispatcher.run(options, () =>
    new Request(opcode, readWhether)
      .key(key)
      // The item keeps its own TAG (APPEND-1): 0 is given for the check that the value is a string or bytes.
      .bareValue(encodeValue(value, 0).body)
      .ifVersion(options?.version)
      .withToken(options?.token),
  );
}

export function setPrefix(
  dispatcher: Dispatcher,
  prefix: Key,
  value: StorableValue,
  options?: SetPrefixOptions,
): Promise<number> {
  return dispatcher.run(options, () =>
    new Request(OPCODE.SET, readCount)
      .prefix(prefix)
      .value(encode(value, options))
      .ttl(options?.ttlMs)
      .withToken(options?.token),
  );
}

function encode(value: StorableValue, options: AddOptions | undefined): EncodedValue {
  const tag = options?.tag;
  return encodeValue(value, tag === undefined ? undefined : checkInteger('tag', tag, 0, TAG_MAX));
}
