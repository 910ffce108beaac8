import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  JSON_MALFORMED,
  JSON_TOO_DEEP,
  skipJsonSpace,
  skipJsonString,
  skipJsonValue,
  skipMemberName,
} from './json-scanner.ts';

const DEPTH_MAX = 64;
const encoder = new TextEncoder();

/** Whether a text is one JSON value with white space around, scanned in the middle of other bytes. */
function accepts(text: string, before = '[1,"', behind = '"]}1'): boolean {
  const bytes = encoder.encode(before + text + behind);
  const start = encoder.encode(before).length;
  const end = bytes.length - encoder.encode(behind).length;
  const valueEnd = skipJsonValue(bytes, skipJsonSpace(bytes, start, end), end, DEPTH_MAX);
  expect(valueEnd).toBeLessThanOrEqual(end);
  return valueEnd >= 0 && skipJsonSpace(bytes, valueEnd, end) === end;
}

function oracleAccepts(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Scans a whole text as one value. */
function scan(text: string, depthMax: number): number {
  const bytes = encoder.encode(text);
  return skipJsonValue(bytes, 0, bytes.length, depthMax);
}

const list = (item: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(item, { maxLength: 4 }).map((items) => items.join(','));

/** JSON text of any form, with white space wherever it may stand; at most 8 levels deep. */
const jsonText = fc.letrec<{ value: string; array: string; object: string; member: string }>((tie) => {
  const space = fc.string({ unit: fc.constantFrom(' ', '\n', '\r', '\t'), maxLength: 2 });
  const spaced = (...parts: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
    fc.tuple(...parts.flatMap((part) => [space, part]), space).map((texts) => texts.join(''));
  const sign = fc.constantFrom('', '-');
  const integer = fc.bigInt(0n, 10n ** 20n).map(String);
  const fraction = fc.constantFrom('', '.0', '.50', '.0000000000000000000001');
  const exponent = fc.constantFrom('', 'e1', 'E+05', 'e-300');
  const number = fc.tuple(sign, integer, fraction, exponent).map((texts) => texts.join(''));
  const escape = fc.constantFrom(
    '\\"',
    '\\\\',
    '\\/',
    '\\b',
    '\\f',
    '\\n',
    '\\r',
    '\\t',
    '\\u0041',
    '\\uD83d',
    '\\udEaD',
  );
  const plain = fc.string({ unit: 'binary', maxLength: 5 }).map((text) => JSON.stringify(text).slice(1, -1));
  const string = fc.array(fc.oneof(plain, escape), { maxLength: 4 }).map((texts) => `"${texts.join('')}"`);
  const scalar = fc.oneof(number, string, fc.constantFrom('true', 'false', 'null', '0', '-0', '""'));
  return {
    value: spaced(fc.oneof({ maxDepth: 8, depthSize: 'medium' }, scalar, tie('array'), tie('object'))),
    array: fc.oneof(
      spaced(fc.constant('[]')),
      list(tie('value')).map((items) => `[${items}]`),
    ),
    object: list(tie('member')).map((members) => `{${members}}`),
    member: fc.tuple(spaced(string), tie('value')).map(([name, value]) => `${name}:${value}`),
  };
}).value;

/** One character put in, taken out or replaced. */
interface Mutation {
  readonly at: number;
  readonly removed: number;
  readonly added: string;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(),
  removed: fc.nat(2),
  added: fc.oneof(
    fc.constantFrom(...Array.from('{}[],:"\\ -+.eE0123456789truefalsn/ux\n\t\b\0\u007f\u00a0\u2028\ufeff')),
    fc.constantFrom('', 'true', 'nul', '\\u12', '""', '[]', '{}', '//', '1e', '-', '.5', 'NaN', 'Infinity'),
  ),
});

function mutate(text: string, mutations: readonly Mutation[]): string {
  return mutations.reduce((before, { at, removed, added }) => {
    const from = at % (before.length + 1);
    return before.slice(0, from) + added + before.slice(from + removed);
  }, text);
}

describe('JSON.parse is the oracle', () => {
  test('of valid text', () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        expect(oracleAccepts(text)).toBe(true);
        expect(accepts(text)).toBe(true);
      }),
      { numRuns: 1500 },
    );
  });

  test('of mutated text', () => {
    const outcomes = { accepted: 0, refused: 0 };
    const mutated = fc.tuple(jsonText, fc.array(mutation, { minLength: 1, maxLength: 3 }));
    const property = fc.property(mutated, ([text, mutations]) => {
      const changed = mutate(text, mutations);
      const isJson = oracleAccepts(changed);
      outcomes[isJson ? 'accepted' : 'refused']++;
      expect(accepts(changed)).toBe(isJson);
    });
    fc.assert(property, { numRuns: 6000 });
    expect(outcomes.accepted).toBeGreaterThan(300);
    expect(outcomes.refused).toBeGreaterThan(300);
  });

  test('of text cut off, while the rest of it lies behind the end', () => {
    fc.assert(
      fc.property(jsonText, fc.nat(), (text, cut) => {
        // Cutting a pair of surrogates would change the bytes of both sides.
        const characters = Array.from(text);
        const at = cut % (characters.length + 1);
        const [part, rest] = [characters.slice(0, at).join(''), characters.slice(at).join('')];
        expect(accepts(part, '', rest)).toBe(oracleAccepts(part));
      }),
      { numRuns: 3000 },
    );
  });

  test('of every text of up to four characters that matter', () => {
    const alphabet = ['', ...Array.from('{}[],:"\\-.e0')];
    for (const a of alphabet) {
      for (const b of alphabet) {
        for (const c of alphabet) {
          const wrong = alphabet.filter((d) => accepts(a + b + c + d) !== oracleAccepts(a + b + c + d));
          expect(wrong, `behind ${a + b + c}`).toEqual([]);
        }
      }
    }
  });

  test.each([
    '0',
    '-',
    '-0',
    '00',
    '-01',
    '1.',
    '.1',
    '1.e1',
    '1e',
    '1e+',
    '1e-1',
    '1E5',
    '0e0',
    '0.0e-0',
    '1.5.5',
    '+1',
  ])('of %s', (text) => {
    expect(accepts(text)).toBe(oracleAccepts(text));
  });
});

describe('depth', () => {
  test.each([
    ['arrays', '[', ']'],
    ['arrays with a number', '[1,[', ']]'],
    ['objects', '{"a":', '}'],
    ['both', '[{"a":', '}]'],
  ])('is exact for %s', (_what, open, close) => {
    const levels = open.match(/[[{]/g)!.length;
    const nested = (depth: number) => `${open.repeat(depth / levels)}1${close.repeat(depth / levels)}`;
    expect(scan(nested(DEPTH_MAX), DEPTH_MAX)).toBe(nested(DEPTH_MAX).length);
    expect(scan(nested(DEPTH_MAX), DEPTH_MAX - 1)).toBe(JSON_TOO_DEEP);
    expect(scan(nested(DEPTH_MAX + levels), DEPTH_MAX)).toBe(JSON_TOO_DEEP);
    expect(scan(nested(DEPTH_MAX + levels), DEPTH_MAX + levels)).toBe(nested(DEPTH_MAX + levels).length);
  });

  test('counts an empty level, and counts none that has closed', () => {
    expect(scan('[]', 0)).toBe(JSON_TOO_DEEP);
    expect(scan('{}', 0)).toBe(JSON_TOO_DEEP);
    expect(scan('1', 0)).toBe(1);
    expect(scan('[[],[],{},[[]],{"a":{}}]', 3)).toBe(24);
    expect(scan('[[[]]]', 2)).toBe(JSON_TOO_DEEP);
    expect(scan(`[${'[],'.repeat(1000)}[]]`, 2)).toBe(3004);
  });

  test('of 1 MB of brackets is refused at the limit, and takes no stack where there is none', () => {
    const brackets = '['.repeat(1_000_000);
    expect(scan(brackets, DEPTH_MAX)).toBe(JSON_TOO_DEEP);
    expect(scan(brackets, Number.POSITIVE_INFINITY)).toBe(JSON_MALFORMED);
    expect(scan(brackets + ']'.repeat(1_000_000), Number.POSITIVE_INFINITY)).toBe(2_000_000);
    expect(scan('{"a":'.repeat(200_000), Number.POSITIVE_INFINITY)).toBe(JSON_MALFORMED);
  });
});

describe('parts', () => {
  test('white space is four characters', () => {
    const bytes = encoder.encode(' \t\r\n\f ');
    expect(skipJsonSpace(bytes, 0, bytes.length)).toBe(4);
    expect(skipJsonSpace(bytes, 4, bytes.length)).toBe(4);
    expect(skipJsonSpace(bytes, 5, bytes.length)).toBe(6);
    expect(skipJsonSpace(bytes, 0, 2)).toBe(2);
    expect(skipJsonSpace(bytes, 6, 6)).toBe(6);
  });

  test.each([
    ['""', 2],
    ['"a"b"', 3],
    ['"\\""', 4],
    ['"\\u00aF"', 8],
    ['"\\u00aG"', JSON_MALFORMED],
    ['"\\u00a"', JSON_MALFORMED],
    ['"\\', JSON_MALFORMED],
    ['"\\u12', JSON_MALFORMED],
    ['"', JSON_MALFORMED],
    ['a"', JSON_MALFORMED],
    ['', JSON_MALFORMED],
    ['"\n"', JSON_MALFORMED],
    ['"\u007f"', 3],
  ])('string %j', (text, expected) => {
    const bytes = encoder.encode(text);
    expect(skipJsonString(bytes, 0, bytes.length)).toBe(expected);
  });

  test('a string holds no control character', () => {
    const held = Array.from({ length: 0x21 }, (_, code) => code).filter((code) =>
      accepts(`"${String.fromCodePoint(code)}"`),
    );
    expect(held).toEqual([0x20]);
  });

  test('a member name does not look behind the end', () => {
    const bytes = encoder.encode('"a" :1');
    for (const end of [0, 1, 2, 3, 4]) expect(skipMemberName(bytes, 0, end)).toBe(JSON_MALFORMED);
    expect(skipMemberName(bytes, 0, 5)).toBe(5);
  });

  test('a string does not look behind the end', () => {
    const bytes = encoder.encode('"ab"');
    expect(skipJsonString(bytes, 0, 3)).toBe(JSON_MALFORMED);
    expect(skipJsonString(bytes, 3, 3)).toBe(JSON_MALFORMED);
    expect(skipJsonString(encoder.encode('""""'), 2, 2)).toBe(JSON_MALFORMED);
  });

  test.each([
    ['"a":1', 4],
    ['"a" \n: \t1', 8],
    ['"a":', 4],
    ['"a"', JSON_MALFORMED],
    ['"a" ', JSON_MALFORMED],
    ['"a",', JSON_MALFORMED],
    ['a:1', JSON_MALFORMED],
  ])('member name %j', (text, expected) => {
    const bytes = encoder.encode(text);
    expect(skipMemberName(bytes, 0, bytes.length)).toBe(expected);
  });

  test('a value ends where the next character cannot be its own', () => {
    for (const [text, expected] of [
      ['1,2', 1],
      ['true1', 4],
      ['"a""', 3],
      ['[1]]', 3],
      ['-1.5e3x', 6],
    ] as const) {
      expect(scan(text, DEPTH_MAX)).toBe(expected);
    }
  });
});
