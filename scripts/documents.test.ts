import { describe, expect, test } from 'vitest';
import { ERRORS } from '../protocol/errors.ts';
import { parseMarkdown } from './markdown.ts';
import { readText } from './repository.ts';

describe('documents', () => {
  const english = parseMarkdown(readText('README.md'));
  const russian = parseMarkdown(readText('README.ru.md'));

  test('both READMEs have the same headings, level by level', () => {
    const levels = english.headings.map(({ level }) => level);
    expect(levels.length).toBeGreaterThan(1);
    expect(russian.headings.map(({ level }) => level)).toEqual(levels);
  });

  test('both READMEs have the same code blocks', () => {
    const blocks = english.blocks.map(({ language, text }) => ({ language, text }));
    expect(blocks.length).toBeGreaterThan(0);
    expect(russian.blocks.map(({ language, text }) => ({ language, text }))).toEqual(blocks);
  });

  test('docs/errors.md explains each error of the table once, and no other', () => {
    const entry = /^(?:#{2,6} |\| *|- )`(SPEICHER_[A-Z_]+)`/gm;
    const explained = [...readText('docs/errors.md').matchAll(entry)].map(([, code = '']) => code);
    expect(explained.toSorted()).toEqual(Object.keys(ERRORS).toSorted());
  });
});
