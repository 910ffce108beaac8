/** Which cases a run is about: patterns over ids and clauses, and the profiles that a target is held to. */
import { PROFILE_NAMES, PROFILES, type Profile } from '../protocol/profiles.ts';
import type { Case } from './case.ts';
import { UsageError } from './usage.ts';

/** A pattern in which `*` stands for any characters and `?` for one; it has to fit the whole text. */
function globPattern(glob: string): RegExp {
  const source = glob
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`);
}

/** Whether a pattern fits a case: its id, or one of its clauses. */
export function fitsGlob(glob: string, each: Pick<Case, 'id' | 'clauses'>): boolean {
  const pattern = globPattern(glob);
  return pattern.test(each.id) || each.clauses.some((clause) => pattern.test(clause));
}

export interface Selection {
  /** Patterns of which a case must fit one; none means all. */
  readonly run: readonly string[];
  /** Patterns of which it must fit none. */
  readonly skip: readonly string[];
}

/**
 * The selected cases. Patterns that leave nothing give nothing; one that fits nothing beside others that do is likely a
 * mistake.
 *
 * @throws UsageError for a pattern that fits no case while others do
 */
export function selectCases(cases: readonly Case[], { run, skip }: Selection): Case[] {
  const chosen = cases.filter(
    (each) =>
      (run.length === 0 || run.some((glob) => fitsGlob(glob, each))) && !skip.some((glob) => fitsGlob(glob, each)),
  );
  if (chosen.length === 0) return chosen;
  const idle = [...run, ...skip].find((glob) => !cases.some((each) => fitsGlob(glob, each)));
  if (idle !== undefined)
    throw new UsageError(`no case and no clause fits the pattern ${idle}; see speicher spec list`);
  return chosen;
}

/**
 * Reads `core,standard`. A profile must come with those that it needs.
 *
 * @throws UsageError for an unknown profile, or one that lacks another
 */
export function readProfiles(text: string): Profile[] {
  const names = text.split(/[\s,]+/).filter((name) => name !== '');
  const unknown = names.find((name) => !(name in PROFILES));
  if (unknown !== undefined || names.length === 0) {
    throw new UsageError(`there is no profile ${unknown ?? '""'}; there are ${PROFILE_NAMES.join(', ')}`);
  }
  for (const name of names as Profile[]) {
    const missing = PROFILES[name].needs.find((need) => !names.includes(need));
    if (missing !== undefined) throw new UsageError(`the profile ${name} needs ${missing} (section 6)`);
  }
  return names as Profile[];
}
