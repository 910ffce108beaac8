/** The nine functional tests of the original client, and what the wrong servers that pass them get wrong. */
import { ask, json } from '../actions.ts';
import { area, type Case } from '../case.ts';

const original = area({ profile: 'json' });

export const originalCases: readonly Case[] = [
  original({
    id: 'original.unknown-command',
    clauses: ['JSON-3'],
    why: 'The sixth of the nine: the client tells an error of its own from a defect of the server by the status.',
    steps: [ask(json('{"command":"UNKNOWN"}'), { json: 400 })],
  }),
];
