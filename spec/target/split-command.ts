/** A command in one text, as somebody would type it, into a program and its arguments. */

/** A word is made of unquoted runs, in which `\x` is x, of "…" in which `\"` and `\\` are escapes, and of '…'. */
const PART = /((?:[^\s"'\\]|\\[\s\S])+)|"((?:[^"\\]|\\[\s\S])*)"|'([^']*)'/y;

function partText(match: RegExpExecArray): string {
  const [, plain, double, single] = match;
  if (plain !== undefined) return plain.replaceAll(/\\([\s\S])/g, '$1');
  return double === undefined ? (single ?? '') : double.replaceAll(/\\(["\\$`])/g, '$1');
}

/**
 * Divides a command as a shell does: blanks divide, quotes and backslashes hold together. Nothing is expanded: no
 * variables, no patterns, no pipes; who needs them writes `sh -c '…'`.
 *
 * @throws TypeError if a quote is not closed, or there is no word
 */
export function splitCommand(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text.charAt(at))) {
      if (word !== undefined) words.push(word);
      word = undefined;
      at += 1;
      continue;
    }
    PART.lastIndex = at;
    const match = PART.exec(text);
    if (match === null) throw new TypeError(`a quote or a backslash is left open in the command ${text}`);
    word = (word ?? '') + partText(match);
    at += match[0].length;
  }
  if (word !== undefined) words.push(word);
  if (words.length === 0) throw new TypeError('the command is empty');
  return words;
}
