/**
 * AUTH itself: which credentials are refused, and what one success is good for (AUTH-1). A server may end a connection
 * at its third failure, so that no connection here fails more than twice but in the case that is about it.
 */
import { ask, BAD, found, get, MISS, OK, request, set } from '../actions.ts';
import { area, type Case } from '../case.ts';
import type { CaseContext } from '../context.ts';
import { jsonGet, jsonSet } from '../json-actions.ts';
import type { Bytes, ReplyExpectation, Request, Step } from '../step.ts';

const auth = area({ profile: 'auth', needs: ['auth'], clauses: ['AUTH-1'] });

const DENIED: ReplyExpectation = { status: 401 };
const JSON_DENIED = { json: 401 } as const;
const IN: Step = { open: 'in', authenticate: true };
const NUL: Bytes = { hex: '00' };

const credentials = (...parts: readonly Bytes[]): Request => request('AUTH', undefined, { value: { concat: parts } });
const WRONG = credentials('nobody knows him', NUL, 'nor his password');

const bytesOf = (buffer: Buffer): Bytes => ({ hex: buffer.toString('hex') });

/** The user and the password that the target was given. */
function known({ session }: CaseContext): readonly [string, string] {
  const text = session.target.credentials ?? '';
  const colon = text.indexOf(':');
  return colon < 0 ? ['', text] : [text.slice(0, colon), text.slice(colon + 1)];
}

/** Demands 401 for each, on a connection of its own, and that the connection stays without rights. */
async function refuseEach(context: CaseContext, all: readonly (readonly Bytes[])[]): Promise<void> {
  for (const [index, parts] of all.entries()) {
    await context.ask(credentials(...parts), DENIED, `c${index}`);
    await context.ask(get('a'), DENIED, `c${index}`);
  }
}

const passwords: readonly Case[] = [
  auth({
    id: 'auth.gives-access',
    why: 'The positive control: after AUTH the very connection that was refused is served.',
    run: async (context) => {
      await context.ask(set('a', '1'), DENIED);
      await context.authenticate(await context.connection('a'));
      await context.ask(set('a', '1'), OK);
      await context.ask(get('a'), found('1'));
    },
  }),
  auth({
    id: 'auth.gives-access-to-json',
    also: ['json'],
    clauses: ['AUTH-1', 'JSON-5'],
    why: 'AUTH belongs to the connection, so that JSON requests behind it are served like any other.',
    run: async (context) => {
      await context.ask(jsonSet('a', '"1"'), JSON_DENIED);
      await context.authenticate(await context.connection('a'));
      await context.ask(jsonSet('a', '"1"'), { json: 200 });
      await context.ask(jsonGet('a'), { json: 200, value: '"1"' });
    },
  }),
  auth({
    id: 'auth.wrong-user-and-password',
    why: 'The plain case: who is not known is not served.',
    steps: [ask(WRONG, DENIED), ask(get('a'), DENIED), IN, ask(get('a'), MISS, 'in')],
  }),
  auth({
    id: 'auth.wrong-by-one-byte',
    why: 'Comparing up to the shorter length, without case, up to a 00, or trimmed: each lets guesses in.',
    run: async (context) => {
      const [user, password] = known(context);
      const cut = Buffer.from(password).subarray(0, -1);
      const changed = Buffer.from(password);
      if (changed.length > 0) changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 0x20;
      await refuseEach(context, [
        [user, NUL, password, 'x'],
        [user, NUL, password, NUL],
        [user, NUL, password, NUL, 'x'],
        [user, NUL, ' ', password],
        [user, NUL, NUL, password],
        [user, 'x', NUL, password],
        [' ', user, NUL, password],
        [NUL, user, NUL, password],
        ...(password === ''
          ? []
          : [
              [user, NUL, bytesOf(cut)],
              [user, NUL, bytesOf(changed)],
              [user, NUL],
            ]),
      ]);
    },
  }),
  auth({
    id: 'auth.user-and-password-the-other-way-round',
    why: 'A lookup that finds a user by his password, or compares the joined text, takes these.',
    run: async (context) => {
      const [user, password] = known(context);
      if (user === password || user === '' || password.length < 2)
        context.skip('the credentials are too simple for it');
      await refuseEach(context, [
        [password, NUL, user],
        [password, NUL, password],
        [user, NUL, user],
        [user, password.slice(0, 1), NUL, password.slice(1)],
      ]);
    },
  }),
  auth({
    id: 'auth.value-without-00-gets-400',
    clauses: ['AUTH-1', 'STATUS-3'],
    why: 'Without the divider there is no password: a server that takes the whole for either may let it in.',
    run: async (context) => {
      const [user, password] = known(context);
      const joined = ['', 'user', `${user}:${password}`, password, `${user} ${password}`];
      const values = joined.filter((value) => !value.includes('\0'));
      for (const [index, value] of values.entries()) {
        await context.ask(request('AUTH', undefined, { value }), BAD, `c${index}`);
        await context.ask(get('a'), DENIED, `c${index}`);
      }
    },
  }),
  auth({
    id: 'auth.divides-at-the-first-00',
    why: 'A password of random bytes has a 00 now and then: divided at the last one, that account can never log in.',
    run: async (context) => {
      const [user, password] = known(context);
      const parts = password.split('\0');
      if (parts.length < 2) context.skip('the password that is known has no 00 in it');
      await context.ask(credentials(user, NUL, password), OK);
      await context.ask(get('a'), MISS);
      const shorter = parts.slice(0, -1).join('\0');
      await refuseEach(context, [
        [user, NUL, shorter],
        [user, NUL, shorter, NUL],
        [user, NUL, parts.join('')],
      ]);
    },
  }),
  auth({
    id: 'auth.empty-user-is-well-formed',
    why: 'A service with one password has no user names: 00 comes first, and that is no mistake.',
    steps: [
      ask(credentials(NUL, 'surely not the password'), DENIED),
      ask(get('a'), DENIED),
      ask(
        credentials(NUL),
        {
          anyOf: [
            { as: 'there is no such user', status: 401 },
            { as: 'the target has a user without name and password', status: 200 },
          ],
        },
        'b',
      ),
    ],
  }),
  auth({
    id: 'auth.any-bytes-are-a-password',
    clauses: ['AUTH-1', 'FRAME-11'],
    why: 'Passwords are bytes: what is no UTF-8 must neither end the connection nor come back in an explanation.',
    steps: ['ff00ff', '6100ff00fe', '00c0', '7b007d', '250025732573', 'f000'].flatMap((hex, index): Step[] => [
      ask(request('AUTH', undefined, { value: { hex } }), DENIED, `c${index}`),
      ask(request('AUTH', undefined, { value: { concat: [{ hex }, { fill: 900 }] } }), DENIED, `c${index}`),
    ]),
  }),
];

const lives: readonly Case[] = [
  auth({
    id: 'auth.is-for-one-connection',
    why: 'Rights that are kept by address, or for the process, let in whoever comes next from the same host.',
    run: async (context) => {
      await context.open('in', true);
      await context.ask(set('a', '1'), OK, 'in');
      await context.ask(get('a'), DENIED, 'other');
      (await context.connection('in')).close();
      await context.ask(get('a'), DENIED, 'later');
      await context.ask(get('a'), DENIED, 'other');
    },
  }),
  auth({
    id: 'auth.in-one-write-with-requests',
    clauses: ['AUTH-1', 'TRANSPORT-3'],
    why: 'Clients send AUTH and the first requests at once; a check that is done on arrival, not in turn, refuses them.',
    run: async (context) => {
      const [user, password] = known(context);
      await context.send([set('a', '0'), credentials(user, NUL, password), set('a', '1'), get('a')]);
      await context.recv(DENIED);
      await context.recv(OK);
      await context.recv(OK);
      await context.recv(found('1'));
    },
  }),
  auth({
    id: 'auth.a-byte-at-a-time',
    clauses: ['AUTH-1', 'TRANSPORT-2'],
    why: 'Before AUTH a server reads with other limits: there too a frame comes as it comes.',
    run: async (context) => {
      const [user, password] = known(context);
      const pieces = [get('a'), credentials(user, NUL, password), get('a')];
      await context.send(
        pieces,
        'a',
        Array.from({ length: 200 }, () => 1),
      );
      await context.recv(DENIED);
      await context.recv(OK);
      await context.recv(MISS);
    },
  }),
  auth({
    id: 'auth.large-requests-behind-it-in-one-write',
    clauses: ['AUTH-1', 'TRANSPORT-2', 'VALUE-1'],
    why: 'What may be small before AUTH must not be small any more behind it, even if both come in one read.',
    run: async (context) => {
      const [user, password] = known(context);
      const fill = Math.min(context.session.valueBytesMax, 100_000);
      await context.send([credentials(user, NUL, password), set('a', { fill }), get('a')]);
      await context.recv(OK);
      await context.recv(OK);
      await context.recv(found({ fill }));
    },
  }),
  auth({
    id: 'auth.again',
    why: 'A pool authenticates a connection that it has taken back, without knowing whether it is already.',
    run: async (context) => {
      const connection = await context.open('a', true);
      await context.authenticate(connection);
      await context.ask(get('a'), MISS);
      await context.authenticate(connection);
      await context.ask(get('a'), MISS);
    },
  }),
  auth({
    id: 'auth.failure-behind-a-success',
    why: 'The contract demands 401 until one AUTH got 200, and not after it; whoever takes the rights back should say so.',
    steps: [
      IN,
      ask(WRONG, DENIED, 'in'),
      ask(
        get('a'),
        {
          anyOf: [
            { as: 'the connection stays authenticated', status: 404 },
            { as: 'the failure took the rights back', status: 401, warn: true },
          ],
        },
        'in',
      ),
    ],
  }),
  auth({
    id: 'auth.after-two-failures',
    clauses: ['AUTH-1', 'TRANSPORT-7'],
    why: 'A limit below three locks out whoever mistypes; requests that got 401 are no failed AUTHs.',
    run: async (context) => {
      for (let index = 0; index < 5; index += 1) await context.ask(get('a'), DENIED);
      await context.ask(WRONG, DENIED);
      await context.ask(WRONG, DENIED);
      await context.ask(get('a'), DENIED);
      await context.authenticate(await context.connection('a'));
      await context.ask(get('a'), MISS);
    },
  }),
  auth({
    id: 'auth.many-failures-may-close',
    clauses: ['TRANSPORT-7', 'TRANSPORT-5', 'AUTH-1'],
    why: 'From the third failure on the server may close, and only this connection: others must still get in.',
    run: async (context) => {
      await context.ask(WRONG, DENIED);
      await context.ask(WRONG, DENIED);
      const closed = { as: 'closed at the limit', closed: true } as const;
      for (let index = 3; index <= 6; index += 1) {
        const came = await context.ask(WRONG, { anyOf: [{ as: 'refused', status: 401 }, closed] });
        if (came.kind === 'closed') break;
        const next = await context.ask(get('a'), { anyOf: [DENIED, closed] });
        if (next.kind === 'closed') break;
      }
      await context.open('in', true);
      await context.ask(get('a'), MISS, 'in');
      await context.ask(WRONG, DENIED, 'other');
      await context.ask(get('a'), DENIED, 'other');
      // Whether the connection that failed is still open is the server's choice, so it takes no part in the end.
      (await context.connection('a')).close();
    },
  }),
];

export const authLoginCases: readonly Case[] = [...passwords, ...lives];
