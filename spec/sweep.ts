/** The sweep over every place at which a stream of requests can be cut in two (TRANSPORT-2). */
import { FIELD_BYTES_BY_FLAGS } from '../protocol/flags.ts';
import type { CaseContext } from './context.ts';
import { Violation } from './outcome.ts';
import type { Expectation, Piece } from './step.ts';

/** More at a time would measure the machine, not the server. */
const CONNECTIONS_MAX = 8;

/**
 * After the barrier the first parts have left; this gives a server the time to have read each as a segment of its own.
 */
const SETTLE_MS = 3;

const LENGTH_BYTES = 4;
const HEAD_END = 12;
const JSON_BRACE = 0x7b;

export interface SplitShape {
  readonly pieces: readonly Piece[];
  readonly expect: readonly Expectation[];
}

/** Runs of numbers in words: `1–3, 7`. */
export function showRuns(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const each of numbers) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === each - 1) last[1] = each;
    else runs.push([each, each]);
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`)).join(', ');
}

/** Where in a stream of requests each byte belongs, one text for each: a length, a header, a key, a value. */
function partsOf(stream: Buffer): string[] {
  const parts: string[] = [];
  for (let frame = 1, at = 0; at + LENGTH_BYTES <= stream.length; frame += 1) {
    const end = Math.min(at + LENGTH_BYTES + stream.readUInt32BE(at), stream.length);
    const isJson = stream[at + LENGTH_BYTES] === JSON_BRACE;
    const flags = isJson ? 0 : (stream[at + LENGTH_BYTES + 1] ?? 0);
    const keyStart = at + HEAD_END + (FIELD_BYTES_BY_FLAGS[flags] ?? 0);
    const valueStart = isJson ? end : keyStart + stream.readUInt16BE(at + HEAD_END - 6);
    for (let byte = at; byte < end; byte += 1) parts.push(`frame ${frame}'s ${partAt(byte)}`);
    at = end;

    function partAt(byte: number): string {
      if (byte < at + LENGTH_BYTES) return 'length';
      if (isJson) return 'envelope';
      if (byte < at + HEAD_END) return 'header';
      if (byte < keyStart) return 'fields';
      return byte < valueStart ? 'key' : 'value';
    }
  }
  return parts;
}

/** Offsets at which a stream was cut, in words: `1–3 (in frame 1's length), 12 (before frame 1's key)`. */
export function showCuts(stream: Buffer, offsets: readonly number[]): string {
  const parts = partsOf(stream);
  const groups = new Map<string, number[]>();
  for (const offset of offsets) {
    const [before, behind] = [parts[offset - 1], parts[offset]];
    const where = behind === undefined ? 'behind all' : before === behind ? `in ${behind}` : `before ${behind}`;
    groups.set(where, [...(groups.get(where) ?? []), offset]);
  }
  return [...groups].map(([where, numbers]) => `${showRuns(numbers)} (${where})`).join(', ');
}

/** What went wrong at which offset. */
export type Failures = Map<number, Violation>;

/** Does the same for every offset, as many at a time as one machine bears. */
export async function everyOffset(
  offsets: readonly number[],
  work: (batch: readonly number[]) => Promise<void>,
): Promise<void> {
  for (let start = 0; start < offsets.length; start += CONNECTIONS_MAX) {
    await work(offsets.slice(start, start + CONNECTIONS_MAX));
  }
}

/** Runs a check for one offset and keeps what it finds. */
export async function keepFailure(failures: Failures, offset: number, check: () => Promise<void>): Promise<void> {
  try {
    await check();
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    if (!failures.has(offset)) failures.set(offset, error);
  }
}

/** Throws a Violation that names all offsets at which something went wrong, with what it was at the first. */
export function demandNoFailures(failures: Failures, stream: Buffer, what: string): void {
  const offsets = [...failures.keys()].toSorted((a, b) => a - b);
  const first = failures.get(offsets[0] ?? -1);
  if (first === undefined) return;
  const at = `${what} ${showCuts(stream, offsets)} of ${stream.length} bytes`;
  throw new Violation({ ...first.facts, observed: `${at}: ${first.facts.observed}` });
}

/** Gives a server the time to have read what was sent: a barrier, behind which little can be left. */
export async function settle(context: CaseContext): Promise<void> {
  await context.probe('barrier');
  await context.wait(SETTLE_MS);
}

/**
 * For each offset a connection that gets the bytes in two parts; on all of a batch first the one, then the other.
 * Throws a Violation that names all offsets at which the replies were others than for the whole.
 */
export async function everySplit(context: CaseContext, { pieces, expect }: SplitShape): Promise<void> {
  const stream = Buffer.concat(pieces.map((piece) => context.resolver.piece(piece)));
  const offsets = Array.from({ length: stream.length - 1 }, (_, index) => index + 1);
  const failures: Failures = new Map();
  await everyOffset(offsets, async (batch) => {
    const connections = await Promise.all(batch.map((offset) => context.open(`split ${offset}`)));
    connections.forEach((connection, index) => connection.send(stream.subarray(0, batch[index])));
    await settle(context);
    connections.forEach((connection, index) => connection.send(stream.subarray(batch[index])));
    for (const offset of batch) {
      await keepFailure(failures, offset, async () => {
        for (const each of expect) await context.recv(each, `split ${offset}`);
      });
    }
    for (const connection of connections) connection.close();
  });
  demandNoFailures(failures, stream, 'cut at');
}
