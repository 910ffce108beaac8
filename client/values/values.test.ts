import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TAG } from '../../protocol/index.ts';
import { decodeValue, decodeValueAs, encodeValue, type StorableValue, type ValueForm } from './index.ts';

function bytesOf(body: string | Uint8Array): Uint8Array {
  return typeof body === 'string' ? new TextEncoder().encode(body) : body;
}

/** The value as it comes back; there are other bytes around it, as in a reply. */
function roundTrip(value: StorableValue): unknown {
  const { tag, body } = encodeValue(value);
  const bytes = Buffer.concat([Buffer.from('"<'), bytesOf(body), Buffer.from('>"')]);
  return decodeValue(bytes, 2, bytes.length - 2, tag);
}

describe('every kind of value has its TAG and comes back', () => {
  test.each<[StorableValue, number, string]>([
    ['text', TAG.TEXT, 'text'],
    ['', TAG.TEXT, ''],
    ['\ufeffwith a byte order mark', TAG.TEXT, '\ufeffwith a byte order mark'],
    ['ж🙂\0', TAG.TEXT, 'ж🙂\0'],
    [0, TAG.INTEGER, '0'],
    [-7, TAG.INTEGER, '-7'],
    [Number.MAX_SAFE_INTEGER, TAG.INTEGER, '9007199254740991'],
    [2n ** 53n, TAG.INTEGER, '9007199254740992'],
    [-(2n ** 63n), TAG.INTEGER, '-9223372036854775808'],
    [10n ** 30n, TAG.INTEGER, '1000000000000000000000000000000'],
    [-0, TAG.JSON, '-0'],
    [1.5, TAG.JSON, '1.5'],
    [2 ** 53, TAG.JSON, '9007199254740992'],
    [1e300, TAG.JSON, '1e+300'],
    [true, TAG.JSON, 'true'],
    [null, TAG.JSON, 'null'],
    [[1, [null, 'x']], TAG.JSON, '[1,[null,"x"]]'],
    [{ a: { b: [] } }, TAG.JSON, '{"a":{"b":[]}}'],
  ])('%o', (value, tag, text) => {
    const encoded = encodeValue(value);
    expect(encoded.tag).toBe(tag);
    expect(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytesOf(encoded.body))).toBe(text);
    expect(roundTrip(value)).toStrictEqual(value);
  });

  test('bytes, of whatever kind of Uint8Array, come back as bytes of their own', () => {
    expect(encodeValue(Buffer.from([0, 255]))).toEqual({ tag: TAG.BYTES, body: Buffer.from([0, 255]) });
    const back = roundTrip(Buffer.from([0, 255])) as Uint8Array;
    expect(back).toStrictEqual(new Uint8Array([0, 255]));
    expect(back.buffer.byteLength).toBe(2);
  });

  test('a small bigint comes back as a number', () => {
    expect(roundTrip(5n)).toBe(5);
  });

  test('what says itself how it becomes JSON', () => {
    expect(roundTrip(new Date(0))).toBe('1970-01-01T00:00:00.000Z');
  });

  test('__proto__ is data', () => {
    const value = JSON.parse('{"__proto__":{"isAdmin":true}}') as object;
    const back = roundTrip(value) as { isAdmin?: boolean };
    expect(Object.keys(back)).toEqual(['__proto__']);
    expect(back.isAdmin).toBeUndefined();
  });

  test('anything', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.uint8Array(),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.bigInt({ min: 2n ** 53n }),
      fc.jsonValue().map((json) => JSON.parse(JSON.stringify(json)) as StorableValue),
    );
    fc.assert(
      fc.property(value, (any) => {
        expect(roundTrip(any)).toStrictEqual(any);
      }),
    );
  });
});

describe('what cannot be stored is a TypeError', () => {
  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['a function', () => {}],
    ['a symbol', Symbol('s')],
    ['NaN', Number.NaN],
    ['Infinity', Infinity],
    ['a Map', new Map()],
    [
      'an instance of a class',
      new (class Point {
        x = 1;
      })(),
    ],
    ['an ArrayBuffer', new ArrayBuffer(1)],
    ['a toJSON that gives nothing', { toJSON: () => undefined }],
    ['a bigint inside', { a: 1n }],
    ['a lone surrogate', 'a\ud800'],
  ])('%s', (_, value) => {
    expect(() => encodeValue(value as StorableValue)).toThrow(TypeError);
  });

  test('with a tag of its own, anything but text and bytes', () => {
    expect(encodeValue('x', 4)).toEqual({ tag: 4, body: 'x' });
    expect(() => encodeValue({}, 4)).toThrow(TypeError);
  });
});

describe('what does not fit is undecodable', () => {
  test.each<[string, number, string]>([
    ['no UTF-8', TAG.TEXT, 'ff'],
    ['no integer', TAG.INTEGER, '31 2e 35'],
    ['an empty integer', TAG.INTEGER, ''],
    ['no JSON', TAG.JSON, '7b'],
    ['an unknown TAG', TAG.MESSAGE_PACK, '01'],
  ])('%s', (_, tag, hex) => {
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
    expect(() => decodeValue(bytes, 0, bytes.length, tag)).toThrow(
      expect.objectContaining({ code: 'SPEICHER_UNDECODABLE' }),
    );
  });

  test.each<[ValueForm, string, unknown]>([
    ['bytes', '\u00ff', new Uint8Array([0xc3, 0xbf])],
    ['string', '12', '12'],
    ['number', '12', 12],
    ['number', '9007199254740993', 9007199254740993n],
    ['number', '1.5', 1.5],
    ['json', '[1]', [1]],
  ])('as %s: %o', (form, text, value) => {
    const bytes = Buffer.from(text);
    expect(decodeValueAs(bytes, 0, bytes.length, form)).toStrictEqual(value);
  });

  test.each<[ValueForm, string]>([
    ['string', 'ff'],
    ['number', '22'],
    ['number', '6e756c6c'],
    ['json', '22'],
  ])('no %s: %s', (form, hex) => {
    const bytes = Buffer.from(hex, 'hex');
    expect(() => decodeValueAs(bytes, 0, bytes.length, form)).toThrow(
      expect.objectContaining({ code: 'SPEICHER_UNDECODABLE' }),
    );
  });
});
