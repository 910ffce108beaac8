/** A result in words: what a failure shows. */
import type { Case } from './case.ts';
import { clause } from './clauses.ts';
import type { CaseResult } from './outcome.ts';
import type { Session } from './session.ts';
import { annotateTranscript, rawLine } from './wire/annotate.ts';

const INDENT = '  ';
const OUTPUT_LINES_MAX = 20;

/** The clauses' text, why it matters, the bytes with their meaning, and how to send them again. */
export function renderFailure(each: Case, result: CaseResult, session: Session): string {
  const { level, seed, status } = result;
  const lines = [`${each.id}   ${level}  ${each.clauses.join(', ')}   ${each.profile}   seed ${seed}   ${status}`];
  const cited = new Set([...(result.clause === undefined ? [] : [result.clause]), ...each.clauses]);
  for (const id of cited) lines.push(`${id}: "${clause(id).text}"`);
  lines.push(`why: ${each.why}`);
  for (const transcript of result.transcripts) lines.push(...annotateTranscript(transcript));
  const facts = { expected: result.expected, observed: result.observed, hint: result.hint, reason: result.reason };
  for (const [name, text] of Object.entries(facts)) {
    if (text !== undefined) lines.push(`${name.padEnd(9)} ${text}`);
  }
  for (const warning of result.warnings) lines.push(`warning   ${warning}`);
  const { address } = session.target;
  if (address.kind === 'tcp') {
    for (const transcript of result.transcripts.slice(0, 3)) {
      const stream = transcript.stream('sent');
      const name = `raw ${transcript.connection}:`;
      if (stream.length > 0) lines.push(`${name}  ${rawLine(stream, address.host, address.port)}`);
    }
  }
  if (result.serverOutput !== undefined) {
    const printed = result.serverOutput.trimEnd().split('\n').slice(-OUTPUT_LINES_MAX);
    lines.push('the server printed:', ...printed.map((line) => INDENT + line));
  }
  return lines.map((line, index) => (index === 0 ? line : INDENT + line)).join('\n');
}
