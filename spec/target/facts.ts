import type { Profile } from '../../protocol/profiles.ts';

/** What a case can know of the target before it runs. */
export interface TargetFacts {
  readonly profiles: ReadonlySet<Profile>;
  readonly keyBytesMax: number;
  readonly valueBytesMax: number;
  readonly frameBytesMax: number;
}
