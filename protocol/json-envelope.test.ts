import { isUtf8 } from 'node:buffer';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isWellFormed, JSON_COMMANDS, jsonReply, jsonValueReply, readJsonRequest } from './json-envelope.ts';
import { JSON_DEPTH_FLOOR } from './limits.ts';
import { OPERATIONS } from './operations.ts';
import { STATUS } from './statuses.ts';
import { TAG } from './tags.ts';
import { byteByByte, cutAt, cutOffsets, readStream } from './testing/fragments.ts';
import {
  exampleConnections,
  fromHex,
  invalidJsonRequestVectors,
  jsonReplyVectors,
  jsonRequestVectors,
  refusedJsonReplyVectors,
  toHex,
} from './testing/vectors.ts';

const FRAME_BYTES_MAX = 1024 * 1024;
const QUOTE = 0x22;
const encoder = new TextEncoder();

/** What a request means, with its bytes in hex, or the status that it gets. */
type Meaning = { command: string; key: string; value: string; tag: number } | number;

/** Reads an envelope that lies in the middle of bytes which would go on with it. */
function read(envelope: Uint8Array, depthMax = JSON_DEPTH_FLOOR): Meaning {
  const before = encoder.encode('{"value":');
  const bytes = new Uint8Array(before.length + envelope.length + 1).fill(QUOTE);
  bytes.set(before);
  bytes.set(envelope, before.length);
  const request = readJsonRequest(bytes, before.length, before.length + envelope.length, depthMax);
  if (typeof request === 'number') return request;
  return { ...request, key: toHex(request.key), value: toHex(request.value) };
}

const readText = (text: string, depthMax?: number): Meaning => read(encoder.encode(text), depthMax);

const hex = (text: string): string => toHex(encoder.encode(text));

/** The plain twin: JSON.parse, and for a value that is no string the form that it prints (its text is lost). */
function readPlain(envelope: Uint8Array): Meaning {
  if (!isUtf8(envelope)) return STATUS.BAD_REQUEST;
  let members: Record<string, unknown>;
  try {
    members = JSON.parse(new TextDecoder('utf-8', { ignoreBOM: true }).decode(envelope)) as Record<string, unknown>;
  } catch {
    return STATUS.BAD_REQUEST;
  }
  const { command, key, value } = members;
  if (command === 'RST') return { command, key: '', value: '', tag: 0 };
  if (command !== 'GET' && command !== 'SET' && command !== 'DEL') return STATUS.BAD_REQUEST;
  if (typeof key !== 'string' || key === '' || !survivesUtf8(key)) return STATUS.BAD_REQUEST;
  if (command !== 'SET') return { command, key: hex(key), value: '', tag: 0 };
  if (typeof value !== 'string') {
    return Object.hasOwn(members, 'value')
      ? { command, key: hex(key), value: hex(JSON.stringify(value)), tag: TAG.JSON }
      : STATUS.BAD_REQUEST;
  }
  return survivesUtf8(value) ? { command, key: hex(key), value: hex(value), tag: TAG.TEXT } : STATUS.BAD_REQUEST;
}

function survivesUtf8(text: string): boolean {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(encoder.encode(text)) === text;
}

/** Prints a JSON value anew, as the twin does. */
function reprinted(meaning: Meaning): Meaning {
  if (typeof meaning === 'number' || meaning.tag !== TAG.JSON) return meaning;
  const text = new TextDecoder().decode(fromHex(meaning.value));
  return { ...meaning, value: hex(JSON.stringify(JSON.parse(text))) };
}

describe.each(jsonRequestVectors)('envelope: $name', ({ hex, command, key, value, tag }) => {
  const frame = fromHex(hex);
  const meaning = { command, key, value, tag };

  test('parse, as the twin does', () => {
    expect(read(frame.subarray(4))).toEqual(meaning);
    expect(reprinted(meaning)).toEqual(readPlain(frame.subarray(4)));
  });

  test('in any fragmentation (TRANSPORT-2)', () => {
    const whole = { frames: [hex.slice(8)], outcome: 'end', status: 0 };
    expect(readStream(byteByByte(frame), FRAME_BYTES_MAX)).toEqual(whole);
    for (const at of cutOffsets(frame.length)) {
      expect(readStream(cutAt(frame, [at]), FRAME_BYTES_MAX), `cut at ${at}`).toEqual(whole);
    }
  });

  test('every truncation is malformed, but for white space behind the end', () => {
    for (const at of cutOffsets(frame.length - 4).filter((each) => each > 0)) {
      const part = frame.subarray(4, 4 + at);
      const isWhole = new TextDecoder().decode(frame.subarray(4 + at)).trim() === '';
      expect(read(part), `cut off at ${at}`).toEqual(isWhole ? meaning : STATUS.BAD_REQUEST);
    }
  });
});

describe('envelopes that get an error (JSON-3, JSON-6)', () => {
  test.each(invalidJsonRequestVectors)('$name', ({ hex, statuses }) => {
    expect(statuses).toContain(read(fromHex(hex).subarray(4)));
  });
});

const nested = (depth: number) => `{"command":"SET","key":"k","value":${'['.repeat(depth)}${']'.repeat(depth)}}`;

describe('a request', () => {
  test('is a view of the frame where nothing is escaped', () => {
    const bytes = encoder.encode('{"command":"SET","key":"foo","value":"bar"}');
    const request = readJsonRequest(bytes, 0, bytes.length, JSON_DEPTH_FLOOR);
    expect(request).toMatchObject({ key: { buffer: bytes.buffer }, value: { buffer: bytes.buffer } });
  });

  test('may be nested as deep as is allowed, its envelope not counted (JSON-3)', () => {
    expect(readText(nested(64))).toMatchObject({ command: 'SET', tag: TAG.JSON });
    expect(readText(nested(65))).toBe(STATUS.TOO_LARGE);
    expect(readText(nested(65), 65)).toMatchObject({ command: 'SET' });
    expect(readText(nested(1), 0)).toBe(STATUS.TOO_LARGE);
  });

  test('of 1 MB of brackets is refused (JSON-3)', () => {
    expect(readText(`{"value":${'['.repeat(1_000_000)}`)).toBe(STATUS.TOO_LARGE);
    expect(readText(`{${'"a":{'.repeat(200_000)}`)).toBe(STATUS.TOO_LARGE);
    expect(readText('{'.repeat(1_000_000))).toBe(STATUS.BAD_REQUEST);
  });

  test('leaves no trace of members named __proto__', () => {
    expect(readText('{"__proto__":{"key":"x","command":"RST","value":1}}')).toBe(STATUS.BAD_REQUEST);
    expect({}).not.toHaveProperty('command');
  });

  test('has commands that stand for operations', () => {
    expect(Object.keys(JSON_COMMANDS)).toEqual(['SET', 'GET', 'DEL', 'RST']);
    for (const { operation, takesKey, takesValue } of Object.values(JSON_COMMANDS)) {
      const { key, value } = OPERATIONS[operation].single;
      expect([key === 'required', value === 'required']).toEqual([takesKey, takesValue]);
    }
  });

  test('of section 10 is answered by the reply of section 10', () => {
    const { request, reply } = exampleConnections[1]!.steps[0]!;
    expect(read(fromHex(request).subarray(4))).toEqual({ command: 'GET', key: '666f6f', value: '', tag: 0 });
    expect(hex(jsonReply(STATUS.NOT_FOUND))).toBe(reply.slice(8));
  });
});

describe('random envelopes', () => {
  const names = fc.constantFrom(
    'command',
    'key',
    'value',
    'Key',
    '__proto__',
    '',
    'k\\u0065y',
    '\\u0076alue',
    '\\ud800',
  );
  const string = fc.oneof(
    fc.constantFrom(
      'GET',
      'SET',
      'DEL',
      'RST',
      'foo',
      '',
      'G\\u0045T',
      '\\ud83d\\ude00',
      '\\ude00',
      'x\\ud83dy',
      'ж😀',
    ),
    fc.string({ unit: 'binary', maxLength: 6 }).map((text) => JSON.stringify(text).slice(1, -1)),
  );
  const scalar = fc.oneof(
    { weight: 4, arbitrary: string.map((text) => `"${text}"`) },
    { weight: 1, arbitrary: fc.json({ maxDepth: 3 }) },
  );
  const space = fc.constantFrom('', '', '', ' ', '\n\t');
  const member = fc
    .tuple(space, names, space, scalar)
    .map(([a, name, b, value]) => `${a}"${name}"${b}:${a}${value}${b}`);
  const command = fc.constantFrom('GET', 'SET', 'DEL', 'RST').map((name) => `"command":"${name}"`);
  const envelope = fc
    .tuple(fc.array(member, { maxLength: 4 }), command, fc.array(member, { maxLength: 2 }), space)
    .map(([before, first, behind, end]) => `{${[...before, first, ...behind].join(',')}${end}}${end}`);

  test('mean what the twin says', () => {
    const seen = { understood: 0, refused: 0 };
    const property = fc.property(envelope, (text) => {
      const meaning = readText(text);
      seen[typeof meaning === 'number' ? 'refused' : 'understood']++;
      expect(reprinted(meaning)).toEqual(readPlain(encoder.encode(text)));
    });
    fc.assert(property, { numRuns: 3000 });
    expect(Math.min(seen.understood, seen.refused)).toBeGreaterThan(300);
  });

  test('with bytes changed mean what the twin says', () => {
    const change = fc.tuple(fc.nat(), fc.oneof(fc.nat(255), fc.constantFrom(...encoder.encode('"\\{}[],: 1'))));
    const property = fc.property(envelope, fc.array(change, { minLength: 1, maxLength: 3 }), (text, changes) => {
      const bytes = encoder.encode(text);
      for (const [at, byte] of changes) bytes[1 + (at % (bytes.length - 1))] = byte;
      expect(reprinted(read(bytes))).toEqual(readPlain(bytes));
    });
    fc.assert(property, { numRuns: 3000 });
  });
});

/** Renders what lies in the middle of bytes which would go on with it. */
function render(stored: Uint8Array, tag: number, depthMax = JSON_DEPTH_FLOOR): string | number {
  const bytes = Uint8Array.of(0x31, 0x5b, ...stored, 0x31, 0x5d);
  return jsonValueReply(bytes, 2, 2 + stored.length, tag, depthMax);
}

describe('a reply', () => {
  test.each(jsonReplyVectors)('gives $name (JSON-6, JSON-7)', ({ stored, tag, value }) => {
    expect(render(fromHex(stored), tag)).toBe(`{"status_code":200,"value":${value}}`);
  });

  test.each(refusedJsonReplyVectors)('cannot give $name (JSON-6)', ({ stored, tag, statuses }) => {
    expect(statuses).toContain(render(fromHex(stored), tag));
  });

  test('gives what a request has set (JSON-6)', () => {
    for (const { hex, command, key, value, tag } of jsonRequestVectors.filter((each) => each.command === 'SET')) {
      const reply = JSON.parse(String(render(fromHex(value), tag))) as { value: unknown };
      const set = JSON.parse(new TextDecoder().decode(fromHex(hex).subarray(4))) as { value: unknown };
      expect(reply, `${command} ${key}`).toEqual({ status_code: 200, value: set.value });
    }
  });

  test('gives what is nested as deep as is allowed', () => {
    expect(render(encoder.encode('[[]]'), TAG.JSON, 2)).toBe('{"status_code":200,"value":[[]]}');
    expect(render(encoder.encode('[[]]'), TAG.JSON, 1)).toBe(STATUS.TOO_LARGE);
    expect(render(encoder.encode('[[]]'), TAG.TEXT, 1)).toBe('{"status_code":200,"value":"[[]]"}');
  });

  test('has an integer as its status', () => {
    for (const status of Object.values(STATUS)) expect(jsonReply(status)).toBe(`{"status_code":${status}}`);
  });

  test('to any bytes is JSON, or an error', () => {
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 20 }),
      fc.json().map((text) => encoder.encode(text)),
    );
    const property = fc.property(noise, fc.constantFrom(TAG.BYTES, TAG.TEXT, TAG.JSON), (stored, tag) => {
      const reply = render(stored, tag);
      if (typeof reply === 'number') return reply === STATUS.BAD_REQUEST;
      const members = JSON.parse(reply) as Record<string, unknown>;
      return Object.keys(members).join(' ') === 'status_code value';
    });
    fc.assert(property, { numRuns: 1000 });
  });
});

describe('a lone surrogate', () => {
  test('is what UTF-8 does not keep', () => {
    const unit = fc.constantFrom('a', 'ж', '\u{1f600}', '\ud83d', '\ude00', '\udbff', '\udfff', '\ufffd', '\ue000');
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 6 }), (text) => {
        expect(isWellFormed(text)).toBe(survivesUtf8(text));
      }),
      { numRuns: 1000 },
    );
  });
});
