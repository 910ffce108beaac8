/** JSON, TAG 3. */
import { describe } from '../checks.ts';
import { decodeText } from './text.ts';

/** What JSON can say. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

/**
 * The JSON text of a value.
 *
 * @throws TypeError if the value has none, or if it would come back as something else entirely: NaN, a Map
 */
export function encodeJson(value: unknown): string {
  if (Object.is(value, -0)) return '-0';
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`${value} cannot be stored`);
  if (typeof value === 'object' && value !== null && !isJsonObject(value)) {
    throw new TypeError(`${describe(value)} cannot be stored: it is neither plain nor has it a toJSON`);
  }
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError(`${describe(value)} cannot be stored: it has no JSON form`);
  return text;
}

/** Arrays, objects made by `{}` in whatever realm, and what says itself how it becomes JSON. */
function isJsonObject(value: object): boolean {
  if (Array.isArray(value) || ('toJSON' in value && typeof value.toJSON === 'function')) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** The value whose JSON text lies in `bytes[start]` up to `bytes[end - 1]`; undefined if that is no JSON. */
export function decodeJson(bytes: Uint8Array, start: number, end: number): JsonValue | undefined {
  const text = decodeText(bytes, start, end);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}
