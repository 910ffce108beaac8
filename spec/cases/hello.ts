/** HELLO and what it tells (HELLO-1, ENTRY-1). */
import { KEY_BYTES_CEILING, KEY_BYTES_FLOOR, VALUE_BYTES_FLOOR } from '../../protocol/limits.ts';
import { ask, found, get, OK, recv, request, send, set } from '../actions.ts';
import { area, type Case } from '../case.ts';
import type { CaseContext } from '../context.ts';
import { parseEntries } from '../wire/entries.ts';
import type { Bytes } from '../step.ts';

const hello = area({ profile: 'core', clauses: ['HELLO-1'] });

const NUMBER = '/0|[1-9][0-9]*/';
const NEEDED = {
  protocol: '1',
  server: '/.*\\S.*/',
  profiles: '/\\S+( +\\S+)*/',
  'max-key': NUMBER,
  'max-value': NUMBER,
  'max-frame': NUMBER,
} as const;

const FRAME_BYTES_BESIDES = 64;

/** HELLO's entries, in their order. */
async function entriesOf(context: CaseContext, name = 'a'): Promise<(readonly [string, string])[]> {
  const reply = await context.exchange(request('HELLO'), name);
  return parseEntries(reply.value).entries.map(({ key, value }) => [key.toString(), value.toString()]);
}

export const helloCases: readonly Case[] = [
  hello({
    id: 'hello.has-its-entries',
    clauses: ['HELLO-1', 'ENTRY-1'],
    why: 'A client that finds no version or limit has to guess them, and guesses wrong at the first large value.',
    steps: [ask(request('HELLO'), { status: 200, includes: NEEDED })],
  }),
  hello({
    id: 'hello.names-each-entry-once',
    level: 'SHOULD',
    clauses: ['HELLO-1', 'ENTRY-1'],
    why: 'Of two limits one client takes the first and another the last; both are right until they meet the server.',
    run: async (context) => {
      const names = (await entriesOf(context)).map(([name]) => name);
      const twice = Object.keys(NEEDED).filter((name) => names.filter((each) => each === name).length > 1);
      if (twice.length > 0) context.fail('each entry once', `two entries ${twice.join(', ')}`);
    },
  }),
  hello({
    id: 'hello.limits-are-as-high-as-promised',
    clauses: ['HELLO-1', 'KEY-4'],
    why: 'A frame limit that the largest item does not fit in makes that item a framing error, and closes on it.',
    run: async (context) => {
      const entries = new Map(await entriesOf(context));
      const limit = (name: string): bigint => {
        const text = entries.get(name) ?? '';
        return /^[0-9]+$/.test(text)
          ? BigInt(text)
          : context.fail(`${name} in decimal digits`, text || 'no such entry');
      };
      const [key, value, frame] = [limit('max-key'), limit('max-value'), limit('max-frame')];
      if (key < KEY_BYTES_FLOOR) context.fail(`max-key of ${KEY_BYTES_FLOOR} at least`, `${key}`);
      if (key > KEY_BYTES_CEILING) context.fail(`max-key of ${KEY_BYTES_CEILING} at most, as it is a u16`, `${key}`);
      if (value < VALUE_BYTES_FLOOR) context.fail(`max-value of ${VALUE_BYTES_FLOOR} at least`, `${value}`);
      const least = key + value + BigInt(FRAME_BYTES_BESIDES);
      if (frame < least) context.fail(`max-frame of ${least} at least: ${key} + ${value} + 64`, `${frame}`);
    },
  }),
  hello({
    id: 'hello.may-name-the-client',
    why: 'The name is for the server’s log: whatever it is, the answer is the same, and a strange one breaks no log.',
    steps: [
      'speicher-client 1.0',
      '',
      ' ',
      { hex: 'fffe00' },
      { hex: '0d0a1b5b326a' },
      '${jndi:x} %s %n',
      { fill: 1024 },
    ].map((value: Bytes) => ask(request('HELLO', undefined, { value }), { status: 200, includes: NEEDED })),
  }),
  hello({
    id: 'hello.at-any-time',
    clauses: ['HELLO-1', 'TRANSPORT-3'],
    why: 'A pool says HELLO on a connection in use; a handshake that must come first, or resets a state, breaks it.',
    steps: [
      ask(set('a', '1')),
      send([get('a'), request('HELLO'), get('a'), request('HELLO', undefined, { value: 'again' })]),
      recv(found('1')),
      recv({ status: 200, includes: NEEDED }),
      recv(found('1')),
      recv({ status: 200, includes: NEEDED }),
    ],
  }),
  hello({
    id: 'hello.is-not-needed',
    clauses: ['HELLO-1', 'SET-1'],
    why: 'The shortest client sends what it wants at once; a server that waits for HELLO serves none of them.',
    steps: [ask(set('a', '1'), OK, 'x'), ask(get('a'), found('1'), 'y')],
  }),
  hello({
    id: 'hello.tells-every-connection-the-same',
    level: 'SHOULD',
    why: 'Limits that differ between connections make a pool fail on one request in ten.',
    run: async (context) => {
      const lasting = async (name: string): Promise<string> => {
        const entries = new Map(await entriesOf(context, name));
        return JSON.stringify(Object.keys(NEEDED).map((key) => [key, entries.get(key)]));
      };
      const first = await lasting('a');
      await context.ask(set('k', '1'), OK);
      for (const name of ['b', 'a', 'c']) {
        const again = await lasting(name);
        if (again !== first) context.fail(`the same entries as before: ${first}`, again);
      }
    },
  }),
];
