/**
 * Coverage of TypeScript that tsx has run, in terms of the files as they are written.
 *
 * tsx hands V8 one long line without spaces, and c8's own mapping counts by lines: through such a map it calls lines
 * covered that never ran. So the ranges are mapped here, character by character, with the source map that the process
 * left beside its coverage; c8 then sees plain files without any map. coverage.test.ts proves the result.
 */
import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { fileURLToPath } from 'node:url';

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

interface FunctionCoverage {
  readonly functionName: string;
  readonly isBlockCoverage: boolean;
  readonly ranges: readonly Range[];
}

interface ScriptCoverage {
  readonly scriptId: string;
  readonly url: string;
  readonly functions: readonly FunctionCoverage[];
}

interface CachedMap {
  readonly lineLengths: readonly number[];
  readonly data: SourceMapPayload | null;
}

/** What a process writes into NODE_V8_COVERAGE. */
export interface ProcessCoverage {
  readonly result: readonly ScriptCoverage[];
  readonly 'source-map-cache'?: Readonly<Record<string, CachedMap>>;
}

/** More than a line has, so that one line can be cut out without a search through the file. */
const MARGIN = 200;

/** Turns an offset in what ran into one in what is written, or into undefined for code that nobody wrote. */
type OffsetMap = (offset: number) => number | undefined;

/**
 * Remaps one process's coverage.
 *
 * @param wanted whether a file, by its path, is of interest; the others are left out.
 */
export function remapCoverage(coverage: ProcessCoverage, wanted: (path: string) => boolean): ProcessCoverage {
  const maps = coverage['source-map-cache'] ?? {};
  const result = coverage.result.flatMap((script) => {
    const url = script.url.replace(/\?.*$/, '');
    if (!url.startsWith('file:') || !wanted(fileURLToPath(url))) return [];
    const cached = maps[script.url];
    if (cached?.data == null) return [{ ...script, url }];
    const text = readFileSync(fileURLToPath(url), 'utf8');
    return [{ ...script, url, functions: remapFunctions(script.functions, offsetMap(cached, text), text) }];
  });
  return { result };
}

function remapFunctions(
  functions: readonly FunctionCoverage[],
  toOriginal: OffsetMap,
  text: string,
): FunctionCoverage[] {
  return functions.flatMap((each, index) => {
    // The first is the module itself; its text begins and ends with what tsx added.
    const whole = index === 0 && each.functionName === '';
    const ranges = each.ranges.flatMap(({ startOffset, endOffset, count }, rangeIndex) => {
      if (whole && rangeIndex === 0) return [{ startOffset: 0, endOffset: text.length, count }];
      const start = toOriginal(startOffset);
      const last = toOriginal(endOffset - 1);
      return start === undefined || last === undefined || last < start
        ? []
        : [{ ...wholeLines(text, start, last + 1), count }];
    });
    return ranges.length === 0 ? [] : [{ ...each, ranges }];
  });
}

/**
 * Widens a range over what cannot run on its first and last line: indentation, and a comment behind. c8 calls a line
 * missed only if the range holds all of it.
 */
function wholeLines(text: string, start: number, end: number): { startOffset: number; endOffset: number } {
  const indentation = /(?:^|\n)([ \t]*)$/.exec(text.slice(Math.max(0, start - MARGIN), start))?.[1] ?? '';
  const behind = /^[;,]?[ \t]*(?:\/\/.*)?(?=\r?\n|$)/.exec(text.slice(end, end + MARGIN))?.[0] ?? '';
  return { startOffset: start - indentation.length, endOffset: end + behind.length };
}

function offsetMap({ lineLengths, data }: CachedMap, text: string): OffsetMap {
  const map = new SourceMap(data as SourceMapPayload);
  const originalStarts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  const generatedStarts: number[] = [];
  let next = 0;
  for (const lineLength of lineLengths) {
    generatedStarts.push(next);
    next += lineLength + 1;
  }
  return (offset) => {
    const line = generatedStarts.findLastIndex((start) => start <= offset);
    const column = offset - (generatedStarts[line] ?? 0);
    const entry = map.findEntry(line, column);
    if (!('originalLine' in entry) || entry.generatedLine !== line) return undefined;
    const lineStart = originalStarts[entry.originalLine] ?? 0;
    const lineEnd = (originalStarts[entry.originalLine + 1] ?? text.length + 1) - 1;
    // Behind the token that the map names, the two texts run in step up to the end of the written line.
    const behind = column - entry.generatedColumn;
    return Math.min(lineStart + entry.originalColumn + behind, Math.max(lineEnd - 1, lineStart));
  };
}
