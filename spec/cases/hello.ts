/** HELLO and what it tells (HELLO-1, ENTRY-1). */
import { ask, request } from '../actions.ts';
import { area, type Case } from '../case.ts';

const hello = area({ profile: 'core', clauses: ['HELLO-1'] });

export const helloCases: readonly Case[] = [
  hello({
    id: 'hello.tells-the-protocol',
    why: 'A client that finds no version cannot know whether it understands the server.',
    steps: [ask(request('HELLO'), { status: 200, includes: { protocol: '1' } })],
  }),
];
