/** Text of the server under test, for a terminal or a log: it must not steer the one nor forge a line of the other. */

/** Controls but tab and line feed, directions of writing, and halves of surrogate pairs. */
// oxlint-disable-next-line no-control-regex -- Controls are what is looked for.
const UNSEEN = /[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]|\p{Surrogate}/gu;

/** The text with unseen characters spelled as in JSON; lines stay lines. */
export function printable(text: string): string {
  return text.replaceAll(UNSEEN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The same on one line. */
export function printableLine(text: string): string {
  return printable(text.replaceAll('\n', String.raw`\n`));
}
