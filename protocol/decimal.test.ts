import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isI64, readDecimal } from './decimal.ts';
import { I64_MAX, I64_MIN } from './limits.ts';

/** Reads text from the middle of digits, which must not be seen. */
function read(text: string): bigint | undefined {
  const bytes = new TextEncoder().encode(`77${text}77`);
  return readDecimal(bytes, 2, bytes.length - 2);
}

/** INCREMENT-1, as its sentence says it. */
function expected(text: string): bigint | undefined {
  if (!/^-?[0-9]{1,19}$/.test(text)) return undefined;
  const value = BigInt(text);
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

describe('a decimal i64 (INCREMENT-1)', () => {
  test.each([
    ['0', 0n],
    ['-0', 0n],
    ['7', 7n],
    ['-1', -1n],
    ['007', 7n],
    ['0000000000000000001', 1n],
    ['999999999999999', 999999999999999n],
    ['1000000000000000', 1000000000000000n],
    ['9007199254740993', 9007199254740993n],
    ['9223372036854775807', I64_MAX],
    ['-9223372036854775808', I64_MIN],
  ])('%s', (text, value) => {
    expect(read(text)).toBe(value);
    expect(expected(text)).toBe(value);
  });

  test.each([
    '',
    '-',
    '--1',
    '+1',
    ' 1',
    '1 ',
    '1.0',
    '1e3',
    '0x1',
    '1-',
    '/',
    ':',
    '٣',
    '9223372036854775808',
    '-9223372036854775809',
    '9999999999999999999',
    '00000000000000000001',
  ])('%j is none (INCREMENT-2)', (text) => {
    expect(read(text)).toBeUndefined();
    expect(expected(text)).toBeUndefined();
  });

  test('random text is read as the sentence says', () => {
    const digits = fc.string({ unit: fc.constantFrom(...Array.from('0123456789')), maxLength: 21 });
    const near = fc.bigInt(I64_MIN - 20n, I64_MAX + 20n).map(String);
    const noise = fc.string({ unit: fc.constantFrom(...Array.from('019-+ .')), maxLength: 6 });
    fc.assert(
      fc.property(fc.oneof(digits, near, noise), fc.constantFrom('', '-'), (text, sign) => {
        expect(read(sign + text)).toBe(expected(sign + text));
      }),
      { numRuns: 2000 },
    );
  });

  test('i64 has ends', () => {
    expect([I64_MIN - 1n, I64_MIN, 0n, I64_MAX, I64_MAX + 1n].map(isI64)).toEqual([false, true, true, true, false]);
  });
});
