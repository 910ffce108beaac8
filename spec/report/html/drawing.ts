/** A history that no order explains, drawn: a row for each request, its bar from the call to the reply. */
import { drawTimeline, type Timeline } from '../../check/timeline.ts';
import { cutText, html, type Markup } from './markup.ts';

/** Of the coordinates of the drawing. */
const COLUMN_WIDTH = 26;
const ROW_HEIGHT = 30;
const BAR_HEIGHT = 10;
const NAME_WIDTH = 56;
const TEXT_WIDTH = 420;
const TEXT_GAP = 12;
const TEXT_CHARS_MAX = 56;
const LINE_CHARS_MAX = 300;

/** The drawing, and the same in text for who cannot see it. */
export function timelineFigure(timeline: Timeline): Markup {
  const { key, before, columns, rows } = timeline;
  const barsWidth = columns * COLUMN_WIDTH;
  const width = NAME_WIDTH + barsWidth + TEXT_GAP + TEXT_WIDTH;
  const height = rows.length * ROW_HEIGHT;
  const label = `History of the key ${cutText(key, LINE_CHARS_MAX)}, in text below`;
  return html`<figure class="timeline">
    <figcaption>No order explains these replies. The item was ${cutText(before, LINE_CHARS_MAX)}.</figcaption>
    <div class="scroll" role="region" aria-label="Drawing of a history" tabindex="0">
      <svg role="img" aria-label="${label}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
        ${rows.map((row, index) => rowDrawing(row, index, barsWidth))}
      </svg>
    </div>
    <details>
      <summary>The same in text</summary>
      <pre tabindex="0">${drawTimeline(timeline).map((line) => `${cutText(line, LINE_CHARS_MAX)}\n`)}</pre>
    </details>
  </figure>`;
}

function rowDrawing(row: Timeline['rows'][number], index: number, barsWidth: number): Markup {
  const middle = index * ROW_HEIGHT + ROW_HEIGHT / 2;
  const start = NAME_WIDTH + row.start * COLUMN_WIDTH + COLUMN_WIDTH / 2;
  // Without a reply the bar goes on to the edge: the request may still take effect.
  const end = row.end === undefined ? NAME_WIDTH + barsWidth : NAME_WIDTH + row.end * COLUMN_WIDTH + COLUMN_WIDTH / 2;
  const text = cutText(`${row.request} → ${row.reply}`, TEXT_CHARS_MAX);
  const kind = `${row.isStuck ? 'stuck' : 'placed'}${row.end === undefined ? ' open' : ''}`;
  return html`<g class="${kind}">
    <line class="lane" x1="${NAME_WIDTH}" x2="${NAME_WIDTH + barsWidth}" y1="${middle}" y2="${middle}" />
    <text x="0" y="${middle}" dy="0.35em">${cutText(row.process, 6)}</text>
    <rect
      x="${start}"
      y="${middle - BAR_HEIGHT / 2}"
      width="${Math.max(2, end - start)}"
      height="${BAR_HEIGHT}"
      rx="2"
    />
    <text x="${NAME_WIDTH + barsWidth + TEXT_GAP}" y="${middle}" dy="0.35em"
      >${row.isStuck && '✗ '}${text}${row.isStuck && ' — fits nowhere'}</text
    >
  </g> `;
}
