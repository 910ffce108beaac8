/** What must hold of a target for a case to say anything there. It is data, so that exported cases carry it. */
import * as z from 'zod';
import { PROFILE_NAMES, type Profile } from '../protocol/profiles.ts';
import type { TargetFacts } from './target/facts.ts';

const profileName = z.enum(PROFILE_NAMES as [Profile, ...Profile[]]);

export const limitName = z.enum(['max-key', 'max-value', 'max-frame']);
export type LimitName = z.infer<typeof limitName>;

export const conditionSchema = z.union([
  /** The target does not claim this profile. */
  z.strictObject({ unclaimed: profileName }),
  z.strictObject({ limit: limitName, below: z.int() }),
  /** `limit`, multiplied by `times` and increased by `plus`, is at least this number, or that other limit. */
  z.strictObject({
    limit: limitName,
    times: z.int().positive().optional(),
    plus: z.int().optional(),
    atLeast: z.union([z.int(), limitName]),
  }),
]);
export type Condition = z.infer<typeof conditionSchema>;

/** The value of a limit that HELLO gave, in bytes. */
export function limitBytes(facts: TargetFacts, name: LimitName): number {
  if (name === 'max-key') return facts.keyBytesMax;
  return name === 'max-value' ? facts.valueBytesMax : facts.frameBytesMax;
}

/** Why the condition does not hold, or undefined if it does. */
export function unmetCondition(condition: Condition, facts: TargetFacts): string | undefined {
  if ('unclaimed' in condition) {
    return facts.profiles.has(condition.unclaimed) ? `the target claims ${condition.unclaimed}` : undefined;
  }
  const bytes = limitBytes(facts, condition.limit);
  const reason = `${condition.limit} is ${bytes}`;
  if ('below' in condition) return bytes < condition.below ? undefined : reason;
  const { atLeast } = condition;
  const floor = typeof atLeast === 'number' ? atLeast : limitBytes(facts, atLeast);
  return bytes * (condition.times ?? 1) + (condition.plus ?? 0) >= floor ? undefined : reason;
}
