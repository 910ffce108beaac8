import { describe, expect, test } from 'vitest';
import { readText, writtenFiles } from './repository.ts';
import { allSources, at, parseSource } from './sources.ts';

const LINE_LENGTH_MAX = 120;
const FUNCTION_LINES_MAX = 70;

/** A test's title, or a text that is a member of an object or stands alone: a string stays where it begins. */
const TEXT = /^\s*(?:(?:test|describe)[\w.]*\(|\w+: )?['"`]/;

const sources = allSources();

/**
 * The linter counts files' lines (400) and functions' (70), and an exception is its directive at its place. Left for
 * here are the length of lines, functions in tests (the linter would count a `describe` too), and the reasons.
 */
describe('sizes', () => {
  test('lines are not longer than 120', () => {
    const code = writtenFiles().filter((path) => /\.(?:ts|js|mjs|py|sh|css)$|^\.ci\/run$/.test(path));
    const long = code.flatMap((path) =>
      readText(path)
        .split('\n')
        .flatMap((line, index) =>
          line.length > LINE_LENGTH_MAX && !TEXT.test(line) ? [`${path}:${index + 1}: ${line.length}`] : [],
        ),
    );
    expect(code.length).toBeGreaterThan(0);
    expect(long).toEqual([]);
  });

  test('functions in tests fit a screen', () => {
    const tests = sources.filter(({ path }) => path.endsWith('.test.ts'));
    const long = tests.flatMap(({ functions }) => functions.filter(({ lines }) => lines > FUNCTION_LINES_MAX));
    expect(long.map((span) => `${at(span)}: ${span.lines} lines`)).toEqual([]);
  });

  test('functions are measured, groups of tests are not', () => {
    const body = '\n'.repeat(80);
    const text = `describe('group', () => {${body}});\ntest('case', () => {${body}});\nfunction f() {\n}`;
    expect(parseSource('a.test.ts', text).functions.map(({ line, lines }) => [line, lines])).toEqual([
      [82, 81],
      [163, 2],
    ]);
  });

  test('every exception gives its reason', () => {
    const directives = sources.flatMap(({ comments }) =>
      comments.filter(({ text }) => /^\s*(?:oxlint|eslint)-disable|^\s*(?:c8|v8) ignore (?!stop)/.test(text)),
    );
    const silent = directives.filter(({ text }) => !/ -- .*\w{3}/s.test(text));
    expect(silent.map(at)).toEqual([]);
  });
});
