/** The steps of a case as somebody would tell them, for `explain`. */
import type { Case } from './case.ts';
import type { Bytes, Expectation, Key, Numeric, NumericMatch, OneExpectation, Piece, Request, Step } from './step.ts';
import { statusName } from '../protocol/statuses.ts';

const DEFAULT_CONNECTION = 'a';
/** Cases in code open as many as they like; those that open many are exclusive. */
const CONNECTIONS_OF_CODE = 4;

function connectionOf(step: Step): string {
  for (const name of ['open', 'close', 'halfClose', 'reset', 'probe'] as const) {
    if (name in step) return String((step as Record<string, unknown>)[name]);
  }
  return ('on' in step ? step.on : undefined) ?? DEFAULT_CONNECTION;
}

/** How many connections a case has open at once, the last check's included, as far as its steps tell. */
export function connectionsOf(each: Case): number {
  return 'steps' in each ? new Set(each.steps.map(connectionOf)).size + 1 : CONNECTIONS_OF_CODE;
}

function keyText(key: Key): string {
  if (typeof key === 'string') return `“${key}”`;
  if ('raw' in key) return `the key ${key.raw}, without the case’s prefix`;
  if ('lead' in key) return `the key ${key.lead} + prefix + ${key.hex ?? ''}`;
  if ('hex' in key) return `the key …${key.hex}`;
  return 'length' in key ? `a key of ${key.length} bytes` : `a key of ${limitText(key)} bytes`;
}

function limitText({ limit, plus }: { limit: string; plus: number }): string {
  return plus === 0 ? limit : `${limit} ${plus < 0 ? '−' : '+'} ${Math.abs(plus)}`;
}

function bytesText(bytes: Bytes): string {
  if (typeof bytes === 'string') return JSON.stringify(bytes);
  if ('hex' in bytes) return bytes.hex === '' ? 'nothing' : `hex ${bytes.hex.replaceAll(/\s+/g, '').slice(0, 80)}`;
  if ('fill' in bytes) return `${bytes.fill} bytes`;
  if ('limit' in bytes) return `${limitText(bytes)} bytes`;
  if ('key' in bytes) return keyText(bytes.key);
  return bytes.concat.map(bytesText).join(' + ');
}

function numericText(value: Numeric): string {
  if (typeof value !== 'object') return String(value);
  return value.plus === undefined ? `the saved ${value.ref}` : `the saved ${value.ref} + ${value.plus}`;
}

function requestText(request: Request): string {
  const name = typeof request.op === 'string' ? request.op : `opcode ${request.op.toString(16).padStart(2, '0')}`;
  const parts = [name];
  if (request.key !== undefined) parts.push(keyText(request.key));
  if (request.value !== undefined) parts.push(`with the value ${bytesText(request.value)}`);
  for (const field of ['ttl', 'version', 'tag', 'number', 'token', 'id'] as const) {
    const value = request[field];
    if (value !== undefined) parts.push(`${field.toUpperCase()} ${numericText(value)}`);
  }
  if (request.flags !== undefined && request.flags.length > 0) parts.push(request.flags.join(' '));
  if (request.keyLength !== undefined) parts.push(`that says its key has ${request.keyLength} bytes`);
  if (request.length !== undefined) parts.push(`that says its length is ${request.length}`);
  return parts.join(' ');
}

function pieceText(piece: Piece): string {
  if ('op' in piece) return requestText(piece);
  if ('json' in piece) return `the envelope ${piece.json}`;
  if ('body' in piece) return `a frame with the body ${bytesText(piece.body)}`;
  if ('hex' in piece) return `the bytes ${piece.hex.replaceAll(/\s+/g, '').slice(0, 160)}`;
  if ('lengthAt' in piece) return `a length of ${limitText({ limit: piece.lengthAt, plus: piece.plus })}`;
  return `bytes ${piece.from ?? 0} to ${piece.to ?? 'the end'} of: ${pieceText(piece.part)}`;
}

/** What a number has to be: the schema's own words, `above`, `not`, `min` and `max`, say it. */
function matchText(want: NumericMatch): string {
  return typeof want === 'object' ? JSON.stringify(want).replaceAll(/["{}]/g, '').replaceAll(':', ' ') : String(want);
}

function oneExpectationText(expected: OneExpectation): string {
  const name = expected.as === undefined ? '' : ` (${expected.as})`;
  const advice = expected.warn === true ? ', with a warning' : '';
  if ('closed' in expected) return `the connection closed${name}${advice}`;
  if ('json' in expected) {
    const value = expected.value === undefined ? '' : ` with the value ${expected.value}`;
    return `an envelope with status_code ${expected.json}${value}${name}${advice}`;
  }
  const statuses = [expected.status].flat().map((status) => `${status} ${statusName(status) ?? ''}`.trim());
  const parts = [statuses.join(' or ')];
  for (const field of ['ttl', 'version', 'tag', 'number', 'token'] as const) {
    if (expected[field] !== undefined) parts.push(`${field.toUpperCase()} ${matchText(expected[field])}`);
  }
  if (expected.value !== undefined) parts.push(`the value ${bytesText(expected.value)}`);
  if (expected.valueJson !== undefined) parts.push(`the value ${expected.valueJson}`);
  if (expected.entries !== undefined) {
    const entries = expected.entries.map(([key, value]) => `${keyText(key)} = ${bytesText(value)}`);
    parts.push(`the entries ${entries.join(', ') || '(none)'}`);
  }
  if (expected.includes !== undefined)
    parts.push(`the entries ${Object.keys(expected.includes).join(', ')} among others`);
  return parts.join(', ') + name + advice;
}

function expectationText(expected: Expectation): string {
  return 'anyOf' in expected ? expected.anyOf.map(oneExpectationText).join('; or ') : oneExpectationText(expected);
}

function stepText(step: Step): string {
  if ('ask' in step) return `${pieceText(step.ask)} → ${expectationText(step.expect)}`;
  if ('recv' in step) return `receive → ${expectationText(step.recv)}`;
  if ('until' in step) return `again and again ${pieceText(step.until)} → ${expectationText(step.expect)}`;
  if ('send' in step) {
    const cut = step.segments === undefined ? '' : `, in segments of ${step.segments.join(', ')} bytes`;
    return `send ${step.send.map(pieceText).join('; then ')}${cut}`;
  }
  if ('listing' in step) {
    const entries = step.entries.map(([key]) => keyText(key)).join(', ');
    return `page by page ${requestText(step.listing)} → in all ${entries || 'nothing'}`;
  }
  if ('waitMs' in step) return `wait ${step.waitMs} ms`;
  if ('probe' in step) return 'a barrier: the reply to a PING must be the next thing that comes';
  if ('open' in step) return step.authenticate === false ? 'connect, without AUTH' : 'connect';
  if ('close' in step) return 'close';
  return 'halfClose' in step ? 'half-close' : 'reset';
}

/** The steps in words, a line each, each with its connection where there are several. */
export function stepsInWords(steps: readonly Step[]): string[] {
  const names = new Set(steps.map(connectionOf));
  return steps.map((step) => {
    const on = names.size > 1 && !('waitMs' in step) ? `${connectionOf(step)}: ` : '';
    return on + stepText(step);
  });
}
