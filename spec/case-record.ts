/** From a case's result to the record that is written, and back to what can be shown. */
import type { Case } from './case.ts';
import type { CaseResult } from './outcome.ts';
import type { CaseRecord, EventRecord, TranscriptRecord } from './records.ts';
import { fromHex, toHex, utf8 } from './wire/bytes.ts';
import type { Transcript, TranscriptEvent } from './wire/transcript.ts';

/** Of what a connection received; what was sent is kept whole, as far as the transcript has it. */
const RECEIVED_BYTES_MAX = 16 << 10;
const MASK = 0x2a;

/** AUTH's value, which is what has to be hidden: `user 00 password` (AUTH-1). */
function secretOf(credentials: string | undefined): { bytes: Buffer; passwordAt: number } | undefined {
  const colon = credentials?.indexOf(':') ?? -1;
  if (credentials === undefined || colon < 0 || colon === credentials.length - 1) return undefined;
  const user = utf8(`${credentials.slice(0, colon)}\0`);
  return { bytes: Buffer.concat([user, utf8(credentials.slice(colon + 1))]), passwordAt: user.length };
}

/** The bytes with the password of AUTH written over, so that a report can be shown around. */
function maskPassword(bytes: Buffer, credentials: string | undefined): Buffer {
  const secret = secretOf(credentials);
  const at = secret === undefined ? -1 : bytes.indexOf(secret.bytes);
  if (secret === undefined || at < 0) return bytes;
  const masked = Buffer.from(bytes);
  masked.fill(MASK, at + secret.passwordAt, at + secret.bytes.length);
  return masked;
}

/** The bytes with the password where the mask is. */
export function unmaskPassword(bytes: Buffer, credentials: string | undefined): Buffer {
  const secret = secretOf(credentials);
  if (secret === undefined) return bytes;
  const masked = Buffer.from(secret.bytes).fill(MASK, secret.passwordAt);
  const at = bytes.indexOf(masked);
  if (at < 0) return bytes;
  const whole = Buffer.from(bytes);
  secret.bytes.copy(whole, at);
  return whole;
}

function eventRecord(event: TranscriptEvent, bytes: Buffer, note: string, startMs: number): EventRecord {
  return {
    direction: event.direction,
    ...(event.direction !== 'note' && { bytes: toHex(bytes) }),
    ...(note !== '' && { note }),
    atMs: Math.round((event.atMs - startMs) * 1000) / 1000,
  };
}

function transcriptRecord(transcript: Transcript, startMs: number, credentials: string | undefined): TranscriptRecord {
  const events: EventRecord[] = [];
  let left = RECEIVED_BYTES_MAX;
  for (const event of transcript.events) {
    if (event.direction !== 'received') {
      events.push(eventRecord(event, maskPassword(event.bytes, credentials), event.note, startMs));
      continue;
    }
    if (left === 0) continue;
    const kept = event.bytes.subarray(0, left);
    left -= kept.length;
    const isCut = kept.length < event.bytes.length;
    events.push(eventRecord(event, kept, isCut ? 'what came behind this is not kept' : event.note, startMs));
  }
  return { connection: transcript.connection, events };
}

/**
 * The record of a result. What went over the wire is in it only if the case did not pass.
 *
 * @param credentials `user:password`, which must not be in it
 * @param runs how often the case was run
 */
export function caseRecord(each: Case, result: CaseResult, credentials?: string, runs = 1): CaseRecord {
  const { seed: _, transcripts, ...rest } = result;
  const isQuiet = result.status === 'PASS' || result.status === 'SKIP' || result.status === 'BLOCKED';
  const starts = transcripts.flatMap(({ events }) => events.slice(0, 1).map(({ atMs }) => atMs));
  const startMs = Math.min(...starts);
  return {
    record: 'case',
    ...rest,
    profile: each.profile,
    why: each.why,
    durationMs: Math.round(result.durationMs),
    runs,
    ...(!isQuiet && { transcripts: transcripts.map((one) => transcriptRecord(one, startMs, credentials)) }),
  };
}

/** The events of a record as they were. */
export function eventsOf({ events }: TranscriptRecord): TranscriptEvent[] {
  return events.map(({ direction, bytes = '', note = '', atMs }) => ({ direction, bytes: fromHex(bytes), note, atMs }));
}
