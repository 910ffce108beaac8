/** The JSON envelope: its commands, what is malformed, and its errors (section 7). */
import { ask, json } from '../actions.ts';
import { area, type Case } from '../case.ts';

const envelope = area({ profile: 'json' });

export const jsonCases: readonly Case[] = [
  envelope({
    id: 'json.get-of-nothing-is-404',
    clauses: ['JSON-1', 'JSON-2'],
    why: 'A cache asks for what is not there all day; an empty value or null in place of 404 would be taken for an item.',
    steps: [ask(json('{"command":"GET","key":"{{a}}"}'), { json: 404 })],
  }),
];
