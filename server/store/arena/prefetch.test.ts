/** A store that is told of keys before it is asked for them: what it keeps of that must never lead it astray. */
import { expect, test } from 'vitest';
import { ReplyFrame, RequestFrame, STATUS } from '../../../protocol/index.ts';
import { NEXT_KEYS_MAX, NextKeys } from '../next-keys.ts';
import { ManualClock } from '../testing/requests.ts';
import { SeededNumbers } from '../testing/wide-operations.ts';
import { ArenaStore } from './arena-store.ts';
import { HashIndex, NO_LOCATION } from './hash-index.ts';

const newStore = (): ArenaStore => new ArenaStore({ clock: new ManualClock(), valueBytesMax: 1000, seed: [1, 2] });

/** Announces `bytes[starts[n]…ends[n])`. */
function announce(keys: NextKeys, store: ArenaStore, bytes: Uint8Array, places: readonly [number, number][]): void {
  keys.bytes = bytes;
  keys.count = places.length;
  places.forEach(([start, end], at) => {
    keys.starts[at] = start;
    keys.ends[at] = end;
  });
  store.prefetch(keys);
}

/** SET or GET of the key in `bytes[start…end)`; returns what was found. */
function ask(
  store: ArenaStore,
  name: 'get' | 'set',
  bytes: Uint8Array,
  start: number,
  end: number,
  value = '',
): string {
  const request = new RequestFrame();
  request.keyBytes = bytes;
  request.keyStart = start;
  request.keyEnd = end;
  request.valueBytes = Buffer.from(value);
  request.valueEnd = request.valueBytes.length;
  const reply = new ReplyFrame();
  reply.clear();
  store[name](request, reply);
  if (reply.status === STATUS.NOT_FOUND) return 'none';
  return Buffer.from(reply.valueBytes.subarray(reply.valueStart, reply.valueEnd)).toString('latin1');
}

test('keys that were announced wrongly, in part or in vain are found as others are', () => {
  const store = newStore();
  const keys = new NextKeys();
  const bytes = Buffer.from('alphabetagammadelta');
  const places: [number, number][] = [
    [0, 5],
    [5, 9],
    [9, 14],
    [14, 19],
  ];
  for (const [start, end] of places)
    ask(store, 'set', bytes, start, end, `value of ${bytes.toString('latin1', start, end)}`);
  const announced: readonly [number, number][][] = [
    places,
    // Another beginning, another end, a key over two, the last one only.
    places.map(([start, end]) => [start + 1, end]),
    places.map(([start, end]) => [start, end - 1]),
    [
      [0, 9],
      [9, 19],
    ],
    [[14, 19]],
    [],
  ];
  for (const each of announced) {
    announce(keys, store, bytes, each);
    // Each twice, and the first again behind the last: a store knows the order for a guess only.
    for (const [start, end] of [...places, ...places.toReversed(), places[0]!].flatMap((place) => [place, place])) {
      expect(ask(store, 'get', bytes, start, end)).toBe(`value of ${bytes.toString('latin1', start, end)}`);
    }
    expect(ask(store, 'get', bytes, 1, 4)).toBe('none');
  }
  store.check();
});

test('once they are cleared, the bytes may become other keys', () => {
  const store = newStore();
  const keys = new NextKeys();
  const bytes = Buffer.from('onetwo');
  ask(store, 'set', Buffer.from('one'), 0, 3, 'first');
  announce(keys, store, bytes, [
    [0, 3],
    [3, 6],
  ]);
  expect(ask(store, 'get', bytes, 0, 3)).toBe('first');
  keys.clear();
  bytes.write('twoone');
  expect(ask(store, 'get', bytes, 0, 3)).toBe('none');
  expect(ask(store, 'get', bytes, 3, 6)).toBe('first');
});

test('announcing changes nothing, while an index grows and shrinks and items come and go', () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const numbers = new SeededNumbers(seed);
  const store = newStore();
  const keys = new NextKeys();
  const model = new Map<string, string>();
  for (let round = 0; round < 200; round++) {
    const names = Array.from({ length: 1 + numbers.below(NEXT_KEYS_MAX) }, () => `${numbers.below(3000)}`.padStart(8));
    const bytes = Buffer.from(names.join(''));
    const places = names.map((_, at): [number, number] => [8 * at, 8 * at + 8]);
    announce(keys, store, bytes, places);
    const found: string[] = [];
    const expected: string[] = [];
    names.forEach((name, at) => {
      const [start, end] = places[at]!;
      const value = `${round}`.padEnd(numbers.below(300), 'v');
      found.push(ask(store, 'get', bytes, start, end));
      expected.push(model.get(name) ?? 'none');
      if (numbers.below(3) === 0) return;
      ask(store, 'set', bytes, start, end, value);
      model.set(name, value);
    });
    expect(found, `seed ${seed}`).toEqual(expected);
    keys.clear();
  }
  store.check();
  expect(store.stats().items).toBe(model.size);
});

test('an index gives the locations that it finds, and none for hashes that it has not', () => {
  const index = new HashIndex();
  const hashes = Uint32Array.from({ length: 1000 }, (_, at) => Math.imul(at + 1, 0x9e37_79b1) >>> 0);
  // Two thirds of them, so that many an entry does not stand at its home; a table that was made for them does not grow.
  index.expect(700);
  for (let at = 0; at < 700; at++) index.add(hashes[at]!, at + 1);
  const locations = new Uint32Array(1000);
  index.prefetch(hashes, 1000, locations);
  expect([...locations]).toEqual([...hashes].map((_, at) => (at < 700 ? at + 1 : NO_LOCATION)));
});
