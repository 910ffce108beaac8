/** JUnit's XML, as Jenkins, GitLab and others read it: a suite for each area, a test for each case. */
import type { CaseRecord, RunRecord } from '../records.ts';
import { areaOf, isFailure, resultOf } from '../score.ts';
import { renderFailure, type RunFacts } from './failure.ts';
import { escapeAttribute, escapeXml } from './xml.ts';

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>';

type Verdict = 'failure' | 'error' | 'skipped' | undefined;

function verdictOf({ status }: CaseRecord): Verdict {
  if (isFailure(status)) return 'failure';
  // What is neither a pass nor the server's fault must not be read as green.
  if (status === 'ERROR' || status === 'UNKNOWN' || status === 'BLOCKED') return 'error';
  return status === 'SKIP' || status === 'XFAIL' ? 'skipped' : undefined;
}

function seconds(durationMs: number): string {
  return (durationMs / 1000).toFixed(3);
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeAttribute(String(value))}"`)
    .join('');
}

function totals(cases: readonly CaseRecord[]): Record<string, number | string> {
  const count = (verdict: Verdict): number => cases.filter((each) => verdictOf(each) === verdict).length;
  return {
    tests: cases.length,
    failures: count('failure'),
    errors: count('error'),
    skipped: count('skipped'),
    time: seconds(cases.reduce((sum, { durationMs }) => sum + durationMs, 0)),
  };
}

function messageOf({ status, observed, reason, expectedFailure }: CaseRecord): string {
  if (status === 'XFAIL' || status === 'XPASS') return `${status}: ${expectedFailure?.reason ?? ''}`;
  return `${status}: ${observed ?? reason ?? ''}`;
}

function testCase(record: CaseRecord, run: RunFacts): string {
  const verdict = verdictOf(record);
  const area = areaOf(record.id);
  const own = { name: record.id.slice(area.length + 1), classname: area, time: seconds(record.durationMs) };
  const open = `    <testcase${attributes(own)}`;
  if (verdict === 'skipped') {
    return `${open}>\n      <skipped${attributes({ message: messageOf(record) })}/>\n    </testcase>\n`;
  }
  if (verdict !== undefined) {
    const facts = { message: messageOf(record), type: record.clause ?? record.clauses[0] ?? '' };
    const text = escapeXml(renderFailure(record, run));
    return `${open}>\n      <${verdict}${attributes(facts)}>${text}</${verdict}>\n    </testcase>\n`;
  }
  if (record.status !== 'WARN') return `${open}/>\n`;
  return `${open}>\n      <system-out>${escapeXml(renderFailure(record, run))}</system-out>\n    </testcase>\n`;
}

/** The report. A server that ended between cases, and a run that did not come to its end, are errors of their own. */
export function renderJunit(records: readonly RunRecord[]): string {
  const { header, cases, crashes, summary } = resultOf(records);
  const areas = [...new Set(cases.map(({ id }) => areaOf(id)))].sort();
  const timestamp = header.startedAt.replace(/\.[0-9]+Z$/, '');
  const suites = areas.map((area) => {
    const own = cases.filter(({ id }) => areaOf(id) === area);
    const tests = own.map((record) => testCase(record, header)).join('');
    const facts = { name: area, timestamp, hostname: header.target, ...totals(own) };
    return `  <testsuite${attributes(facts)}>\n${tests}  </testsuite>\n`;
  });
  const problems = [
    ...Array.from({ length: crashes }, () => 'the server ended between two cases'),
    ...(summary?.end === 'complete' ? [] : ['the run did not come to its end']),
  ];
  // The schema has no sum of what was skipped.
  const { skipped: _, errors, ...all } = totals(cases);
  const sums = { ...all, tests: cases.length + problems.length, errors: Number(errors) + problems.length };
  if (problems.length > 0) suites.push(problemSuite(problems, header.target, timestamp));
  const name = `speicher protocol ${header.versions.protocol}`;
  const body = suites.join('');
  return `${DECLARATION}\n<testsuites${attributes({ name, ...sums })}>\n${body}</testsuites>\n`;
}

function problemSuite(problems: readonly string[], hostname: string, timestamp: string): string {
  const count = problems.length;
  const own = { name: 'run', timestamp, hostname, tests: count, failures: 0, errors: count, skipped: 0, time: '0.000' };
  const tests = problems.map(
    (message, index) =>
      `    <testcase${attributes({ name: `${index + 1}`, classname: 'run', time: '0.000' })}>\n` +
      `      <error${attributes({ message, type: 'run' })}/>\n    </testcase>\n`,
  );
  return `  <testsuite${attributes(own)}>\n${tests.join('')}  </testsuite>\n`;
}
