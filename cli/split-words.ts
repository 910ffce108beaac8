/** A console line into words, as a shell or redis-cli does it: blanks divide, quotes hold together. */

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', 0: '\0' };

/** A word is made of unquoted runs, "…" with escapes, and '…' without. */
const PART = /([^\s"']+)|"((?:[^"\\]|\\.)*)"|'([^']*)'/sy;

function unescapeText(text: string): string {
  return text.replaceAll(/\\(.)/gs, (_, letter: string) => ESCAPES[letter] ?? letter);
}

/**
 * Divides a line into words. In double quotes `\n`, `\r`, `\t`, `\0` and `\"` are escapes.
 *
 * @returns the words, or undefined if a quote is not closed
 */
export function splitWords(line: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let at = 0;
  while (at < line.length) {
    if (/\s/.test(line.charAt(at))) {
      if (word !== undefined) words.push(word);
      word = undefined;
      at += 1;
      continue;
    }
    PART.lastIndex = at;
    const match = PART.exec(line);
    if (match === null) return undefined;
    const [all, plain, double, single] = match;
    word = (word ?? '') + (plain ?? (double === undefined ? single : unescapeText(double)) ?? '');
    at += all.length;
  }
  return word === undefined ? words : [...words, word];
}
