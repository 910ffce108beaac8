/** Short names for the steps of cases on the JSON envelope (section 7). */
import { ask, json } from './actions.ts';
import type { Bytes, JsonExpectation, Key, Piece, Step } from './step.ts';

export const JSON_OK: JsonExpectation = { json: 200 };
export const JSON_BAD: JsonExpectation = { json: 400 };
export const JSON_MISS: JsonExpectation = { json: 404 };

/** A SET under the case's key of that name; `value` is JSON text. */
export const jsonSet = (name: string, value: string): Piece =>
  json(`{"command":"SET","key":"{{${name}}}","value":${value}}`);
export const jsonGet = (name: string): Piece => json(`{"command":"GET","key":"{{${name}}}"}`);
export const jsonDel = (name: string): Piece => json(`{"command":"DEL","key":"{{${name}}}"}`);

/** GET's reply with a value that means the same as this JSON text. */
export const jsonFound = (value: string): JsonExpectation => ({ json: 200, value });

/** An envelope of bytes that no text has: text and bytes in turn, of which `{ key }` is a key of the case. */
export const envelope = (...parts: readonly Bytes[]): Piece => ({ body: { concat: parts } });

/** A SET of a key that cannot be named in a text: one that is no UTF-8, or as long as a limit. */
export const jsonSetKey = (key: Key, value = '"v"'): Piece =>
  envelope('{"command":"SET","key":"', { key }, `","value":${value}}`);

/** Envelopes that must each be refused, around an item that each must leave as it was (STATUS-3). */
export function jsonRefused(pieces: readonly Piece[], expect: JsonExpectation = JSON_BAD): Step[] {
  return [
    ask(jsonSet('kept', '"as it was"'), JSON_OK),
    ...pieces.flatMap((piece) => [ask(piece, expect), ask(jsonGet('kept'), jsonFound('"as it was"'))]),
  ];
}

/** Values that are each set and come back; the key is the same, so that each SET has something to replace. */
export function jsonRoundTrips(values: readonly string[], exact = false): Step[] {
  return values.flatMap((value) => [
    ask(jsonSet('k', value), JSON_OK),
    ask(jsonGet('k'), { json: 200, value, ...(exact && { exact }) }),
  ]);
}
