/**
 * The repository's TypeScript files, parsed. TypeScript 7 has no stable interface for programs yet, so the parser is
 * oxc's, the one that the linter is built on.
 */
import { extname } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';
import { readText, writtenFiles } from './repository.ts';

/** A place in a file that a check may complain about. */
export interface Place {
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
}

export interface Import extends Place {
  /** What is written between the quotes, or undefined where it is computed. */
  readonly specifier: string | undefined;
}

export interface Comment extends Place {
  readonly text: string;
}

export interface FunctionSpan extends Place {
  readonly lines: number;
}

export interface Source {
  readonly path: string;
  readonly text: string;
  /** Imports of every form: static, re-exported, dynamic, and of types. */
  readonly imports: readonly Import[];
  readonly comments: readonly Comment[];
  /** Functions of every form, but for the callbacks that only group tests (`describe`). */
  readonly functions: readonly FunctionSpan[];
  /** Uses of `console` and of `process.argv`, `process.env` and `process.exit`, which belong to the command line. */
  readonly globals: readonly (Place & { readonly name: string })[];
}

const PROCESS_MEMBERS = new Set(['argv', 'env', 'exit']);

/**
 * Parses one file.
 *
 * @throws Error if it is no TypeScript.
 */
export function parseSource(path: string, text: string): Source {
  const { program, comments, errors } = parseSync(path, text, { lang: 'ts' });
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const lineStarts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  const lineOf = (offset: number): number => lineStarts.findLastIndex((start) => start <= offset) + 1;
  const place = ({ start }: { start: number }): Place => ({ path, line: lineOf(start) });

  const imports: Import[] = [];
  const functions = new Map<number, FunctionSpan>();
  const globals: (Place & { name: string })[] = [];
  const addImport = (node: { start: number }, source: unknown): void => {
    imports.push({ ...place(node), specifier: literal(source) });
  };
  const addFunction = (node: { start: number; end: number }): void => {
    functions.set(node.start, { ...place(node), lines: lineOf(node.end - 1) - lineOf(node.start) + 1 });
  };
  const grouping = new Set<number>();
  new Visitor({
    ImportDeclaration: (node) => addImport(node, node.source),
    ExportAllDeclaration: (node) => addImport(node, node.source),
    ExportNamedDeclaration: (node) => node.source && addImport(node, node.source),
    ImportExpression: (node) => addImport(node, node.source),
    TSImportType: (node) => addImport(node, node.source),
    FunctionDeclaration: addFunction,
    FunctionExpression: addFunction,
    ArrowFunctionExpression: addFunction,
    CallExpression: (node) => {
      if (!/^describe\b/.test(text.slice(node.start, node.end))) return;
      for (const argument of node.arguments) grouping.add(argument.start);
    },
    MemberExpression: ({ start, object, property }) => {
      if (object.type !== 'Identifier') return;
      if (object.name === 'console') globals.push({ ...place({ start }), name: 'console' });
      const member = property.type === 'Identifier' ? property.name : literal(property);
      if (object.name === 'process' && member !== undefined && PROCESS_MEMBERS.has(member)) {
        globals.push({ ...place({ start }), name: `process.${member}` });
      }
    },
  }).visit(program);
  return {
    path,
    text,
    imports,
    functions: [...functions].filter(([start]) => !grouping.has(start)).map(([, span]) => span),
    comments: comments.map(({ start, value }) => ({ path, line: lineOf(start), text: value })),
    globals,
  };
}

function literal(node: unknown): string | undefined {
  const { type, value } = node as { type: string; value?: unknown };
  return type === 'Literal' && typeof value === 'string' ? value : undefined;
}

/** All TypeScript files of the repository. */
export function allSources(): Source[] {
  return writtenFiles()
    .filter((path) => extname(path) === '.ts')
    .map((path) => parseSource(path, readText(path)));
}

/** `path:line`, as terminals and editors understand it. */
export function at({ path, line }: Place): string {
  return `${path}:${line}`;
}
