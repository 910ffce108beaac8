/** Several connections at once: each request takes effect at one moment (section 9). */
import { ask, found, get, OK, set } from '../actions.ts';
import { area, type Case } from '../case.ts';

const consistent = area({ profile: 'core', clauses: ['CONSISTENT-1'] });

export const consistentCases: readonly Case[] = [
  consistent({
    id: 'consistent.read-after-write-on-another-connection',
    kills: ['I2'],
    why: 'A service whose instances see different values is no shared store.',
    steps: [ask(set('a', '1'), OK, 'x'), ask(get('a'), found('1'), 'y')],
  }),
];
