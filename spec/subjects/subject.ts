/**
 * What the suite is tried out on: our own server with one thing changed, or a small server that is none. A mutant must
 * be found out, a variant must pass. A subject is data and a small function; start.ts brings it to life.
 */
import type { Socket } from 'node:net';
import type { Clock, ServerOptionsInput, Store } from '../../server/index.ts';
import type { Case, Impostor } from '../case.ts';
import type { Defect } from './durable/store.ts';
import type { MakeWire } from './wire.ts';

/** Operations of a store that take another's place; the others stay as they are in `base`. */
export type StoreChange = (base: Store, clock: Clock) => Partial<Store>;

export interface Subject {
  /** In kebab-case; it never changes once it is published. */
  readonly name: string;
  /** What it does, in one sentence. */
  readonly about: string;
  /** In place of those in start.ts. */
  readonly options?: ServerOptionsInput;
  readonly store?: StoreChange;
  /** Stands between the clients and the server. */
  readonly wire?: MakeWire;
  /** Every connection has a server, and so a store, of its own. It takes a wire. */
  readonly serverForEach?: true;
  /** A server that is not ours at all. */
  readonly raw?: (socket: Socket) => void;
  /**
   * A process of its own, which keeps items on disk and does this otherwise. It knows as much of each profile as the
   * cases of section 8 ask for, so that these alone judge it.
   */
  readonly durable?: Defect;
  /** Nobody listens. */
  readonly unreachable?: true;
}

export interface Mutant extends Subject {
  /** The clause that it breaks. A case that cites it must fail; for a SHOULD, warn. */
  readonly clause: string;
  /** If it is one of the twelve that pass the nine original tests. */
  readonly impostor?: Impostor;
  /** Whether the suite only advises against it: a case must warn. A SHOULD is always so. */
  readonly advice?: true;
  /** Whether replies stay away, so that every wait for one is in vain: the suite is told to wait for less time. */
  readonly hangs?: true;
  /** Whether it depends on how requests meet which cases find it out, beside the first. */
  readonly races?: true;
}

export interface Variant extends Subject {
  /** Whether cases have to come one after the other, as it takes few connections. */
  readonly oneAtATime?: true;
}

/** Whether a case can judge a subject. */
export function isJudgedBy({ durable }: Subject, { profile }: Pick<Case, 'profile'>): boolean {
  return durable === undefined || profile === 'durable';
}

/** The subjects, as they are; throws an Error if two have one name, or one has none that can be typed. */
export function checkSubjects<Of extends Subject>(subjects: readonly Of[]): readonly Of[] {
  const seen = new Set<string>();
  for (const { name } of subjects) {
    if (!/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name)) throw new Error(`${name} is no name in kebab-case`);
    if (seen.has(name)) throw new Error(`two subjects are called ${name}`);
    seen.add(name);
  }
  return subjects;
}
