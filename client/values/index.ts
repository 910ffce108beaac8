/**
 * How JavaScript's values become bytes with a TAG, and come back (section 7):
 *
 *     Uint8Array                         TAG 0   the bytes themselves
 *     string                             TAG 1   UTF-8
 *     safe integer, bigint               TAG 2   decimal; comes back as number if that is exact, else as bigint
 *     other finite number, boolean,
 *     null, array, plain object          TAG 3   JSON; −0 stays −0
 */
import { isWellFormed, SpeicherError, TAG } from '../../protocol/index.ts';
import { describe } from '../checks.ts';
import { decodeBytes } from './bytes.ts';
import { decodeInteger } from './integer.ts';
import { decodeJson, encodeJson, type JsonValue } from './json.ts';
import { decodeNumber } from './number.ts';
import { decodeText } from './text.ts';

/** What can be stored. An object is plain, an array, or has a `toJSON`. */
export type StorableValue = string | Uint8Array | number | bigint | boolean | null | object;

/** What comes back. */
export type Value = Uint8Array | bigint | JsonValue;

/** What `as` may ask for, whatever the TAG, and what comes back then. */
export interface ValueForms {
  bytes: Uint8Array;
  string: string;
  /** A number if it is exact, else a bigint; fractions are numbers. */
  number: number | bigint;
  json: JsonValue;
}

export type ValueForm = keyof ValueForms;

/** A value as it is stored. */
export interface EncodedValue {
  readonly tag: number;
  /** A string stands for its UTF-8 bytes. */
  readonly body: string | Uint8Array;
}

/** Reads a value out of a reply's bytes; undefined if they are not what the TAG or `as` says. */
type Decoder<Result> = (bytes: Uint8Array, start: number, end: number) => Result | undefined;

const decoderByTag: ReadonlyMap<number, Decoder<Value>> = new Map<number, Decoder<Value>>([
  [TAG.BYTES, decodeBytes],
  [TAG.TEXT, decodeText],
  [TAG.INTEGER, decodeInteger],
  [TAG.JSON, decodeJson],
]);

const decoderByForm: { readonly [Form in ValueForm]: Decoder<ValueForms[Form]> } = {
  bytes: decodeBytes,
  string: decodeText,
  number: decodeNumber,
  json: decodeJson,
};

/**
 * @param tag stored instead of the value's own; the value is then a string or bytes, in the form that the TAG stands
 * for
 * @throws TypeError for what cannot be stored
 */
export function encodeValue(value: StorableValue, tag?: number): EncodedValue {
  if (tag !== undefined && typeof value !== 'string' && !(value instanceof Uint8Array)) {
    throw new TypeError(`with a tag the value is a string or a Uint8Array, not ${describe(value)}`);
  }
  if (typeof value === 'string') return { tag: tag ?? TAG.TEXT, body: checkText(value) };
  if (value instanceof Uint8Array) return { tag: tag ?? TAG.BYTES, body: value };
  if (isInteger(value)) return { tag: TAG.INTEGER, body: String(value) };
  return { tag: TAG.JSON, body: encodeJson(value) };
}

function isInteger(value: number | bigint | boolean | object | null): value is number | bigint {
  return typeof value === 'bigint' || (Number.isSafeInteger(value) && !Object.is(value, -0));
}

function checkText(text: string): string {
  if (!isWellFormed(text)) throw new TypeError('a string with a lone surrogate has no UTF-8 form');
  return text;
}

/**
 * The value in `bytes[start]` up to `bytes[end - 1]`.
 *
 * @throws SpeicherError SPEICHER_UNDECODABLE if the TAG is unknown or the bytes do not fit it
 */
export function decodeValue(bytes: Uint8Array, start: number, end: number, tag: number): Value {
  const value = decoderByTag.get(tag)?.(bytes, start, end);
  if (value !== undefined) return value;
  const reason = decoderByTag.has(tag) ? `no value of TAG ${tag}` : `TAG ${tag} is unknown; ask for { as: 'bytes' }`;
  throw new SpeicherError('SPEICHER_UNDECODABLE', reason);
}

/**
 * The value in `bytes[start]` up to `bytes[end - 1]`, in the form asked for.
 *
 * @throws SpeicherError SPEICHER_UNDECODABLE if the bytes have no such form
 */
export function decodeValueAs<Form extends ValueForm>(
  bytes: Uint8Array,
  start: number,
  end: number,
  form: Form,
): ValueForms[Form] {
  const value = decoderByForm[form](bytes, start, end);
  if (value === undefined) throw new SpeicherError('SPEICHER_UNDECODABLE', `the bytes are no ${form}`);
  return value;
}

/** @throws TypeError if `form` is no form that `as` may ask for */
export function checkValueForm(form: ValueForm): void {
  if (!Object.hasOwn(decoderByForm, form)) {
    throw new TypeError(`as is one of ${Object.keys(decoderByForm).join(', ')}`);
  }
}
