/**
 * Markup that cannot be forged. A server under test writes part of the report: its replies, its name, what it prints.
 * So text becomes markup in one place only, the template below, which escapes everything that is not markup already.
 */

/** Text that is markup already: what `html` makes, and the page's own style and script. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

/** What may stand in a template: text and numbers are escaped, markup is kept, nothing is left out. */
export type Content = Markup | string | number | undefined | false | readonly Content[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Characters that would not be seen, or would turn the text around them: controls but tab and line feed, directions of
 * writing, and halves of surrogate pairs, which have no form in UTF-8.
 */
const UNSEEN =
  // oxlint-disable-next-line no-control-regex -- Controls are what is looked for.
  /[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]|\p{Surrogate}/gu;

/** Text as a document can hold it: unseen characters as JSON spells them, and what has a meaning in HTML escaped. */
export function escapeText(text: string): string {
  return text
    .replace(UNSEEN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/**
 * Markup from a template; every attribute's value in it must stand in double quotes. Of the template's own lines the
 * indentation is left out, which a page of hundreds of cases would be full of.
 */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  const text = parts.map((part, index) => part.replaceAll(/\n\s+/g, '\n') + render(contents[index])).join('');
  return new Markup(text);
}

function render(content: Content): string {
  if (content === undefined || content === false) return '';
  if (content instanceof Markup) return content.text;
  if (typeof content === 'object') return content.map(render).join('');
  return escapeText(String(content));
}

/** How many characters the text takes as markup. */
export function markupChars(text: string): number {
  return escapeText(text).length;
}

/**
 * Text of which the markup takes `charsMax` characters at most; what follows is counted in a note. It is the markup
 * that is measured, as a hostile text grows when it is escaped.
 */
export function cutText(text: string, charsMax: number): string {
  if (text.length <= charsMax && markupChars(text) <= charsMax) return text;
  let kept = 0;
  let taken = 0;
  for (const character of text) {
    taken += markupChars(character);
    if (taken > charsMax) break;
    kept += character.length;
  }
  return `${text.slice(0, kept)} … (${text.length - kept} more characters)`;
}

/** `1 case`, `2 cases`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
