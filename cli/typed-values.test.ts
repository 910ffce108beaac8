import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { textAsJson, typedValue, valueAsJson, VALUE_TYPES, type ValueType } from './typed-values.ts';

const bytes = (text: string) => Buffer.from(text, 'latin1');

test.each([
  [undefined, '42', 1],
  [undefined, '\u00ff', 0],
  [undefined, '', 1],
  ['text', '42', 1],
  ['bytes', '42', 0],
  ['integer', '-42', 2],
  ['integer', '-9223372036854775808', 2],
  ['json', '{"a": 1.10}', 3],
  ['json', 'null', 3],
] as [ValueType | undefined, string, number][])('%s %j has TAG %d', (type, value, tag) => {
  expect(typedValue(bytes(value), type)).toEqual({ bytes: bytes(value), tag });
});

test.each([
  ['text', '\u00ff'],
  ['json', '{'],
  ['json', ''],
  ['json', '"\u00ff"'],
  ['integer', ''],
  ['integer', '1.5'],
  ['integer', '+1'],
  ['integer', ' 1'],
  ['integer', '9223372036854775808'],
] as [ValueType, string][])('with --type %s %j is refused', (type, value) => {
  expect(() => typedValue(bytes(value), type)).toThrow(`with --type ${type} the value must be`);
});

test('values in JSON: one line, numbers exact, and what is no text as base64', () => {
  expect(valueAsJson(typedValue(bytes('a\n"b"')))).toBe(String.raw`"a\n\"b\""`);
  expect(valueAsJson(typedValue(bytes(' {"a":\r\n 9007199254740993}\n'), 'json'))).toBe('{"a": 9007199254740993}');
  expect(valueAsJson(typedValue(bytes('-007'), 'integer'))).toBe('-7');
  expect(valueAsJson(typedValue(bytes('\u00ff')))).toBe('{"base64":"/w=="}');
  expect(valueAsJson(typedValue(bytes('plain'), 'bytes'))).toBe('"plain"');
  // A TAG is the client's own mark: what does not fit it is shown as text.
  expect(valueAsJson({ bytes: bytes('{'), tag: 3 })).toBe('"{"');
  expect(valueAsJson({ bytes: bytes('x'), tag: 2 })).toBe('"x"');
  expect(textAsJson(bytes('k'))).toBe('"k"');
  for (const type of VALUE_TYPES) {
    expect(() => JSON.parse(valueAsJson(typedValue(bytes('7'), type))) as unknown).not.toThrow();
  }
});
