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

  // Where a registry lacks the package of some platform, npm leaves it out of the lock file, and `npm ci` then refuses
  // the whole file, on every platform.
  test('the lock file has an entry for every optional dependency', () => {
    const { packages } = JSON.parse(readText('package-lock.json')) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>;
    };
    const names = new Set(Object.keys(packages).map((path) => path.slice(path.lastIndexOf('node_modules/') + 13)));
    const wanted = Object.values(packages).flatMap(({ optionalDependencies = {} }) =>
      Object.keys(optionalDependencies),
    );
    expect(wanted.length).toBeGreaterThan(0);
    expect(wanted.filter((name) => !names.has(name))).toEqual([]);
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
