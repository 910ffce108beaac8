/** The tables and the document say the same: PROTOCOL.md is parsed, and compared with what the code has. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FIELD_BYTES_BY_FLAGS, FLAG, flagBits, flagNames, FLAGS, type FlagName } from './flags.ts';
import { HEADER_BYTES, JSON_FIRST_BYTE, LENGTH_BYTES } from './frame-fields.ts';
import * as limits from './limits.ts';
import {
  OPCODE,
  operationForm,
  operationName,
  OPERATION_NAMES,
  OPERATIONS,
  REPLY_BIT,
  type OperationForm,
  type OperationName,
  type Presence,
} from './operations.ts';
import { PROFILE_NAMES, PROFILES, type Profile } from './profiles.ts';
import { STATUS, STATUS_PRECEDENCE, statusName, STATUSES } from './statuses.ts';
import { TAG, TAG_LZ4, TAG_ZSTD } from './tags.ts';
import { malformedRequestVectors, refusedRequestVectors, replyVectors, requestVectors } from './testing/vectors.ts';

const contract = readFileSync(join(import.meta.dirname, 'PROTOCOL.md'), 'utf8');
const clauses = new Set(Array.from(contract.matchAll(/^- \*\*([A-Z]+-\d+)\*\*/gm), ([, clause]) => clause!));

/** A section's text, from its heading to the next. */
function section(number: number): string {
  return contract.split(/^## /m).find((each) => each.startsWith(`${number}. `))!;
}

/** The text on which a sentence of the contract lies, without its line breaks. */
const prose = contract.replaceAll(/\s+/g, ' ');

interface Row {
  readonly opcode: number;
  readonly name: OperationName;
  readonly form: OperationForm;
}

const presence = (takes: string, letter: string): Presence =>
  takes.includes(letter) ? 'required' : takes.includes(letter.toLowerCase()) ? 'optional' : 'none';

/** Section 4's table, a row for each form. */
const rows: Row[] = Array.from(
  section(4).matchAll(/^ {4}([0-9a-f]{2}) ([A-Z]+) +([KkVv—](?: [Vv])?) {2,}(.+?) {2,}(\S.*)$/gm),
  ([, opcode, name, takes, flags, carries]) => {
    const fields = ['TTL', 'VERSION', 'TAG', 'NUMBER', 'TOKEN'] as const;
    const value = carries!.includes('entries') ? 'entries' : carries!.includes('value') ? 'value' : 'none';
    return {
      opcode: Number.parseInt(opcode!, 16),
      name: name as OperationName,
      form: {
        key: presence(takes!, 'K'),
        value: presence(takes!, 'V'),
        flags: flags === '—' ? [] : (flags!.split(' ') as FlagName[]),
        reply: { value, fields: fields.filter((field) => carries!.includes(field)) },
      },
    };
  },
);

const byBit = (names: readonly FlagName[]): FlagName[] => names.toSorted((a, b) => FLAG[a] - FLAG[b]);
const normal = (form: OperationForm) => ({ ...form, flags: byBit(form.flags) });
const isPrefix = ({ form }: Row): boolean => form.flags.includes('PREFIX');

describe('operations (section 4)', () => {
  test('are all in the table, with their opcodes', () => {
    expect(rows).toHaveLength(28);
    const documented = new Map(rows.map(({ name, opcode }) => [name, opcode]));
    expect(Object.fromEntries(documented)).toEqual(OPCODE);
    expect(OPERATION_NAMES).toEqual([...documented.keys()]);
  });

  test.each(rows)('$name, opcode $opcode, takes and carries what the document says', (row) => {
    const form = operationForm(row.name, isPrefix(row));
    expect(normal(form!)).toEqual(normal(row.form));
  });

  test('have a prefix form where the document has one', () => {
    const withPrefix = rows.filter(isPrefix).map(({ name }) => name);
    expect(OPERATION_NAMES.filter((name) => operationForm(name, true) !== undefined)).toEqual(withPrefix);
  });

  test('list their flags lowest bit first', () => {
    for (const name of OPERATION_NAMES) {
      for (const form of [operationForm(name, false)!, operationForm(name, true)]) {
        expect(form?.flags).toEqual(form && byBit(form.flags));
      }
    }
  });

  test('have opcodes of their own, below the bit of replies (FRAME-5)', () => {
    const opcodes: number[] = OPERATION_NAMES.map((name) => OPCODE[name]);
    expect(new Set(opcodes).size).toBe(opcodes.length);
    for (const name of OPERATION_NAMES) expect(operationName(OPCODE[name])).toBe(name);
    expect(opcodes.filter((opcode) => opcode === 0 || opcode >= REPLY_BIT || opcode === JSON_FIRST_BYTE)).toEqual([]);
    expect([0, 0x06, 0x7f, 0x91].map(operationName)).toEqual(Array.from({ length: 4 }));
  });

  test('name clauses that there are', () => {
    const named = OPERATION_NAMES.map((name) => OPERATIONS[name].clause);
    expect(named.filter((clause) => !clauses.has(clause))).toEqual([]);
  });
});

describe('frames (section 2)', () => {
  test('have the flags of the document', () => {
    const documented = Array.from(
      section(2).matchAll(/^ {6}([0-9a-f]{2}) +([A-Z]+) +(\d) +(u64|u32|i64|—) +(request only)?/gm),
      ([, bit, name, size, type, requestOnly]) => [
        name,
        {
          bit: Number.parseInt(bit!, 16),
          fieldBytes: Number(size),
          type: type === '—' ? 'none' : type,
          inReplies: requestOnly === undefined,
        },
      ],
    );
    const coded = Object.entries(FLAGS).map(([name, { bit, fieldBytes, type, inReplies }]) => [
      name,
      { bit, fieldBytes, type, inReplies },
    ]);
    expect(coded).toEqual(documented);
    expect(coded).toHaveLength(8);
  });

  test('have flags that are single bits of one byte, lowest first', () => {
    expect(Object.values(FLAG)).toEqual([1, 2, 4, 8, 16, 32, 64, 128]);
    expect(flagBits(['TTL', 'QUIET'])).toBe(0x81);
    expect(flagBits([])).toBe(0);
    for (let bits = 0; bits < 256; bits++) expect(flagBits(flagNames(bits))).toBe(bits);
  });

  test('have fields as long as their flags say', () => {
    expect(FIELD_BYTES_BY_FLAGS).toHaveLength(256);
    expect([0x00, 0x01, 0x04, 0x05, 0x1f, 0xe0, 0xff].map((bits) => FIELD_BYTES_BY_FLAGS[bits])).toEqual([
      0, 8, 4, 12, 36, 0, 36,
    ]);
  });

  test('have a header as the document lays it out', () => {
    const offsets = Array.from(section(2).matchAll(/^ {4}(\d+) +(\d|…) +(\S+)/gm), ([, at, , name]) => [name, at]);
    const layout = Object.fromEntries(offsets) as Record<string, string>;
    expect(Number(layout['opcode'])).toBe(LENGTH_BYTES);
    expect(Number(layout['fields'])).toBe(LENGTH_BYTES + HEADER_BYTES);
    expect(prose).toContain(`is \`${JSON_FIRST_BYTE.toString(16)}\` (\`{\`), the rest is a JSON envelope`);
    expect(prose).toContain(`opcode | ${REPLY_BIT.toString(16)} `);
  });
});

describe('statuses (section 3)', () => {
  const documented = Array.from(section(3).matchAll(/^ {4}(\d{3}) ([A-Z ]+?) {2,}\S/gm), ([, status, name]) => [
    name!.replaceAll(' ', '_'),
    Number(status),
  ]);

  test('are those of the document', () => {
    expect(documented).toHaveLength(15);
    expect(Object.entries(STATUS)).toEqual(documented);
  });

  test('are told by their number', () => {
    for (const [name, status] of documented) expect(statusName(status as number)).toBe(name);
    expect(statusName(418)).toBeUndefined();
  });

  test('have messages to tell them apart, and name clauses that there are', () => {
    const entries = Object.values(STATUSES);
    expect(new Set(entries.map(({ message }) => message)).size).toBe(entries.length);
    expect(entries.map(({ clause }) => clause).filter((clause) => !clauses.has(clause))).toEqual([]);
  });

  test('have the precedence of STATUS-2', () => {
    const order = /it SHOULD be the first of ((?:\d{3}, )+\d{3})\./.exec(prose)![1]!;
    expect(STATUS_PRECEDENCE).toEqual(order.split(', ').map(Number));
  });
});

const words = (text: string): string[] => text.match(/[A-Z]{2,}/g) ?? [];

describe('profiles (section 6)', () => {
  const block = section(6).split('- **PROFILE-1**')[0]!;
  const documented = Object.fromEntries(
    Array.from(block.matchAll(/^ {4}([a-z]+) +(.+(?:\n {8,}.+)*)/gm), ([, name, text]) => [name!, words(text!)]),
  );

  test('are those of the document, in its order', () => {
    expect(PROFILE_NAMES).toEqual(Object.keys(documented));
    expect(PROFILE_NAMES).toHaveLength(8);
  });

  test.each(PROFILE_NAMES)('%s has the opcodes and flags of the document', (profile: Profile) => {
    const opcodes = OPERATION_NAMES.filter((name) => OPERATIONS[name].profile === profile);
    expect([...opcodes, ...PROFILES[profile].flags].toSorted()).toEqual(documented[profile]!.toSorted());
  });

  test('need core, and prefix and locks need standard', () => {
    expect(prose).toContain('`core` is always claimed; `prefix` and `locks` only together with `standard`');
    const needs = Object.fromEntries(PROFILE_NAMES.map((name) => [name, PROFILES[name].needs]));
    const { core, prefix, locks, ...others } = needs;
    expect(core).toEqual([]);
    expect([prefix, locks]).toEqual([
      ['core', 'standard'],
      ['core', 'standard'],
    ]);
    for (const each of Object.values(others)) expect(each).toEqual(['core']);
  });
});

describe('numbers that stand in sentences', () => {
  test.each([
    ['the port', `default port ${limits.DEFAULT_PORT}`],
    ['the version', `\`protocol\` = \`${limits.PROTOCOL_VERSION}\``],
    ['keys and values', `keys of 1 to ${limits.KEY_BYTES_FLOOR} bytes and values of 0 to ${limits.VALUE_BYTES_FLOOR}`],
    ['the longest key', `a key's up to ${limits.KEY_BYTES_CEILING.toLocaleString('en').replace(',', ' ')}.`],
    ['frames beside key and value', `the last at least the sum of the others and ${limits.FRAME_BYTES_OVERHEAD})`],
    ['the longest frame', `A length up to \`${limits.FRAME_BYTES_CEILING.toString(16)}\``],
    ['the depth of JSON', `values nested ${limits.JSON_DEPTH_FLOOR} levels deep`],
    ['TAGs', `${TAG.BYTES} bytes, ${TAG.TEXT} UTF-8 text, ${TAG.INTEGER} decimal integer, ${TAG.JSON} JSON,`],
    ['the TAG of MessagePack', `${TAG.MESSAGE_PACK} MessagePack;`],
    ['TAGs of compression', `plus ${TAG_LZ4} for one LZ4 frame, plus ${TAG_ZSTD} for one Zstandard frame`],
    ['the TAGs of envelopes', `with TAG ${TAG.TEXT}, any other value as JSON text with TAG ${TAG.JSON}`],
  ])('%s', (_what, sentence) => {
    expect(prose).toContain(sentence);
  });

  test('the ends of integers', () => {
    expect(prose).toContain('Versions lie between 1 and 2^53 − 1');
    expect(limits.COUNTER_MAX).toBe(2 ** 53 - 1);
    expect([limits.I64_MIN, limits.I64_MAX]).toEqual([-(2n ** 63n), 2n ** 63n - 1n]);
  });
});

describe('vectors', () => {
  test('have every operation in every form, each flag alone and all together', () => {
    for (const { name, opcode, form } of rows) {
      const kept = form.flags.filter((flag) => flag === 'PREFIX');
      const wanted = [kept, ...form.flags.map((flag) => [...new Set([...kept, flag])]), form.flags].map(byBit);
      const found = requestVectors.filter((vector) => vector.opcode === opcode).map(({ flags }) => flags.join(' '));
      for (const flags of wanted) expect(found, `${name} ${flags.join(' ')}`).toContain(flags.join(' '));
    }
  });

  test('of requests are such as section 4 allows', () => {
    for (const { name, operation, opcode, flags, key, value } of requestVectors) {
      expect(operationName(opcode), `vector ${name}`).toBe(operation);
      const form = operationForm(operation as OperationName, flags.includes('PREFIX'))!;
      expect(form.flags, `vector ${name}`).toEqual(expect.arrayContaining([...flags]));
      expect(form.key === 'required' ? key !== '' : form.key === 'optional' || key === '', `vector ${name}`).toBe(true);
      expect(form.value !== 'none' || value === '', `vector ${name}`).toBe(true);
    }
  });

  test('have every 200 of section 4, and every error', () => {
    for (const { name, opcode, form } of rows) {
      const found = replyVectors.filter((vector) => vector.opcode === opcode && vector.status === STATUS.OK);
      expect(
        found.map(({ flags }) => flags.join(' ')),
        `vector ${name}`,
      ).toContain(form.reply.fields.join(' '));
    }
    const statuses = new Set(replyVectors.map(({ status }) => status));
    expect(statuses).toEqual(new Set(Object.values(STATUS)));
  });

  test('of errors name clauses that there are, and statuses that there are', () => {
    for (const { name, clause, statuses } of [...refusedRequestVectors, ...malformedRequestVectors]) {
      expect(clauses.has(clause), `vector ${name}`).toBe(true);
      for (const status of statuses) expect(statusName(status), `vector ${name}`).toBeDefined();
    }
  });

  test('of unknown opcodes have unknown opcodes, and the others known ones', () => {
    for (const { name, opcode, statuses } of [...refusedRequestVectors, ...malformedRequestVectors]) {
      expect(operationName(opcode) === undefined, `vector ${name}`).toBe(statuses.includes(STATUS.UNKNOWN_OPCODE));
    }
  });
});
