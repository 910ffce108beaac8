/** Every server that must fail, each bound to the clause that it breaks. */
import { checkSubjects } from '../subjects/subject.ts';
import type { Mutant } from '../subjects/subject.ts';
import { authMutants } from './auth.ts';
import { consistencyMutants } from './consistency.ts';
import { durabilityMutants } from './durability.ts';
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
  ...durabilityMutants,
]);
