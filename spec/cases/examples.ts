/** The worked examples of section 10, byte by byte. */
import { ask } from '../actions.ts';
import { area, type Case } from '../case.ts';

const example = area({ profile: 'core', needs: ['reset'], isolation: 'exclusive' });

export const exampleCases: readonly Case[] = [
  example({
    id: 'examples.json',
    profile: 'json',
    clauses: ['JSON-1', 'JSON-2'],
    why: 'Whoever writes a client copies the examples first.',
    steps: [ask({ json: '{"command":"RST"}' }, { json: 200 })],
  }),
];
