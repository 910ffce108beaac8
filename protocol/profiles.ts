/** The profiles of section 6. Which opcodes belong to one stands with the opcodes; here are names, flags and needs. */
import type { FlagName } from './flags.ts';

interface ProfileEntry {
  readonly flags: readonly FlagName[];
  /** Profiles that must be claimed together with this one. */
  readonly needs: readonly string[];
}

export const PROFILES = {
  json: { flags: [], needs: ['core'] },
  core: { flags: [], needs: [] },
  standard: { flags: ['TTL', 'VERSION', 'TAG', 'NUMBER', 'DETAIL', 'QUIET'], needs: ['core'] },
  prefix: { flags: ['PREFIX'], needs: ['core', 'standard'] },
  locks: { flags: ['TOKEN'], needs: ['core', 'standard'] },
  insight: { flags: [], needs: ['core'] },
  auth: { flags: [], needs: ['core'] },
  durable: { flags: [], needs: ['core'] },
} as const satisfies Record<string, ProfileEntry>;

export type Profile = keyof typeof PROFILES;

/** The names of all profiles, in the order of section 6. */
export const PROFILE_NAMES = Object.keys(PROFILES) as readonly Profile[];
