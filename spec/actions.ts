/** Short names for the steps that most cases are made of. */
import type { OperationName } from '../protocol/operations.ts';
import type { Bytes, Expectation, Key, Piece, ReplyExpectation, Request, Step } from './step.ts';

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

/** A listing in as many pages as the server likes (LIST-2). */
export function listing(piece: Request, entries: readonly (readonly [Key, Bytes])[]): Step {
  return { listing: piece, entries: entries.map(([key, value]) => [key, value]) };
}

export const json = (text: string): Piece => ({ json: text });

/** A request that must be refused, around an item that it must leave as it was (STATUS-3). */
export function refused(piece: Piece, expect: Expectation = BAD): Step[] {
  return [ask(set('kept', 'as it was')), ask(piece, expect), ask(get('kept'), found('as it was'))];
}

/**
 * After a framing error: the reply that FRAME-3 advises, or a close alone. That it closes is checked for every case.
 */
export function framingError(status: 400 | 413): Expectation {
  return {
    anyOf: [
      { as: 'answered', status },
      { as: 'closed without a reply', closed: true, warn: true },
    ],
  };
}

/** The error that should be given, and another that the contract permits where both apply (STATUS-2). */
export function errorBefore(first: number, later: number): Expectation {
  return {
    anyOf: [
      { as: 'the first error', status: first },
      { as: 'a later error', status: later, warn: true },
    ],
  };
}
