/** Requests of many kinds, drawn by chance, for tests that send them as bytes. */
import { FLAG } from '../../protocol/index.ts';
import type { SeededNumbers } from '../store/testing/wide-operations.ts';
import { requestBytes } from './raw-peer.ts';

/**
 * A request that changes something, or does not.
 *
 * @param keys which it may name, and sometimes all that begin with one of them
 */
export function drawRequest(numbers: SeededNumbers, keys: readonly string[], id: number): Uint8Array {
  const key = keys[numbers.below(keys.length)]!;
  const value = `${id}`.padEnd(numbers.below(numbers.below(50) === 0 ? 200_000 : 200), 'v');
  const kind = numbers.below(100);
  const quiet = numbers.below(10) === 0 ? FLAG.QUIET : 0;
  if (kind < 50) return requestBytes('SET', { id, key, value, flags: quiet });
  if (kind < 58) return requestBytes('SET', { id, key, value, tag: id, flags: FLAG.TAG | FLAG.DETAIL });
  if (kind < 62) return requestBytes('SET', { id, key, value, ttlMs: 1e7, flags: FLAG.TTL });
  if (kind < 66) return requestBytes('SET', { id, key, value, version: 1, flags: FLAG.VERSION });
  if (kind < 70) return requestBytes('ADD', { id, key, value });
  if (kind < 74) return requestBytes('REPLACE', { id, key, value });
  if (kind < 77) return requestBytes('APPEND', { id, key, value: '1' });
  if (kind < 79) return requestBytes('INCREMENT', { id, key: `${key}n`, value: '5', number: 3n, flags: FLAG.NUMBER });
  if (kind < 84) return requestBytes('DELETE', { id, key });
  if (kind < 86) return requestBytes('LOCK', { id, key });
  if (kind < 88) return requestBytes('UNLOCK', { id, key });
  if (kind < 92) return requestBytes('TOUCH', { id, key, ttlMs: 1e8, flags: FLAG.TTL });
  if (kind < 93) return requestBytes('SET', { id, key, value, flags: FLAG.PREFIX });
  return requestBytes('GET', { id, key });
}
