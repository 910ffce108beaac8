/**
 * Notes which profiles of a target answer at all, and whether anything of them is right. A server that leaves out a
 * whole profile, or does not read its frames as they are meant, would otherwise be waited for, or asked again, in every
 * one of hundreds of cases.
 */
import type { Profile } from '../protocol/profiles.ts';
import type { CaseResult } from './outcome.ts';
import type { Session } from './session.ts';

/** After so many cases of a profile in a row that failed for want of a reply, the next are waited for in short. */
export const IMPATIENT_CASES = 6;
/** After so many the rest of the profile is not tried. */
export const MUTE_CASES = 24;
const IMPATIENT_SHARE = 8;
/** The share where as many cases in all, though not in a row, had no reply. */
const WARY_SHARE = 4;
/** After so many cases of a profile none of which passed, what fails is not run again. */
export const HOPELESS_CASES = 6;

export class Silence {
  readonly #session: Session;
  readonly #cases = new Map<Profile, number>();
  /** How many cases of a profile had no reply, in all. */
  readonly #unanswered = new Map<Profile, number>();
  /** How many cases of a profile ran before the first that passed, and then none any more. */
  readonly #withoutPass = new Map<Profile, number>();

  constructor(session: Session) {
    this.#session = session;
    // HELLO is a request of core, and the longest wait was in vain for it.
    if (session.isSilentToHello) this.#cases.set('core', IMPATIENT_CASES);
  }

  /** How many cases of a profile in a row had no reply. */
  of(profile: Profile): number {
    return this.#cases.get(profile) ?? 0;
  }

  /** Whether so many cases had no reply that another says little: its failure is run again once. */
  isWary(profile: Profile): boolean {
    return (this.#unanswered.get(profile) ?? 0) >= IMPATIENT_CASES;
  }

  /** Whether cases of a profile are not to be tried any more. */
  isMute(profile: Profile): boolean {
    return this.of(profile) >= MUTE_CASES;
  }

  /** Whether nothing of a profile is right: another run of what failed would say no more than the first did. */
  isHopeless(profile: Profile): boolean {
    return (this.#withoutPass.get(profile) ?? 0) >= HOPELESS_CASES;
  }

  /**
   * The session for a case of a profile: with waits and deadlines an eighth as long where nothing has answered, and a
   * quarter where some requests were answered and others left out: a sweep would wait at every offset. Slowness alone
   * is no failure, but cases have failed by then, and deadlines grow with the round trip all the same. One that is
   * answered ends a row of silent ones.
   */
  sessionFor(profile: Profile): Session {
    const isImpatient = this.of(profile) >= IMPATIENT_CASES;
    if (!isImpatient && !this.isWary(profile)) return this.#session;
    const share = isImpatient ? IMPATIENT_SHARE : WARY_SHARE;
    const { waitMs, timeoutScale } = this.#session;
    return { ...this.#session, waitMs: Math.ceil(waitMs / share), timeoutScale: timeoutScale / share };
  }

  note(profile: Profile, { status, code }: Pick<CaseResult, 'status' | 'code'>): void {
    if (status === 'SKIP' || status === 'BLOCKED') return;
    const without = this.#withoutPass.get(profile) ?? 0;
    this.#withoutPass.set(profile, status === 'PASS' || status === 'OBS' ? Number.NEGATIVE_INFINITY : without + 1);
    // A connection that came too late for a short wait says nothing of replies.
    if (code === 'no-connection') return;
    if (code === 'no-reply') this.#unanswered.set(profile, (this.#unanswered.get(profile) ?? 0) + 1);
    this.#cases.set(profile, code === 'no-reply' ? this.of(profile) + 1 : 0);
  }
}
