/** Prints what came of a command: bytes for other programs, and a line break more where a person reads. */
import { Buffer } from 'node:buffer';
import type { Writable } from 'node:stream';
import type { ListItem, Result } from './client-command.ts';
import { EXIT } from './exit-codes.ts';
import { textAsJson, valueAsJson, type TypedValue } from './typed-values.ts';

/** Where and how to print. */
export interface Output {
  readonly stream: Writable;
  /** Whether a person reads along. */
  readonly isTerminal: boolean;
  /** Whether JSON was asked for. */
  readonly isJson: boolean;
}

const NEWLINE = 0x0a;

/** Waits while the reader is slow, so that a long listing is not kept in memory. */
async function write({ stream }: Output, text: string | Uint8Array): Promise<void> {
  if (stream.write(text)) return;
  await new Promise((resolve) => stream.once('drain', resolve));
}

async function writeValue(output: Output, { bytes, tag }: TypedValue, version: number | undefined): Promise<void> {
  if (output.isJson) {
    const value = valueAsJson({ bytes, tag });
    await write(output, version === undefined ? `${value}\n` : `{"version":${version},"value":${value}}\n`);
    return;
  }
  if (version !== undefined) await write(output, `${version}\n`);
  await write(output, bytes);
  if (output.isTerminal && bytes.at(-1) !== NEWLINE) await write(output, '\n');
}

async function writeFields(output: Output, fields: Readonly<Record<string, unknown>>): Promise<void> {
  if (output.isJson) {
    await write(output, `${JSON.stringify(fields)}\n`);
    return;
  }
  const names = Object.keys(fields);
  const width = output.isTerminal ? Math.max(0, ...names.map(({ length }) => length)) + 1 : 0;
  for (const name of names) await write(output, `${name.padEnd(width)} ${String(fields[name])}\n`);
}

function asBytes(text: Uint8Array | string): Uint8Array {
  return typeof text === 'string' ? Buffer.from(text) : text;
}

function listLine({ key, value }: ListItem, isJson: boolean): string | Uint8Array {
  const keyBytes = asBytes(key);
  if (isJson && value === undefined) return `${textAsJson(keyBytes)}\n`;
  if (isJson && value !== undefined) return `{"key":${textAsJson(keyBytes)},"value":${textAsJson(value)}}\n`;
  return Buffer.concat([
    keyBytes,
    Buffer.from(value === undefined ? '' : '\t'),
    value ?? Buffer.alloc(0),
    Buffer.from('\n'),
  ]);
}

/** @returns whether there was anything to list */
async function writeList(output: Output, items: AsyncIterable<ListItem>): Promise<boolean> {
  let isEmpty = true;
  for await (const item of items) {
    isEmpty = false;
    await write(output, listLine(item, output.isJson));
  }
  return !isEmpty;
}

/**
 * Prints a result. A miss prints nothing, and success without a result says so to people only.
 *
 * @returns the exit code
 */
export async function render(result: Result, output: Output): Promise<number> {
  let isMiss = false;
  switch (result.kind) {
    case 'miss':
      isMiss = true;
      break;
    case 'done':
      if (output.isTerminal) await write(output, 'OK\n');
      break;
    case 'number':
      await write(output, `${result.number}\n`);
      isMiss = result.isMiss === true;
      break;
    case 'value':
      await writeValue(output, result.value, result.version);
      break;
    case 'fields':
      await writeFields(output, result.fields);
      break;
    case 'list':
      isMiss = !(await writeList(output, result.items));
      break;
  }
  return isMiss ? EXIT.miss : EXIT.ok;
}
