/**
 * Bytes with their meaning beside them, as a failure shows them:
 *
 *     → a  0000  00 00 00 0e        length 14
 *          0004  11 00 00 03        SET, no flags, key length 3
 */
import { FLAGS, flagNames, type FlagName } from '../../protocol/flags.ts';
import { operationName, REPLY_BIT } from '../../protocol/operations.ts';
import { statusName } from '../../protocol/statuses.ts';
import { showBytes, toHex } from './bytes.ts';
import { showAddress, type Address } from '../target/address.ts';
import type { TranscriptEvent } from './transcript.ts';

export type Direction = 'sent' | 'received';

const LENGTH_BYTES = 4;
const HEAD_END = 12;
const JSON_BRACE = 0x7b;
const HEX_COLUMN_CHARS = 24;
const SHOWN_BYTES_MAX = 8;
const RAW_BYTES_MAX = 4096;

interface Row {
  readonly offset: number;
  readonly bytes: Buffer;
  readonly text: string;
}

/** The lines for a stream of frames, as many as `linesMax`; what does not parse is shown as plain bytes. */
export function annotate(stream: Buffer, direction: Direction, linesMax = 60): string[] {
  const rows: Row[] = [];
  let offset = 0;
  while (offset < stream.length && rows.length < linesMax) offset = annotateFrame(stream, offset, direction, rows);
  const lines = rows.slice(0, linesMax).map(rowLine);
  const more = stream.length - offset;
  if (more > 0) lines.push(`… ${more} more bytes`);
  return lines;
}

/** What is shown of a connection: a transcript, or one that was read from a report. */
interface Shown {
  readonly connection: string;
  readonly events: readonly Omit<TranscriptEvent, 'atMs'>[];
}

/** The whole of a connection, one block per run of bytes in one direction. */
export function annotateTranscript(transcript: Shown, linesMax = 60): string[] {
  const lines: string[] = [];
  let index = 0;
  while (index < transcript.events.length) {
    const event = transcript.events[index];
    if (event === undefined) break;
    index += 1;
    if (event.direction === 'note') {
      lines.push(`· ${transcript.connection}  ${event.note}`);
      continue;
    }
    const run = [event.bytes];
    while (transcript.events[index]?.direction === event.direction) {
      run.push(transcript.events[index]?.bytes ?? Buffer.alloc(0));
      index += 1;
    }
    const arrow = `${event.direction === 'sent' ? '→' : '←'} ${transcript.connection}  `;
    const block = annotate(Buffer.concat(run), event.direction, linesMax);
    lines.push(...block.map((line, row) => (row === 0 ? arrow : ' '.repeat(arrow.length)) + line));
  }
  return lines;
}

function rowLine({ offset, bytes, text }: Row): string {
  const shown = bytes.subarray(0, SHOWN_BYTES_MAX);
  const pairs = toHex(shown).replace(/(..)(?=.)/g, '$1 ') + (bytes.length > shown.length ? ' …' : '');
  return `${offset.toString(16).padStart(4, '0')}  ${pairs.padEnd(HEX_COLUMN_CHARS + 2)}  ${text}`;
}

/** Adds the rows of the frame at `offset` and returns where the next one starts. */
function annotateFrame(stream: Buffer, offset: number, direction: Direction, rows: Row[]): number {
  const add = (start: number, end: number, text: string): void => {
    if (end > start) rows.push({ offset: start, bytes: stream.subarray(start, end), text });
  };
  if (stream.length - offset < LENGTH_BYTES) {
    add(offset, stream.length, 'part of a length');
    return stream.length;
  }
  const length = stream.readUInt32BE(offset);
  const start = offset + LENGTH_BYTES;
  const end = Math.min(start + length, stream.length);
  const missing = start + length - end;
  add(offset, start, `length ${length}${missing > 0 ? ` (${missing} bytes of it did not come)` : ''}`);
  if (length === 0 || length > 0x7fff_ffff) {
    add(start, stream.length, 'bytes behind a framing error');
    return stream.length;
  }
  const body = stream.subarray(start, end);
  if (body[0] === JSON_BRACE) add(start, end, `JSON ${showBytes(body, 400)}`);
  else if (body.length < HEAD_END - LENGTH_BYTES) add(start, end, 'part of a head');
  else annotateBinary(stream, offset, end, direction, add);
  return end;
}

function annotateBinary(
  stream: Buffer,
  offset: number,
  end: number,
  direction: Direction,
  add: (start: number, end: number, text: string) => void,
): void {
  const opcode = stream.readUInt8(offset + 4);
  const flags = stream.readUInt8(offset + 5);
  const third = stream.readUInt16BE(offset + 6);
  const flagText = flags === 0 ? 'no flags' : `flags ${flagNames(flags).join(' ')}`;
  if (direction === 'sent') {
    const name = operationName(opcode) ?? `unknown opcode ${opcode.toString(16)}`;
    add(offset + 4, offset + 8, `${name}, ${flagText}, key length ${third}`);
  } else {
    const name = operationName(opcode & ~REPLY_BIT) ?? (opcode === REPLY_BIT ? 'no request' : opcode.toString(16));
    add(offset + 4, offset + 8, `reply to ${name}, ${flagText}, status ${third} ${statusName(third) ?? '(unknown)'}`);
  }
  add(offset + 8, offset + 12, `id ${stream.readUInt32BE(offset + 8)}`);
  let at = offset + HEAD_END;
  for (const name of Object.keys(FLAGS) as FlagName[]) {
    const { bit, fieldBytes, type } = FLAGS[name];
    if ((flags & bit) === 0 || fieldBytes === 0) continue;
    if (at + fieldBytes > end) {
      add(Math.min(at, end - 1), end, `${name} does not fit`);
      return;
    }
    const field = stream.subarray(at, at + fieldBytes);
    add(at, at + fieldBytes, `${name} ${fieldText(field, type === 'i64')}`);
    at += fieldBytes;
  }
  const keyEnd = direction === 'sent' ? Math.min(at + third, end) : at;
  add(at, keyEnd, `key ${showBytes(stream.subarray(at, keyEnd))}`);
  add(keyEnd, end, `value ${showBytes(stream.subarray(keyEnd, end))}`);
}

function fieldText(field: Buffer, signed: boolean): string {
  if (field.length === 4) return String(field.readUInt32BE(0));
  return String(signed ? field.readBigInt64BE(0) : field.readBigUInt64BE(0));
}

/** A command for the shell that sends the same bytes without the suite. */
export function rawLine(stream: Buffer, address: Address): string {
  const hex = stream.length > RAW_BYTES_MAX ? `${toHex(stream.subarray(0, RAW_BYTES_MAX))}…` : toHex(stream);
  return `xxd -r -p <<< ${hex} | ${connectCommand(address)} | xxd`;
}

function connectCommand(address: Address): string {
  if (address.kind === 'unix') return `nc -q1 -U ${address.path}`;
  if (address.kind === 'tcp') return `nc -q1 ${address.host} ${address.port}`;
  return `openssl s_client -quiet -connect ${showAddress({ ...address, kind: 'tcp' })}`;
}
