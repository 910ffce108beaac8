/** PING. */
import { area } from '../case.ts';
import type { Case } from '../case.ts';
import { ask, request } from '../actions.ts';

const ping = area({ profile: 'core', clauses: ['PING-1'] });

export const pingCases: readonly Case[] = [
  ping({
    id: 'ping.returns-its-value',
    why: 'A health check compares what comes back; a constant answer would hide a connection that is out of step.',
    steps: [ask(request('PING', undefined, { value: 'hello' }), { status: 200, value: 'hello' })],
  }),
];
