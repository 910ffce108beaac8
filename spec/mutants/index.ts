/** Every server that must fail, each bound to the clause that it breaks. */
import { checkSubjects } from '../subjects/subject.ts';
import type { Mutant } from '../subjects/subject.ts';
import { authMutants } from './auth.ts';
import { consistencyMutants } from './consistency.ts';
import { frameMutants } from './frames.ts';
import { impostors } from './impostors.ts';
import { itemMutants } from './items.ts';
import { jsonMutants } from './json.ts';
import { keyAndValueMutants } from './keys-and-values.ts';
import { lockMutants } from './locks.ts';
import { numberMutants } from './numbers.ts';
import { prefixMutants } from './prefixes.ts';
import { rawMutants } from './raw.ts';
import { serviceMutants } from './service.ts';
import { transportMutants } from './transport.ts';

export const MUTANTS: readonly Mutant[] = checkSubjects([
  ...impostors,
  ...rawMutants,
  ...transportMutants,
  ...frameMutants,
  ...keyAndValueMutants,
  ...itemMutants,
  ...numberMutants,
  ...lockMutants,
  ...serviceMutants,
  ...authMutants,
  ...prefixMutants,
  ...jsonMutants,
  ...consistencyMutants,
]);

/** Wrong servers that cannot be made yet, and why. */
export const NOT_YET: Readonly<Record<string, string>> = {
  'ignores-sigterm': 'DURABLE-2 is about a process, and no case starts and stops one yet',
  'ack-before-write': 'DURABLE-1 takes a store on disk, which our server does not have yet',
  'resurrected-delete': 'DURABLE-1 takes a restart on the same data',
  'torn-tail-served': 'DURABLE-1 takes a log whose end can be torn',
  'clock-stops-while-down': 'DURABLE-3 takes a restart on the same data',
  'versions-start-anew': 'DURABLE-4 takes a restart on the same data',
};

/** Clauses without a mutant, and why. */
export const WITHOUT_MUTANT: Readonly<Record<string, string>> = {
  'DURABLE-1': 'see NOT_YET',
  'DURABLE-2': 'see NOT_YET',
  'DURABLE-3': 'see NOT_YET',
  'DURABLE-4': 'see NOT_YET',
};
