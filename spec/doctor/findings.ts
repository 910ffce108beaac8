/** From what was observed to what it means, in words, and what to do about it. */
import { OPCODE, REPLY_BIT } from '../../protocol/operations.ts';
import { STATUS, statusName } from '../../protocol/statuses.ts';
import { sameBytes, showBytes, startsWith } from '../wire/bytes.ts';
import { parseEntries, entriesToTexts } from '../wire/entries.ts';
import type { Observation } from './observe.ts';
import { PING_ID, PING_VALUE, type ProbeName } from './probes.ts';

export interface Finding {
  /** In kebab-case; it never changes once it is published. */
  readonly code: string;
  /** `blocks`: no case can be run. `mistake`: cases will fail. `advice`: they can run. */
  readonly weight: 'blocks' | 'mistake' | 'advice';
  readonly what: string;
  readonly todo: string;
}

export interface Observations {
  readonly probes: Partial<Record<ProbeName, Observation>>;
  readonly speaksTls?: boolean;
  /** Whether the target was named with `tls://`. */
  readonly overTls: boolean;
  readonly hasCredentials: boolean;
}

const LENGTH_BYTES = 4;
const HEAD_END = 12;
const SHOWN_BYTES = 24;
const FRAME_BYTES_MAX = 64 << 20;

const blocks = (code: string, what: string, todo: string): Finding => ({ code, weight: 'blocks', what, todo });
const mistake = (code: string, what: string, todo: string): Finding => ({ code, weight: 'mistake', what, todo });
const advice = (code: string, what: string, todo: string): Finding => ({ code, weight: 'advice', what, todo });

/** The first frame of what came, if it is one: whole, and a head or an envelope at least. */
function firstFrame(observation: Observation | undefined): Buffer | undefined {
  const { received, sent } = observation ?? {};
  if (received === undefined || sent === undefined || received.length < LENGTH_BYTES) return undefined;
  if (received.length >= sent.length && startsWith(received, sent)) return undefined;
  const length = received.readUInt32BE(0);
  const end = LENGTH_BYTES + length;
  if (length > FRAME_BYTES_MAX || end > received.length) return undefined;
  const isEnvelope = received[LENGTH_BYTES] === 0x7b;
  return isEnvelope || end >= HEAD_END ? received.subarray(0, end) : undefined;
}

/** Whether the server speaks the protocol well enough for the cases to judge it. */
export function isReady({ probes }: Observations): boolean {
  const frames = [probes.ping, probes.hello, probes.json].map(firstFrame).filter((frame) => frame !== undefined);
  return frames.some((frame) => !isRefusal(frame));
}

function isRefusal(frame: Buffer): boolean {
  return frame[LENGTH_BYTES] === REPLY_BIT && frame.readUInt16BE(6) === STATUS.TOO_MANY;
}

/** What is found, the most important first. A server without a mistake gives nothing. */
export function findingsOf(observations: Observations): Finding[] {
  if (isReady(observations)) return [...pingFindings(observations), ...helloFindings(observations)];
  return [whyNotReady(observations)];
}

function whyNotReady(observations: Observations): Finding {
  const { probes, overTls, speaksTls } = observations;
  const { ping } = probes;
  if (ping === undefined || !ping.isConnected) return noConnection(ping?.error ?? '', overTls);
  if (speaksTls === true) {
    return blocks('tls', 'the port speaks TLS', 'name the target as tls://host:port, or open a port without TLS');
  }
  const frame = firstFrame(ping);
  if (frame !== undefined && isRefusal(frame)) {
    return blocks(
      'too-many',
      'the server refuses the connection: its limit on connections is reached (429)',
      'close others, or raise the limit: below 32 it is a mistake (TRANSPORT-7)',
    );
  }
  return foreign(probes) ?? lengthMistake(probes) ?? silence(probes) ?? garbage(probes);
}

function noConnection(error: string, overTls: boolean): Finding {
  if (overTls && /SSL|EPROTO|ECONNRESET|TIMEOUT/.test(error)) {
    return blocks('no-tls', `the port does not speak TLS (${error})`, 'name the target as host:port, without tls://');
  }
  const todo = 'start the server first, or correct the address; --spawn starts it for you';
  if (error === 'ECONNREFUSED' || error === 'ENOENT') return blocks('closed-port', 'nothing listens there', todo);
  if (error === 'ENOTFOUND' || error === 'EAI_AGAIN') return blocks('no-host', 'there is no such host', todo);
  return blocks('no-connection', `the connection is not accepted (${error || 'no error'})`, todo);
}

/** Servers of something else altogether. */
function foreign(probes: Observations['probes']): Finding | undefined {
  const text = (name: ProbeName): string => probes[name]?.received.toString('latin1') ?? '';
  const anyText = (pattern: RegExp): boolean =>
    (Object.keys(probes) as ProbeName[]).some((name) => pattern.test(text(name)));
  const port = 'check the port: this is another server';
  if (anyText(/^HTTP\/[0-9]/)) return blocks('http', 'an HTTP server answers there', port);
  if (/^\+PONG|^-(?:NOAUTH|ERR|DENIED|NOPERM)/.test(text('redis'))) {
    return blocks('redis', 'a Redis (RESP) server answers there', port);
  }
  if (text('memcached').startsWith('VERSION ')) return blocks('memcached', 'a memcached server answers there', port);
  if (isEcho(probes.ping) && isEcho(probes.hello)) {
    return blocks('echo', 'an echo server answers there: it sends back what it gets', `${port}, or answer the request`);
  }
  const { nothing } = probes;
  if (nothing !== undefined && nothing.received.length > 0 && !nothing.isFlood) {
    const said = showBytes(nothing.received, SHOWN_BYTES);
    return blocks('speaks-first', `the server speaks first: ${said}`, `${port}, or wait for a request`);
  }
  if (/^\s*\{/.test(text('jsonLine'))) {
    return blocks(
      'json-lines',
      'the server takes JSON that ends with a line break',
      'frame each message by a 4-byte big-endian length instead (FRAME-1, FRAME-2)',
    );
  }
  return undefined;
}

function isEcho(observation: Observation | undefined): boolean {
  return observation !== undefined && observation.sent.length > 0 && startsWith(observation.received, observation.sent);
}

/** Whether the reply's length, big-endian, counts all but its first so many bytes. */
function countsFrom(seen: Observation | undefined, offset: number): boolean {
  return looksLikeReply(seen) && seen.received.readUInt32BE(0) === seen.received.length - offset;
}

function isLittleEndian(seen: Observation | undefined): boolean {
  return looksLikeReply(seen) && seen.received.readUInt32LE(0) === seen.received.length - LENGTH_BYTES;
}

/** Frames of the right form but for what their length says. */
function lengthMistake({
  ping,
  littleEndian,
  countsItself,
  countsNoHead,
}: Observations['probes']): Finding | undefined {
  if (isLittleEndian(ping) || isLittleEndian(littleEndian) || countsFrom(littleEndian, LENGTH_BYTES)) {
    return blocks('little-endian', 'lengths are little-endian', 'all integers are big-endian: the length first of all');
  }
  if (countsFrom(ping, 0) || countsFrom(countsItself, 0) || countsFrom(countsItself, LENGTH_BYTES)) {
    return blocks('counts-itself', 'the length counts itself', 'it counts the bytes behind it: 4 less (FRAME-1)');
  }
  if (countsFrom(ping, HEAD_END) || countsFrom(countsNoHead, HEAD_END) || countsFrom(countsNoHead, LENGTH_BYTES)) {
    return blocks(
      'counts-no-head',
      'the length leaves out the head',
      'it counts opcode, flags, key length and id too: 8 more (FRAME-1)',
    );
  }
  return undefined;
}

function looksLikeReply(observation: Observation | undefined): observation is Observation {
  if (observation === undefined || observation.received.length < HEAD_END) return false;
  return ((observation.received[LENGTH_BYTES] ?? 0) & ~REPLY_BIT) === OPCODE.PING;
}

function silence(probes: Observations['probes']): Finding | undefined {
  const own = [probes.ping, probes.hello, probes.json].filter((seen) => seen !== undefined);
  if (own.some(({ received }) => received.length > 0)) return undefined;
  if (own.every(({ isClosed }) => isClosed)) {
    return blocks(
      'closes',
      'the server accepts, and closes the connection without an answer',
      'look at what it prints: likely it fails on the first bytes; keep the connection open (TRANSPORT-7)',
    );
  }
  return blocks(
    'silent',
    'the server accepts, and never answers',
    'a PING of 20 bytes is one whole frame: read 4 bytes, then as many as they say, then answer and flush (FRAME-1)',
  );
}

function garbage(probes: Observations['probes']): Finding {
  const seen = [probes.ping, probes.hello, probes.json].find((each) => each !== undefined && each.received.length > 0);
  const said = showBytes(seen?.received ?? Buffer.alloc(0), SHOWN_BYTES);
  const forever = seen?.isFlood === true ? ', and does not stop' : '';
  return blocks(
    'garbage',
    `the server answers with what is no frame: ${said}${forever}`,
    'a reply is length, opcode | 80, flags, status, id, fields, value (section 2)',
  );
}

/** What is wrong with a reply to PING that is a frame. */
function pingFindings({ probes: { ping } }: Observations): Finding[] {
  const frame = firstFrame(ping);
  if (ping === undefined || frame === undefined) {
    const way = ping?.isClosed === true ? 'closes the connection' : 'does not answer it with a frame';
    return [
      mistake('no-ping', `PING: the server ${way}`, 'answer opcode 02 with the value that it came with (PING-1)'),
    ];
  }
  if (frame[LENGTH_BYTES] === 0x7b) {
    return [
      mistake('json-only', 'a binary PING is answered with JSON', 'answer each request in its own form (JSON-5)'),
    ];
  }
  const found: Finding[] = [];
  const opcode = frame.readUInt8(LENGTH_BYTES);
  if (opcode === OPCODE.PING) {
    found.push(
      mistake('no-high-bit', 'the reply’s opcode lacks the high bit', 'PING 02 is answered with 82 (FRAME-5)'),
    );
  } else if (opcode !== (OPCODE.PING | REPLY_BIT)) {
    const hex = opcode.toString(16).padStart(2, '0');
    found.push(mistake('opcode', `PING is answered with opcode ${hex}`, 'it is 82: the request’s, and 80 (FRAME-5)'));
  }
  found.push(...headFindings(frame));
  if (frame.length < ping.received.length) {
    found.push(
      mistake('answers-twice', 'one PING gets more than one reply', 'send one for each request (TRANSPORT-3)'),
    );
  } else if (ping.pieces.length > 1) {
    const sizes = ping.pieces.slice(0, 4).join(', ');
    found.push(
      advice(
        'two-writes',
        `a reply comes in ${ping.pieces.length} pieces (${sizes}, … bytes)`,
        'write it at once (TRANSPORT-6)',
      ),
    );
  }
  return found;
}

function headFindings(frame: Buffer): Finding[] {
  const found: Finding[] = [];
  const id = frame.readUInt32BE(8);
  if (id !== PING_ID) {
    const reversed = frame.readUInt32LE(8) === PING_ID ? ', its bytes in reverse' : '';
    found.push(
      mistake('id', `the id is not echoed${reversed}: ${id}`, 'send the request’s id back as it is (FRAME-5)'),
    );
  }
  const status = frame.readUInt16BE(6);
  if (status === STATUS.OK) {
    if (!sameBytes(frame.subarray(HEAD_END), PING_VALUE)) {
      const value = showBytes(frame.subarray(HEAD_END), SHOWN_BYTES);
      found.push(mistake('ping-value', `PING does not return its value but ${value}`, 'return it as it came (PING-1)'));
    }
  } else if (frame.readUInt16LE(6) === STATUS.OK) {
    found.push(mistake('status-order', 'the status is little-endian', '200 is 00 c8 on the wire (section 2)'));
  } else {
    const name = statusName(status) ?? 'which section 3 does not have';
    found.push(
      mistake('ping-status', `PING is answered with ${status} ${name}`, 'it is carried out by everybody: 200 (PING-1)'),
    );
  }
  return found;
}

function helloFindings({ probes: { hello }, hasCredentials }: Observations): Finding[] {
  const frame = firstFrame(hello);
  const status = frame === undefined || frame.length < HEAD_END ? undefined : frame.readUInt16BE(6);
  if (frame === undefined || status !== STATUS.OK) {
    const what = status === undefined ? 'HELLO is not answered' : `HELLO is answered with ${status}`;
    return [mistake('hello', what, 'until it says what it can do, say it with --profiles (HELLO-1)')];
  }
  const { entries, problem } = parseEntries(frame.subarray(HEAD_END));
  if (problem !== undefined) {
    return [
      mistake('entries', `HELLO’s entries: ${problem}`, 'u16 key length, u32 value length, key, value (ENTRY-1)'),
    ];
  }
  const texts = entriesToTexts(entries);
  const found: Finding[] = [];
  const missing = ['protocol', 'server', 'profiles', 'max-key', 'max-value', 'max-frame'].filter(
    (name) => !texts.has(name),
  );
  if (missing.length > 0)
    found.push(mistake('hello-entries', `HELLO lacks ${missing.join(', ')}`, 'add them (HELLO-1)'));
  if ((texts.get('profiles') ?? '').split(' ').includes('auth') && !hasCredentials) {
    found.push(advice('auth', 'the server asks for AUTH', 'give --password USER:PASSWORD'));
  }
  return found;
}
