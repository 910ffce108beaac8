/** Servers that are measured by turns, and started anew now and then. */
import { inspect } from 'node:util';
import type { LoadMeasure } from './load.ts';
import type { Subject } from './subjects.ts';

/**
 * So many times all servers are started anew, and share the rounds: where its memory lies and in which order it was
 * compiled makes up to a tenth between two processes of the same server.
 */
const SITTINGS = 3;

/** What every round has come to, of each server. */
export type Measures<Key> = Map<Key, LoadMeasure[]>;

export function noMeasures<Key>(keys: readonly Key[]): Measures<Key> {
  return new Map(keys.map((key) => [key, []]));
}

/** How many rounds there are in all, at least as many as are asked for: every sitting has the same number. */
export function sharedRounds(rounds: number): number {
  return SITTINGS * Math.ceil(rounds / SITTINGS);
}

/**
 * Starts servers, measures them and stops them, as often as there are sittings.
 *
 * @param start starts the server of a key, and fills it
 */
export async function inSittings<Key>(
  keys: readonly Key[],
  start: (key: Key) => Promise<Subject>,
  measure: (subjects: ReadonlyMap<Key, Subject>) => Promise<void>,
): Promise<void> {
  for (let sitting = 0; sitting < SITTINGS; sitting++) {
    const subjects = new Map<Key, Subject>();
    try {
      for (const key of keys) subjects.set(key, await start(key));
      await measure(subjects);
    } finally {
      await Promise.all([...subjects.values()].map(async (subject) => subject.stop()));
    }
  }
}

/**
 * The rounds of one sitting: every server in turn, so that what slows the machine down for a while slows all of them
 * down.
 *
 * @param rounds those of all sittings
 * @throws Error if a server has lost keys
 */
export async function inTurns<Key>(
  subjects: ReadonlyMap<Key, Subject>,
  rounds: number,
  run: (subject: Subject) => Promise<LoadMeasure>,
  measures: Measures<Key>,
): Promise<void> {
  for (let round = 0; round < rounds / SITTINGS; round++) {
    for (const [key, subject] of subjects) {
      const measure = await run(subject);
      if (measure.misses > 0) throw new Error(`${inspect(key)} has lost ${measure.misses} keys`);
      measures.get(key)!.push(measure);
    }
  }
}
