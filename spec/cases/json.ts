/** The JSON envelope: its commands and members, and how it shares a connection (section 7). */
import { ask, found, get, json, OK, recv, request, send, set } from '../actions.ts';
import { area, type Case } from '../case.ts';
import { JSON_BAD, JSON_MISS, JSON_OK, jsonDel, jsonFound, jsonGet, jsonRefused, jsonSet } from '../json-actions.ts';

const dialect = area({ profile: 'json' });

const TAG_TEXT = 1;

const commands: readonly Case[] = [
  dialect({
    id: 'json.get-of-nothing-is-404',
    clauses: ['JSON-2', 'JSON-1'],
    why: 'A cache asks for what is not there all day; an empty value or null in place of 404 is taken for an item.',
    steps: [ask(jsonGet('a'), JSON_MISS)],
  }),
  dialect({
    id: 'json.set-get-and-del',
    clauses: ['JSON-2', 'JSON-1'],
    kills: ['I4', 'I5'],
    why: 'The whole life of an item: a DEL that always succeeds, or takes a neighbour along, loses other people’s data.',
    steps: [
      ask(jsonSet('a', '"one"'), JSON_OK),
      ask(jsonSet('b', '"other"'), JSON_OK),
      ask(jsonGet('a'), jsonFound('"one"')),
      ask(jsonSet('a', '"two"'), JSON_OK),
      ask(jsonGet('a'), jsonFound('"two"')),
      ask(jsonDel('a'), JSON_OK),
      ask(jsonGet('a'), JSON_MISS),
      ask(jsonDel('a'), JSON_MISS),
      ask(jsonGet('b'), jsonFound('"other"')),
    ],
  }),
  dialect({
    id: 'json.rst-removes-everything',
    clauses: ['JSON-2', 'RESET-1'],
    needs: ['reset'],
    isolation: 'exclusive',
    why: 'Test suites of applications begin with RST: what survives it makes them fail one time in ten.',
    steps: [
      ask(jsonSet('a', '"1"'), JSON_OK),
      ask(jsonSet('b', '[2]'), JSON_OK),
      ask(set('c', 'binary')),
      ask(json('{"command":"RST"}'), JSON_OK),
      ...['a', 'b', 'c'].map((name) => ask(jsonGet(name), JSON_MISS)),
      ask(json('{"command":"RST"}'), JSON_OK),
    ],
  }),
  dialect({
    id: 'json.rst-takes-no-key',
    clauses: ['JSON-3', 'JSON-1'],
    needs: ['reset'],
    isolation: 'exclusive',
    why: 'A key that comes with RST is a member to ignore: to refuse it, or to remove that key alone, breaks callers.',
    steps: [
      ask(jsonSet('a', '"1"'), JSON_OK),
      ask(jsonSet('b', '"2"'), JSON_OK),
      ask(json('{"command":"RST","key":"{{a}}","value":null}'), JSON_OK),
      ask(jsonGet('b'), JSON_MISS),
    ],
  }),
  dialect({
    id: 'json.commands-are-in-capitals',
    clauses: ['JSON-3', 'JSON-1'],
    why: 'What one server accepts in lower case the next refuses: clients that work by luck break when they move.',
    steps: jsonRefused(
      ['set', 'Set', 'sET', ' SET', 'SET ', 'SET\\u0000', 'SETX', 'SE'].map((command) =>
        json(`{"command":"${command}","key":"{{kept}}","value":"changed"}`),
      ),
    ),
  }),
  dialect({
    id: 'json.unknown-commands-are-refused',
    clauses: ['JSON-3'],
    kills: ['I6'],
    why: 'A 404 says "no such key", which a client reports as a miss. A table of commands in a plain object knows constructor.',
    steps: jsonRefused(
      ['UNKNOWN', 'DELETE', 'PING', 'QUIT', '', 'constructor', 'toString', '__proto__', 'hasOwnProperty'].map(
        (command) => json(`{"command":"${command}","key":"{{kept}}","value":"changed"}`),
      ),
    ),
  }),
  dialect({
    id: 'json.rst-has-no-other-name',
    clauses: ['JSON-3', 'JSON-1'],
    needs: ['reset'],
    isolation: 'exclusive',
    why: 'A command that empties the server by a name that nobody knows of is found by whoever mistypes.',
    steps: jsonRefused(['RESET', 'rst', 'Rst', 'RST ', 'FLUSH', 'CLEAR'].map((name) => json(`{"command":"${name}"}`))),
  }),
  dialect({
    id: 'json.command-that-is-no-string-is-refused',
    clauses: ['JSON-3', 'JSON-1'],
    why: 'A list that turns into the string SET is carried out where it should be refused; a null may end the process.',
    steps: jsonRefused([
      json('{}'),
      json('{"key":"{{kept}}","value":"changed"}'),
      ...['null', 'true', '17', '["SET"]', '{"SET":"SET"}'].map((command) =>
        json(`{"command":${command},"key":"{{kept}}","value":"changed"}`),
      ),
    ]),
  }),
];

const KEYS_REFUSED: readonly (readonly [string, string])[] = [
  ['absent', ''],
  ['empty', '"key":"",'],
  ['null', '"key":null,'],
  ['a number', '"key":1,'],
  ['a boolean', '"key":true,'],
  ['a list', '"key":["{{kept}}"],'],
  ['an object', '"key":{"key":"{{kept}}"},'],
];

const members: readonly Case[] = [
  ...(['SET', 'GET', 'DEL'] as const).map((command) =>
    dialect({
      id: `json.${command.toLowerCase()}-needs-a-key`,
      clauses: ['JSON-3', 'KEY-1'],
      kills: ['I6', 'I9'],
      why: `Keys that become "undefined", "null" or "1" collide with each other; a ${command} without one is a client’s bug.`,
      steps: jsonRefused(KEYS_REFUSED.map(([, key]) => json(`{"command":"${command}",${key}"value":"changed"}`))),
    }),
  ),
  dialect({
    id: 'json.set-needs-a-value',
    clauses: ['JSON-3'],
    kills: ['I9'],
    why: 'A misspelt member would store null over what was there, and nobody would be told.',
    steps: jsonRefused([
      json('{"command":"SET","key":"{{kept}}"}'),
      json('{"command":"SET","key":"{{kept}}","Value":"changed"}'),
      json('{"command":"SET","key":"{{kept}}","val":"changed","values":["changed"]}'),
    ]),
  }),
  dialect({
    id: 'json.names-of-members-are-exact',
    clauses: ['JSON-1', 'JSON-3'],
    why: 'Go’s decoder takes KEY for key, and the last one wins: the request is carried out on another item.',
    steps: [
      ask(jsonSet('a', '"a"'), JSON_OK),
      ask(jsonSet('b', '"b"'), JSON_OK),
      ask(json('{"command":"GET","key":"{{a}}","KEY":"{{b}}","Key":"{{b}}"}'), jsonFound('"a"')),
      ask(json('{"COMMAND":"DEL","command":"GET","key":"{{a}}","Command":"DEL"}'), jsonFound('"a"')),
      ask(json('{"Command":"GET","key":"{{a}}"}'), JSON_BAD),
      ask(json('{"command":"SET","key":"{{a}}","value":"c","VALUE":"d"}'), JSON_OK),
      ask(jsonGet('a'), jsonFound('"c"')),
    ],
  }),
  dialect({
    id: 'json.other-members-are-ignored',
    clauses: ['JSON-3'],
    why: 'Clients add members of their own (a trace id, a comment); a strict schema turns the next release into an outage.',
    steps: [
      ask(json('{"id":7,"command":"SET","key":"{{a}}","trace":{"key":"{{b}}","value":[1]},"value":"v"}'), JSON_OK),
      ask(json('{"command":"GET","key":"{{a}}","value":"ignored","":0}'), jsonFound('"v"')),
      ask(json('{"status_code":200,"command":"GET","key":"{{b}}"}'), JSON_MISS),
      ask(json('{"command":"DEL","key":"{{a}}","value":null}'), JSON_OK),
    ],
  }),
  dialect({
    id: 'json.members-in-any-order',
    clauses: ['JSON-1'],
    why: 'Hash tables of other languages write members in their own order; a reader by position fails with them only.',
    steps: [
      '"command":"SET","value":"x","key":"{{a}}"',
      '"key":"{{a}}","command":"SET","value":"x"',
      '"key":"{{a}}","value":"x","command":"SET"',
      '"value":"x","command":"SET","key":"{{a}}"',
      '"value":"x","key":"{{a}}","command":"SET"',
    ].flatMap((text, index) => [
      ask(json(`{${text.replace('"x"', `"${index}"`)}}`), JSON_OK),
      ask(json('{"key":"{{a}}","command":"GET"}'), jsonFound(`"${index}"`)),
    ]),
  }),
  dialect({
    id: 'json.white-space-between-tokens',
    clauses: ['JSON-1'],
    why: 'Python writes a space behind each comma, others indent: a reader that matches text instead of JSON fails.',
    steps: [
      ask(json('{"command": "SET", "key": "{{a}}", "value": ["b", "a", "r"]}'), JSON_OK),
      ask(json('{ \t\r\n"command"\n:\t"GET"\r,\n "key" : "{{a}}" \n}'), jsonFound('["b","a","r"]')),
      ask(json('{"command":"GET","key":"{{a}}"}\r\n\t '), jsonFound('["b","a","r"]')),
    ],
  }),
  dialect({
    id: 'json.escapes-in-names-and-commands',
    clauses: ['JSON-1'],
    why: 'An escape means its character wherever it stands; a reader that compares raw text does not know its own commands.',
    steps: [
      ask(json('{"c\\u006fmmand":"S\\u0045T","\\u006bey":"{{a}}\\u0062","v\\u0061lue":"\\u0076"}'), JSON_OK),
      ask(jsonGet('ab'), jsonFound('"v"')),
    ],
  }),
  dialect({
    id: 'json.proto-is-a-member-like-any-other',
    clauses: ['JSON-3'],
    why: 'Members merged into a plain object let __proto__ supply what is missing: requests that pass the checks on nothing.',
    steps: jsonRefused([
      json('{"__proto__":{"command":"SET","key":"{{kept}}","value":"changed"}}'),
      json('{"command":"SET","key":"{{kept}}","__proto__":{"value":"changed"}}'),
      json('{"command":"DEL","__proto__":{"key":"{{kept}}"}}'),
      json('{"command":"DEL","constructor":{"prototype":{"key":"{{kept}}"}}}'),
    ]),
  }),
  dialect({
    id: 'json.a-member-twice-is-one-of-both-or-refused',
    clauses: ['JSON-1', 'STATUS-3'],
    why: 'The contract is silent about which of two counts; but what was refused must not be stored, nor a mixture of both.',
    run: async (context) => {
      const came = await context.ask(json('{"command":"SET","key":"{{a}}","value":"first","value":"last"}'), {
        anyOf: [
          { as: 'taken', ...JSON_OK },
          { as: 'refused', ...JSON_BAD },
        ],
      });
      const refused = came.kind === 'json' && came.status === 400;
      const either = [
        { as: 'the last counts', ...jsonFound('"last"') },
        { as: 'the first counts', ...jsonFound('"first"') },
      ];
      await context.ask(jsonGet('a'), refused ? JSON_MISS : { anyOf: either });
    },
  }),
];

const mixed: readonly Case[] = [
  dialect({
    id: 'json.mixed-with-binary-in-one-write',
    clauses: ['JSON-5', 'TRANSPORT-3'],
    kills: ['I8'],
    why: 'Two dialects on two paths overtake each other: a client that pipelines takes one reply for another.',
    steps: [
      send([
        request('PING', undefined, { value: 'one' }),
        jsonSet('a', '"1"'),
        get('a'),
        jsonGet('a'),
        set('a', '2'),
        jsonGet('a'),
        json('{"command":"NO"}'),
        request(0x30),
        jsonDel('a'),
        get('a'),
        json('{'),
        request('PING', undefined, { value: 'last' }),
      ]),
      recv({ status: 200, value: 'one' }),
      recv(JSON_OK),
      recv(found('1', { tag: TAG_TEXT })),
      recv(jsonFound('"1"')),
      recv(OK),
      recv(jsonFound('"2"')),
      recv(JSON_BAD),
      recv({ status: 405 }),
      recv(JSON_OK),
      recv({ status: 404 }),
      recv(JSON_BAD),
      recv({ status: 200, value: 'last' }),
    ],
  }),
  dialect({
    id: 'json.mixed-with-quiet-requests',
    also: ['standard'],
    clauses: ['JSON-5', 'FRAME-10'],
    why: 'A quiet request leaves a gap in the replies; the JSON reply behind it must not slip into another place.',
    steps: [
      send([
        set('a', '1', { flags: ['QUIET'] }),
        jsonGet('a'),
        get('none', { flags: ['QUIET'] }),
        jsonSet('a', '[2]'),
        get('a', { flags: ['QUIET'] }),
        jsonGet('none'),
      ]),
      recv(jsonFound('"1"')),
      recv(JSON_OK),
      recv({ status: 200, valueJson: '[2]', tag: 3 }),
      recv(JSON_MISS),
    ],
  }),
  dialect({
    id: 'json.a-byte-at-a-time',
    clauses: ['TRANSPORT-2', 'JSON-5'],
    kills: ['I7'],
    why: 'A mobile network cuts where it likes: a reader that parses what one read brought sees half an envelope.',
    run: async (context) => {
      const pieces = [jsonSet('a', '"é😀"'), get('a'), jsonGet('a')];
      const total = pieces.reduce((sum, piece) => sum + context.resolver.piece(piece).length, 0);
      await context.send(
        pieces,
        'a',
        Array.from({ length: total }, () => 1),
      );
      await context.recv(JSON_OK);
      await context.recv(found('é😀', { tag: TAG_TEXT }));
      await context.recv(jsonFound('"é😀"'));
    },
  }),
  dialect({
    id: 'json.hundred-in-one-write',
    clauses: ['TRANSPORT-3', 'JSON-2'],
    kills: ['I8'],
    why: 'A server that answers the first frame of a read and drops the rest leaves its client waiting for ever.',
    steps: [
      send(Array.from({ length: 100 }, (_, index) => jsonSet(`k${index}`, `${index}`))),
      ...Array.from({ length: 100 }, () => recv(JSON_OK)),
      send(Array.from({ length: 100 }, (_, index) => jsonGet(`k${index}`))),
      ...Array.from({ length: 100 }, (_, index) => recv(jsonFound(`${index}`))),
    ],
  }),
];

export const jsonCases: readonly Case[] = [...commands, ...members, ...mixed];
