/** A case that did not pass, in words: what every driver of the suite shows of it. */
import { eventsOf } from '../case-record.ts';
import { drawTimeline } from '../check/timeline.ts';
import { clauses } from '../clauses.ts';
import type { CaseRecord, RunHeader, Status } from '../records.ts';
import { parseAddress } from '../target/address.ts';
import { annotateTranscript, rawLine } from '../wire/annotate.ts';
import { printable, printableLine } from './printable.ts';

/** Of a run, what a failure shows. */
export type RunFacts = Pick<RunHeader, 'target' | 'seed' | 'repeat'>;

const INDENT = '  ';
const OUTPUT_LINES_MAX = 20;
const RAW_LINES_MAX = 3;

const MARKS: Partial<Record<Status, string>> = { PASS: '✓', WARN: '!', OBS: '·', SKIP: '-', UNKNOWN: '?' };

/** The sign before a case's id. */
export function markOf(status: Status): string {
  return MARKS[status] ?? '✗';
}

/** The line of a case: its sign, id, level, clauses, profile and seed. */
function headLine(record: CaseRecord, seed: string): string {
  const { id, status, level, clauses: cited, profile } = record;
  const usual = status === 'FAIL' ? '' : `   ${status}`;
  return `${markOf(status)} ${id}   ${level}  ${cited.join(', ')}   ${profile}   seed ${seed}${usual}`;
}

function clauseLines(record: CaseRecord): string[] {
  const cited = new Set([...(record.clause === undefined ? [] : [record.clause]), ...record.clauses]);
  // A report may be older than the contract that it is read beside.
  return [...cited].map((id) => `${id}: "${clauses().get(id)?.text ?? 'the contract has no such clause any more'}"`);
}

function rawLines({ transcripts = [] }: CaseRecord, target: string): string[] {
  const sending = transcripts
    .map((transcript) => ({
      name: transcript.connection,
      bytes: Buffer.concat(
        eventsOf(transcript)
          .filter(({ direction }) => direction === 'sent')
          .map((event) => event.bytes),
      ),
    }))
    .filter(({ bytes }) => bytes.length > 0);
  const address = parseAddress(target);
  return sending
    .slice(0, RAW_LINES_MAX)
    .map(({ name, bytes }) => `raw${sending.length > 1 ? ` ${name}` : ''}:    ${rawLine(bytes, address)}`);
}

/**
 * The clauses' text, why it matters, the bytes with their meaning, what was expected and observed, and how to repeat it
 * with the suite and without.
 *
 * @param again the command that repeats it, if it is not that of the run with the case selected
 */
export function renderFailure(
  record: CaseRecord,
  run: RunFacts,
  again = `${run.repeat} --run ${record.id} --seed ${run.seed}`,
): string {
  const { why, warnings, transcripts = [], serverOutput, expectedFailure } = record;
  const lines = [headLine(record, run.seed), ...clauseLines(record), `why: ${why}`];
  for (const transcript of transcripts) {
    lines.push(...annotateTranscript({ connection: transcript.connection, events: eventsOf(transcript) }));
  }
  if (record.timeline !== undefined) lines.push(...drawTimeline(record.timeline));
  const facts = { expected: record.expected, observed: record.observed, hint: record.hint };
  for (const [name, text] of Object.entries(facts)) {
    if (text !== undefined) lines.push(`${name.padEnd(9)} ${printableLine(text)}`);
  }
  // The suite's own errors have stacks, which are read by lines.
  if (record.reason !== undefined) lines.push(`reason    ${printable(record.reason)}`);
  if (record.code !== undefined) lines.push(`code      ${record.code}`);
  for (const warning of warnings) lines.push(`warning   ${printableLine(warning)}`);
  if (expectedFailure !== undefined) {
    const { code, url, reason } = expectedFailure;
    lines.push(`expected to fail with ${code}: ${reason}${url === '-' ? '' : ` (${url})`}`);
  }
  lines.push(`again:  ${again}`, ...rawLines(record, run.target));
  if (serverOutput !== undefined) {
    const printed = printable(serverOutput.trimEnd()).split('\n').slice(-OUTPUT_LINES_MAX);
    lines.push('the server printed:', ...printed.map((line) => `| ${line}`));
  }
  return lines
    .flatMap((text) => text.split('\n'))
    .map((line, index) => (index === 0 ? line : INDENT + line))
    .join('\n');
}
