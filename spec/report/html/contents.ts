/** The table of contents, with a bar for each section: how its clauses came out. */
import { html, plural, type Markup } from './markup.ts';
import { TONES, type Tone } from './tones.ts';

export interface ContentsEntry {
  readonly anchor: string;
  readonly title: string;
  /** The tone of each clause in the section; empty for one without clauses. */
  readonly tones: readonly Tone[];
}

const BAR_WIDTH = 100;
const BAR_HEIGHT = 4;
const ORDER = Object.keys(TONES) as readonly Tone[];

export function contentsNav(entries: readonly ContentsEntry[]): Markup {
  return html`<nav aria-labelledby="contents-title">
    <h2 id="contents-title">Contents</h2>
    <ul>
      ${entries.map(
        ({ anchor, title, tones }) =>
          html`<li><a href="#${anchor}">${title}</a>${tones.length > 0 && bar(tones)}</li> `,
      )}
    </ul>
  </nav> `;
}

function bar(tones: readonly Tone[]): Markup {
  const counts = ORDER.map((tone) => ({ tone, count: tones.filter((each) => each === tone).length }));
  const present = counts.filter(({ count }) => count > 0);
  const label = `${plural(tones.length, 'clause')}: ${present
    .map(({ tone, count }) => `${count} ${TONES[tone].word}`)
    .join(', ')}`;
  let x = 0;
  const parts = present.map(({ tone, count }) => {
    const width = (count / tones.length) * BAR_WIDTH;
    const part = html`<rect
      class="${tone}"
      x="${x.toFixed(2)}"
      y="0"
      width="${width.toFixed(2)}"
      height="${BAR_HEIGHT}"
    />`;
    x += width;
    return part;
  });
  const telling = present.filter(({ tone }) => tone === 'failed' || tone === 'warned');
  const signs = telling.map(({ tone, count }) => html` <span class="${tone}">${TONES[tone].sign}${count}</span>`);
  return html`<span class="unseen">, ${label}</span
    ><span class="tally" aria-hidden="true" title="${label}"
      ><svg viewBox="0 0 ${BAR_WIDTH} ${BAR_HEIGHT}" preserveAspectRatio="none">${parts}</svg>${signs}</span
    >`;
}
