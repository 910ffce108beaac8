/** What went over the wire in a case: annotated, and as a command that sends it again. All of it within a budget. */
import { eventsOf } from '../../case-record.ts';
import type { CaseRecord, TranscriptRecord } from '../../records.ts';
import { parseAddress, type Address } from '../../target/address.ts';
import { annotateTranscript, rawLine } from '../../wire/annotate.ts';
import type { TranscriptEvent } from '../../wire/transcript.ts';
import { cutText, html, markupChars, plural, type Content, type Markup } from './markup.ts';

/** Of the rows of one run of bytes; the annotator counts the rest. */
const ROWS_MAX = 40;
const LINE_CHARS_MAX = 600;
const CONNECTIONS_RAW_MAX = 3;
/** A longer stream is no use on a command line. */
const RAW_BYTES_MAX = 1024;
const OUTPUT_LINES_MAX = 20;

/** What a line of a transcript is about, by the sign that it starts with. */
const DIRECTIONS: ReadonlyMap<string, string> = new Map([
  ['→', 'sent'],
  ['←', 'received'],
  ['·', 'noted'],
]);

/** The events of a record; what is noted of bytes stands behind them. */
function shownEvents(record: TranscriptRecord): TranscriptEvent[] {
  return eventsOf(record).flatMap((event) =>
    event.direction === 'note' || event.note === ''
      ? [event]
      : [event, { ...event, direction: 'note', bytes: Buffer.alloc(0) }],
  );
}

function annotated(record: TranscriptRecord): string[] {
  return annotateTranscript({ connection: record.connection, events: shownEvents(record) }, ROWS_MAX);
}

/**
 * The annotated transcripts of a case in `<details>`, one line of text a row.
 *
 * @param charsMax how many characters of markup the rows may take; a note tells how many lines are left out.
 */
export function transcripts({ transcripts: records = [] }: CaseRecord, charsMax: number): Markup | undefined {
  if (records.length === 0) return undefined;
  const lines = records.flatMap(annotated);
  const shown: Content[] = [];
  let chars = 0;
  let direction = 'noted';
  for (const line of lines) {
    const text = cutText(line, LINE_CHARS_MAX);
    chars += markupChars(text);
    if (chars > charsMax && shown.length > 0) break;
    // The rows of one run of bytes have the arrow before the first of them only.
    direction = DIRECTIONS.get(line.charAt(0)) ?? direction;
    shown.push([html`<span class="${direction}">${text}</span>`, '\n']);
  }
  const left = lines.length - shown.length;
  return html`<details class="wire">
    <summary>Bytes over ${plural(records.length, 'connection')}</summary>
    <pre tabindex="0">${shown}</pre>
    ${left > 0 && html`<p class="note">${plural(left, 'more line')} left out of this page.</p>`}
  </details>`;
}

/**
 * Commands that send a case's bytes without the suite, and the names of the connections.
 *
 * @param charsMax how many characters they may have; longer ones are left out
 */
export function rawLines(
  { transcripts: records = [] }: CaseRecord,
  target: string,
  charsMax: number,
): { name: string; line: string }[] {
  const address = readAddress(target);
  if (address === undefined) return [];
  let left = charsMax;
  return records.slice(0, CONNECTIONS_RAW_MAX).flatMap((record) => {
    const sent = eventsOf(record).filter(({ direction }) => direction === 'sent');
    const stream = Buffer.concat(sent.map(({ bytes }) => bytes));
    if (stream.length === 0 || stream.length > RAW_BYTES_MAX) return [];
    const line = rawLine(stream, address);
    if (line.length > left) return [];
    left -= line.length;
    return [{ name: record.connection, line }];
  });
}

function readAddress(target: string): Address | undefined {
  try {
    return parseAddress(target);
  } catch {
    return undefined;
  }
}

/**
 * The last lines that the server printed.
 *
 * @param charsMax how many characters of markup they may take
 */
export function printed(output: string | undefined, charsMax: number): Markup | undefined {
  const lines = (output ?? '').trimEnd().split('\n').slice(-OUTPUT_LINES_MAX).join('\n');
  if (lines === '') return undefined;
  return html`<details class="wire">
    <summary>What the server printed</summary>
    <pre tabindex="0">${cutText(lines, charsMax)}</pre>
  </details>`;
}
