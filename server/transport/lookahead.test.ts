/** Which keys a store is told of before they are asked for. */
import { expect, test } from 'vitest';
import { FLAG, LENGTH_BYTES } from '../../protocol/index.ts';
import { NEXT_KEYS_MAX, type NextKeys } from '../store/next-keys.ts';
import { envelopeBytes, requestBytes } from '../testing/raw-peer.ts';
import { Lookahead } from './lookahead.ts';

/** A store that notes what it is told. */
class Scene {
  readonly told: string[][] = [];
  keys: NextKeys | undefined;
  readonly lookahead = new Lookahead({
    prefetch: (keys) => {
      this.keys = keys;
      this.told.push(
        Array.from({ length: keys.count }, (_, at) =>
          Buffer.from(keys.bytes.subarray(keys.starts[at], keys.ends[at])).toString('latin1'),
        ),
      );
    },
  });

  /** Looks as a connection does that is handed these frames, each of which begins at one of `starts`. */
  run(bytes: Uint8Array, starts: readonly number[], end = bytes.length): void {
    this.lookahead.begin(bytes, 0, end);
    for (const start of starts) if (start >= this.lookahead.upTo) this.lookahead.look(bytes, start);
    this.lookahead.end();
  }
}

/** Frames one behind the other, and where each begins, behind its length. */
function laid(frames: readonly Uint8Array[]): { bytes: Uint8Array; starts: number[] } {
  let at = 0;
  const starts = frames.map((frame) => (at += frame.length) - frame.length + LENGTH_BYTES);
  return { bytes: Buffer.concat(frames), starts };
}

const get = (key: string): Uint8Array => requestBytes('GET', { key });

test('keys of requests of all kinds, with any fields before them', () => {
  const scene = new Scene();
  const { bytes, starts } = laid([
    get('a'),
    requestBytes('SET', { key: 'b', value: 'value', ttlMs: 1, tag: 2, flags: FLAG.TTL | FLAG.TAG }),
    requestBytes('PING', { value: 'no key' }),
    envelopeBytes('{"command":"GET","key":"foo"}'),
    requestBytes('GET', { key: 'pre', flags: FLAG.PREFIX }),
    requestBytes('DELETE', { key: 'c' }),
  ]);
  scene.run(bytes, starts);
  expect(scene.told).toEqual([['a', 'b', 'c']]);
});

test('so many at a time, and each once', () => {
  const scene = new Scene();
  const keys = Array.from({ length: 2 * NEXT_KEYS_MAX + 10 }, (_, at) => `key${at}`);
  const { bytes, starts } = laid(keys.map(get));
  scene.run(bytes, starts);
  expect(scene.told.map(({ length }) => length)).toEqual([NEXT_KEYS_MAX, NEXT_KEYS_MAX, 10]);
  expect(scene.told.flat()).toEqual(keys);
});

test('one key alone is not told, and nothing is known of it', () => {
  const scene = new Scene();
  const { bytes, starts } = laid([get('a'), get('b')]);
  scene.run(bytes, starts);
  scene.lookahead.begin(bytes, 0, starts[1]! - LENGTH_BYTES);
  scene.lookahead.look(bytes, starts[0]!);
  expect(scene.told).toEqual([['a', 'b']]);
  expect(scene.keys?.count).toBe(0);
});

test('where a piece ends within a frame, it goes on with the next that is carried out', () => {
  const scene = new Scene();
  const long = requestBytes('SET', { key: 'long', value: 'x'.repeat(1000) });
  const first = laid([get('a'), get('b'), long.subarray(0, 20)]);
  const second = laid([get('c'), get('d')]);
  const bytes = Buffer.concat([first.bytes, second.bytes]);
  // The connection keeps what there is of the third frame: it is not handed out.
  scene.run(bytes, [...first.starts.slice(0, 2), ...second.starts.map((start) => first.bytes.length + start)]);
  expect(scene.told).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ]);
});

test('lengths that lie do not lead it out of what has come', () => {
  for (const length of [0, 1, 7, 8, 9, 100, 2 ** 31, 2 ** 32 - 1]) {
    for (const keyBytes of [0, 1, 200, 65_535]) {
      const scene = new Scene();
      const lying = Buffer.alloc(40, 0x10);
      lying.writeUInt32BE(length, 0);
      lying.writeUInt16BE(keyBytes, 6);
      const { bytes, starts } = laid([lying, get('a'), get('b')]);
      scene.run(Buffer.concat([bytes, get('behind')]), starts, bytes.length);
      for (const keys of scene.told) expect(keys.join()).not.toContain('behind');
      expect(scene.told.flat().slice(-2)).toEqual(['a', 'b']);
    }
  }
});

test('frames elsewhere are not looked at, and afterwards nothing is known any more', () => {
  const scene = new Scene();
  const { bytes, starts } = laid([get('a'), get('b')]);
  scene.run(bytes, starts);
  expect(scene.keys).toMatchObject({ count: 0 });
  expect(scene.keys?.bytes).not.toBe(bytes);
  scene.lookahead.begin(bytes, 0, bytes.length);
  scene.lookahead.look(Buffer.from(bytes), starts[0]!);
  scene.lookahead.end();
  expect(scene.lookahead.upTo).toBe(Infinity);
  expect(scene.told).toHaveLength(1);
});

test('a store that does not ask for it is not told', () => {
  const lookahead = new Lookahead({});
  lookahead.begin(get('a'), 0, 13);
  expect(lookahead.upTo).toBe(Infinity);
});
