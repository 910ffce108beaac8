/** META and entries (META-1, ENTRY-1). */
import { ask, MISS, request } from '../actions.ts';
import { area, type Case } from '../case.ts';

const meta = area({ profile: 'insight', clauses: ['META-1'] });

export const metaCases: readonly Case[] = [
  meta({
    id: 'meta.of-nothing-is-404',
    why: 'Entries full of zeros for an item that is not there would be believed.',
    steps: [ask(request('META', 'a'), MISS)],
  }),
];
