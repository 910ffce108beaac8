/** The sweep over every place at which a stream of requests can be cut in two (TRANSPORT-2). */
import type { CaseContext } from './context.ts';
import { Violation } from './outcome.ts';
import type { Expectation, Piece } from './step.ts';

/** More at a time would measure the machine, not the server. */
const CONNECTIONS_MAX = 8;

/**
 * After the barrier the first parts have left; this gives a server the time to have read each as a segment of its own.
 */
const SETTLE_MS = 3;

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

/**
 * For each offset a connection that gets the bytes in two parts; on all of a batch first the one, then the other.
 * Throws a Violation that names all offsets at which the replies were others than for the whole.
 */
export async function everySplit(context: CaseContext, { pieces, expect }: SplitShape): Promise<void> {
  const stream = Buffer.concat(pieces.map((piece) => context.resolver.piece(piece)));
  const offsets = Array.from({ length: stream.length - 1 }, (_, index) => index + 1);
  const failed = new Map<number, Violation>();
  for (let start = 0; start < offsets.length; start += CONNECTIONS_MAX) {
    const batch = offsets.slice(start, start + CONNECTIONS_MAX);
    const connections = await Promise.all(batch.map((offset) => context.open(`split ${offset}`)));
    connections.forEach((connection, index) => connection.send(stream.subarray(0, batch[index])));
    await context.probe('barrier');
    await context.wait(SETTLE_MS);
    connections.forEach((connection, index) => connection.send(stream.subarray(batch[index])));
    for (const offset of batch) {
      try {
        for (const each of expect) await context.recv(each, `split ${offset}`);
      } catch (error) {
        if (!(error instanceof Violation)) throw error;
        failed.set(offset, error);
      }
    }
    for (const connection of connections) connection.close();
  }
  const first = [...failed.values()][0];
  if (first === undefined) return;
  const at = `cut at ${showRuns([...failed.keys()])} of ${stream.length} bytes`;
  throw new Violation({ ...first.facts, observed: `${at}: ${first.facts.observed}` });
}
