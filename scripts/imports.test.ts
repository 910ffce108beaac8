import { describe, expect, test } from 'vitest';
import { importCycles, wrongImports } from './imports.ts';
import { readText, writtenFiles } from './repository.ts';
import { allSources, at, parseSource } from './sources.ts';

const sources = allSources();

/** Parses made-up files, to see that a check would notice. */
const made = (files: Record<string, string>) => Object.entries(files).map(([path, text]) => parseSource(path, text));

/** Tests may read where the server is; everything else is told by its caller. */
const isFree = (path: string): boolean =>
  /^(?:cli|scripts|bench|testing)\/|\.test\.ts$|^[^/]+$/.test(path) || PROGRAMS.test(path);

/** Programs beside what they start. */
const PROGRAMS = new RegExp(
  [
    /^spec\/(?:mutants|variants|subjects\/durable)\/serve\.ts$/,
    /^spec\/matrix\/(?:run|nine)\.ts$/,
    /^server\/log\/testing\/run-seeds\.ts$/,
  ]
    .map(({ source }) => source)
    .join('|'),
);

describe('imports', () => {
  test('go one way', () => {
    expect(sources.length).toBeGreaterThan(0);
    expect(wrongImports(sources)).toEqual([]);
  });

  test('of zod take what is used, and not the messages of all its languages', () => {
    const whole = /^import \{ z \} from 'zod'/m;
    expect(whole.test(`import { z } from 'zod';`)).toBe(true);
    const paths = writtenFiles().filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'));
    expect(paths.filter((path) => whole.test(readText(path)))).toEqual([]);
  });

  test('make no cycle', () => {
    expect(importCycles(sources)).toEqual([]);
  });

  test.each([
    ['a value', 'protocol/a.ts', `import { b } from '../server/b.ts';`],
    ['a type', 'protocol/a.ts', `import type { B } from '../server/b.ts';`],
    ['a re-export', 'client/a.ts', `export * from '../server/b.ts';`],
    ['a named re-export', 'client/a.ts', `export { b } from '../server/b.ts';`],
    ['a dynamic import', 'spec/a.ts', `await import('../client/b.ts');`],
    ['an import in a type', 'spec/a.ts', `export type B = import('../server/b.ts').B;`],
    ['the codec in spec', 'spec/a.ts', `import { b } from '../protocol/frame-decoder.ts';`],
    ['a mutant in the judge', 'spec/a/b.ts', `import { b } from '../mutants/b.ts';`],
    ['the matrix in the judge', 'spec/a.ts', `import { b } from './matrix/b.ts';`],
    ['a subject in the command', 'cli/a.ts', `import { b } from '../spec/subjects/b.ts';`],
    ['the client in a mutant', 'spec/mutants/a.ts', `import { b } from '../../client/b.ts';`],
    ['the command in the server', 'server/a/b.ts', `import { b } from '../../cli/main.ts';`],
    ['a package in the client', 'client/a.ts', `import { z } from 'zod';`],
    ['sockets in protocol', 'protocol/a.ts', `import { connect } from 'node:net';`],
    ['a computed module', 'server/a.ts', `await import(process.title);`],
    ['what helps tests in the server', 'server/a.ts', `import { b } from '../testing/b.ts';`],
    ['a folder without a rule', 'other/a.ts', `import { b } from './b.ts';`],
  ])('%s the wrong way is found', (_what, path, text) => {
    expect(wrongImports(made({ [path]: text }))).toEqual([expect.stringMatching(/^[a-z/]+\.ts:1: /)]);
  });

  test('only the client’s tests start the server', () => {
    const text = `import { createServer } from '../server/index.ts';`;
    expect(wrongImports(made({ 'client/a.test.ts': text }))).toEqual([]);
    expect(wrongImports(made({ 'client/a.ts': text, 'spec/a.test.ts': text }))).toHaveLength(2);
  });

  test('whatever tests have in common is there for all of them', () => {
    const text = `import '../testing/a.ts';`;
    const tests = {
      'spec/a.test.ts': text,
      'client/a.test.ts': text,
      'server/testing/a.ts': `import '../../testing/a.ts';`,
    };
    expect(wrongImports(made(tests))).toEqual([]);
  });

  test('subjects are made of the server and the codec, and judged', () => {
    const text = `import '../../server/a.ts';\nimport '../../protocol/frames.ts';\nimport '../case.ts';`;
    expect(wrongImports(made({ 'spec/mutants/a.ts': text, 'spec/matrix/a.ts': text }))).toEqual([]);
    expect(wrongImports(made({ 'spec/a.test.ts': `import './mutants/a.ts';` }))).toEqual([]);
  });

  test('the right way is silent', () => {
    const text = `import { b } from '../protocol/flags.ts';\nimport { once } from 'node:events';`;
    expect(
      wrongImports(made({ 'server/a.ts': text, 'client/a.ts': text, 'spec/a.ts': text, 'cli/a.ts': text })),
    ).toEqual([]);
  });

  test('a cycle through types is found', () => {
    const cycle = made({
      'server/a.ts': `import './b.ts';`,
      'server/b.ts': `import type { C } from './c/c.ts';`,
      'server/c/c.ts': `export * from '../b.ts';`,
    });
    expect(importCycles(cycle)).toEqual([['server/b.ts', 'server/c/c.ts', 'server/b.ts']]);
  });
});

describe('the process', () => {
  test('belongs to the command line', () => {
    const uses = sources.filter(({ path }) => !isFree(path)).flatMap(({ globals }) => globals);
    expect(uses.map((use) => `${at(use)}: ${use.name}`)).toEqual([]);
  });

  test('is seen in every spelling', () => {
    const [source] = made({ 'server/a.ts': `console.log(process.env['A'], process.argv);\nprocess.exit(1);` });
    expect(source?.globals.map(({ line, name }) => `${line} ${name}`).toSorted()).toEqual([
      '1 console',
      '1 process.argv',
      '1 process.env',
      '2 process.exit',
    ]);
  });
});
