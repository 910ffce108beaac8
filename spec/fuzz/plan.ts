/** What one iteration of the fuzzer does: parts that can be left out one by one, and the steps that they come to. */
import type { Profile } from '../../protocol/profiles.ts';
import type { Random } from '../random.ts';
import type { Step } from '../step.ts';

/** What the spaces of all iterations begin with, and no other key. */
export const SPACE_START = 'f';

/** Where an iteration takes place. */
export interface Place {
  readonly profiles: ReadonlySet<Profile>;
  readonly frameBytesMax: number;
  /** What the case's keys begin with. */
  readonly prefix: Buffer;
  /** Behind that, what the iteration's own keys begin with: letters, digits and `-`. */
  readonly space: string;
  /** The connection's name. */
  readonly on: string;
}

/** A kind of fuzzing. All that it does is in what `draw` gives, so that a seed repeats it. */
export interface Generator<Part> {
  readonly draw: (random: Random, place: Place) => readonly Part[];
  /** The steps with what must come back; parts may be any of those drawn, in their order. */
  readonly steps: (parts: readonly Part[], place: Place) => Step[];
  /** Parts that do less than this one, the simplest first; to make a finding easier to read. */
  readonly simpler: (part: Part) => readonly Part[];
}
