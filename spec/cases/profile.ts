/**
 * What a server must answer to requests of profiles that it does not claim, and whether its claims agree (PROFILE-1).
 */
import { ask, json } from '../actions.ts';
import type { Case } from '../case.ts';

export const profileCases: readonly Case[] = [
  {
    id: 'profile.json-unclaimed',
    clauses: ['PROFILE-1'],
    profile: 'core',
    why: 'An old client of the JSON dialect has to learn that it is at the wrong server, in the form that it reads.',
    skip: ({ profiles }) => (profiles.has('json') ? 'the target claims json' : undefined),
    steps: [ask(json('{"command":"GET","key":"{{a}}"}'), { json: 405 })],
  },
];
