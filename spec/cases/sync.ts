/** SYNC, as far as a server shows it while it runs; that data outlives a kill belongs to section 8. */
import { ask, found, get, request, send, set } from '../actions.ts';
import { area, type Case } from '../case.ts';

const sync = area({ profile: 'durable', clauses: ['SYNC-1'] });

export const syncCases: readonly Case[] = [
  sync({
    id: 'sync.is-answered',
    why: 'Without the reply a client never knows when it may tell its user that the order is safe.',
    steps: [
      ask(request('SYNC')),
      ask(set('k', 'v')),
      ask(request('SYNC')),
      ask(get('k'), found('v')),
      ask(request('SYNC')),
    ],
  }),
  sync({
    id: 'sync.in-its-turn',
    clauses: ['SYNC-1', 'TRANSPORT-3'],
    why: 'A SYNC that overtakes the writes before it, or lets later replies overtake it, vouches for the wrong ones.',
    steps: [
      send([set('k', '1'), request('SYNC'), set('k', '2'), get('k'), request('SYNC')]),
      { recv: { status: 200 } },
      { recv: { status: 200 } },
      { recv: { status: 200 } },
      { recv: found('2') },
      { recv: { status: 200 } },
    ],
  }),
];
