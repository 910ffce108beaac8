/** What JSON requests keep and give back: the values themselves, and their keys (section 7). */
import { ask, found, get, json, set } from '../actions.ts';
import { area, type Case } from '../case.ts';
import { envelope, JSON_MISS, JSON_OK, jsonDel, jsonFound, jsonGet, jsonRoundTrips, jsonSet } from '../json-actions.ts';

const value = area({ profile: 'json', clauses: ['JSON-2'] });

/** `levels` lists within each other, or objects; and so many that they are spelt as a repetition. */
const lists = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
const objects = (levels: number): string => '{"a":'.repeat(levels - 1) + '{}' + '}'.repeat(levels - 1);
const LISTS = '{{100000*[}}{{100000*]}}';
const OBJECTS = '{{29999*{"a":}}{}{{29999*}}}';

const shapes: readonly Case[] = [
  value({
    id: 'json.strings-come-back',
    clauses: ['JSON-2', 'JSON-6'],
    why: 'The empty string is a value and no miss; one that looks like JSON is still a string.',
    steps: jsonRoundTrips(['"bar"', '""', '" "', '"null"', '"[1]"', '"{\\"a\\":1}"', '"42"', '"\\"quoted\\""']),
  }),
  value({
    id: 'json.null-and-the-other-empty-values-are-distinct',
    kills: ['I11'],
    why: 'Where null, false, 0, "", [] and {} are "no value", flags that were set to false are missing or true.',
    steps: [
      ...jsonRoundTrips(['null', 'false', 'true', '0', '""', '[]', '{}', '[null]', '[[]]', '{"":null}', 'null']),
      ask(jsonDel('k'), JSON_OK),
      ask(jsonGet('k'), JSON_MISS),
    ],
  }),
  value({
    id: 'json.lists-and-objects-come-back',
    kills: ['I11'],
    why: 'The original stores whatever JSON can say; a store of strings and lists of strings loses the rest.',
    steps: jsonRoundTrips([
      '["b","a","r"]',
      '[1,"1",null,true,false,[1],{"1":1}]',
      '{"a":{"b":[{"c":"d"},[]]},"e":-1.5}',
      '{"b":1,"a":2,"":3," ":4,"a b":5}',
      '[[["x"]],[["y"]]]',
    ]),
  }),
  value({
    id: 'json.numbers-come-back',
    why: 'Integers through a 32-bit type, or floats through a decimal one, come back as other numbers.',
    steps: jsonRoundTrips(
      ['1', '-1', '1.5', '-0.25', '1e3', '1E-3', '2147483648', '-2147483649', '4294967296', '9007199254740991'].map(
        (number) => `[${number},{"n":${number}}]`,
      ),
    ),
  }),
  value({
    id: 'json.numbers-come-back-exact',
    clauses: ['JSON-7'],
    why: 'Account numbers and prices go through here: a double turns 9007199254740993 into …992 and 1.10 into 1.1.',
    hint: 'The value goes through a parser that reads numbers as doubles.',
    steps: jsonRoundTrips(
      [
        '9007199254740993',
        '-9007199254740993',
        '18446744073709551615',
        '123456789012345678901234567890',
        '1.10',
        '1.0',
        '-0',
        '0.1000000000000000055511151231257827',
        '1E400',
        '1e-400',
        '100e-2',
        '[1.10,{"n":9007199254740993}]',
      ],
      true,
    ),
  }),
  value({
    id: 'json.names-of-members-may-be-anything',
    why: 'Values that become plain objects lose __proto__ without a word, or change every object of the process.',
    steps: [
      ...jsonRoundTrips([
        '{"__proto__":{"polluted":true}}',
        '{"a":{"__proto__":null,"b":1}}',
        '{"constructor":{"prototype":{"polluted":true}}}',
        '{"toString":1,"valueOf":2,"hasOwnProperty":3,"toJSON":4}',
        '[{"__proto__":[]}]',
        '{"status_code":404,"value":1,"command":"DEL","key":"x"}',
        '{"2":"b","1":"a","01":"c","-1":"d"}',
      ]),
      ask(jsonSet('k', '{}'), JSON_OK),
      ask(jsonGet('k'), jsonFound('{}')),
    ],
  }),
  value({
    id: 'json.keys-such-as-proto',
    clauses: ['KEY-2', 'JSON-2'],
    needs: ['reset'],
    isolation: 'exclusive',
    why: 'A store in a plain object finds constructor before anybody has set it, and never keeps __proto__.',
    steps: ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length'].flatMap((key) => [
      ask(json(`{"command":"DEL","key":"${key}"}`), { anyOf: [JSON_OK, JSON_MISS] }),
      ask(json(`{"command":"GET","key":"${key}"}`), JSON_MISS),
      ask(json(`{"command":"SET","key":"${key}","value":"${key}"}`), JSON_OK),
      ask(json(`{"command":"GET","key":"${key}"}`), jsonFound(`"${key}"`)),
      ask(json(`{"command":"DEL","key":"${key}"}`), JSON_OK),
      ask(json(`{"command":"GET","key":"${key}"}`), JSON_MISS),
    ]),
  }),
];

const depth: readonly Case[] = [
  value({
    id: 'json.values-nested-64-levels-are-taken',
    clauses: ['JSON-3', 'JSON-2'],
    why: 'A limit that counts the envelope too, or is off by one, refuses what the contract promises.',
    steps: jsonRoundTrips([
      lists(63),
      lists(64),
      objects(64),
      `${'[{"a":'.repeat(32)}null${'}]'.repeat(32)}`,
      // Many brackets, none of them deep: a counter that never goes down would refuse them.
      `[${Array.from({ length: 200 }, () => '[]').join()}]`,
      `[${'[],'.repeat(99)}${lists(63)}]`,
    ]),
  }),
  value({
    id: 'json.brackets-in-strings-are-not-nested',
    clauses: ['JSON-3', 'JSON-2'],
    why: 'A check of the depth that counts brackets in strings refuses ordinary text.',
    steps: jsonRoundTrips([`"${'['.repeat(500)}"`, `["${'{'.repeat(500)}"]`, `["\\"${'['.repeat(200)}","\\\\"]`]),
  }),
  value({
    id: 'json.values-nested-deeper-are-kept-or-refused',
    clauses: ['JSON-3', 'STATUS-3'],
    why: 'Deeper values may be refused; to store what no GET can give back, or to die of them, is neither.',
    run: async (context) => {
      for (const levels of [65, 100, 130, 300, 450]) {
        await context.ask(jsonSet('k', '"as it was"'), JSON_OK);
        const came = await context.ask(jsonSet('k', lists(levels)), {
          anyOf: [
            { as: `${levels} levels are taken`, ...JSON_OK },
            { as: `${levels} levels are malformed`, json: 400 },
            { as: `${levels} levels are too large`, json: 413 },
          ],
        });
        const taken = came.kind === 'json' && came.status === 200;
        await context.ask(jsonGet('k'), jsonFound(taken ? lists(levels) : '"as it was"'));
      }
    },
  }),
  value({
    id: 'json.hundred-thousand-levels-harm-nobody',
    clauses: ['JSON-3', 'TRANSPORT-5'],
    only: [{ limit: 'max-value', atLeast: 200_000 }],
    why: 'A parser that recurses runs out of stack: one frame of brackets ends the service for everybody.',
    steps: [LISTS, '{{200000*[}}', OBJECTS, '{{30000*{"a":}}'].flatMap((text, index) => [
      ask(jsonSet('kept', '"as it was"'), JSON_OK, 'other'),
      ask(jsonSet('k', text), {
        anyOf: [
          // Whether it is nested too deep, or first of all no JSON, both are right for a text that ends too early.
          { as: 'refused', json: 400 },
          { as: 'too large', json: 413 },
          ...(index % 2 === 0 ? [{ as: 'taken', json: 200 }] : []),
        ],
      }),
      ask(jsonGet('kept'), jsonFound('"as it was"'), 'other'),
    ]),
  }),
];

const text: readonly Case[] = [
  value({
    id: 'json.escapes-mean-their-characters',
    clauses: ['JSON-6', 'VALUE-1'],
    why: 'Text that is stored as it was escaped is other text for every binary client, and longer than it should be.',
    steps: [
      ask(jsonSet('k', '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20ac"'), JSON_OK),
      ask(jsonGet('k'), jsonFound('"\\"\\\\/\\b\\f\\n\\r\\tAé€"')),
      ask(get('k'), found({ hex: '225c2f080c0a0d0941c3a9e282ac' }, { tag: 1 })),
    ],
  }),
  value({
    id: 'json.every-control-character-comes-back',
    clauses: ['JSON-6', 'JSON-1'],
    why: 'Unescaped control characters make a reply that is no JSON; 00 ends a string in C, 7f and U+2028 break others.',
    steps: [
      ...Array.from({ length: 0x20 }, (_, code) => code)
        .concat(0x7f)
        .flatMap((code) => {
          const hex = code.toString(16).padStart(2, '0');
          return [
            ask(jsonSet('k', `"a\\u00${hex}z"`), JSON_OK),
            ask(get('k'), found({ hex: `61${hex}7a` }, { tag: 1 })),
            ask(jsonGet('k'), jsonFound(`"a\\u00${hex}z"`)),
          ];
        }),
      ...jsonRoundTrips(['"\u2028\u2029\u0085"', '"\\u2028\\u2029"', '"\\u0000"']),
    ],
  }),
  value({
    id: 'json.characters-of-every-length-come-back',
    clauses: ['JSON-6', 'VALUE-1'],
    why: 'A database of three-byte UTF-8, or surrogates that are encoded one by one, lose emoji and rare names.',
    steps: [
      ask(jsonSet('k', '"\\ud83d\\ude00"'), JSON_OK),
      ask(get('k'), found({ hex: 'f09f9880' }, { tag: 1 })),
      ...jsonRoundTrips([
        '"\u007f\u0080\u07ff\u0800\uffff"',
        '"😀\\ud83d\\ude00"',
        '"\\udbff\\udfff"',
        '"\\ufffd\\uffff"',
      ]),
      ...jsonRoundTrips(['["😀"]', '{"\\ud83d\\ude00":"é"}']),
    ],
  }),
  value({
    id: 'json.a-byte-order-mark-in-a-string-is-kept',
    clauses: ['JSON-6', 'VALUE-1'],
    why: 'Decoders drop a byte order mark at the start of a text unless they are told not to: three bytes are lost.',
    steps: [
      ask(jsonSet('k', '"\\ufeffbar"'), JSON_OK),
      ask(get('k'), found({ hex: 'efbbbf626172' }, { tag: 1 })),
      ask(jsonGet('k'), jsonFound('"\\ufeffbar"')),
      ask(jsonSet('k', '"\ufeff"'), JSON_OK),
      ask(get('k'), found({ hex: 'efbbbf' }, { tag: 1 })),
      ask(jsonGet('k'), jsonFound('"\\ufeff"')),
    ],
  }),
  value({
    id: 'json.lone-surrogates-within-values-are-not-replaced',
    clauses: ['JSON-2', 'JSON-6'],
    why: 'Within a list the text can be kept as it came; a decoder and encoder between make it U+FFFD, silently.',
    run: async (context) => {
      const half = '["\\ud83d",{"\\ude00":1}]';
      const came = await context.ask(jsonSet('k', half), {
        anyOf: [
          { as: 'taken', ...JSON_OK },
          { as: 'refused', json: 400 },
        ],
      });
      const taken = came.kind === 'json' && came.status === 200;
      const replaced = { as: 'replaced by U+FFFD', warn: true, ...jsonFound('["\\ufffd",{"\\ufffd":1}]') };
      await context.ask(jsonGet('k'), taken ? { anyOf: [{ as: 'kept', ...jsonFound(half) }, replaced] } : JSON_MISS);
    },
  }),
  value({
    id: 'json.two-million-characters-come-back',
    clauses: ['JSON-2', 'TRANSPORT-2'],
    only: [{ limit: 'max-value', atLeast: 2_100_000 }],
    why: 'The original’s own tests send two megabytes: buffers that grow in steps lose a byte where a read ends.',
    steps: [
      ask(jsonSet('k', '"{{1000000*é}}{{10000*0123456789}}"'), JSON_OK),
      ask(jsonGet('k'), jsonFound('"{{1000000*é}}{{10000*0123456789}}"')),
    ],
  }),
];

const LIKE_KEYS = ['k', 'K', ' k', 'k ', 'k\\u0000', 'é', 'e\\u0301', 'ﬁ', 'fi', 'ß', 'ss', '1', '01', '1.0'];

const keys: readonly Case[] = [
  value({
    id: 'json.keys-are-their-utf8-bytes',
    clauses: ['JSON-6', 'KEY-2'],
    kills: ['I12'],
    why: 'A key that is escaped, decomposed, or cut at 00 by one dialect is another key for the other.',
    steps: (
      [
        ['\\u0061', '61'],
        ['é', 'c3a9'],
        ['\\u00e9', 'c3a9'],
        ['e\\u0301', '65cc81'],
        ['\\ud83d\\ude00', 'f09f9880'],
        ['a\\u0000b', '610062'],
        ['\\u0000', '00'],
        ['\\ufeff', 'efbbbf'],
        [' a ', '206120'],
        ['\\n', '0a'],
        ['\\"\\\\\\/', '225c2f'],
        ['A', '41'],
        ['ſ', 'c5bf'],
      ] as const
    ).flatMap(([written, hex], index) => [
      ask(set({ hex }, `by binary ${index}`)),
      ask(json(`{"command":"GET","key":"{{}}${written}"}`), jsonFound(`"by binary ${index}"`)),
      ask(json(`{"command":"SET","key":"{{}}${written}","value":"by json ${index}"}`), JSON_OK),
      ask(get({ hex }), found(`by json ${index}`, { tag: 1 })),
      ask(json(`{"command":"DEL","key":"{{}}${written}"}`), JSON_OK),
      ask(get({ hex }), { status: 404 }),
    ]),
  }),
  value({
    id: 'json.keys-that-look-alike-are-different',
    clauses: ['KEY-2', 'JSON-6'],
    kills: ['I1', 'I12'],
    why: 'Keys that are trimmed, lower-cased or normalised give one user the session of another.',
    steps: [
      ...LIKE_KEYS.map((key, index) => ask(json(`{"command":"SET","key":"{{}}${key}","value":${index}}`), JSON_OK)),
      ...LIKE_KEYS.map((key, index) => ask(json(`{"command":"GET","key":"{{}}${key}"}`), jsonFound(`${index}`))),
    ],
  }),
  value({
    id: 'json.key-of-250-bytes',
    clauses: ['KEY-4', 'JSON-6'],
    kills: ['I12'],
    why: 'The limit counts bytes of UTF-8: characters of two bytes and escapes of six must not change what fits.',
    steps: [
      ask(json(`{"command":"SET","key":"{{}}${'é'.repeat(120)}","value":"v"}`), JSON_OK),
      ask(json(`{"command":"GET","key":"{{}}${'\\u00e9'.repeat(120)}"}`), jsonFound('"v"')),
      ask(get({ hex: 'c3a9'.repeat(120) }), found('v', { tag: 1 })),
      ask(json(`{"command":"GET","key":"{{}}${'é'.repeat(119)}"}`), JSON_MISS),
      ask(envelope('{"command":"SET","key":"', { key: { length: 250 } }, '","value":"w"}'), JSON_OK),
      ask(get({ length: 250 }), found('w', { tag: 1 })),
      ask(get({ length: 249 }), { status: 404 }),
    ],
  }),
];

export const jsonValueCases: readonly Case[] = [...shapes, ...depth, ...text, ...keys];
