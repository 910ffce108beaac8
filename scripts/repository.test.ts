import { describe, expect, test } from 'vitest';
import { parseMarkdown } from './markdown.ts';
import { readText, writtenFiles } from './repository.ts';

describe('the repository', () => {
  test("the top of CHANGELOG.md is package.json's version", () => {
    const { version } = JSON.parse(readText('package.json')) as { version: string };
    const { headings } = parseMarkdown(readText('CHANGELOG.md'));
    expect(headings.find(({ level }) => level === 2)?.text).toMatch(
      new RegExp(`^${version.replaceAll('.', '\\.')}\\b`),
    );
  });

  test('no file names a path of somebody’s machine', () => {
    const machine = /(?:^|[\s'"`(=])\/(?:work|root|Users|home)\/|\.\.\/shared\b/m;
    const found = writtenFiles().filter((path) => path !== 'package-lock.json' && machine.test(readText(path)));
    expect(found).toEqual([]);
  });

  test('Markdown is read with its fences', () => {
    const text = '# A\n```ts\n# no heading\n```\n## B\n```\nplain\n\n```';
    expect(parseMarkdown(text)).toEqual({
      headings: [
        { level: 1, text: 'A' },
        { level: 2, text: 'B' },
      ],
      blocks: [
        { language: 'ts', text: '# no heading', line: 3 },
        { language: '', text: 'plain\n', line: 7 },
      ],
    });
    expect(() => parseMarkdown('```ts\nopen')).toThrow('not closed');
  });
});
