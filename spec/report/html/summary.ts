/** The beginning of the page: how the run ended, over what, and where to look first. */
import { isFailure, SPEC_EXIT, type RunResult } from '../../score.ts';
import type { CrashRecord } from '../../records.ts';
import { caseAnchor, command, mark, sortCases } from './cases.ts';
import { cutText, html, plural, type Content, type Markup } from './markup.ts';
import { printed } from './wire.ts';
import { STATUS_ENTRIES, toneOf, type Tone } from './tones.ts';

const TEXT_CHARS_MAX = 300;
const PRINTED_CHARS_MAX = 3000;
/** As many failures are listed first; the others are found with the filter. */
const LISTED_MAX = 12;

interface Verdict {
  readonly tone: Tone;
  readonly text: string;
}

/** What the run came to, in one sentence. */
export function verdict(result: RunResult): Verdict {
  const { byStatus, exitCode, summary, isFiltered, withheld, cases, header } = result;
  if (exitCode === SPEC_EXIT.failed) {
    const failed = cases.filter(({ status }) => isFailure(status)).length;
    const crashes = result.crashes > 0 ? [`the server ended ${plural(result.crashes, 'time')} by itself`] : [];
    const parts = [...(failed > 0 ? [plural(failed, 'case') + ' failed'] : []), ...crashes];
    return { tone: 'failed', text: `Does not conform: ${parts.join(', ')}.` };
  }
  if (summary?.end !== 'complete' || cases.length < header.selected) {
    const how = summary?.end === 'target-lost' ? 'The target was lost' : 'The run was cut short';
    return { tone: 'failed', text: `${how}: ${cases.length} of ${plural(header.selected, 'case')} have a result.` };
  }
  if (exitCode === SPEC_EXIT.nothingSelected) return { tone: 'skipped', text: 'Nothing was run.' };
  if (exitCode !== SPEC_EXIT.conforms) {
    return {
      tone: 'failed',
      text: `Undecided: ${plural(byStatus.ERROR + byStatus.UNKNOWN, 'case')} without a verdict.`,
    };
  }
  if (isFiltered) return { tone: 'passed', text: 'What was selected passes.' };
  if (withheld > 0 || byStatus.BLOCKED > 0) {
    const untried = withheld + byStatus.BLOCKED;
    return { tone: 'warned', text: `What was tried passes; ${plural(untried, 'requirement')} could not be tried.` };
  }
  return { tone: 'passed', text: 'Conforms to every profile that it claims.' };
}

/** `97.9 %`, rounded down: 100 % means all. */
function percent(part: number, whole: number): string {
  return whole === 0 ? '—' : `${Math.floor((part / whole) * 1000) / 10} %`;
}

/** `41.3 s`. */
function duration(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}

export function summarySection(result: RunResult, crashes: readonly CrashRecord[]): Markup {
  const { header } = result;
  const { tone, text } = verdict(result);
  return html`<section class="summary" id="summary" aria-labelledby="summary-title">
    <h2 id="summary-title">Result</h2>
    <p class="verdict ${tone}">${mark(tone, text)}</p>
    ${result.isFiltered && filterStamp(result)}
    ${header.helloProblem !== undefined && html`<p class="stamp">${cutText(header.helloProblem, TEXT_CHARS_MAX)}</p>`}
    ${facts(result)} ${failures(result)} ${crashes.map(crash)}
    ${command('Repeat', `${header.repeat} --seed ${header.seed}`, 'the whole run')} ${legend(result)}
  </section> `;
}

function filterStamp({ header }: RunResult): Markup {
  const { run, skip } = header.selection;
  const parts = [
    ...(run.length > 0 ? [`only ${run.join(', ')}`] : []),
    ...(skip.length > 0 ? [`without ${skip.join(', ')}`] : []),
  ];
  return html`<p class="stamp">
    <strong>A filtered run:</strong> ${cutText(parts.join('; '), TEXT_CHARS_MAX)}. It proves nothing about what was left
    out.
  </p>`;
}

function shortText(text: string): string {
  return cutText(text, TEXT_CHARS_MAX);
}

function facts(result: RunResult): Markup {
  const { header, summary, met, scored, executed } = result;
  const { versions, profiles, claimed } = header;
  const differs = claimed.toSorted().join(' ') !== profiles.toSorted().join(' ');
  const rows: readonly (readonly [string, Content])[] = [
    ['Target', html`<code>${shortText(header.target)}</code>${header.spawned && ', started by the suite'}`],
    ['Server', versions.server === undefined ? 'it does not say' : shortText(versions.server)],
    ['Profiles', shortText(profiles.join(' '))],
    ['Claimed', differs && (claimed.length === 0 ? 'none' : shortText(claimed.join(' ')))],
    ['Score', html`<strong>${met} of ${scored}</strong> requirements, ${percent(met, scored)}`],
    ['Cases', `${header.declared} declared, ${header.selected} selected, ${executed} executed, ${scored} scored`],
    [
      'Seed',
      html`<code>${shortText(header.seed)}</code>${header.timeoutScale !== 1 && `, waits × ${header.timeoutScale}`}`,
    ],
    ['Suite', `${versions.suite}, protocol ${versions.protocol}`],
    [
      'Run',
      html`<time datetime="${header.startedAt}">${startedAt(header.startedAt)}</time>${
          summary !== undefined && `, ${duration(summary.durationMs)}`
        }`,
    ],
  ];
  return html`<dl class="facts">
    ${rows.map(
      ([name, value]) =>
        value !== false &&
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div> `,
    )}
  </dl>`;
}

/** `2026-11-21 06:05 UTC`. */
function startedAt(iso: string): string {
  return `${iso.slice(0, 'yyyy-mm-dd'.length)} ${iso.slice('yyyy-mm-ddT'.length, 'yyyy-mm-ddThh:mm'.length)} UTC`;
}

function failures({ cases }: RunResult): Content {
  const failed = sortCases(cases.filter((each) => toneOf(each) === 'failed'));
  if (failed.length === 0) return undefined;
  const rows = failed.slice(0, LISTED_MAX).map(
    ({ id, status, observed, reason }) =>
      html`<li>
        ${mark('failed', status)} <a href="#${caseAnchor(id)}"><code>${id}</code></a>
        <span class="brief">${cutText((observed ?? reason ?? '').split('\n', 1)[0] ?? '', TEXT_CHARS_MAX)}</span>
      </li> `,
  );
  const more = failed.length - LISTED_MAX;
  return html`<h3>What failed</h3>
    <ul class="failures">
      ${rows}
    </ul>
    ${more > 0 && html`<p class="note">And ${plural(more, 'other')}: show the failed ones only, below.</p>`}`;
}

function crash({ after, observed, serverOutput }: CrashRecord): Markup {
  const when = after === undefined ? 'before the first case' : html`after <code>${after}</code>`;
  return html`<p>${mark('failed', 'CRASH')} ${cutText(observed, TEXT_CHARS_MAX)}, ${when}, while no case ran.</p>
    ${printed(serverOutput, PRINTED_CHARS_MAX)}`;
}

function legend({ byStatus }: RunResult): Markup {
  const entries = Object.entries(STATUS_ENTRIES) as [keyof typeof STATUS_ENTRIES, { tone: Tone; meaning: string }][];
  const rows = entries
    .filter(([status]) => byStatus[status] > 0)
    .map(
      ([status, { tone, meaning }]) =>
        html`<div>
          <dt>${mark(tone, status)}</dt>
          <dd>${byStatus[status]} — ${meaning}</dd>
        </div> `,
    );
  return html`<dl class="legend">${rows}</dl>`;
}
