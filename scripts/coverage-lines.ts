/** Counting lines of code in the report of c8, which calls every line a statement, comments and blank ones too. */
import { parseSync, type Program } from 'oxc-parser';

/** The part of istanbul's JSON report that is read here. */
export interface FileReport {
  readonly statementMap: Readonly<Record<string, { readonly start: { readonly line: number } }>>;
  readonly s: Readonly<Record<string, number>>;
}

export interface LineCount {
  readonly code: number;
  readonly reached: number;
  /** The lines of code that were not reached, counted from 1, without those that a comment explains. */
  readonly missed: readonly number[];
}

/** The lines, counted from 1, that hold anything but a comment. */
export function codeLines(path: string, text: string): Set<number> {
  const { comments } = parseSync(path, text, { lang: 'ts' });
  let bare = text;
  for (const { start, end } of comments) {
    const blank = text.slice(start, end).replaceAll(/[^\n]/g, ' ');
    bare = bare.slice(0, start) + blank + bare.slice(end);
  }
  const lines = bare.split('\n');
  return new Set(lines.flatMap((line, index) => (line.trim() === '' ? [] : [index + 1])));
}

/** How many lines of code a file has, and how many of them were reached. */
export function countLines(path: string, text: string, report: FileReport): LineCount {
  const code = codeLines(path, text);
  const missed = Object.entries(report.statementMap)
    .filter(([id, { start }]) => report.s[id] === 0 && code.has(start.line))
    .map(([, { start }]) => start.line);
  return { code: code.size, reached: code.size - missed.length, missed };
}

/** Whether nothing is left of a file when its types are stripped, so that nothing can load it. */
export function hasOnlyTypes(path: string, text: string): boolean {
  const { program } = parseSync(path, text, { lang: 'ts' });
  return program.body.every(isType);
}

function isType(statement: Program['body'][number]): boolean {
  if (statement.type === 'ImportDeclaration') return statement.importKind === 'type';
  if (statement.type === 'ExportAllDeclaration') return statement.exportKind === 'type';
  if (statement.type === 'ExportNamedDeclaration') return statement.exportKind === 'type';
  return statement.type === 'TSInterfaceDeclaration' || statement.type === 'TSTypeAliasDeclaration';
}
