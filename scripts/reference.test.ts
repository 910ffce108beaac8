/** The references in docs/ and the tables of the READMEs say what the code says. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CLIENT_COMMANDS } from '../cli/client-commands.ts';
import { readServerConfig } from '../cli/server-config.ts';
import { Speicher } from '../client/index.ts';
import { ERRORS, type Outcome } from '../protocol/errors.ts';
import { SERVER_OPTIONS, type OptionDescription } from '../server/options.ts';
import { formatBytes, formatDuration } from '../server/units.ts';
import { parseMarkdown } from './markdown.ts';
import { readText } from './repository.ts';

const READMES = ['README.md', 'README.ru.md'];

/** Below each heading that is one name in backticks, the first line that is not empty. */
function factLines(text: string): [name: string, line: string][] {
  return [...text.matchAll(/^#{2,6} `([^`]+)`\n+(.+)$/gm)].map(([, name = '', line = '']) => [name, line]);
}

function written({ kind }: OptionDescription, value: number): string {
  if (kind === 'bytes') return formatBytes(value);
  return kind === 'duration' ? formatDuration(value) : String(value);
}

/** An option's default as documents write it. */
function defaultOf(option: OptionDescription): string {
  const { default: value } = option;
  if (value === undefined || (typeof value === 'object' && value.length === 0)) return 'none';
  if (typeof value === 'number') return `\`${written(option, value)}\``;
  return `\`${typeof value === 'object' ? value.join(',') : String(value)}\``;
}

/** `SPEICHER_MAX_KEY`, TOML `max-key`, property `maxKeyBytes`. Default: `4KiB`. Bounds: `250` to `65535`. */
function optionFacts(option: OptionDescription): string {
  const { env, key, property, min, max, zeroIsOff, choices } = option;
  const names = `\`${env}\`, TOML \`${key}\`, property \`${property}\`. Default: ${defaultOf(option)}.`;
  if (min !== undefined && max !== undefined) {
    const off = zeroIsOff === true ? '`0`, or ' : '';
    return `${names} Bounds: ${off}\`${written(option, min)}\` to \`${written(option, max)}\`.`;
  }
  return choices === undefined ? names : `${names} Choices: ${choices.map((choice) => `\`${choice}\``).join(', ')}.`;
}

interface ErrorEntry {
  readonly retryable: boolean;
  readonly outcome: Outcome;
  readonly status?: number;
}

/** Retryable: no. Outcome: `rejected`. Status: 400. */
function errorFacts({ retryable, outcome, status }: ErrorEntry): string {
  return `Retryable: ${retryable ? 'yes' : 'no'}. Outcome: \`${outcome}\`. Status: ${status ?? 'none'}.`;
}

describe('references', () => {
  test("docs/server.md has every option of the server, with its names, default and bounds, and no other's", () => {
    const said = factLines(readText('docs/server.md')).filter(([name]) => name.startsWith('--'));
    expect(said).toEqual(SERVER_OPTIONS.map((option) => [option.flag, optionFacts(option)]));
  });

  test('docs/errors.md has every error as the table has it', () => {
    const said = factLines(readText('docs/errors.md')).filter(([name]) => name.startsWith('SPEICHER_'));
    expect(said).toEqual(Object.entries(ERRORS).map(([code, entry]) => [code, errorFacts(entry)]));
  });

  test('docs/client.md has every method of the client, and no other', () => {
    const { headings } = parseMarkdown(readText('docs/client.md'));
    const said = headings.flatMap(({ text }) => [...text.matchAll(/`([a-z]\w*)\(/g)].map(([, name = '']) => name));
    const methods = Object.getOwnPropertyNames(Speicher.prototype).filter((name) => name !== 'constructor');
    expect(said.toSorted()).toEqual(methods.toSorted());
  });

  test.each(READMES)('%s has every command', (path) => {
    const rows = [...readText(path).matchAll(/^\| (`[a-z][^|]*) \|/gm)].map(([, cell = '']) => cell);
    const said = rows.flatMap((cell) => [...cell.matchAll(/`([a-z-]+)`/g)].map(([, name = '']) => name));
    const others = ['serve', 'bench', 'console', 'spec', 'check', 'repair', 'backup', 'dump', 'load'];
    expect(said.toSorted()).toEqual([...others, ...CLIENT_COMMANDS.keys()].toSorted());
  });

  test.each(READMES)('%s gives options with their defaults', (path) => {
    const none = path === 'README.md' ? 'none' : 'нет';
    const rows = [...readText(path).matchAll(/^\| `(--[\w-]+)`\s*\| (.+?)\s*\|/gm)].map(([, flag, value]) => [
      flag,
      value,
    ]);
    const options = SERVER_OPTIONS.filter(({ flag }) => rows.some(([name]) => name === flag));
    expect(rows.length).toBeGreaterThan(0);
    expect(rows).toEqual(options.map((option) => [option.flag, defaultOf(option).replace(/^none$/, none)]));
  });

  test('configuration files in docs/server.md are taken', () => {
    const files = parseMarkdown(readText('docs/server.md')).blocks.filter(({ language }) => language === 'toml');
    expect(files.length).toBeGreaterThan(0);
    const folder = mkdtempSync(join(tmpdir(), 'speicher-'));
    try {
      for (const { text } of files) {
        const path = join(folder, 'speicher.toml');
        writeFileSync(path, text);
        expect(readServerConfig({ config: path }, {}).sources.size).toBeGreaterThan(0);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
