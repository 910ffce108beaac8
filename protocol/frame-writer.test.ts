import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameWriter } from './frame-writer.ts';
import { COUNTER_MAX, I64_MAX, I64_MIN } from './limits.ts';
import { toHex } from './testing/vectors.ts';

function contents(writer: FrameWriter): string {
  return toHex(writer.bytes, 0, writer.length);
}

/** What `write` writes, into buffers that must grow once, often, and not at all. */
function written(write: (writer: FrameWriter) => void): string {
  const outcomes = [0, 1, 7, 4096].map((firstBytes) => {
    const writer = new FrameWriter(firstBytes);
    write(writer);
    return contents(writer);
  });
  expect(new Set(outcomes).size).toBe(1);
  return outcomes[0]!;
}

describe('numbers', () => {
  test('u16 and u32 are big-endian', () => {
    expect(written((writer) => writer.u16(0x1234))).toBe('1234');
    expect(written((writer) => writer.u16(0xffff))).toBe('ffff');
    expect(written((writer) => writer.u32(0x1234_5678))).toBe('12345678');
    expect(written((writer) => writer.u32(0xffff_ffff))).toBe('ffffffff');
    expect(written((writer) => writer.u32(0x8000_0000))).toBe('80000000');
  });

  test.each([
    [0, '0000000000000000'],
    [1, '0000000000000001'],
    [0xffff_ffff, '00000000ffffffff'],
    [0x1_0000_0000, '0000000100000000'],
    [0x1_8000_0001, '0000000180000001'],
    [COUNTER_MAX, '001fffffffffffff'],
  ])('u64 %i', (value, hex) => {
    expect(written((writer) => writer.u64(value))).toBe(hex);
  });

  test.each([
    [0n, '0000000000000000'],
    [1n, '0000000000000001'],
    [-1n, 'ffffffffffffffff'],
    [-256n, 'ffffffffffffff00'],
    [2n ** 32n, '0000000100000000'],
    [-(2n ** 32n), 'ffffffff00000000'],
    [2n ** 53n + 1n, '0020000000000001'],
    [I64_MAX, '7fffffffffffffff'],
    [I64_MIN, '8000000000000000'],
    [I64_MIN + 1n, '8000000000000001'],
  ])('i64 %i', (value, hex) => {
    expect(written((writer) => writer.i64(value))).toBe(hex);
    const writer = new FrameWriter();
    writer.put(new Uint8Array(10).fill(0xee));
    writer.patchI64(1, value);
    expect(contents(writer)).toBe(`ee${hex}ee`);
  });

  test('are what DataView says', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.bigInt(I64_MIN, I64_MAX), fc.nat(0xffff_ffff), (u64, i64, u32) => {
        const view = new DataView(new ArrayBuffer(20));
        view.setBigUint64(0, BigInt(u64));
        view.setBigInt64(8, i64);
        view.setUint32(16, u32);
        const writer = new FrameWriter(20);
        writer.u64(u64);
        writer.i64(i64);
        writer.u32(u32);
        expect(contents(writer)).toBe(toHex(new Uint8Array(view.buffer)));
      }),
    );
  });
});

describe('text', () => {
  test.each([
    ['', ''],
    ['foo', '666f6f'],
    ['\0', '00'],
    ['ж', 'd0b6'],
    ['€€', 'e282ace282ac'],
    ['\u{1f600}', 'f09f9880'],
    ['a\u{1f600}\u{10ffff}b', '61f09f9880f48fbfbf62'],
    ['\ufeffx', 'efbbbf78'],
    ['a\ud83db\ude00', '61efbfbd62efbfbd'],
  ])('%j is UTF-8', (text, hex) => {
    expect(written((writer) => writer.text(text))).toBe(hex);
  });

  test('of any length and kind is what TextEncoder says, behind what was there', () => {
    const property = fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.nat(40), (text, firstBytes) => {
      const writer = new FrameWriter(firstBytes);
      writer.u16(0xabcd);
      writer.text(text);
      writer.u16(0xabcd);
      expect(contents(writer)).toBe(`abcd${toHex(new TextEncoder().encode(text))}abcd`);
    });
    fc.assert(property);
  });
});

describe('long text', () => {
  test.each([
    ['ASCII', 'x', 1],
    ['two bytes', 'ж', 2],
    ['astral characters', '\u{1f600}', 4],
  ])('of %s takes no more room than its bytes', (_what, unit, unitBytes) => {
    const writer = new FrameWriter(16);
    writer.u16(0xabcd);
    writer.text(unit.repeat(100_000));
    expect(writer.length).toBe(2 + 100_000 * unitBytes);
    expect(writer.bytes).toHaveLength(writer.length);
    expect(new TextDecoder().decode(writer.bytes.subarray(2))).toBe(unit.repeat(100_000));
  });
});

describe('bytes', () => {
  const source = Uint8Array.from({ length: 200 }, (_, index) => index);

  test.each([0, 1, 31, 32, 33, 100])('%i of them are copied, from where they lie', (size) => {
    expect(written((writer) => writer.put(source, 50, 50 + size))).toBe(toHex(source, 50, 50 + size));
  });

  test('are all copied without offsets', () => {
    expect(written((writer) => writer.put(source))).toBe(toHex(source));
    expect(written((writer) => writer.put(source, 180))).toBe(toHex(source, 180));
  });

  test('are copied at once: the source may change then', () => {
    const writer = new FrameWriter(1);
    const changing = Uint8Array.of(1, 2, 3);
    writer.put(changing);
    changing.fill(9);
    expect(contents(writer)).toBe('010203');
  });
});

/** A PING with one byte. */
function ping(writer: FrameWriter, id: number): void {
  writer.begin(0x02, 0, 0, id);
  writer.put(Uint8Array.of(id));
  writer.finish();
}

describe('frames', () => {
  test('stand one behind the other, each with its length', () => {
    const all = written((writer) => {
      ping(writer, 1);
      writer.beginBare();
      writer.text('{}');
      writer.finish();
      ping(writer, 2);
    });
    expect(all).toBe('00000009020000000000000101000000027b7d00000009020000000000000202');
  });

  test('have headers of the highest numbers', () => {
    const all = written((writer) => {
      writer.begin(0xff, 0xff, 0xffff, 0xffff_ffff);
      writer.finish();
    });
    expect(all).toBe('00000008ffffffffffffffff');
  });

  test('are measured while they grow, without their length', () => {
    const writer = new FrameWriter(1);
    ping(writer, 1);
    writer.begin(0x02, 0, 0, 2);
    expect(writer.frameBytes).toBe(8);
    writer.put(new Uint8Array(100));
    expect(writer.frameBytes).toBe(108);
    writer.finish();
    writer.beginBare();
    expect(writer.frameBytes).toBe(0);
  });

  test('are abandoned without a trace', () => {
    const all = written((writer) => {
      ping(writer, 1);
      writer.begin(0x10, 0, 0, 7);
      writer.put(new Uint8Array(300).fill(0xee));
      writer.abandon();
      writer.beginBare();
      writer.text('x'.repeat(5000));
      writer.abandon();
      ping(writer, 2);
    });
    expect(all).toBe('0000000902000000000000010100000009020000000000000202');
  });
});

describe('the buffer', () => {
  test('grows to twice its size at least, and keeps what was written', () => {
    const writer = new FrameWriter(8);
    writer.put(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    expect(writer.bytes).toHaveLength(8);
    writer.u16(9);
    expect(writer.bytes).toHaveLength(16);
    writer.put(new Uint8Array(100));
    expect(writer.bytes).toHaveLength(110);
    expect(toHex(writer.bytes, 0, 10)).toBe('01020304050607080009');
  });

  test('is not replaced while what is reserved fits', () => {
    const writer = new FrameWriter(8);
    writer.reserve(100);
    const { bytes } = writer;
    for (let count = 0; count < 25; count++) writer.u32(count);
    expect(writer.bytes).toBe(bytes);
    writer.u16(1);
    expect(writer.bytes).not.toBe(bytes);
  });

  test('is used again after clear', () => {
    const writer = new FrameWriter(8);
    writer.put(new Uint8Array(100));
    const { bytes } = writer;
    writer.clear();
    expect(writer.length).toBe(0);
    writer.u16(0x0102);
    expect(writer.bytes).toBe(bytes);
    expect(contents(writer)).toBe('0102');
  });

  test('is left to its reader after detach, and the new one is small', () => {
    const writer = new FrameWriter(8);
    writer.put(new Uint8Array(100).fill(7));
    const { bytes } = writer;
    writer.detach();
    expect([writer.length, writer.bytes.length]).toEqual([0, 8]);
    writer.begin(1, 2, 3, 4);
    writer.finish();
    expect(contents(writer)).toBe('000000080102000300000004');
    expect(bytes.subarray(0, 100).every((byte) => byte === 7)).toBe(true);
  });
});
