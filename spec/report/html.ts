/**
 * The report as a page: the protocol's text, each clause coloured by its cases. One file that asks for nothing else, in
 * which a hostile server's bytes stay text: every text is escaped, and the page's policy runs no script but its own.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { CaseRecord, RunRecord } from '../records.ts';
import { resultOf, type RunResult } from '../score.ts';
import {
  caseAnchor,
  caseDetails,
  clauseArticle,
  sortCases,
  toneList,
  wireCharsFor,
  type CasePage,
} from './html/cases.ts';
import { contentsNav, type ContentsEntry } from './html/contents.ts';
import { html, Markup, plural, type Content } from './html/markup.ts';
import { matrixSection, type Matrix } from './html/matrix.ts';
import { paletteCss } from './html/palette.ts';
import { readProtocol, type ProtocolText } from './html/protocol-text.ts';
import { summarySection } from './html/summary.ts';
import { toneOf, worstTone, type Tone } from './html/tones.ts';

/** What may stand in the page beside the run. */
export interface HtmlExtras {
  /** The proof that the suite finds wrong servers out, and only those. */
  readonly matrix?: Matrix;
  /** The contract's text in Markdown, if it is not the one that comes with the suite. */
  readonly protocol?: string;
}

interface Clauses {
  readonly own: ReadonlyMap<string, readonly CaseRecord[]>;
  readonly also: ReadonlyMap<string, readonly CaseRecord[]>;
  /** Cases of which the contract has no clause: the records may be older than it. */
  readonly homeless: readonly CaseRecord[];
}

/**
 * The page of a run, one of which the end is missing too.
 *
 * @returns the whole HTML document
 * @throws Error if there is no header among the records
 */
export function renderHtml(records: readonly RunRecord[], extras: HtmlExtras = {}): string {
  const result = resultOf(records);
  const markdown = extras.protocol ?? readFileSync(new URL('../../protocol/PROTOCOL.md', import.meta.url), 'utf8');
  const ids = new Set(Array.from(markdown.matchAll(/^- \*\*([A-Z]+-[0-9]+)\*\*/gm), ([, id]) => id ?? ''));
  const clauses = sortByClause(result.cases, ids);
  const page: CasePage = {
    header: result.header,
    wireCharsMax: wireCharsFor(result.cases),
    isClause: (id) => ids.has(id),
  };
  const protocol = readProtocol(markdown, {
    isClause: page.isClause,
    clause: (id, text) => clauseArticle({ id, text }, clauses.own.get(id) ?? [], clauses.also.get(id) ?? [], page),
  });
  const crashes = records.filter((record) => record.record === 'crash');
  const body = html`<div class="page">
    ${contents(protocol, clauses, extras)}
    <main id="main">
      <header>
        <h1>${protocol.title}</h1>
        <p class="subtitle">as ${result.header.target} keeps it</p>
      </header>
      ${summarySection(result, crashes)} ${toolbar(result)} ${protocolSections(protocol, clauses)}
      ${clauses.homeless.length > 0 && homelessSection(clauses.homeless, page)}
      ${extras.matrix !== undefined && matrixOf(extras.matrix, result, page)}
    </main>
  </div>`;
  return document(`${result.header.target} — ${protocol.title}`, body);
}

/** Each case stands under the first clause that it names, and is linked from the others. */
function sortByClause(cases: readonly CaseRecord[], ids: ReadonlySet<string>): Clauses {
  const own = new Map<string, CaseRecord[]>();
  const also = new Map<string, CaseRecord[]>();
  const homeless: CaseRecord[] = [];
  for (const each of cases) {
    const [first, ...others] = [
      ...new Set([...each.clauses, ...(each.clause === undefined ? [] : [each.clause])]),
    ].filter((id) => ids.has(id));
    if (first === undefined) homeless.push(each);
    else own.set(first, [...(own.get(first) ?? []), each]);
    for (const id of others) also.set(id, [...(also.get(id) ?? []), each]);
  }
  return { own, also, homeless };
}

function casesOf({ own, also }: Clauses, ids: readonly string[]): CaseRecord[] {
  return ids.flatMap((id) => [...(own.get(id) ?? []), ...(also.get(id) ?? [])]);
}

function contents(protocol: ProtocolText, clauses: Clauses, { matrix }: HtmlExtras): Markup {
  const toneOfClause = (id: string): Tone => worstTone(casesOf(clauses, [id]));
  const entries: ContentsEntry[] = [
    { anchor: 'summary', title: 'Result', tones: [] },
    ...protocol.sections.map(({ anchor, title, clauses: ids }) => ({ anchor, title, tones: ids.map(toneOfClause) })),
    ...(clauses.homeless.length > 0 ? [{ anchor: 'other-cases', title: 'Other cases', tones: [] }] : []),
    ...(matrix === undefined ? [] : [{ anchor: 'matrix', title: 'The suite on trial', tones: [] }]),
  ];
  return contentsNav(entries);
}

const FILTERS = ['all', 'failed', 'warned', 'skipped'] as const;

/** What is shown of the text. Radio buttons: the browser brings the keys and the names. */
function toolbar({ cases }: RunResult): Markup {
  const count = (filter: (typeof FILTERS)[number]): number =>
    filter === 'all' ? cases.length : cases.filter((each) => toneOf(each) === filter).length;
  const choices = FILTERS.map(
    (filter) =>
      html`<label
        ><input type="radio" name="show" id="show-${filter}" value="${filter}" ${filter === 'all' && html` checked`} />
        <span>${filter} <span class="count">${count(filter)}</span></span></label
      > `,
  );
  const none = FILTERS.filter((filter) => filter !== 'all' && count(filter) === 0).map(
    (filter) => html`<p class="none none-${filter}">No case is ${filter}.</p>`,
  );
  return html`<div class="toolbar">
      <fieldset>
        <legend>Show cases</legend>
        ${choices}
      </fieldset>
      <button type="button" id="theme" aria-pressed="false" hidden>Dark</button>
    </div>
    <p class="unseen" role="status" id="announcer"></p>
    ${none} `;
}

function protocolSections({ introduction, sections }: ProtocolText, clauses: Clauses): Markup {
  return html`<div class="introduction">${introduction}</div>
    ${sections.map(
      ({ anchor, title, clauses: ids, body }) =>
        html`<section
          class="part"
          id="${anchor}"
          data-tones="${toneList(ids.flatMap((id) => clauses.own.get(id) ?? []))}"
        >
          <h2><a href="#${anchor}">${title}</a></h2>
          ${body}
        </section> `,
    )}`;
}

function homelessSection(cases: readonly CaseRecord[], page: CasePage): Markup {
  const ids = [...new Set(cases.map(({ clauses: [first = 'No clause'] }) => first))].toSorted();
  const groups = ids.map((id) => {
    const own = cases.filter(({ clauses: [first = 'No clause'] }) => first === id);
    return html`<div class="clause" data-tones="${toneList(own)}">
      <h3>${id}</h3>
      ${sortCases(own).map((each) => caseDetails(each, page, false))}
    </div>`;
  });
  return html`<section class="part" id="other-cases" data-tones="${toneList(cases)}">
    <h2>Other cases</h2>
    <p>The text above has none of the clauses that these ${plural(cases.length, 'case')} cite.</p>
    ${groups}
  </section> `;
}

function matrixOf(matrix: Matrix, { cases }: RunResult, { isClause }: CasePage): Markup {
  const known = new Set(cases.map(({ id }) => id));
  const ofCase = (id: string): Content =>
    known.has(id) ? html`<a href="#${caseAnchor(id)}"><code>${id}</code></a>` : html`<code>${id}</code>`;
  const ofClause = (id: string): Content => (isClause(id) ? html`<a href="#${id}">${id}</a>` : id);
  return matrixSection(matrix, { ofCase, ofClause });
}

function source(name: string): string {
  return readFileSync(new URL(`html/${name}`, import.meta.url), 'utf8');
}

function sha256(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** The policy of the page names its own style and script by their hashes: nothing else is loaded or run. */
function document(title: string, body: Markup): string {
  const style = paletteCss() + ['page.css', 'results.css', 'media.css'].map(source).join('');
  const script = source('page.js');
  const policy = [
    `default-src 'none'`,
    `style-src ${sha256(style)}`,
    `script-src ${sha256(script)}`,
    'img-src data:',
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ');
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <link rel="icon" href="data:," />
        <title>${title}</title>
        ${new Markup(`<style>${style}</style>`)}
      </head>
      <body>
        <a class="skip" href="#main">To the text</a>
        ${body} ${new Markup(`<script type="module">${script}</script>`)}
      </body>
    </html> `.text;
}
