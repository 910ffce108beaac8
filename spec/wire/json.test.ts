import { describe, expect, test } from 'vitest';
import { jsonDifference, member, parseJson, type NumberComparison } from './json.ts';

function compare(a: string, b: string, numbers: NumberComparison = 'literal'): string | undefined {
  return jsonDifference(parseJson(a), parseJson(b), numbers);
}

describe('JSON, token by token', () => {
  test('numbers keep their text', () => {
    expect(parseJson('9007199254740993')).toEqual({ type: 'number', literal: '9007199254740993' });
    expect(compare('9007199254740993', '9007199254740992')).toContain('9007199254740992');
    expect(compare('9007199254740993', '9007199254740992', 'double')).toBeUndefined();
    expect(compare('1.10', '1.1')).toBeDefined();
    expect(compare('-0', '0', 'double')).toBeDefined();
  });

  test('members are seen twice', () => {
    const node = parseJson('{"a":1,"a":2,"__proto__":{"b":3}}');
    expect(node).toMatchObject({
      type: 'object',
      members: [
        ['a', {}],
        ['a', {}],
        ['__proto__', {}],
      ],
    });
    expect(() => member(node, 'a')).toThrow('2 times');
    expect(compare('{"a":1}', '{"a":1,"a":1}')).toContain('members');
  });

  test('order matters in arrays and not in objects; escapes do not', () => {
    expect(compare('{"a":1,"b":[1,2]}', ' { "b" : [ 1 , 2 ] , "a" : 1 } ')).toBeUndefined();
    expect(compare('[1,2]', '[2,1]')).toContain('$[0]');
    expect(compare('"\\u00e9\\/\\ud83d\\ude00"', '"é/😀"')).toBeUndefined();
    expect(compare('[]', '{}')).toContain('object');
    expect(compare('null', 'false')).toBeDefined();
  });

  test.each([
    '',
    ' ',
    '{',
    '[1,]',
    '{"a"}',
    '{"a":1,}',
    '01',
    '1.',
    '+1',
    '.5',
    'nul',
    '"a',
    '"\\x"',
    '"\\u12"',
    '"\u0001"',
    '1 2',
    '{a:1}',
    "'a'",
    '[1',
    '\ufeff1',
    'NaN',
  ])('%j is no JSON', (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });

  test.each(['0', '-0.5e+10', '""', '[]', '{}', '[[[]]]', '"\\u0000"', ' true '])('%j is JSON', (text) => {
    expect(() => parseJson(text)).not.toThrow();
  });

  test('megabytes of string and deep nesting are taken or refused, never fatal', () => {
    expect(parseJson(JSON.stringify('a\\'.repeat(2_000_000)))).toMatchObject({ type: 'string' });
    expect(() => parseJson('['.repeat(2_000_000))).toThrow('deeper');
  });
});
