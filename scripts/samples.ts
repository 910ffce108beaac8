/** The samples in documents: TypeScript blocks that run as they are printed, and commands that exist. */
import { parseMarkdown } from './markdown.ts';
import { readText, writtenFiles } from './repository.ts';

export interface Sample {
  /** `README.md:12`, the block's first line. */
  readonly place: string;
  readonly text: string;
}

const DEFAULT_PORT = /\b14567\b/g;

/** The documents for users: at the top level and in docs/, without the records of decisions. */
function documents(): string[] {
  return writtenFiles().filter(
    (path) => /^(?:[^/]+|docs\/.*)\.md$/.test(path) && !path.startsWith('docs/decisions/') && path !== 'CHANGELOG.md',
  );
}

function samples(languages: readonly string[]): Sample[] {
  return documents().flatMap((path) =>
    parseMarkdown(readText(path))
      .blocks.filter(({ language }) => languages.includes(language))
      .map(({ line, text }) => ({ place: `${path}:${line}`, text })),
  );
}

/** TypeScript blocks, each of them a whole program. The Russian README has the same ones as the English (a test). */
export function programSamples(): Sample[] {
  return samples(['ts']).filter(({ place }) => !place.startsWith('README.ru.md'));
}

export function shellSamples(): Sample[] {
  return samples(['sh', 'bash', 'shell', 'console']);
}

/**
 * The program behind a sample, made to check what it claims: where a comment behind a call or an assignment is a
 * literal, the value is compared with it. The default port is replaced by that of the test's server.
 */
export function executable(text: string, port: number): string {
  const lines = text
    .replaceAll('new Speicher()', `new Speicher({ port: ${port} })`)
    .replaceAll(DEFAULT_PORT, `${port}`);
  return `import { deepStrictEqual as claims } from 'node:assert';${lines.split('\n').map(claim).join('\n')}\n`;
}

/** A literal, and behind a comma, a semicolon or a colon whatever else is to be said. */
const LITERAL = /^('[^']*'|"[^"]*"|-?\d[\d_]*(?:\.\d+)?n?|true|false|null|undefined|\[.*\]|\{.*\})(?:[,;:] .*)?$/;

function claim(line: string): string {
  const match = /^(\s*)(?:const (\w+)(?:: [^=]+)? = )?((?:await |\w+\.|console\.log\().*?);?\s*\/\/ (.+)$/.exec(line);
  if (match === null) return line;
  const [, indentation = '', name, expression = '', comment = ''] = match;
  const literal = LITERAL.exec(comment.trim())?.[1];
  if (literal === undefined) return line;
  const value = /^console\.log\((.*)\)$/.exec(expression)?.[1] ?? expression;
  const compared = name === undefined ? `claims(${value}, ${literal});` : `claims(${name}, ${literal});`;
  return name === undefined ? `${indentation}${compared}` : `${indentation}const ${name} = ${value}; ${compared}`;
}

export interface Commands {
  /** The scripts that `npm run` is asked for; `npm start` and `npm test` are two of them. */
  readonly scripts: readonly string[];
  /** The subcommands of `speicher`. */
  readonly speicher: readonly string[];
}

/** The commands that a shell block names. */
export function commandsIn(text: string): Commands {
  const scripts = [...text.matchAll(/\bnpm (?:run (?:-\S+ )*)?(start|test|(?<=run (?:-\S+ )*)[\w:-]+)/g)];
  const direct = [
    ...text.matchAll(/\b(?:npx (?:-\S+ )*speicher|npm run (?:-\S+ )*speicher --|\$ speicher) ([a-z][\w-]*)/g),
  ];
  return {
    scripts: scripts.map(([, name = '']) => name),
    speicher: direct.map(([, name = '']) => name),
  };
}
