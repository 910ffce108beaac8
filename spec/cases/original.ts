/**
 * The nine functional tests of the original client, and what the twelve wrong servers that pass all nine get wrong. The
 * client sends RST before each test, so the nine need a server that the suite may empty; the rest does not.
 */
import { ask, del, found, framingError, get, json, MISS, recv, request, send, set } from '../actions.ts';
import { area, type Case } from '../case.ts';
import {
  envelope,
  JSON_BAD,
  JSON_MISS,
  JSON_OK,
  jsonDel,
  jsonFound,
  jsonGet,
  jsonRefused,
  jsonRoundTrips,
  jsonSet,
} from '../json-actions.ts';
import type { Piece, Step } from '../step.ts';

const original = area({ profile: 'json' });

/** As the client writes it: Python's separators, the keys of its tests as they are. */
const rst = json('{"command": "RST"}');
const python = (command: string, more = ''): Piece => json(`{"command": "${command}"${more}}`);
const FOO = ', "key": "foo"';

const nine = area({ profile: 'json', needs: ['reset'], isolation: 'exclusive' });

const theNine: readonly Case[] = [
  nine({
    id: 'original.nine-get-and-set',
    clauses: ['JSON-2', 'JSON-1'],
    why: 'The first of the nine: what every program that uses the original library does.',
    steps: [
      ask(rst, JSON_OK),
      ask(python('GET', FOO), JSON_MISS),
      ask(python('SET', `${FOO}, "value": "bar"`), JSON_OK),
      ask({ hex: `00000020 ${Buffer.from('{"command": "GET", "key": "foo"}').toString('hex')}` }, jsonFound('"bar"')),
    ],
  }),
  nine({
    id: 'original.nine-list',
    clauses: ['JSON-2'],
    why: 'The second of the nine: a list comes back as the equal list.',
    steps: [
      ask(rst, JSON_OK),
      ask(python('SET', `${FOO}, "value": ["b", "a", "r"]`), JSON_OK),
      ask(python('GET', FOO), jsonFound('["b","a","r"]')),
    ],
  }),
  nine({
    id: 'original.nine-set-none',
    clauses: ['JSON-2'],
    why: 'The third: the client turns set(key, None) into DEL and swallows the 404; delete() of nothing is False.',
    steps: [ask(rst, JSON_OK), ask(python('DEL', FOO), JSON_MISS), ask(python('DEL', FOO), JSON_MISS)],
  }),
  nine({
    id: 'original.nine-delete',
    clauses: ['JSON-2', 'DELETE-1'],
    why: 'The fourth: delete() of an item is True, and then it is gone.',
    steps: [
      ask(rst, JSON_OK),
      ask(python('SET', `${FOO}, "value": "bar"`), JSON_OK),
      ask(python('DEL', FOO), JSON_OK),
      ask(python('GET', FOO), JSON_MISS),
    ],
  }),
  nine({
    id: 'original.nine-reset',
    clauses: ['JSON-2', 'RESET-1'],
    why: 'The fifth: reset() removes what was set.',
    steps: [
      ask(rst, JSON_OK),
      ask(python('SET', `${FOO}, "value": "bar"`), JSON_OK),
      ask(rst, JSON_OK),
      ask(python('GET', FOO), JSON_MISS),
    ],
  }),
  nine({
    id: 'original.nine-unknown-command',
    clauses: ['JSON-3'],
    kills: ['I6'],
    why: 'The sixth takes any 4xx; the contract says 400, which is neither a miss nor a fault of the server.',
    steps: [ask(rst, JSON_OK), ask(python('UNKNOWN'), JSON_BAD)],
  }),
  nine({
    id: 'original.nine-get-without-a-key',
    clauses: ['JSON-3'],
    kills: ['I6'],
    why: 'The seventh takes any 4xx; a 404 here would be reported to the program as a plain miss.',
    steps: [ask(rst, JSON_OK), ask(python('GET'), JSON_BAD)],
  }),
  nine({
    id: 'original.nine-get-of-a-missing-key',
    clauses: ['JSON-2'],
    why: 'The eighth takes any 4xx; get() turns the 404, and nothing else, into None.',
    steps: [ask(rst, JSON_OK), ask(python('GET', ', "key": "test"'), JSON_MISS)],
  }),
  nine({
    id: 'original.nine-delete-is-no-command',
    clauses: ['JSON-3'],
    kills: ['I6'],
    why: 'The ninth: DELETE is no other name of DEL, least of all one that deletes without a key.',
    steps: [
      ask(rst, JSON_OK),
      ask(python('SET', `${FOO}, "value": "bar"`), JSON_OK),
      ask(python('DELETE'), JSON_BAD),
      ask(python('DELETE', FOO), JSON_BAD),
      ask(python('GET', FOO), jsonFound('"bar"')),
    ],
  }),
];

const frames: readonly Case[] = [
  original({
    id: 'original.connection-stays-open-after-errors',
    clauses: ['TRANSPORT-7', 'JSON-3'],
    why: 'The client goes on with its connection after a 4xx; a server that hangs up turns each miss into a reconnect.',
    steps: [
      ask(python('UNKNOWN'), JSON_BAD),
      ask(python('GET'), JSON_BAD),
      ask(jsonGet('a'), JSON_MISS),
      ask(jsonDel('a'), JSON_MISS),
      ask(json('{'), JSON_BAD),
      ask(jsonSet('a', '"1"'), JSON_OK),
      ask(jsonGet('a'), jsonFound('"1"')),
    ],
  }),
  original({
    id: 'original.frame-with-a-json-string-harms-nobody',
    clauses: ['FRAME-8', 'TRANSPORT-5'],
    why: 'The original’s own transport test sends a bare JSON string: here that is a binary frame with opcode 22.',
    steps: [
      ask(set('a', '1')),
      ask(envelope('"', { fill: 1000, byte: '61' }, '"'), {
        anyOf: [
          { as: 'malformed', status: 400 },
          { as: 'unknown opcode', status: 405 },
        ],
      }),
      ask(get('a'), found('1')),
    ],
  }),
  original({
    id: 'original.frame-with-another-document-harms-nobody',
    clauses: ['FRAME-3', 'TRANSPORT-5'],
    why: 'null, true or [1] as a whole frame is shorter than a binary head: the connection ends, and no other does.',
    steps: [
      ask(jsonSet('a', '1'), JSON_OK),
      ...['null', 'true', '[1]', '1', '"foo"'].flatMap((text, index): Step[] => [
        send([{ body: text }], `c${index}`),
        recv(framingError(400), `c${index}`),
      ]),
      ask(jsonGet('a'), jsonFound('1')),
    ],
  }),
];

const LONG = 'k'.repeat(230);
const LIKE_KEYS = ['key', 'KEY', 'Key', 'key_', LONG, `${LONG}1`, `${LONG}2`];

/** Each from the other side of what one of the twelve does; in JSON alone, as they speak nothing else. */
const impostors: readonly Case[] = [
  original({
    id: 'original.two-keys-hold-two-values',
    clauses: ['JSON-2', 'KEY-2'],
    kills: ['I1', 'I5'],
    why: 'A single cell passes tests that know one key; the second user of the service reads the first one’s data.',
    steps: [
      ask(jsonSet('a', '"one"'), JSON_OK),
      ask(jsonGet('b'), JSON_MISS),
      ask(jsonSet('b', '"two"'), JSON_OK),
      ask(jsonGet('a'), jsonFound('"one"')),
      ask(jsonDel('b'), JSON_OK),
      ask(jsonGet('a'), jsonFound('"one"')),
      ask(jsonDel('b'), JSON_MISS),
    ],
  }),
  original({
    id: 'original.connections-share-the-items',
    clauses: ['CONSISTENT-1', 'JSON-2'],
    kills: ['I2', 'I3'],
    why: 'A store per connection is no service; one connection at a time stops everybody at the first idle client.',
    steps: [
      ask(jsonGet('a'), JSON_MISS, 'first'),
      ask(jsonSet('a', '"1"'), JSON_OK, 'second'),
      ask(jsonGet('a'), jsonFound('"1"'), 'third'),
      ask(jsonGet('a'), jsonFound('"1"'), 'first'),
      { close: 'second' },
      ask(jsonGet('a'), jsonFound('"1"'), 'third'),
    ],
  }),
  original({
    id: 'original.set-overwrites',
    clauses: ['SET-1', 'JSON-2'],
    kills: ['I4'],
    why: 'Nine tests that reset first never set a key twice; a cache that keeps the first value is stale for ever.',
    steps: [
      ask(jsonSet('a', '"old"'), JSON_OK),
      ask(jsonSet('a', '["new"]'), JSON_OK),
      ask(jsonGet('a'), jsonFound('["new"]')),
      ask(jsonSet('a', 'null'), JSON_OK),
      ask(jsonGet('a'), jsonFound('null')),
    ],
  }),
  original({
    id: 'original.set-without-its-members-stores-nothing',
    clauses: ['JSON-3'],
    kills: ['I6', 'I9'],
    why: 'A SET that succeeds without its value has thrown it away; without its key, nobody will find it.',
    steps: jsonRefused([
      json('{"command":"SET","key":"{{kept}}"}'),
      json('{"command":"SET","value":"changed"}'),
      json('{"command":"SET"}'),
    ]),
  }),
  original({
    id: 'original.frame-in-two-pieces',
    clauses: ['TRANSPORT-2'],
    kills: ['I7'],
    why: 'On a loopback one read is one frame; on a network it is not, and the first long value breaks the server.',
    steps: [
      { send: [jsonSet('a', '"in pieces"')], segments: [4, 1, 20, 7] },
      recv(JSON_OK),
      { send: [jsonGet('a')], segments: [2, 3] },
      recv(jsonFound('"in pieces"')),
    ],
  }),
  original({
    id: 'original.two-frames-in-one-piece',
    clauses: ['TRANSPORT-2', 'TRANSPORT-3'],
    kills: ['I8'],
    why: 'What follows the first frame of a read is a request too; dropped, its client waits until its timeout.',
    steps: [
      send([jsonSet('a', '"1"'), jsonGet('a'), jsonDel('a'), jsonGet('a')]),
      recv(JSON_OK),
      recv(jsonFound('"1"')),
      recv(JSON_OK),
      recv(JSON_MISS),
    ],
  }),
  original({
    id: 'original.one-and-a-half-frames',
    clauses: ['TRANSPORT-2', 'TRANSPORT-3'],
    kills: ['I7', 'I8'],
    why: 'The end of one frame and the start of the next share a read: a buffer that is cleared in between loses it.',
    steps: [
      ask(jsonSet('a', '"1"'), JSON_OK),
      send([jsonGet('a'), { part: jsonGet('a'), to: 9 }]),
      recv(jsonFound('"1"')),
      send([{ part: jsonGet('a'), from: 9 }, jsonGet('b')]),
      recv(jsonFound('"1"')),
      recv(JSON_MISS),
    ],
  }),
  original({
    id: 'original.lengths-are-not-trusted',
    clauses: ['FRAME-3', 'FRAME-4', 'TRANSPORT-5'],
    kills: ['I10', 'I3'],
    why: 'Four bytes from anybody: a negative length, none, or two gibibytes to allocate, and the service is gone.',
    steps: [
      ask(jsonSet('a', '"1"'), JSON_OK, 'good'),
      ...(
        [
          ['00000000', 400],
          ['ffffffff', 400],
          ['80000000', 400],
          ['7fffffff', 413],
          ['7fffffff7b22', 413],
        ] as const
      ).flatMap(([hex, status], index): Step[] => [
        send([{ hex }], `bad${index}`),
        recv(framingError(status), `bad${index}`),
        ask(jsonGet('a'), jsonFound('"1"'), 'good'),
      ]),
    ],
  }),
  original({
    id: 'original.any-json-value-is-kept',
    clauses: ['JSON-2'],
    kills: ['I11'],
    why: 'Strings and lists of strings are all that the nine store; programs store numbers, objects and null.',
    steps: jsonRoundTrips([
      '1',
      '-2.5',
      'true',
      'false',
      'null',
      '{"a":{"b":[1,null]}}',
      '[1,[2,[3]]]',
      '""',
      '[]',
      '{}',
    ]),
  }),
  original({
    id: 'original.keys-are-kept-whole',
    clauses: ['KEY-2', 'KEY-4'],
    kills: ['I1', 'I12'],
    why: 'Keys that are cut or lower-cased let user:ANNA and user:anna, or all long keys of one kind, share an item.',
    steps: [
      ...LIKE_KEYS.map((key, index) => ask(jsonSet(key, `${index}`), JSON_OK)),
      ...LIKE_KEYS.map((key, index) => ask(jsonGet(key), jsonFound(`${index}`))),
    ],
  }),
  original({
    id: 'original.binary-and-json-on-one-port',
    clauses: ['JSON-5', 'JSON-6'],
    kills: ['I2'],
    why: 'A server of the original’s dialect alone leaves every new client without an answer.',
    steps: [
      ask(jsonSet('a', '"json"'), JSON_OK),
      ask(get('a'), found('json', { tag: 1 })),
      ask(set('a', 'binary')),
      ask(jsonGet('a'), jsonFound('"binary"')),
      ask(del('a')),
      ask(get('a'), MISS),
      ask(jsonGet('a'), JSON_MISS),
      ask(request('PING', undefined, { value: 'x' }), { status: 200, value: 'x' }),
    ],
  }),
];

export const originalCases: readonly Case[] = [...theNine, ...frames, ...impostors];
