/** The proof of the suite: servers that are wrong on purpose, and which cases found each of them out. */
import { html, plural, type Content, type Markup } from './markup.ts';

/** What came of a server with one deviation. */
export interface MatrixMutant {
  /** The clause that it breaks. */
  readonly clause: string;
  /** Which of the servers it is that pass the nine original tests. */
  readonly impostor?: string;
  /** How it is found out: by a failure, by a warning where the suite only advises, or as nobody listens. */
  readonly by: 'FAIL' | 'WARN' | 'unreachable';
  /** The cases that cite the clause and find it out. */
  readonly killers: readonly string[];
  /** The other cases that fail, or how many there are. */
  readonly also: readonly string[] | number;
}

/** What came of a server that is odd and keeps the protocol. */
export interface MatrixVariant {
  readonly passed: number;
  /** The cases that it failed, of which there should be none. */
  readonly failed: readonly string[];
}

/** The matrix, by the names of the servers. */
export interface Matrix {
  readonly mutants: Readonly<Record<string, MatrixMutant>>;
  readonly variants: Readonly<Record<string, MatrixVariant>>;
}

/** Where a case and a clause are on the page, if it has them. */
export interface Links {
  readonly ofCase: (id: string) => Content;
  readonly ofClause: (id: string) => Content;
}

/** Of the cases that found a mutant out, as many are named; the others are counted. */
const NAMED_MAX = 3;

function isFoundOut({ by, killers }: MatrixMutant): boolean {
  return by === 'unreachable' || killers.length > 0;
}

/** The matrix as a section of the page. */
export function matrixSection({ mutants, variants }: Matrix, links: Links): Markup {
  const wrong = Object.entries(mutants);
  const odd = Object.entries(variants);
  const found = wrong.filter(([, mutant]) => isFoundOut(mutant)).length;
  const passing = odd.filter(([, { failed }]) => failed.length === 0).length;
  return html`<section class="matrix" id="matrix" aria-labelledby="matrix-title">
    <h2 id="matrix-title">The suite on trial</h2>
    <p>
      The suite is itself tested: on servers that are wrong on purpose, of which it finds ${found} of ${wrong.length}
      out, and on servers that are odd and keep the protocol, of which it passes ${passing} of ${odd.length}.
    </p>
    ${wrong.length > 0 && html`<h3>Wrong servers</h3>`} ${wrong.length > 0 && mutantTable(wrong, links)}
    ${odd.length > 0 && html`<h3>Odd servers</h3>`} ${odd.length > 0 && variantTable(odd, links)}
  </section> `;
}

/** It scrolls by itself where the page is narrow. */
function table(label: string, heads: readonly string[], rows: readonly Markup[]): Markup {
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0">
    <table>
      <thead>
        <tr>
          ${heads.map((head) => html`<th scope="col">${head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

function mutantTable(mutants: readonly (readonly [string, MatrixMutant])[], links: Links): Markup {
  const rows = mutants.map(
    ([name, mutant]) =>
      html`<tr>
        <th scope="row">
          <code>${name}</code>
          ${mutant.impostor !== undefined && html`<p>passes the nine original tests (${mutant.impostor})</p>`}
        </th>
        <td>${links.ofClause(mutant.clause)}</td>
        <td>${foundOutBy(mutant, links)}</td>
      </tr> `,
  );
  return table('Wrong servers', ['Server', 'Breaks', 'Found out by'], rows);
}

function foundOutBy(mutant: MatrixMutant, { ofCase }: Links): Content {
  const { by, killers, also } = mutant;
  if (by === 'unreachable') return '✓ nobody listens';
  if (!isFoundOut(mutant)) return html`<strong>✗ no case</strong>`;
  const named = killers.slice(0, NAMED_MAX).map((id) => html`${ofCase(id)}<br />`);
  const others = killers.length - Math.min(killers.length, NAMED_MAX) + (typeof also === 'number' ? also : also.length);
  return [named, by === 'WARN' && 'by a warning ', others > 0 && `and ${plural(others, 'other')}`];
}

function variantTable(variants: readonly (readonly [string, MatrixVariant])[], { ofCase }: Links): Markup {
  const rows = variants.map(
    ([name, { passed, failed }]) =>
      html`<tr>
        <th scope="row"><code>${name}</code></th>
        <td>
          ${failed.length === 0 ? `✓ passes ${plural(passed, 'case')}` : html`<strong>✗ fails</strong>`}
          ${failed.map((id) => html`<br />${ofCase(id)}`)}
        </td>
      </tr> `,
  );
  return table('Odd servers', ['Server', 'Result'], rows);
}
