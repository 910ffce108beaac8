/**
 * A counterexample as a picture: one row for each operation, its bar from the call to the end.
 *
 *     k2 was "a" (version 7)
 *     c0  ├──────┤        SET "b" → 200, version 8
 *     c1     ├──────┤     GET → 200, "a", version 7
 *     c2            ├──┤  GET → 200, "a", version 7   ← fits nowhere
 */
import type { Operation } from './history.ts';
import type { Input, Output, State } from './model.ts';
import type { Counterexample } from './shrink.ts';

export interface TimelineRow {
  /** The connection. */
  readonly process: string;
  /** The columns in which the bar begins and ends; without an end no reply came. */
  readonly start: number;
  readonly end?: number;
  readonly request: string;
  readonly reply: string;
  /** Whether this is the operation that has no place in any order. */
  readonly isStuck: boolean;
}

/** What a drawing in text or SVG needs; plain data. */
export interface Timeline {
  readonly key: string;
  /** The item before the first row, in words. */
  readonly before: string;
  /** Calls and ends have columns of their own, numbered from 0 in their order. */
  readonly columns: number;
  readonly rows: readonly TimelineRow[];
}

const VALUE_CHARS_MAX = 40;

function shown(value: string): string {
  return JSON.stringify(value.length > VALUE_CHARS_MAX ? `${value.slice(0, VALUE_CHARS_MAX)}…` : value);
}

/** A request in words. */
function showInput(input: Input): string {
  const condition = 'version' in input && input.version !== undefined ? [`if version ${input.version}`] : [];
  if (input.op === 'SET' || input.op === 'ADD') return [input.op, shown(input.value), ...condition].join(' ');
  if (input.op !== 'INCREMENT') return [input.op, ...condition].join(' ');
  return `INCREMENT by ${input.by}${input.initial === undefined ? '' : ` or create ${input.initial}`}`;
}

/** A reply in words. */
function showOutput(output: Output | undefined): string {
  if (output === undefined) return 'no reply';
  const parts = [String(output.status)];
  if (output.value !== undefined) parts.push(shown(output.value));
  if (output.number !== undefined) parts.push(`number ${output.number}`);
  if (output.version !== undefined) parts.push(`version ${output.version}`);
  return parts.join(', ');
}

function showState({ value, version }: State): string {
  if (value === undefined) return 'missing';
  return version === undefined ? shown(value) : `${shown(value)}, version ${version}`;
}

/** The drawing's data. */
export function timelineOf({ initial, history, stuck }: Counterexample): Timeline {
  const moments = history.flatMap(({ call, end }) => (end === undefined ? [call] : [call, end]));
  const columns = new Map(moments.toSorted((a, b) => a - b).map((at, column) => [at, column]));
  const row = (operation: Operation): TimelineRow => ({
    process: operation.process,
    start: columns.get(operation.call) ?? 0,
    ...(operation.end !== undefined && { end: columns.get(operation.end) ?? 0 }),
    request: showInput(operation.input),
    reply: showOutput(operation.output),
    isStuck: operation.index === stuck?.index,
  });
  const sorted = history.toSorted((a, b) => a.call - b.call);
  return {
    key: sorted[0]?.key ?? '',
    before: showState(initial),
    columns: columns.size,
    rows: sorted.map(row),
  };
}

const COLUMN_CHARS = 3;

/** The drawing as lines of text. */
export function drawTimeline({ key, before, columns, rows }: Timeline): string[] {
  const nameChars = Math.max(...rows.map(({ process }) => process.length), 0);
  const barChars = columns * COLUMN_CHARS + 1;
  const lines = rows.map(({ process, start, end, request, reply, isStuck }) => {
    const last = (end ?? columns) * COLUMN_CHARS;
    const inner = '─'.repeat(Math.max(0, last - start * COLUMN_CHARS - 1));
    const bar = `${' '.repeat(start * COLUMN_CHARS)}├${inner}${end === undefined ? '┄' : '┤'}`;
    const mark = isStuck ? '   ← fits nowhere' : '';
    return `${process.padEnd(nameChars)}  ${bar.padEnd(barChars)}  ${request} → ${reply}${mark}`;
  });
  return [`${key} was ${before}`, ...lines];
}
