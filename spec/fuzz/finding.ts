/** A finding as a file: the same form as an exported vector, and beside it where it comes from. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { Profile } from '../../protocol/profiles.ts';
import { PROFILE_NAMES } from '../../protocol/profiles.ts';
import type { StepsCase } from '../case.ts';
import { stepSchema, type Step } from '../step.ts';

const findingSchema = z.strictObject({
  $schema: z.literal('./schema.json'),
  area: z.literal('fuzz'),
  cases: z.tuple([
    z.strictObject({
      id: z.string(),
      clauses: z.array(z.string()).min(1),
      level: z.literal('MUST'),
      profile: z.enum(PROFILE_NAMES as [Profile, ...Profile[]]),
      also: z.array(z.enum(PROFILE_NAMES as [Profile, ...Profile[]])).optional(),
      why: z.string(),
      steps: z.array(stepSchema),
    }),
  ]),
});

export interface Finding {
  /** The case that found it. */
  readonly id: string;
  readonly clauses: readonly string[];
  readonly profile: Profile;
  /** The run's seed and the iteration: `fuzz: { first: iteration, iterations: 1 }` finds it again. */
  readonly seed: string;
  readonly iteration: number;
  readonly expected: string;
  readonly observed: string;
  readonly steps: readonly Step[];
}

/** The file's text. */
function findingText(finding: Finding): string {
  const { id, clauses, profile, seed, iteration, expected, observed, steps } = finding;
  const why = `Found by iteration ${iteration} of seed ${seed}: expected ${expected}; observed ${observed}.`;
  const known = { id: `${id}-${seed}-${iteration}`, clauses, level: 'MUST', profile, why, steps };
  return `${JSON.stringify({ $schema: './schema.json', area: 'fuzz', cases: [known] }, undefined, 2)}\n`;
}

/** Writes it into a directory, which is made if it is not there, and gives the file's path. */
export function writeFinding(path: string, finding: Finding): string {
  mkdirSync(path, { recursive: true });
  const file = join(path, `${finding.id}-${finding.seed}-${finding.iteration}.json`);
  writeFileSync(file, findingText(finding));
  return file;
}

/** Whether a file's text is meant as a finding, right or wrong, and not as the records of a run. */
export function isFinding(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'cases' in value;
  } catch {
    return false;
  }
}

/**
 * The case in a finding's file, which a Runner runs like any other.
 *
 * @throws SyntaxError for what is no JSON, and zod's error, which names the member, for what is no finding
 */
export function readFinding(text: string): StepsCase {
  const [{ level: _, also, ...known }] = findingSchema.parse(JSON.parse(text)).cases;
  return { ...known, ...(also !== undefined && { also }) };
}
