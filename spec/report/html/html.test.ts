import { assert, integer, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clauses } from '../../clauses.ts';
import type { CaseRecord, RunRecord } from '../../records.ts';
import { resultOf } from '../../score.ts';
import { renderHtml } from '../html.ts';
import { cutText, escapeText, html, markupChars } from './markup.ts';
import { verdict } from './summary.ts';
import {
  failingRun,
  HOSTILE,
  hostileRun,
  SAMPLE_MATRIX,
  sampleCase,
  sampleHeader,
  sampleRun,
} from './testing/sample-run.ts';
import { worstTone } from './tones.ts';

const BYTES_MAX = 2_000_000;
/** More than the suite has. */
const MANY_CASES = 600;

/** The page's own style and script are left out: what is left was made from the run. */
function withoutOwn(page: string): string {
  return page.replace(/<style>.*?<\/style>/s, '').replace(/<script type="module">.*?<\/script>\s*<\/body>/s, '');
}

/** The markup of the element with this id, up to the next of its kind. */
function element(page: string, id: string): string {
  const start = page.search(new RegExp(`\\sid="${id}"`));
  const [, name] = /<([a-z]+)[^<]*$/.exec(page.slice(0, start)) ?? [];
  if (name === undefined) throw new Error(`the page has no ${id}`);
  return page.slice(start, page.indexOf(`</${name}>`, start));
}

function finished(cases: readonly CaseRecord[], changes: Parameters<typeof sampleHeader>[0] = {}): RunRecord[] {
  const header = sampleHeader({ selected: cases.length, ...changes });
  return [header, ...cases, { record: 'summary', end: 'complete', exitCode: 0, durationMs: 1000 }];
}

function isFailOrFrame(record: RunRecord): boolean {
  return record.record !== 'case' || record.status === 'FAIL';
}

describe('markup', () => {
  test('text cannot leave its place', () => {
    expect(html`<p title="${'"><i>'}">${`<b>'&`}</p>`.text).toBe(
      '<p title="&quot;&gt;&lt;i&gt;">&lt;b&gt;&#39;&amp;</p>',
    );
    expect(html`${[html`<b>1</b>`, '<', undefined, false, 2]}`.text).toBe('<b>1</b>&lt;2');
  });

  test('what would not be seen is spelled', () => {
    expect(escapeText('a\0\u202eb\ud800\r\n\t')).toBe(String.raw`a\u0000\u202eb\ud800\u000d` + '\n\t');
    expect(escapeText('𝄞')).toBe('𝄞');
  });

  test('cut text stays below its limit, whatever it says', () => {
    assert(
      property(string({ unit: 'binary', maxLength: 60 }), integer({ min: 0, max: 40 }), (text, charsMax) => {
        const cut = cutText(text, charsMax);
        const [kept = ''] = cut.split(/ … \([0-9]+ more characters\)$/);
        expect(text.startsWith(kept)).toBe(true);
        expect(markupChars(kept)).toBeLessThanOrEqual(Math.max(charsMax, 0));
        expect(cut === text).toBe(markupChars(text) <= charsMax);
      }),
    );
  });
});

describe('the text', () => {
  const page = renderHtml(sampleRun(), { matrix: SAMPLE_MATRIX });

  test('has every clause, and its words', () => {
    for (const { id, text } of clauses().values()) {
      const plain = element(page, id)
        .replaceAll(/<[^>]+>/g, '')
        .replaceAll(/\s+/g, ' ');
      expect(plain).toContain(escapeText(text.replaceAll('`', '')));
    }
  });

  test('keeps tables as they are, and leads from references to what they name', () => {
    expect(page).toContain('8       4     id           id            echoed\n');
    expect(element(page, 'FRAME-6')).toContain('80   QUIET    0     —     request only: reply only if there is news');
    expect(element(page, 'TRANSPORT-3')).toContain('(but <a href="#FRAME-10">FRAME-10</a>)');
    expect(element(page, 'FRAME-2')).toContain('<a href="#section-7">section 7</a>');
    expect(page).not.toContain('#UTF-8');
  });

  test('every link within the page leads somewhere, and no id is given twice', () => {
    const ids = Array.from(page.matchAll(/\sid="([^"]*)"/g), ([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const links = new Set(Array.from(page.matchAll(/\shref="#([^"]*)"/g), ([, id]) => id));
    expect(links.size).toBeGreaterThan(50);
    for (const link of links) expect(ids).toContain(link);
  });

  test('may hold any Markdown, and none of it becomes markup', () => {
    const protocol = `# T\n\nHi <img src=x> [a](javascript:b)\n\n## 1. One\n\n- **A-1** *b* \`<c>\` A-1.\n\n1. <hr>\n`;
    const page = withoutOwn(renderHtml(finished([sampleCase({ clauses: ['A-1'] })]), { protocol }));
    expect(page).not.toMatch(/<img|<hr|javascript:b"/);
    expect(element(page, 'A-1')).toMatch(/<em>b<\/em>\s+<code>&lt;c&gt;<\/code>\s+<a href="#A-1">A-1<\/a>/);
  });
});

describe('clauses', () => {
  test('take the worst result of the cases that cite them', () => {
    const both = [sampleCase({ id: 'a.a', clauses: ['SET-1', 'GET-1'] }), sampleCase({ id: 'a.b', status: 'FAIL' })];
    const page = renderHtml(finished(both));
    expect(page).toMatch(/class="clause failed"\s+id="SET-1"\s+data-tones="failed passed"/);
    expect(page).toMatch(/class="clause passed"\s+id="GET-1"\s+data-tones=""/);
    expect(page).toMatch(/class="clause untested"\s+id="GET-2"\s+data-tones=""/);
    expect(element(page, 'GET-1')).toContain('<a href="#case-a.a">');
  });

  test('a reply of a wrong form colours the clause that it broke', () => {
    const page = renderHtml(finished([sampleCase({ status: 'FAIL', clause: 'FRAME-5' })]));
    expect(page).toMatch(/class="clause failed"\s+id="FRAME-5"/);
  });

  test.each([
    [['PASS', 'SKIP unclaimed'], 'passed'],
    [['PASS', 'SKIP withheld'], 'skipped'],
    [['SKIP inapplicable'], 'skipped'],
    [['PASS', 'BLOCKED', 'WARN'], 'warned'],
    [['PASS', 'UNKNOWN', 'WARN'], 'failed'],
    [['PASS', 'OBS'], 'passed'],
    [[], 'untested'],
  ])('%j is %s', (all, tone) => {
    const cases = all.map((each) => {
      const [status, skip] = each.split(' ');
      return { status, skip } as CaseRecord;
    });
    expect(worstTone(cases)).toBe(tone);
    expect(worstTone(cases.toReversed())).toBe(tone);
  });
});

describe('the result', () => {
  const skipped = { status: 'SKIP', skip: 'withheld' } as const;
  test.each([
    ['Conforms to every profile that it claims.', finished([sampleCase()])],
    ['Does not conform: 1 case failed.', finished([sampleCase({ status: 'FAIL' })])],
    ['Does not conform: 1 case failed, the server ended 1 time by itself.', [...sampleRun()].filter(isFailOrFrame)],
    ['What was selected passes.', finished([sampleCase()], { selection: { run: ['set.*'], skip: [] } })],
    ['What was tried passes; 1 requirement could not be tried.', finished([sampleCase(), sampleCase(skipped)])],
    ['The run was cut short: 1 of 300 cases have a result.', [sampleHeader(), sampleCase()]],
    ['Undecided: 1 case without a verdict.', finished([sampleCase({ status: 'UNKNOWN' })])],
  ])('%s', (text, records) => {
    expect(verdict(resultOf(records)).text).toBe(text);
    expect(renderHtml(records)).toContain(text);
  });

  test('tells the facts of the run, and stamps one that was filtered', () => {
    const facts = element(renderHtml(sampleRun()), 'summary').replaceAll(/<[^>]+>|\s+/g, ' ');
    for (const fact of ['127.0.0.1:14567', 'sample 1.2', 'core json standard', '7f3a', '41 s', '300 declared']) {
      expect(facts).toContain(fact);
    }
    expect(facts).toMatch(/Score +3 of 10 +requirements, 30 %/);
    expect(facts).not.toContain('A filtered run');
    const filtered = finished([sampleCase()], { selection: { run: ['set.*'], skip: ['lock.*'] } });
    expect(renderHtml(filtered)).toMatch(/A filtered run:<\/strong>\s+only set\.\*; without lock\.\*/);
  });
});

describe('a case', () => {
  const page = renderHtml(sampleRun(), { matrix: SAMPLE_MATRIX });

  test('shows what was expected and what came, and how to repeat it', () => {
    const shown = page.slice(page.indexOf('id="case-sample.is-fail"')).replaceAll(/<[^>]+>/g, '');
    for (const part of [
      'A session that is set again',
      '200 OK, value &quot;bar&quot;, no TTL',
      'TTL 4983',
      'the old item&#39;s expiry survived the SET',
      'speicher spec 127.0.0.1:14567 --run sample.is-fail --seed 7f3a',
      'xxd -r -p &lt;&lt;&lt; 0000000e1100000300000001666f6f626172 | nc -q1 127.0.0.1 14567 | xxd',
      'length 14\n     0004  11 00 00 03                 SET, no flags, key length 3\n',
      'reply to SET, no flags, status 200 OK',
      'what came behind this is not kept',
      'closed by the server',
    ]) {
      expect(shown).toContain(part);
    }
  });

  test('that failed is open, two of a clause at most', () => {
    expect(page).toMatch(/id="case-sample.is-fail"[^>]*\sopen\s*>/);
    expect(page).not.toMatch(/id="case-sample.is-pass"[^>]*\sopen\s*>/);
    const three = ['a.a', 'a.b', 'a.c'].map((id) => sampleCase({ id, status: 'FAIL' }));
    expect(renderHtml(finished(three)).match(/class="case failed"[^>]*\sopen\s*>/g)).toHaveLength(2);
  });

  test('links an expected failure only to the web', () => {
    expect(page).toContain('<a href="https://example.org/issues/1"');
    expect(renderHtml(hostileRun())).not.toContain('href="javascript:');
  });

  test('draws a history', () => {
    const drawing = page.slice(page.indexOf('<figure class="timeline">'), page.indexOf('</figure>'));
    expect(drawing.match(/<rect\s/g)).toHaveLength(3);
    expect(drawing).toMatch(/<g class="placed open">/);
    expect(drawing).toMatch(/<g class="stuck">[^]*GET → 200, &quot;a&quot;, version 7 — fits nowhere/);
  });

  test('of a clause that the text does not have is not lost', () => {
    expect(element(renderHtml(hostileRun()), 'other-cases')).toContain('<code>old.case</code>');
  });
});

describe('the matrix', () => {
  const section = element(renderHtml(sampleRun(), { matrix: SAMPLE_MATRIX }), 'matrix');

  test('tells who found whom out', () => {
    const text = section.replaceAll(/<[^>]+>|\s+/g, ' ').replaceAll(/ +/g, ' ');
    expect(text).toContain('it finds 4 of 5 out');
    expect(text).toContain('it passes 1 of 2.');
    expect(section).toContain('<a href="#SET-1">');
    expect(section).toContain('<a href="#case-sample.is-fail">');
    for (const row of [
      'json.set-drops-expiry and 2 others',
      'strings-only passes the nine original tests (I11) JSON-2 json.numbers and 40 others',
      'transport.replies-together by a warning',
      'closed-port TRANSPORT-1 ✓ nobody listens',
      'never-answers TRANSPORT-3 ✗ no case',
      'one-byte-segments ✓ passes 450 cases',
      'extra-entries ✗ fails hello.entries',
    ]) {
      expect(text).toContain(row);
    }
  });

  test('is left out if there is none', () => {
    expect(renderHtml(sampleRun())).not.toContain('id="matrix"');
  });
});

describe('a hostile server', () => {
  test('writes no markup', () => {
    const page = withoutOwn(renderHtml(hostileRun()));
    expect(page).not.toMatch(/<img|<b>|<\/script|<\/style/);
    expect(page.split('<pre').length).toBe(page.split('</pre>').length);
    expect(page).not.toMatch(/[\0\u202e]/);
    expect(page).toContain(escapeText(HOSTILE));
  });

  test('cannot make the page long', () => {
    expect(Buffer.byteLength(renderHtml(hostileRun()))).toBeLessThan(300_000);
  });
});

test('a page of failures stays below 2 MB, and tells what it leaves out', () => {
  const page = renderHtml(failingRun(MANY_CASES), { matrix: SAMPLE_MATRIX });
  expect(Buffer.byteLength(page)).toBeLessThan(BYTES_MAX);
  expect(page).toMatch(/[0-9]+ more lines left out of this page/);
});

test('the page asks for nothing, and its policy forbids it', () => {
  const page = renderHtml(sampleRun(), { matrix: SAMPLE_MATRIX });
  expect(page).toContain('default-src &#39;none&#39;');
  expect(page).not.toMatch(/<(?:link|img|script|iframe)[^>]*(?:src|href)="(?!data:,)/);
  expect(page).not.toMatch(/url\(|@import/);
});
