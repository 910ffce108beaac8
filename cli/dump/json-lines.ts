/**
 * A dump as text: one JSON object per line.
 *
 *     {"key": …, "tag": 1, "ttlMs": 30000, "value": …}
 *
 * Key and value are strings; `keyBase64` and `valueBase64` stand in their places where they are no UTF-8, or longer as
 * text than as base64: a control character takes six bytes. `ttlMs` is what was left, and absent for an item that never
 * expires.
 */
import { Buffer, isUtf8 } from 'node:buffer';
import * as z from 'zod';
import { KEY_BYTES_CEILING, SpeicherError } from '../../protocol/index.ts';
import { badInput, shownKey, type DumpItem, type PlacedItem } from './dump-item.ts';

const LINE_FEED = 0x0a;

/** No line is longer: it is the longest string that V8 has. */
const LINE_BYTES_MAX = 2 ** 29 - 24;

/** What a line has beside key and value, at most. */
const FRAME_OF_LINE_BYTES_MAX = 100;

/** For each byte of UTF-8, how many JSON puts in its place. */
const JSON_BYTES = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < 0x80 ? JSON.stringify(String.fromCharCode(byte)).length - '""'.length : 1,
);

const text = z.string().refine((value) => !/\p{Surrogate}/u.test(value), 'has half of a surrogate pair');
const base64 = z
  .string()
  .refine((value) => Buffer.from(value, 'base64').toString('base64') === value, 'is no base64, padded');

const schema = z.strictObject({
  key: text.optional(),
  keyBase64: base64.optional(),
  tag: z.number().int().min(0).max(0xffff_ffff).optional(),
  ttlMs: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
  value: text.optional(),
  valueBase64: base64.optional(),
});

function base64Bytes({ length }: Uint8Array): number {
  return Math.ceil(length / 3) * 4;
}

/**
 * How many bytes a line has of these, without quotes.
 *
 * @returns as base64 if `isText` is false, else as a JSON string
 */
function writtenBytes(bytes: Uint8Array): { isText: boolean; length: number } {
  const length = base64Bytes(bytes);
  if (!isUtf8(bytes)) return { isText: false, length };
  let textLength = 0;
  for (let at = 0; at < bytes.length; at++) textLength += JSON_BYTES[bytes[at]!]!;
  return textLength > length ? { isText: false, length } : { isText: true, length: textLength };
}

function named(name: 'key' | 'value', bytes: Uint8Array, isText: boolean): Record<string, string> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return isText ? { [name]: buffer.toString() } : { [`${name}Base64`]: buffer.toString('base64') };
}

/**
 * One line, with its line break.
 *
 * @param lineBytesMax the longest line that will be accepted
 * @throws SpeicherError `SPEICHER_OPTION`, with the key, if the line may be longer
 */
export function jsonLine({ key, value, tag, ttlMs }: DumpItem, lineBytesMax = LINE_BYTES_MAX): string {
  const [writtenKey, writtenValue] = [writtenBytes(key), writtenBytes(value)];
  if (writtenKey.length + writtenValue.length + FRAME_OF_LINE_BYTES_MAX > lineBytesMax) {
    const problem = `its line would be longer than ${lineBytesMax} bytes; --frames takes it`;
    throw new SpeicherError('SPEICHER_OPTION', `key ${shownKey(key)}: ${problem}`);
  }
  const fields = {
    ...named('key', key, writtenKey.isText),
    tag,
    ...(ttlMs === Infinity ? {} : { ttlMs }),
    ...named('value', value, writtenValue.isText),
  };
  return `${JSON.stringify(fields)}\n`;
}

function bytesOf(place: string, name: string, utf8: string | undefined, coded: string | undefined): Buffer {
  if ((utf8 === undefined) === (coded === undefined)) throw badInput(place, `needs one of ${name} and ${name}Base64`);
  return utf8 === undefined ? Buffer.from(coded ?? '', 'base64') : Buffer.from(utf8);
}

/**
 * Reads one line.
 *
 * @param place what errors call it
 * @throws SpeicherError `SPEICHER_OPTION`
 */
function parseJsonLine(line: Uint8Array, place: string): DumpItem {
  // Decoding would put something else in the place of what is no UTF-8, and nobody would know.
  if (!isUtf8(line)) throw badInput(place, 'is no UTF-8');
  let content: unknown;
  try {
    content = JSON.parse(Buffer.from(line.buffer, line.byteOffset, line.length).toString());
  } catch (error) {
    throw badInput(place, 'is no JSON', error);
  }
  const parsed = schema.safeParse(content);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw badInput(place, `${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim());
  }
  const { tag = 0, ttlMs = Infinity, ...fields } = parsed.data;
  const key = bytesOf(place, 'key', fields.key, fields.keyBase64);
  if (key.length === 0 || key.length > KEY_BYTES_CEILING)
    throw badInput(place, `key must have 1 to ${KEY_BYTES_CEILING} bytes`);
  return { key, tag, ttlMs, value: bytesOf(place, 'value', fields.value, fields.valueBase64) };
}

/**
 * Reads lines of a stream. They end at line feeds alone: U+2028 and its like may stand in a JSON string.
 *
 * @param lineBytesMax the longest line that is accepted
 * @throws SpeicherError `SPEICHER_OPTION`, with the number of the line
 */
export async function* readJsonLines(
  input: AsyncIterable<Uint8Array>,
  lineBytesMax = LINE_BYTES_MAX,
): AsyncGenerator<PlacedItem> {
  let number = 1;
  let begun: Uint8Array[] = [];
  let begunBytes = 0;
  const add = (bytes: Uint8Array): void => {
    begun.push(bytes);
    begunBytes += bytes.length;
    if (begunBytes > lineBytesMax) throw badInput(`line ${number}`, `is longer than ${lineBytesMax} bytes`);
  };
  const take = (): PlacedItem => {
    const place = `line ${number++}`;
    const line = Buffer.concat(begun, begunBytes);
    [begun, begunBytes] = [[], 0];
    return { place, item: parseJsonLine(line, place) };
  };
  for await (const chunk of input) {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, from)) {
      add(chunk.subarray(from, end));
      yield take();
      from = end + 1;
    }
    if (from < chunk.length) add(chunk.subarray(from));
  }
  if (begunBytes > 0) yield take();
}
