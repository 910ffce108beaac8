/**
 * What a server answers to requests of profiles that it does not claim, and whether its claims hold and agree
 * (PROFILE-1). The flags of profiles that are not claimed stand with the other flags that an opcode does not take.
 */
import { OPERATIONS, OPERATION_NAMES, type OperationName } from '../../protocol/operations.ts';
import { PROFILE_NAMES, PROFILES, type Profile } from '../../protocol/profiles.ts';
import { ask, BAD, found, get, json, OK, request, set } from '../actions.ts';
import { area, type Case } from '../case.ts';
import type { Piece, Request } from '../step.ts';

const profile = area({ profile: 'core', clauses: ['PROFILE-1'] });

const operationsOf = (name: Profile): OperationName[] =>
  OPERATION_NAMES.filter((operation) => OPERATIONS[operation].profile === name);

/** A request as its profile has it, one that is malformed there, and one with every flag: the opcode decides first. */
const formsOf = (operation: OperationName): Request[] => [
  request(operation, 'kept', { value: { concat: ['user', { hex: '00' }, 'password'] } }),
  request(operation),
  request(operation, 'kept', {
    ttl: 1,
    version: 1,
    tag: 1,
    number: 1,
    token: 1,
    value: '1',
    flags: ['DETAIL', 'PREFIX', 'QUIET'],
  }),
];

const unclaimedOpcodes = PROFILE_NAMES.filter((name) => operationsOf(name).length > 0 && name !== 'core').map((name) =>
  profile({
    id: `profile.opcodes-of-${name}-unclaimed`,
    clauses: ['PROFILE-1', 'FRAME-8', 'STATUS-3'],
    why: `Clients find out by a 405 that ${name} is not here, and do without; any other status sends them a wrong way.`,
    only: [{ unclaimed: name }],
    steps: [
      ask(set('kept', '1')),
      ...operationsOf(name)
        .flatMap(formsOf)
        .map((piece) => ask(piece, { status: 405 })),
      ask(get('kept'), found('1')),
    ],
  }),
);

/**
 * A request that does not fit in its frame: 400 to a known opcode (FRAME-7), carried out by none. RESET is left out: a
 * server that carries it out all the same would empty what is not the suite's own.
 */
const tooShort = (operation: OperationName): Piece => request(operation, undefined, { keyLength: 9, value: 'x' });

const claimedOpcodes = PROFILE_NAMES.filter((name) => operationsOf(name).length > 0).map((name) =>
  profile({
    id: `profile.opcodes-of-${name}-claimed`,
    clauses: ['PROFILE-1', 'FRAME-7'],
    profile: name,
    why: `What HELLO claims and the server does not know is found by the first client that relies on ${name}.`,
    steps: operationsOf(name)
      .filter((operation) => operation !== 'RESET')
      .map((operation) => ask(tooShort(operation), BAD)),
  }),
);

const envelopes: readonly Case[] = [
  profile({
    id: 'profile.json-unclaimed',
    why: 'An old client of the JSON dialect has to learn, in the form that it reads, that it is at the wrong server.',
    only: [{ unclaimed: 'json' }],
    steps: [
      ask(set('kept', '1')),
      ask(json('{"command":"GET","key":"{{kept}}"}'), { json: 405 }),
      ask(json('{"command":"SET","key":"{{kept}}","value":"changed"}'), { json: 405 }),
      ask(json('{"command":"DEL","key":"{{kept}}"}'), { json: 405 }),
      ask(get('kept'), found('1')),
    ],
  }),
  profile({
    id: 'profile.json-unclaimed-and-malformed',
    why: 'A frame that starts with a brace is an envelope and no binary request, even where nobody reads it.',
    only: [{ unclaimed: 'json' }],
    steps: ['{}', '{', '{"command":"NO"}', '{"a":1}{', `{${'x'.repeat(200)}`].map((text) =>
      ask(json(text), {
        anyOf: [
          { as: 'not offered', json: 405 },
          { as: 'malformed', json: 400 },
        ],
      }),
    ),
  }),
];

const claims: readonly Case[] = [
  profile({
    id: 'profile.claims-agree',
    clauses: ['PROFILE-1', 'HELLO-1'],
    why: 'prefix and locks are defined upon standard, and all upon core: a claim without its ground promises nothing.',
    run: async (context) => {
      const { hello } = context.session;
      const claimed = (hello.get('profiles') ?? '').split(' ').filter((name) => name !== '');
      if (!claimed.includes('core')) context.fail('core among the profiles', claimed.join(' ') || 'none');
      for (const name of PROFILE_NAMES.filter((each) => claimed.includes(each))) {
        const missing = PROFILES[name].needs.filter((each) => !claimed.includes(each));
        if (missing.length > 0) context.fail(`${name} only together with ${missing.join(', ')}`, claimed.join(' '));
      }
      await context.ask(set('a', '1'), OK);
    },
  }),
  profile({
    id: 'profile.limits-requests-and-not-replies',
    clauses: ['PROFILE-1', 'GET-1', 'JSON-6'],
    profile: 'json',
    only: [{ unclaimed: 'standard' }],
    why: 'A client of core alone still reads TAG in replies; a server that leaves it out hides what a value is.',
    steps: [
      ask(json('{"command":"SET","key":"{{a}}","value":"text"}'), { json: 200 }),
      ask(get('a'), found('text', { tag: 1 })),
      ask(json('{"command":"SET","key":"{{a}}","value":[1]}'), { json: 200 }),
      ask(get('a'), { status: 200, valueJson: '[1]', tag: 3 }),
    ],
  }),
];

export const profileCases: readonly Case[] = [...unclaimedOpcodes, ...claimedOpcodes, ...envelopes, ...claims];
