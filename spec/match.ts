/** Whether what came is what a case expects, and in words what is different. */
import { statusName } from '../protocol/statuses.ts';
import type { Resolver } from './resolve.ts';
import type { JsonExpectation, NumericMatch, OneExpectation, ReplyExpectation } from './step.ts';
import { decodeUtf8, sameBytes, showBytes } from './wire/bytes.ts';
import type { Incoming } from './wire/connection.ts';
import { entriesToTexts, parseEntries, type Entry } from './wire/entries.ts';
import { jsonDifference, parseJson } from './wire/json.ts';
import type { BinaryReply, JsonReply } from './wire/reply.ts';

const FIELDS = ['ttl', 'version', 'tag', 'number', 'token'] as const;

/** Fields that the form of a reply decides (wire/shape.ts); a case that does not name them leaves them open. */
const DECIDED_BY_FORM: ReadonlySet<string> = new Set(['version', 'number', 'token']);

/** The difference in words, or undefined if this is what was expected. */
export function difference(expected: OneExpectation, came: Incoming, resolver: Resolver): string | undefined {
  if ('closed' in expected) {
    if (came.kind !== 'closed') return describeIncoming(came);
    return came.partialBytes > 0 ? `closed in the middle of a reply, after ${came.partialBytes} bytes` : undefined;
  }
  if ('json' in expected) return came.kind === 'json' ? jsonProblem(expected, came, resolver) : describeIncoming(came);
  return came.kind === 'binary' ? binaryProblem(expected, came, resolver) : describeIncoming(came);
}

function jsonProblem(expected: JsonExpectation, came: JsonReply, resolver: Resolver): string | undefined {
  if (came.status !== expected.json) return describeIncoming(came);
  if (expected.value === undefined) return undefined;
  if (came.value === undefined) return 'no value';
  const want = parseJson(resolver.text(expected.value));
  const numbers = expected.exact === true ? 'literal' : 'double';
  const found = jsonDifference(want, came.value, numbers, 'value');
  return found === undefined ? undefined : `${found}: ${showBytes(Buffer.from(came.text), 200)}`;
}

function binaryProblem(expected: ReplyExpectation, came: BinaryReply, resolver: Resolver): string | undefined {
  const statuses = typeof expected.status === 'number' ? [expected.status] : expected.status;
  if (!statuses.includes(came.status)) return describeIncoming(came);
  for (const name of FIELDS) {
    const problem = fieldProblem(name, expected[name], came.fields[name], resolver);
    if (problem !== undefined) return problem;
  }
  return valueProblem(expected, came, resolver);
}

function fieldProblem(
  name: (typeof FIELDS)[number],
  want: NumericMatch | undefined,
  came: bigint | undefined,
  resolver: Resolver,
): string | undefined {
  const field = name.toUpperCase();
  if (want === undefined) {
    return came === undefined || DECIDED_BY_FORM.has(name) ? undefined : `${field} ${came}, where none belongs`;
  }
  if (came === undefined) return `no ${field}`;
  return numericFits(want, came, resolver) ? undefined : `${field} ${came}`;
}

function numericFits(want: NumericMatch, came: bigint, resolver: Resolver): boolean {
  if (want === 'any') return true;
  if (typeof want !== 'object') return came === BigInt(want);
  if ('above' in want) return came > resolver.number({ ref: want.above });
  if ('not' in want) return came !== resolver.number({ ref: want.not });
  if ('min' in want) return came >= BigInt(want.min) && came <= BigInt(want.max);
  return came === resolver.number(want);
}

function valueProblem(expected: ReplyExpectation, came: BinaryReply, resolver: Resolver): string | undefined {
  if (expected.value !== undefined) {
    const want = resolver.bytes(expected.value);
    if (!sameBytes(want, came.value)) return `the value ${showBytes(came.value)}`;
  }
  if (expected.valueJson !== undefined) {
    const text = decodeUtf8(came.value);
    if (text === undefined) return `a value that is no UTF-8: ${showBytes(came.value)}`;
    try {
      const found = jsonDifference(parseJson(resolver.text(expected.valueJson)), parseJson(text), 'double', 'value');
      if (found !== undefined) return found;
    } catch (error) {
      return `a value that is no JSON (${String(error)}): ${showBytes(came.value)}`;
    }
  }
  if (expected.entries !== undefined)
    return entriesProblem(expected.entries, parseEntries(came.value).entries, resolver);
  if (expected.includes !== undefined) return includesProblem(expected.includes, parseEntries(came.value).entries);
  return undefined;
}

function entriesProblem(
  expected: NonNullable<ReplyExpectation['entries']>,
  came: readonly Entry[],
  resolver: Resolver,
): string | undefined {
  const shown = (): string =>
    `the entries ${came.map(({ key, value }) => `${showBytes(key)}=${showBytes(value)}`).join(' ')}`;
  if (expected.length !== came.length) return `${came.length} entries, not ${expected.length}: ${shown()}`;
  const same = expected.every(([key, value], index) => {
    const entry = came[index];
    return entry && sameBytes(resolver.key(key), entry.key) && sameBytes(resolver.bytes(value), entry.value);
  });
  return same ? undefined : shown();
}

function includesProblem(expected: Readonly<Record<string, string>>, came: readonly Entry[]): string | undefined {
  const texts = entriesToTexts(came);
  for (const [name, want] of Object.entries(expected)) {
    const text = texts.get(name);
    if (text === undefined) return `no entry ${name} among ${[...texts.keys()].join(', ')}`;
    const pattern = /^\/(.*)\/$/s.exec(want)?.[1];
    if (pattern === undefined ? text !== want : !new RegExp(`^(?:${pattern})$`).test(text)) {
      return `the entry ${name} = ${showBytes(Buffer.from(text))}`;
    }
  }
  return undefined;
}

function statusText(status: number): string {
  return `${status}${statusName(status) ? ` ${statusName(status)}` : ''}`;
}

/** What came, in words. */
export function describeIncoming(came: Incoming): string {
  if (came.kind === 'timeout') return `no reply within ${Math.round(came.waitedMs)} ms`;
  if (came.kind === 'garbage') return came.problem;
  if (came.kind === 'json') return came.problem ?? `the envelope ${showBytes(Buffer.from(came.text), 200)}`;
  if (came.kind === 'closed') {
    const how = came.how === 'fin' ? 'the connection was closed' : 'the connection was reset';
    return came.partialBytes > 0 ? `${how} after ${came.partialBytes} bytes of a reply` : how;
  }
  const fields = Object.entries(came.fields).map(([name, value]) => `${name.toUpperCase()} ${value}`);
  const value = came.value.length > 0 ? [`the value ${showBytes(came.value)}`] : [];
  return came.problem ?? [statusText(came.status), ...fields, ...value].join(', ');
}

/** What was expected, in words. */
export function describeExpected(expected: OneExpectation, resolver: Resolver): string {
  const name = expected.as === undefined ? '' : `${expected.as}: `;
  if ('closed' in expected) return `${name}the connection is closed`;
  if ('json' in expected) {
    const value = expected.value === undefined ? '' : ` with the value ${resolver.text(expected.value)}`;
    return `${name}an envelope with status_code ${expected.json}${value}`;
  }
  const statuses = typeof expected.status === 'number' ? [expected.status] : expected.status;
  const parts = [statuses.map(statusText).join(' or ')];
  for (const field of FIELDS) {
    const want = expected[field];
    if (want !== undefined) parts.push(`${field.toUpperCase()} ${describeNumeric(want, resolver)}`);
  }
  if (expected.value !== undefined) parts.push(`the value ${showBytes(resolver.bytes(expected.value))}`);
  if (expected.valueJson !== undefined) parts.push(`the value ${resolver.text(expected.valueJson)}`);
  if (expected.entries !== undefined) {
    const entries = expected.entries.map(
      ([key, value]) => `${showBytes(resolver.key(key))}=${showBytes(resolver.bytes(value))}`,
    );
    parts.push(`the entries ${entries.join(' ')}`);
  }
  if (expected.includes !== undefined) {
    parts.push(
      `the entries ${Object.entries(expected.includes)
        .map((pair) => pair.join('='))
        .join(' ')}`,
    );
  }
  return name + parts.join(', ');
}

function describeNumeric(want: NumericMatch, resolver: Resolver): string {
  if (typeof want !== 'object') return String(want);
  if ('above' in want) return `above ${resolver.number({ ref: want.above })}`;
  if ('not' in want) return `other than ${resolver.number({ ref: want.not })}`;
  if ('min' in want) return `from ${want.min} to ${want.max}`;
  return String(resolver.number(want));
}
