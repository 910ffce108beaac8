/** The cases under a clause. */
import type { CaseRecord, RunHeader } from '../../records.ts';
import { timelineFigure } from './drawing.ts';
import { cutText, html, plural, type Content, type Markup } from './markup.ts';
import { countTones, rank, toneOf, TONES, worstTone, type Tone } from './tones.ts';
import { printed, rawLines, transcripts } from './wire.ts';

const TEXT_CHARS_MAX = 500;
const REASON_CHARS_MAX = 1500;
const WARNINGS_MAX = 5;

/** Of a clause's failures, as many are open at first. */
const OPEN_MAX = 2;

/** What went over the wire in all of a page's cases, in characters of markup, and what one of them gets of it. */
const WIRE_CHARS_MAX = 700_000;
const WIRE_CHARS_EACH_MIN = 1000;
const WIRE_CHARS_EACH_MAX = 20_000;
/** Of these, the parts for what the server printed and for the commands that send the bytes again. */
const PRINTED_PART = 0.1;
const RAW_PART = 0.3;

/** What the pages of a run's cases have in common. */
export interface CasePage {
  readonly header: RunHeader;
  /** How many characters of markup may be spent on what went over the wire in a case. */
  readonly wireCharsMax: number;
  readonly isClause: (id: string) => boolean;
}

/** Each of the cases with a transcript gets the same, so that many failures do not make an endless page. */
export function wireCharsFor(cases: readonly CaseRecord[]): number {
  const count = cases.filter(({ transcripts: records = [] }) => records.length > 0).length;
  const fair = Math.floor(WIRE_CHARS_MAX / Math.max(1, count));
  return Math.min(WIRE_CHARS_EACH_MAX, Math.max(WIRE_CHARS_EACH_MIN, fair));
}

/** A word with its sign. The word is what counts: the sign is not read out. */
export function mark(tone: Tone, word: string): Markup {
  return html`<span class="mark ${tone}"><span aria-hidden="true">${TONES[tone].sign}</span> ${word}</span>`;
}

/** `1 failed, 3 passed`. */
function countWords(cases: readonly CaseRecord[]): string {
  return countTones(cases)
    .map(({ tone, count }) => `${count} ${TONES[tone].word}`)
    .join(', ');
}

/** The tones among the cases: the filters look for them. */
export function toneList(cases: readonly CaseRecord[]): string {
  return countTones(cases)
    .map(({ tone }) => tone)
    .join(' ');
}

export function caseAnchor(id: string): string {
  return `case-${id}`;
}

/** The worst first, then by id. */
export function sortCases(cases: readonly CaseRecord[]): CaseRecord[] {
  return cases.toSorted((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1));
}

/**
 * A clause with its text and cases.
 *
 * @param own the cases that are shown here: those which name this clause first
 * @param also the cases that cite it and stand elsewhere
 */
export function clauseArticle(
  { id, text }: { readonly id: string; readonly text: Markup },
  own: readonly CaseRecord[],
  also: readonly CaseRecord[],
  page: CasePage,
): Markup {
  const all = [...own, ...also];
  const tone = worstTone(all);
  return html`<article class="clause ${tone}" id="${id}" data-tones="${toneList(own)}">
    <div class="text">
      <h3><a href="#${id}">${id}</a> ${mark(tone, TONES[tone].word)}</h3>
      ${text}
    </div>
    ${caseList(own, also, page)}
  </article> `;
}

function caseList(own: readonly CaseRecord[], also: readonly CaseRecord[], page: CasePage): Content {
  const all = [...own, ...also];
  if (all.length === 0) return undefined;
  const isOpen = own.some((each) => toneOf(each) === 'failed');
  return html`<details class="cases" ${isOpen && html` open`}>
    <summary>${plural(all.length, 'case')}: ${countWords(all)}</summary>
    ${sortCases(own).map((each, index) => caseDetails(each, page, index < OPEN_MAX))}
    ${also.length > 0 && elsewhere(also)}
  </details>`;
}

function elsewhere(also: readonly CaseRecord[]): Markup {
  const rows = sortCases(also).map(
    (each) =>
      html`<li>
        ${mark(toneOf(each), each.status)} <a href="#${caseAnchor(each.id)}"><code>${each.id}</code></a>
      </li> `,
  );
  return html`<p class="elsewhere">Under other clauses:</p>
    <ul class="elsewhere">
      ${rows}
    </ul>`;
}

/**
 * One case: a line, and behind it everything that is known.
 *
 * @param mayOpen whether it is open at first if it failed
 */
export function caseDetails(each: CaseRecord, page: CasePage, mayOpen: boolean): Markup {
  const tone = toneOf(each);
  const isOpen = mayOpen && tone === 'failed';
  return html`<details class="case ${tone}" id="${caseAnchor(each.id)}" data-tones="${tone}" ${isOpen && html` open`}>
    <summary>
      <h4>${mark(tone, each.status)} <code>${each.id}</code></h4>
    </summary>
    <p>${cutText(each.why, TEXT_CHARS_MAX)}</p>
    ${facts(each, page)} ${each.timeline !== undefined && timelineFigure(each.timeline)}
    ${transcripts(each, page.wireCharsMax * (1 - PRINTED_PART - RAW_PART))}
    ${printed(each.serverOutput, page.wireCharsMax * PRINTED_PART)}
    ${tone !== 'passed' && tone !== 'skipped' && again(each, page)}
  </details> `;
}

function facts(each: CaseRecord, page: CasePage): Markup {
  const { expectedFailure, alternatives, warnings, reason } = each;
  const rows: readonly (readonly [string, Content])[] = [
    ['Expected', shortText(each.expected)],
    ['Observed', observed(each)],
    ['Hint', shortText(each.hint)],
    ['Reason', reason !== undefined && cutText(reason, REASON_CHARS_MAX)],
    ...warnings.slice(0, WARNINGS_MAX).map((warning) => ['Warning', shortText(warning)] as const),
    ['Alternative', alternatives.length > 0 && shortText(alternatives.join(', '))],
    ['Expected failure', expectedFailure !== undefined && expectedReason(expectedFailure)],
    ['About', about(each, page)],
  ];
  return html`<dl>
    ${rows.map(
      ([name, value]) =>
        value !== false &&
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

/** A drawing in text is left to the picture. */
function observed({ observed: text, timeline }: CaseRecord): Content {
  return shortText(timeline === undefined ? text : text?.split('\n', 1)[0]);
}

function shortText(text: string | undefined): Content {
  return text !== undefined && cutText(text, TEXT_CHARS_MAX);
}

function about({ level, clause, clauses, profile, durationMs, runs }: CaseRecord, { isClause }: CasePage): Markup {
  const ids = [...new Set([...(clause === undefined ? [] : [clause]), ...clauses])];
  const links = ids.map((id) => html`${isClause(id) ? html`<a href="#${id}">${id}</a>` : id}, `);
  const often = runs > 1 ? `, run ${runs} times` : '';
  return html`${level}, ${links}profile ${profile}, ${Math.round(durationMs)} ms${often}`;
}

function expectedReason({ code, url, reason }: NonNullable<CaseRecord['expectedFailure']>): Markup {
  // Only what is certainly a page of the web becomes a link.
  const place = /^https?:\/\//.test(url) ? html`<a href="${url}" rel="noreferrer">${url}</a>` : url;
  return html`${code}, ${cutText(reason, TEXT_CHARS_MAX)} (${place})`;
}

function again(each: CaseRecord, { header, wireCharsMax }: CasePage): Markup {
  const repeat = `${header.repeat} --run ${each.id} --seed ${header.seed}`;
  const raw = rawLines(each, header.target, wireCharsMax * RAW_PART);
  return html`${command('Again', repeat, each.id)}
  ${raw.map(({ name, line }) => command(`Raw, connection ${name}`, line, each.id))}`;
}

/** A command with a button that copies it. */
export function command(name: string, line: string, about: string): Markup {
  return html`<div class="command">
    <span class="name">${name}</span> <code tabindex="0">${line}</code>
    <button type="button" class="copy" aria-label="Copy: ${name}, ${about}" hidden>Copy</button>
  </div>`;
}
