/**
 * The form of a reply to a given request, as sections 2 and 4 fix it. It is checked for every reply of every case,
 * whatever the case is about.
 */
import { FLAG, flagNames, type FlagName } from '../../protocol/flags.ts';
import { COUNTER_MAX } from '../../protocol/limits.ts';
import { OPCODE, operationForm, REPLY_BIT, type OperationForm } from '../../protocol/operations.ts';
import { STATUS, statusName } from '../../protocol/statuses.ts';
import { decodeUtf8, sameBytes, showBytes, startsWith } from './bytes.ts';
import type { BinaryDue, Due, FramingDue, JsonDue } from './due.ts';
import { parseEntries } from './entries.ts';
import type { BinaryReply, Reply } from './reply.ts';

export interface ShapeProblem {
  readonly clause: string;
  readonly text: string;
}

/** What is wrong with the reply's form, or undefined. Whether it is the right reply is for the case to say. */
export function shapeProblem(due: Due, reply: Reply): ShapeProblem | undefined {
  if (reply.problem !== undefined) {
    return { clause: reply.kind === 'json' ? 'JSON-1' : 'FRAME-6', text: reply.problem };
  }
  if (due.kind === 'framing') return framingShape(due, reply);
  if (due.kind === 'json') return jsonShape(due, reply);
  if (reply.kind === 'json') return { clause: 'JSON-5', text: 'a JSON reply to a binary request' };
  return binaryShape(due, reply);
}

function framingShape(due: FramingDue, reply: Reply): ShapeProblem | undefined {
  const clause = due.status === STATUS.TOO_LARGE ? 'FRAME-4' : 'FRAME-3';
  if (reply.kind === 'json') return { clause, text: 'a JSON reply to a framing error' };
  const right = reply.opcode === REPLY_BIT && reply.id === 0 && reply.status === due.status;
  if (right) return errorShape(reply);
  return { clause, text: `a framing error is answered with opcode 80, status ${due.status} and id 0, if at all` };
}

function jsonShape(due: JsonDue, reply: Reply): ShapeProblem | undefined {
  if (reply.kind !== 'json') return { clause: 'JSON-5', text: 'a binary reply to a JSON request' };
  if (reply.status === STATUS.OK && reply.value === undefined && commandOf(due) === 'GET') {
    return { clause: 'JSON-1', text: 'a GET that found its key is answered without value' };
  }
  if (reply.status !== undefined && statusName(reply.status) === undefined) {
    return { clause: 'STATUS-1', text: `status ${reply.status} is not in section 3` };
  }
  return undefined;
}

function commandOf(due: JsonDue): string | undefined {
  try {
    const document: unknown = JSON.parse(due.text);
    if (typeof document !== 'object' || document === null || !('command' in document)) return undefined;
    return typeof document.command === 'string' ? document.command : undefined;
  } catch {
    return undefined;
  }
}

function binaryShape(due: BinaryDue, reply: BinaryReply): ShapeProblem | undefined {
  if (reply.opcode !== (due.opcode | REPLY_BIT)) {
    const want = (due.opcode | REPLY_BIT).toString(16);
    return { clause: 'FRAME-5', text: `the reply's opcode is ${reply.opcode.toString(16)}, not ${want}` };
  }
  if (reply.id !== due.id) return { clause: 'FRAME-5', text: `the reply's id is ${reply.id}, not ${due.id}` };
  if (statusName(reply.status) === undefined) {
    return { clause: 'STATUS-1', text: `status ${reply.status} is not in section 3` };
  }
  if (reply.status === STATUS.NOT_FOUND && due.opcode === OPCODE.GET && (due.flags & FLAG.QUIET) !== 0) {
    return { clause: 'FRAME-10', text: 'a miss was answered in spite of QUIET' };
  }
  if (reply.status >= STATUS.BAD_REQUEST) return errorShape(reply);
  return successShape(due, reply);
}

function errorShape(reply: BinaryReply): ShapeProblem | undefined {
  if (reply.flags !== 0) return { clause: 'FRAME-11', text: `an error with the fields ${names(reply.flags)}` };
  if (decodeUtf8(reply.value) === undefined) {
    return { clause: 'FRAME-11', text: `an explanation that is no UTF-8: ${showBytes(reply.value)}` };
  }
  return undefined;
}

function successShape(due: BinaryDue, reply: BinaryReply): ShapeProblem | undefined {
  const withPrefix = (due.flags & FLAG.PREFIX) !== 0;
  const form = due.operation && operationForm(due.operation, withPrefix);
  if (form === undefined || due.operation === undefined) {
    return { clause: 'FRAME-8', text: `status ${reply.status} for an opcode or form that section 4 does not have` };
  }
  const lists = due.operation === 'KEYS' || (due.operation === 'GET' && withPrefix);
  if (reply.status === STATUS.PARTIAL && !lists) return { clause: 'STATUS-1', text: '206 for what is no listing' };
  if ((due.flags & FLAG.QUIET) !== 0 && due.opcode !== OPCODE.GET) {
    return { clause: 'FRAME-10', text: `status ${reply.status} was sent in spite of QUIET` };
  }
  return fieldShape(due, form, reply) ?? rangeShape(reply) ?? valueShape(due, form, reply, lists);
}

function names(bits: number): string {
  return flagNames(bits).join(', ') || 'none';
}

function fieldShape(due: BinaryDue, form: OperationForm, reply: BinaryReply): ShapeProblem | undefined {
  const single = (due.flags & FLAG.PREFIX) === 0;
  const detail = (due.flags & FLAG.DETAIL) !== 0;
  const must = new Set<FlagName>(form.reply.fields);
  const may = new Set<FlagName>();
  if (due.opcode === OPCODE.GET && single) {
    must.delete('TAG');
    may.add('TAG');
    if (detail) may.add('TTL');
  }
  if (detail) must.add('VERSION');
  for (const name of must) {
    if ((reply.flags & FLAG[name]) === 0) {
      const clause = name === 'VERSION' ? 'VERSION-3' : 'FRAME-6';
      return { clause, text: `the reply lacks the field ${name}` };
    }
  }
  for (const name of flagNames(reply.flags)) {
    if (!must.has(name) && !may.has(name)) {
      return { clause: 'FRAME-6', text: `the reply carries the field ${name}, which section 4 does not give it` };
    }
  }
  return undefined;
}

function outside(counter: bigint | undefined): boolean {
  return counter !== undefined && (counter < 1n || counter > BigInt(COUNTER_MAX));
}

function rangeShape({ fields }: BinaryReply): ShapeProblem | undefined {
  if (fields.tag === 0n) return { clause: 'GET-1', text: 'the reply carries a TAG of 0' };
  if (fields.ttl === 0n) return { clause: 'GET-2', text: 'the reply carries a TTL of 0' };
  if (outside(fields.version)) {
    return { clause: 'VERSION-1', text: `VERSION ${fields.version} is not between 1 and 2^53 − 1` };
  }
  if (outside(fields.token)) return { clause: 'LOCK-1', text: `TOKEN ${fields.token} is not between 1 and 2^53 − 1` };
  return undefined;
}

function valueShape(due: BinaryDue, form: OperationForm, reply: BinaryReply, lists: boolean): ShapeProblem | undefined {
  if (form.reply.value === 'none' && reply.value.length > 0) {
    return { clause: 'FRAME-6', text: `a value where section 4 has none: ${showBytes(reply.value)}` };
  }
  if (due.opcode === OPCODE.PING && !sameBytes(due.value, reply.value)) {
    return { clause: 'PING-1', text: `PING returned ${showBytes(reply.value)}, not ${showBytes(due.value)}` };
  }
  if (form.reply.value !== 'entries') return undefined;
  const { entries, problem } = parseEntries(reply.value);
  if (problem !== undefined) return { clause: 'ENTRY-1', text: problem };
  return lists ? listShape(due, reply, entries) : undefined;
}

function listShape(
  due: BinaryDue,
  reply: BinaryReply,
  entries: ReturnType<typeof parseEntries>['entries'],
): ShapeProblem | undefined {
  const keysOnly = due.operation === 'KEYS';
  const clause = keysOnly ? 'LIST-1' : 'PREFIX-1';
  if (reply.fields.number !== BigInt(entries.length)) {
    return { clause, text: `NUMBER is ${reply.fields.number}, but there are ${entries.length} entries` };
  }
  if (entries.length === 0) return { clause: 'LIST-2', text: `status ${reply.status} without an entry` };
  if (due.number !== undefined && BigInt(entries.length) > due.number) {
    return { clause: 'LIST-2', text: `${entries.length} entries where at most ${due.number} were asked for` };
  }
  let last: Buffer | undefined = due.value.length > 0 ? due.value : undefined;
  for (const { key, value } of entries) {
    if (!startsWith(key, due.key)) return { clause, text: `${showBytes(key)} does not start with the prefix` };
    if (last !== undefined && Buffer.compare(last, key) >= 0) {
      return { clause, text: `${showBytes(key)} does not come behind ${showBytes(last)} in byte order` };
    }
    if (keysOnly && value.length > 0) return { clause, text: `KEYS gave ${showBytes(key)} a value` };
    last = key;
  }
  return undefined;
}
