import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitWords } from './split-words.ts';

test.each([
  ['', []],
  ['  \t ', []],
  ['get foo', ['get', 'foo']],
  ['  set  a   b ', ['set', 'a', 'b']],
  [`set "a b" 'c "d"'`, ['set', 'a b', 'c "d"']],
  ['set a ""', ['set', 'a', '']],
  [String.raw`set a "x\n\t\"\\\q"`, ['set', 'a', 'x\n\t"\\q']],
  [String.raw`set a '\n'`, ['set', 'a', String.raw`\n`]],
  [`a"b c"'d e'f`, ['ab cd ef']],
  [String.raw`set a\b`, ['set', String.raw`a\b`]],
])('%s', (line, words) => {
  expect(splitWords(line)).toEqual(words);
});

test.each(['set "a', "set 'a", String.raw`set "a\"`, `it's`])('%s is not closed', (line) => {
  expect(splitWords(line)).toBeUndefined();
});

test('any words come back from between quotes', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (words) => {
      const quoted = words.map((word) => `"${word.replaceAll(/["\\]/g, String.raw`\$&`)}"`);
      expect(splitWords(quoted.join(' '))).toEqual(words);
    }),
  );
});
