/** Short names for the steps that most cases are made of. */
import type { OperationName } from '../protocol/operations.ts';
import type { Expectation, Key, Piece, ReplyExpectation, Request, Step } from './step.ts';

type More = Omit<Request, 'op' | 'key'>;

/** A request by its name. */
export function request(op: OperationName | number, key?: Key, more: More = {}): Request {
  return { op, ...(key !== undefined && { key }), ...more };
}

export const get = (key: Key, more: More = {}): Request => request('GET', key, more);
export const set = (key: Key, value: NonNullable<Request['value']>, more: More = {}): Request =>
  request('SET', key, { value, ...more });
export const del = (key: Key, more: More = {}): Request => request('DELETE', key, more);

export const OK: ReplyExpectation = { status: 200 };
export const MISS: ReplyExpectation = { status: 404 };
export const BAD: ReplyExpectation = { status: 400 };

/** GET's reply: the value, and the fields that `more` names and no others. */
export function found(
  value: NonNullable<Request['value']>,
  more: Omit<ReplyExpectation, 'status' | 'value'> = {},
): ReplyExpectation {
  return { status: 200, value, ...more };
}

/** One request and its reply, a 200 unless said otherwise. */
export function ask(piece: Piece, expect: Expectation = OK, on?: string): Step {
  return { ask: piece, expect, ...(on !== undefined && { on }) };
}

export function send(pieces: readonly Piece[], on?: string): Step {
  return { send: pieces, ...(on !== undefined && { on }) };
}

export function recv(expect: Expectation = OK, on?: string): Step {
  return { recv: expect, ...(on !== undefined && { on }) };
}

export const json = (text: string): Piece => ({ json: text });

/** A request that must be refused, around an item that it must leave as it was (STATUS-3). */
export function refused(piece: Piece, expect: Expectation = BAD): Step[] {
  return [ask(set('kept', 'as it was')), ask(piece, expect), ask(get('kept'), found('as it was'))];
}
