/**
 * The protocol's text as HTML. marked reads the Markdown; what comes of it is written here, because clauses become
 * sections of the page, references become links, and nothing in the text may be taken for markup.
 */
import { lexer, type Token, type Tokens } from 'marked';
import { html, type Content, type Markup } from './markup.ts';

/** A heading of the second level, with what stands under it. */
export interface Section {
  /** `section-4`, or made of the words of a heading without a number. */
  readonly anchor: string;
  readonly title: string;
  readonly clauses: readonly string[];
  readonly body: Markup;
}

export interface ProtocolText {
  readonly title: string;
  readonly introduction: Markup;
  readonly sections: readonly Section[];
}

export interface ProtocolTextOptions {
  /** Whether the contract has this clause: what looks like an id and is none, such as UTF-8, is left alone. */
  readonly isClause: (id: string) => boolean;
  /** The markup of a clause, given its id and its text without the id. */
  readonly clause: (id: string, text: Markup) => Markup;
}

/** The text of PROTOCOL.md, by sections. */
export function readProtocol(markdown: string, options: ProtocolTextOptions): ProtocolText {
  const title = { text: '' };
  const introduction: Content[] = [];
  const sections: { title: string; clauses: string[]; body: Content[] }[] = [];
  for (const token of lexer(markdown)) {
    const section = sections.at(-1);
    if (token.type === 'heading' && token['depth'] === 1) title.text = token['text'] as string;
    else if (token.type === 'heading' && token['depth'] === 2) {
      sections.push({ title: token['text'] as string, clauses: [], body: [] });
    } else if (section === undefined) introduction.push(block(token, options));
    else {
      section.clauses.push(...clauseIds(token, options));
      section.body.push(block(token, options));
    }
  }
  return {
    title: title.text,
    introduction: html`${introduction}`,
    sections: sections.map(({ title, clauses, body }) => ({
      anchor: anchorOf(title),
      title,
      clauses,
      body: html`${body}`,
    })),
  };
}

function anchorOf(title: string): string {
  const number = /^([0-9]+)\./.exec(title)?.[1];
  return `section-${number ?? title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`;
}

function clauseIds(token: Token, { isClause }: ProtocolTextOptions): string[] {
  if (token.type !== 'list') return [];
  return (token as Tokens.List).items.map(clauseIdOf).filter((id) => id !== undefined && isClause(id)) as string[];
}

/** The bold word that a clause starts with. */
function clauseIdOf(item: Tokens.ListItem): string | undefined {
  const [first] = item.tokens[0] !== undefined && 'tokens' in item.tokens[0] ? (item.tokens[0].tokens ?? []) : [];
  return first?.type === 'strong' ? (first as Tokens.Strong).text : undefined;
}

function block(token: Token, options: ProtocolTextOptions): Content {
  switch (token.type) {
    case 'space':
      return undefined;
    case 'heading':
      return html`<h3>${inline(token, options)}</h3>`;
    case 'paragraph':
      return html`<p>${inline(token, options)}</p>`;
    case 'text':
      return inline(token, options);
    case 'code':
      // It scrolls by itself where the page is narrow, so the keyboard has to reach it.
      return html`<pre tabindex="0">${(token as Tokens.Code).text}</pre>`;
    case 'list':
      return list(token as Tokens.List, options);
    default:
      // The text is there in any case, as it was written.
      return html`<p>${token.raw}</p>`;
  }
}

function list({ items, ordered }: Tokens.List, options: ProtocolTextOptions): Content {
  const [first] = items;
  const firstId = first === undefined ? undefined : clauseIdOf(first);
  if (firstId !== undefined && options.isClause(firstId)) return items.map((item) => clauseOf(item, options));
  const rows = items.map((item) => html`<li>${item.tokens.map((each) => block(each, options))}</li>`);
  return ordered
    ? html`<ol>
        ${rows}
      </ol>`
    : html`<ul>
        ${rows}
      </ul>`;
}

function clauseOf(item: Tokens.ListItem, options: ProtocolTextOptions): Content {
  const [head, ...rest] = item.tokens;
  const [, ...words] = head !== undefined && 'tokens' in head ? (head.tokens ?? []) : [];
  const text = html`<p>${words.map((each) => span(each, options))}</p>
    ${rest.map((each) => block(each, options))}`;
  return options.clause(clauseIdOf(item) ?? '', text);
}

function inline(token: Token, options: ProtocolTextOptions): Content {
  const inner = 'tokens' in token ? token.tokens : undefined;
  return inner === undefined ? references(token.raw, options) : inner.map((each) => span(each, options));
}

function span(token: Token, options: ProtocolTextOptions): Content {
  switch (token.type) {
    case 'strong':
      return html`<strong>${inline(token, options)}</strong>`;
    case 'em':
      return html`<em>${inline(token, options)}</em>`;
    case 'codespan':
      return html`<code>${(token as Tokens.Codespan).text}</code>`;
    case 'text':
    case 'escape':
      return references((token as Tokens.Text).text, options);
    default:
      return token.raw;
  }
}

/** Text in which `LOCK-3` and `section 4` lead to where they stand. */
function references(text: string, { isClause }: ProtocolTextOptions): Content {
  return text.split(/\b([A-Z]+-[0-9]+|section [0-9]+)\b/).map((part, index): Content => {
    if (index % 2 === 0) return part;
    if (isClause(part)) return html`<a href="#${part}">${part}</a>`;
    if (!part.startsWith('section ')) return part;
    return html`<a href="#section-${part.slice('section '.length)}">${part}</a>`;
  });
}
