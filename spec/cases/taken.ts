/** What section 4 gives to an opcode and what it does not: every flag, key and value that is too many or missing. */
import { FLAGS, type FlagName } from '../../protocol/flags.ts';
import { OPERATION_NAMES, OPERATIONS, operationForm, type OperationName } from '../../protocol/operations.ts';
import { PROFILES, type Profile } from '../../protocol/profiles.ts';
import { BAD, refused } from '../actions.ts';
import { area, type Case } from '../case.ts';
import type { Request, Step } from '../step.ts';

const FLAG_NAMES = Object.keys(FLAGS) as FlagName[];

/** A request of the form that would be carried out: key and value where they are needed, and no flag but PREFIX. */
function plain(op: OperationName, withPrefix: boolean): Request {
  const form = operationForm(op, withPrefix);
  const value = op === 'AUTH' ? ({ concat: ['user', { hex: '00' }, 'password'] } as const) : 'v';
  return {
    op,
    ...(form?.key !== 'none' && { key: 'kept' }),
    ...(form?.value === 'required' && { value }),
    ...(withPrefix && { flags: ['PREFIX'] }),
  };
}

function withFlag(request: Request, flag: FlagName): Request {
  const one = { TTL: 'ttl', VERSION: 'version', TAG: 'tag', NUMBER: 'number', TOKEN: 'token' } as const;
  if (flag in one) return { ...request, [one[flag as keyof typeof one]]: 1 };
  return { ...request, flags: [...(request.flags ?? []), flag] };
}

/** Every flag that the form does not take; PREFIX makes another form where there is one. */
function refusedFlags(op: OperationName, withPrefix: boolean): Step[] {
  const form = operationForm(op, withPrefix);
  const taken: readonly FlagName[] = form?.flags ?? [];
  const hasPrefixForm = operationForm(op, true) !== undefined;
  const others = FLAG_NAMES.filter((flag) => !taken.includes(flag) && !(flag === 'PREFIX' && hasPrefixForm));
  return others.flatMap((flag) => refused(withFlag(plain(op, withPrefix), flag)));
}

/** A key or value where none belongs, and no key where one is needed. */
function refusedParts(op: OperationName, withPrefix: boolean): Step[] {
  const form = operationForm(op, withPrefix);
  const request = plain(op, withPrefix);
  const { key: _, ...keyless } = request;
  return [
    ...(form?.key === 'none' ? refused({ ...request, key: 'kept' }) : []),
    ...(form?.key === 'required' ? refused(keyless) : []),
    ...(form?.value === 'none' ? refused({ ...request, value: 'v' }) : []),
  ];
}

/** Operations that a server which ignores the excess would carry out on what is not the case's own. */
const RESETS: ReadonlySet<OperationName> = new Set(['RESET']);

function profileOf(op: OperationName, withPrefix: boolean): { profile: Profile; also: Profile[] } {
  const { profile } = OPERATIONS[op];
  const also: Profile[] = withPrefix && profile !== 'prefix' ? ['prefix'] : [];
  return { profile, also };
}

function casesOf(op: OperationName, withPrefix: boolean): Case[] {
  if (operationForm(op, withPrefix) === undefined) return [];
  const slug = `${op.toLowerCase()}${withPrefix ? '-prefix' : ''}`;
  const name = `${op}${withPrefix ? ' with PREFIX' : ''}`;
  const needs = RESETS.has(op) ? ({ needs: ['reset'], isolation: 'exclusive' } as const) : {};
  const taken = area({ ...profileOf(op, withPrefix), ...needs });
  const flags = refusedFlags(op, withPrefix);
  const parts = refusedParts(op, withPrefix);
  const keyless = operationForm(op, withPrefix)?.key === 'required';
  const why = `A key or value that ${name} does not take, or a key that is missing, is a bug of the client's;`;
  const cases = [
    taken({
      id: `taken.${slug}-refuses-other-flags`,
      clauses: ['FRAME-9', 'STATUS-3'],
      why: `A flag that ${name} ignores does not do what the client asked for, and nobody is told.`,
      steps: flags,
    }),
    taken({
      id: `taken.${slug}-refuses-other-parts`,
      clauses: keyless ? ['KEY-1', 'FRAME-9', 'STATUS-3'] : ['FRAME-9', 'STATUS-3'],
      why: `${why} carried out anyway, the request hits the wrong item.`,
      steps: parts,
    }),
  ];
  return cases.filter((each) => 'steps' in each && each.steps.length > 0);
}

const generated = [false, true].flatMap((withPrefix) => OPERATION_NAMES.flatMap((op) => casesOf(op, withPrefix)));

/** Flags of a profile that is not claimed are flags that no opcode takes. */
const unclaimed: readonly Case[] = (Object.keys(PROFILES) as Profile[])
  .filter((profile) => PROFILES[profile].flags.length > 0)
  .map((profile) =>
    area({ profile: 'core' })({
      id: `profile.flags-of-${profile}-unclaimed`,
      clauses: ['PROFILE-1', 'FRAME-9'],
      why: `A server without ${profile} that ignores its flags does something else than it was asked for, silently.`,
      only: [{ unclaimed: profile }],
      steps: PROFILES[profile].flags.flatMap((flag) =>
        (['GET', 'SET', 'DELETE'] as const).flatMap((op) => refused(withFlag(plain(op, false), flag), BAD)),
      ),
    }),
  );

export const takenCases: readonly Case[] = [...generated, ...unclaimed];
