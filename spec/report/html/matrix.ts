/** The proof of the suite: servers that are wrong on purpose, and which cases found each of them out. */
import { areaOf } from '../../score.ts';
import { html, plural, type Content, type Markup } from './markup.ts';

/** A server with one deviation. */
export interface MatrixMutant {
  readonly name: string;
  /** What it does, in one sentence. */
  readonly about: string;
  /** The clause that it breaks. */
  readonly clause: string;
  /** The cases that found it out. */
  readonly killedBy: readonly string[];
}

/** A server that is odd and keeps the protocol. */
export interface MatrixVariant {
  readonly name: string;
  readonly about: string;
  /** The cases that it failed, of which there should be none. */
  readonly failedBy: readonly string[];
}

export interface Matrix {
  readonly mutants: readonly MatrixMutant[];
  readonly variants: readonly MatrixVariant[];
}

/** Of the cases that found a mutant out, as many are named; the others are counted. */
const NAMED_MAX = 3;

/**
 * The matrix as a section of the page, by mutants and areas of cases.
 *
 * @param caseLink leads to a case, if the page has it
 * @param clauseLink leads to a clause, if the page has it
 */
export function matrixSection(
  { mutants, variants }: Matrix,
  caseLink: (id: string) => Content,
  clauseLink: (id: string) => Content,
): Markup {
  const killed = mutants.filter(({ killedBy }) => killedBy.length > 0).length;
  const passing = variants.filter(({ failedBy }) => failedBy.length === 0).length;
  return html`<section class="matrix" id="matrix" aria-labelledby="matrix-title">
    <h2 id="matrix-title">The suite on trial</h2>
    <p>
      The suite is itself tested, with servers that are wrong on purpose and must be found out, and with servers that
      are odd and must pass. Of ${plural(mutants.length, 'wrong server')} it finds ${killed} out; of
      ${plural(variants.length, 'odd server')} it passes ${passing}.
    </p>
    ${
      mutants.length > 0 &&
      html`<h3>Wrong servers</h3>
        ${mutantTable(mutants, caseLink, clauseLink)}
        <details class="by-area">
          <summary>How many cases of each area find them out</summary>
          ${areaTable(mutants)}
        </details>`
    }
    ${
      variants.length > 0 &&
      html`<h3>Odd servers that keep the protocol</h3>
        ${variantTable(variants, caseLink)}`
    }
  </section> `;
}

function table(label: string, heads: readonly string[], rows: readonly Markup[], name = ''): Markup {
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0">
    <table class="${name}">
      <thead>
        <tr>
          ${heads.map((head) => html`<th scope="col"><span>${head}</span></th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

function mutantTable(
  mutants: readonly MatrixMutant[],
  caseLink: (id: string) => Content,
  clauseLink: (id: string) => Content,
): Markup {
  const rows = mutants.map(
    ({ name, about, clause, killedBy }) =>
      html`<tr>
        <th scope="row">
          <code>${name}</code>
          <p>${about}</p>
        </th>
        <td>${clauseLink(clause)}</td>
        <td>${killers(killedBy, caseLink)}</td>
      </tr> `,
  );
  return table('Wrong servers', ['Server', 'Breaks', 'Found out by'], rows);
}

function killers(ids: readonly string[], caseLink: (id: string) => Content): Content {
  if (ids.length === 0) return html`<strong>✗ no case</strong>`;
  const named = ids.slice(0, NAMED_MAX).map((id) => html`${caseLink(id)}<br />`);
  const more = ids.length - NAMED_MAX;
  return html`${named}${more > 0 && `and ${plural(more, 'other')}`}`;
}

function variantTable(variants: readonly MatrixVariant[], caseLink: (id: string) => Content): Markup {
  const rows = variants.map(
    ({ name, about, failedBy }) =>
      html`<tr>
        <th scope="row">
          <code>${name}</code>
          <p>${about}</p>
        </th>
        <td>
          ${failedBy.length === 0 ? '✓ passes' : html`<strong>✗ fails</strong> ${failedBy.map((id) => html`<br />${caseLink(id)}`)}`}
        </td>
      </tr> `,
  );
  return table('Odd servers', ['Server', 'Result'], rows);
}

function areaTable(mutants: readonly MatrixMutant[]): Markup {
  const areas = [...new Set(mutants.flatMap(({ killedBy }) => killedBy.map(areaOf)))].toSorted();
  const rows = mutants.map(({ name, killedBy }) => {
    const cells = areas.map((area) => {
      const count = killedBy.filter((id) => areaOf(id) === area).length;
      return count === 0 ? html`<td></td>` : html`<td class="hit">${count}</td>`;
    });
    return html`<tr>
      <th scope="row"><code>${name}</code></th>
      ${cells}
    </tr> `;
  });
  return table('Wrong servers by areas of cases', ['Server', ...areas], rows, 'areas');
}
