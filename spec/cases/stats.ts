/** STATS (STATS-1). */
import { ask, request } from '../actions.ts';
import { area, type Case } from '../case.ts';

const stats = area({ profile: 'insight', clauses: ['STATS-1'] });

export const statsCases: readonly Case[] = [
  stats({
    id: 'stats.has-its-entries',
    why: 'Dashboards and alerts look for these names; one that is missing draws a flat line that looks like peace.',
    steps: [ask(request('STATS'), { status: 200, includes: { uptime: '/[0-9]+/' } })],
  }),
];
