/** AUTH: what is refused before it, and what makes a connection authenticated (AUTH-1). */
import { ask, get } from '../actions.ts';
import { area, type Case } from '../case.ts';

const auth = area({ profile: 'auth', needs: ['auth'], clauses: ['AUTH-1'] });

export const authCases: readonly Case[] = [
  auth({
    id: 'auth.get-is-refused-before-it',
    why: 'A door that only some requests have to pass is open.',
    steps: [ask(get('a'), { status: 401 })],
  }),
];
