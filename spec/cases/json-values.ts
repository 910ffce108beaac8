/** What JSON requests keep and give back: values, and the items that they share with binary requests (section 7). */
import { ask, json } from '../actions.ts';
import { area, type Case } from '../case.ts';

const value = area({ profile: 'json' });

export const jsonValueCases: readonly Case[] = [
  value({
    id: 'json.string-comes-back',
    clauses: ['JSON-2'],
    why: 'The positive control of all that follows.',
    steps: [
      ask(json('{"command":"SET","key":"{{a}}","value":"bar"}'), { json: 200 }),
      ask(json('{"command":"GET","key":"{{a}}"}'), { json: 200, value: '"bar"' }),
    ],
  }),
];
