/** Runs for the tests of the page: one with every status, one by a hostile server, one in which everything failed. */
import type { Timeline } from '../../../check/timeline.ts';
import { clauses } from '../../../clauses.ts';
import { STATUSES, type CaseRecord, type RunHeader, type RunRecord, type TranscriptRecord } from '../../../records.ts';
import { toHex, utf8 } from '../../../wire/bytes.ts';
import type { Matrix } from '../matrix.ts';

/** What must stay text wherever it comes from. */
export const HOSTILE = `</script></style></pre><img src=x onerror="document.title='forged'">'&<b>\u202e\0`;

export function sampleHeader(changes: Partial<RunHeader> = {}): RunHeader {
  return {
    record: 'run',
    format: 1,
    target: '127.0.0.1:14567',
    spawned: false,
    versions: { suite: '0.1.0', protocol: '1', server: 'sample 1.2' },
    profiles: ['core', 'json', 'standard'],
    claimed: ['core', 'json', 'standard'],
    seed: '7f3a',
    timeoutScale: 1,
    selection: { run: [], skip: [] },
    declared: 300,
    selected: 300,
    repeat: 'speicher spec 127.0.0.1:14567',
    startedAt: '2026-11-21T06:05:00.000Z',
    ...changes,
  };
}

export function sampleCase(changes: Partial<CaseRecord> = {}): CaseRecord {
  return {
    record: 'case',
    id: 'set.keeps-nothing-of-the-old',
    status: 'PASS',
    level: 'MUST',
    clauses: ['SET-1'],
    profile: 'standard',
    why: 'A session that is set again without a TTL would still die with the old one.',
    durationMs: 12,
    runs: 1,
    alternatives: [],
    warnings: [],
    ...changes,
  };
}

/** SET foo bar and a reply. */
function sampleTranscript(reply: Uint8Array, connection = 'a'): TranscriptRecord {
  return {
    connection,
    events: [
      { direction: 'sent', bytes: '0000000e1100000300000001666f6f626172', atMs: 0 },
      { direction: 'received', bytes: toHex(reply), atMs: 1, note: 'what came behind this is not kept' },
      { direction: 'note', note: 'closed by the server', atMs: 2 },
    ],
  };
}

const TIMELINE: Timeline = {
  key: 'k1',
  before: '"a", version 7',
  columns: 6,
  rows: [
    { process: 'c0', start: 0, end: 3, request: 'SET "b"', reply: '200, version 8', isStuck: false },
    { process: 'c1', start: 1, request: 'DELETE', reply: 'no reply', isStuck: false },
    { process: 'c2', start: 4, end: 5, request: 'GET', reply: '200, "a", version 7', isStuck: true },
  ],
};

/** A frame with a reply of 200 to SET and a value. */
function replyWith(value: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(8 + value.length);
  return Buffer.concat([length, Buffer.from('910000c800000001', 'hex'), value]);
}

/** Every status once, under clauses of several sections, with a crash and a drawing. */
export function sampleRun(): RunRecord[] {
  const ids = [...clauses().keys()];
  const cases = STATUSES.map((status, index) => {
    const wrong = status !== 'PASS' && status !== 'SKIP';
    return sampleCase({
      id: `sample.is-${status.toLowerCase()}`,
      status,
      clauses: [ids[index * 3] ?? 'SET-1', 'GET-1'],
      ...(status === 'SKIP' && { skip: 'unclaimed', reason: 'the target does not claim locks' }),
      ...(status === 'FLAKY' && { runs: 3, reason: 'it failed 1 of 2 times', timeline: TIMELINE }),
      ...(status === 'WARN' && { warnings: ['the reply came in two pieces'] }),
      ...(status === 'XFAIL' && {
        expectedFailure: { code: 'closed', url: 'https://example.org/issues/1', reason: 'not built yet' },
      }),
      ...(wrong && {
        expected: '200 OK, value "bar", no TTL',
        observed: 'TTL 4983',
        hint: "the old item's expiry survived the SET",
        transcripts: [sampleTranscript(replyWith(utf8('a value')))],
        serverOutput: 'listening\nready\n',
      }),
    });
  });
  return [
    sampleHeader({ selected: cases.length }),
    ...cases,
    { record: 'crash', after: 'sample.is-fail', observed: 'the server exited with status 1', serverOutput: 'panic' },
    { record: 'summary', end: 'complete', exitCode: 1, durationMs: 41_300 },
  ];
}

/** Everything that the server or a file may write says what it must not. */
export function hostileRun(): RunRecord[] {
  const long = HOSTILE.repeat(4000);
  const wrong = sampleCase({
    status: 'FAIL',
    expected: HOSTILE,
    observed: long,
    hint: HOSTILE,
    reason: long,
    warnings: [HOSTILE],
    alternatives: [HOSTILE],
    expectedFailure: { code: 'closed', url: `javascript:alert(1)//${HOSTILE}`, reason: HOSTILE },
    transcripts: [sampleTranscript(replyWith(utf8(long)), HOSTILE), sampleTranscript(utf8(`{"a":${long}}`))],
    serverOutput: long,
  });
  const envelope = sampleCase({
    id: `json.${HOSTILE}`,
    status: 'FAIL',
    clauses: ['JSON-1', HOSTILE],
    why: HOSTILE,
    profile: HOSTILE,
    transcripts: [sampleTranscript(Buffer.concat([Buffer.from('0000ffff', 'hex'), utf8(`{"value":"${HOSTILE}"}`)]))],
  });
  const { versions } = sampleHeader();
  return [
    sampleHeader({
      target: `[::1]:14567${HOSTILE}`,
      versions: { ...versions, server: long },
      claimed: [HOSTILE],
      helloProblem: long,
      selection: { run: [HOSTILE], skip: [] },
      seed: HOSTILE,
      repeat: HOSTILE,
      selected: 3,
    }),
    wrong,
    envelope,
    sampleCase({ id: 'old.case', status: 'FAIL', clauses: ['GONE-1'] }),
    { record: 'crash', after: HOSTILE, observed: long, serverOutput: long },
  ];
}

/** As many failures as the suite has cases, each with long replies. */
export function failingRun(count: number): RunRecord[] {
  const ids = [...clauses().keys()];
  const reply = Buffer.concat([replyWith(Buffer.alloc(16_000, '<')), replyWith(Buffer.alloc(8000, 0xff))]);
  const cases = Array.from({ length: count }, (_, index) =>
    sampleCase({
      id: `sample.number-${index}`,
      status: 'FAIL',
      clauses: [ids[index % ids.length] ?? 'SET-1'],
      expected: '200 OK, value "bar", no TTL',
      observed: `404 NOT_FOUND, the value "${'x'.repeat(120)}"`,
      hint: 'the old item survived',
      transcripts: ['a', 'b', 'c'].map((name) => sampleTranscript(reply, name)),
      serverOutput: 'GET foo\n'.repeat(500),
    }),
  );
  return [sampleHeader({ selected: count }), ...cases];
}

export const SAMPLE_MATRIX: Matrix = {
  mutants: {
    'set-keeps-the-ttl': {
      clause: 'SET-1',
      by: 'FAIL',
      killers: ['sample.is-fail', 'set.drops-expiry', 'json.set-drops-expiry', 'set.again'],
      also: ['expiry.next-item'],
    },
    'strings-only': { clause: 'JSON-2', impostor: 'I11', by: 'FAIL', killers: ['json.numbers'], also: 40 },
    'split-replies': { clause: 'TRANSPORT-6', by: 'WARN', killers: ['transport.replies-together'], also: 0 },
    'closed-port': { clause: 'TRANSPORT-1', by: 'unreachable', killers: [], also: 0 },
    'never-answers': { clause: 'TRANSPORT-3', by: 'FAIL', killers: [], also: 3 },
  },
  variants: {
    'one-byte-segments': { passed: 450, failed: [] },
    'extra-entries': { passed: 449, failed: ['hello.entries'] },
  },
};
