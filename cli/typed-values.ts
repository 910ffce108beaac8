/** What a value is, as the command line says it: its bytes and the TAG that tells other clients how to read them. */
import { isUtf8 } from 'node:buffer';
import { isI64, SpeicherError, TAG } from '../protocol/index.ts';

/** What `--type` takes. */
export const VALUE_TYPES = ['text', 'bytes', 'json', 'integer'] as const;

export type ValueType = (typeof VALUE_TYPES)[number];

const TAG_BY_TYPE: Readonly<Record<ValueType, number>> = {
  text: TAG.TEXT,
  bytes: TAG.BYTES,
  json: TAG.JSON,
  integer: TAG.INTEGER,
};

/** What is stored: exactly these bytes with this TAG. */
export interface TypedValue {
  readonly bytes: Uint8Array;
  readonly tag: number;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function fits(type: ValueType, bytes: Uint8Array): boolean {
  if (type === 'bytes') return true;
  if (!isUtf8(bytes)) return false;
  const text = Buffer.from(bytes).toString();
  if (type === 'json') return isJson(text);
  return type === 'text' || (/^-?\d{1,19}$/.test(text) && isI64(BigInt(text)));
}

/**
 * The value to store.
 *
 * @param bytes stored as they are: JSON is not rewritten, so that its numbers stay exact
 * @param type without it, text; or bytes, if they are no UTF-8
 * @throws SpeicherError `SPEICHER_OPTION` if the bytes are not of that type
 */
export function typedValue(bytes: Uint8Array, type: ValueType = isUtf8(bytes) ? 'text' : 'bytes'): TypedValue {
  if (!fits(type, bytes)) {
    const wanted = { text: 'UTF-8 text', bytes: 'bytes', json: 'JSON', integer: 'a decimal 64-bit integer' }[type];
    throw new SpeicherError('SPEICHER_OPTION', `with --type ${type} the value must be ${wanted}`);
  }
  return { bytes, tag: TAG_BY_TYPE[type] };
}

/** JSON for bytes that no string can hold. */
function base64(bytes: Uint8Array): string {
  return JSON.stringify({ base64: Buffer.from(bytes).toString('base64') });
}

/** A key or text in JSON: a string, or `{"base64": …}` if the bytes are no UTF-8. */
export function textAsJson(bytes: Uint8Array): string {
  return isUtf8(bytes) ? JSON.stringify(Buffer.from(bytes).toString()) : base64(bytes);
}

/** A value in JSON: JSON and integers as they are stored, other UTF-8 as a string, the rest as `{"base64": …}`. */
export function valueAsJson({ bytes, tag }: TypedValue): string {
  const text = Buffer.from(bytes).toString();
  if (tag === TAG.INTEGER && fits('integer', bytes)) return BigInt(text).toString();
  // Line breaks in JSON lie between its tokens only, so they may go: one value is one line.
  if (tag === TAG.JSON && fits('json', bytes)) return text.replaceAll(/\s*[\n\r]\s*/g, ' ').trim();
  return textAsJson(bytes);
}
