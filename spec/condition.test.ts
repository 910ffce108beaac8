import { expect, test } from 'vitest';
import { unmetCondition, type Condition } from './condition.ts';
import { Resolver } from './resolve.ts';
import type { TargetFacts } from './target/facts.ts';

const facts: TargetFacts = {
  profiles: new Set(['core', 'json']),
  keyBytesMax: 250,
  valueBytesMax: 1000,
  frameBytesMax: 6000,
};

test.each<[Condition, string | undefined]>([
  [{ unclaimed: 'json' }, 'the target claims json'],
  [{ unclaimed: 'auth' }, undefined],
  [{ limit: 'max-key', below: 251 }, undefined],
  [{ limit: 'max-key', below: 250 }, 'max-key is 250'],
  [{ limit: 'max-value', atLeast: 1000 }, undefined],
  [{ limit: 'max-value', atLeast: 1001 }, 'max-value is 1000'],
  [{ limit: 'max-value', times: 6, atLeast: 'max-frame' }, undefined],
  [{ limit: 'max-value', times: 6, plus: -1, atLeast: 'max-frame' }, 'max-value is 1000'],
])('%j', (condition, reason) => {
  expect(unmetCondition(condition, facts)).toBe(reason);
});

test('texts name keys and repetitions', () => {
  const resolver = new Resolver('p~', facts, 0);
  const texts = [
    '{"key":"{{a}}"}',
    '{{}}',
    '{{3*ab}}',
    '{{2*{"a":}}{}{{2*}}}',
    '{{2*[}}{{2*]}}',
    '{{3*\n}}',
    '{"a":{}}',
  ];
  const expected = ['{"key":"p~a"}', 'p~', 'ababab', '{"a":{"a":{}}}', '[[]]', '\n\n\n', '{"a":{}}'];
  expect(texts.map((text) => resolver.text(text))).toEqual(expected);
});
