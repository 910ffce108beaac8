/** Every method, against the server of this repository. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ERRORS } from '../protocol/index.ts';
import { createServer, type Server } from '../server/index.ts';
import { Speicher, type Key, type StorableValue } from './index.ts';

let server: Server;
let client: Speicher;

beforeAll(async () => {
  server = createServer({ listen: ['tcp://127.0.0.1:0'] });
  await server.start();
  client = new Speicher(server.addresses[0]!.url);
});

afterAll(async () => {
  await client.close();
  await server.stop();
});

beforeEach(async () => {
  await client.reset();
});

/** What the types forbid. */
function wrong(value: unknown): never {
  return value as never;
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const array: Item[] = [];
  for await (const item of items) array.push(item);
  return array;
}

describe('items', () => {
  test('set, get, delete, reset', async () => {
    expect(await client.get('foo')).toBeUndefined();
    expect(await client.set('foo', 'bar')).toBe(true);
    expect(await client.get('foo')).toBe('bar');
    expect(await client.delete('foo')).toBe(true);
    expect(await client.delete('foo')).toBe(false);
    await client.set('foo', 'bar');
    expect(await client.reset()).toBe(true);
    expect(await client.get('foo')).toBeUndefined();
  });

  test('values come back as what they were', async () => {
    const values: StorableValue[] = [
      'x',
      '',
      new Uint8Array([0, 255]),
      5,
      -0,
      1.5,
      2n ** 60n,
      true,
      null,
      [1],
      { a: 2 },
    ];
    await Promise.all(values.map((value, index) => client.set(`v${index}`, value)));
    expect(await Promise.all(values.map((_, index) => client.get(`v${index}`)))).toStrictEqual(values);
  });

  test('large values, as text and as bytes, beside small ones', async () => {
    const text = 'ж'.repeat(1_000_000);
    const bytes = new Uint8Array(3_000_000).fill(7);
    const [small] = await Promise.all([client.set('s', 'x'), client.set('t', text), client.set('b', bytes)]);
    expect(small).toBe(true);
    const found = await Promise.all([client.get('t'), client.get('s'), client.get('b', { as: 'bytes' })]);
    expect(found.slice(0, 2)).toEqual([text, 'x']);
    // The matchers compare millions of bytes one by one, and take seconds.
    expect(Buffer.compare(found[2]!, bytes)).toBe(0);
  });

  test('the caller may change its bytes once the call is made', async () => {
    for (const size of [10, 100_000]) {
      const bytes = new Uint8Array(size).fill(1);
      const stored = client.set('b', bytes);
      bytes.fill(2);
      await stored;
      expect((await client.get('b', { as: 'bytes' }))!.every((byte) => byte === 1)).toBe(true);
    }
  });

  test('get as asked for', async () => {
    await client.set('n', '12');
    expect(await client.get('n', { as: 'number' })).toBe(12);
    expect(await client.get('n', { as: 'bytes' })).toStrictEqual(new Uint8Array([49, 50]));
    expect(await client.get('n', { as: 'json' })).toBe(12);
    expect(await client.get('n', { as: 'string' })).toBe('12');
    expect(await client.get('missing', { as: 'number' })).toBeUndefined();
    await client.set('n', 'twelve');
    await expect(client.get('n', { as: 'number' })).rejects.toMatchObject({ code: 'SPEICHER_UNDECODABLE' });
    expect(await client.get('n')).toBe('twelve');
  });

  test('a TAG of the caller’s own', async () => {
    await client.set('m', new Uint8Array([0x93]), { tag: 4 });
    await expect(client.get('m')).rejects.toThrow("ask for { as: 'bytes' }");
    expect(await client.gets('m', { as: 'bytes' })).toMatchObject({ value: new Uint8Array([0x93]), tag: 4 });
  });

  test('add and replace', async () => {
    expect(await client.replace('a', 1)).toBe(false);
    expect(await client.add('a', 1)).toBe(true);
    expect(await client.add('a', 2)).toBe(false);
    expect(await client.replace('a', 3)).toBe(true);
    expect(await client.get('a')).toBe(3);
  });

  test('append and prepend keep the TAG', async () => {
    expect(await client.append('a', 'x')).toBe(false);
    await client.set('a', 'b');
    expect(await client.append('a', 'c')).toBe(true);
    expect(await client.prepend('a', Buffer.from('a'))).toBe(true);
    expect(await client.get('a')).toBe('abc');
    await expect(client.append('a', 5 as unknown as string)).rejects.toThrow(TypeError);
  });

  test('gets and cas', async () => {
    expect(await client.gets('a')).toBeUndefined();
    expect(await client.cas('a', 1, 1)).toBe(false);
    await client.set('a', 1, { ttlMs: 60_000 });
    const item = await client.gets('a');
    expect(item).toMatchObject({ value: 1, tag: 2 });
    expect(item!.ttlMs).toBeGreaterThan(50_000);
    expect(await client.cas('a', 2, item!.version)).toBe(true);
    expect(await client.cas('a', 3, item!.version)).toBe(false);
    expect(await client.gets('a')).toMatchObject({ value: 2, ttlMs: Infinity });
    expect(await client.delete('a', { version: item!.version })).toBe(false);
  });

  test('null is a value; with nullDeletes it deletes, as in Python', async () => {
    await client.set('a', null);
    expect(await client.get('a')).toBeNull();
    await using python = new Speicher({ url: server.addresses[0]!.url, nullDeletes: true });
    expect(await python.set('a', null)).toBe(true);
    expect(await client.get('a')).toBeUndefined();
    expect(await python.set('a', null)).toBe(true);
    expect(await python.set('a', [null])).toBe(true);
  });
});

describe('counters', () => {
  test('increment and decrement', async () => {
    expect(await client.increment('n')).toBeUndefined();
    expect(await client.increment('n', 5, { initial: 10 })).toBe(10);
    expect(await client.increment('n', 5, { initial: 10 })).toBe(15);
    expect(await client.decrement('n')).toBe(14);
    expect(await client.decrement('n', 20n)).toBe(-6);
    expect(await client.get('n', { as: 'number' })).toBe(-6);
    await client.set('n', 1);
    await client.increment('n');
    expect(await client.get('n')).toBe(2);
  });

  test('are exact over 64 bits', async () => {
    await client.set('n', 2n ** 63n - 2n);
    expect(await client.increment('n')).toBe(2n ** 63n - 1n);
    await expect(client.increment('n')).rejects.toMatchObject({ code: 'SPEICHER_NOT_A_NUMBER', outcome: 'rejected' });
    expect(await client.get('n')).toBe(2n ** 63n - 1n);
  });

  test('with another version: SPEICHER_CONFLICT, as undefined would be a miss', async () => {
    await client.set('n', 1);
    await expect(client.increment('n', 1, { version: 1 })).rejects.toMatchObject({ code: 'SPEICHER_CONFLICT' });
  });
});

describe('expiry', () => {
  test('ttlMs, touch and ttl', async () => {
    expect(await client.ttl('a')).toBeUndefined();
    expect(await client.touch('a', 1)).toBe(false);
    await client.set('a', 1);
    expect(await client.ttl('a')).toBe(Infinity);
    expect(await client.touch('a', 60_000)).toBe(true);
    expect(await client.ttl('a')).toBeGreaterThan(50_000);
    expect(await client.get('a', { ttlMs: Infinity })).toBe(1);
    expect(await client.ttl('a')).toBe(Infinity);
    await client.add('b', 1, { ttlMs: 60_000 });
    await client.increment('c', 1, { initial: 1, ttlMs: 60_000 });
    expect(await client.ttl('b')).toBeLessThanOrEqual(60_000);
    expect(await client.ttl('c')).toBeLessThanOrEqual(60_000);
  });
});

describe('locks', () => {
  test('only who has the token changes the item', async () => {
    expect(await client.lock('a')).toBeUndefined();
    expect(await client.unlock('a')).toBe(false);
    await client.set('a', 1);
    const token = await client.lock('a', { ttlMs: 60_000 });
    await expect(client.set('a', 2)).rejects.toMatchObject({ code: 'SPEICHER_LOCKED', retryable: true });
    // What the server explains is what the code says already, and so it is not said twice.
    await expect(client.lock('a')).rejects.toMatchObject({
      code: 'SPEICHER_LOCKED',
      message: ERRORS.SPEICHER_LOCKED.message,
    });
    expect(await client.lock('a', { token })).toBe(token);
    expect(await client.set('a', 2, { token })).toBe(true);
    await expect(client.unlock('a', { token: token! + 1 })).rejects.toMatchObject({ code: 'SPEICHER_LOCKED' });
    expect(await client.unlock('a', { token })).toBe(true);
    expect(await client.delete('a')).toBe(true);
  });
});

describe('prefixes', () => {
  beforeEach(async () => {
    await Promise.all([client.set('p:a', 1), client.set('p:b', 2), client.set('q', 3)]);
  });

  test('count, set, delete', async () => {
    expect(await client.count('p:')).toBe(2);
    expect(await client.count()).toBe(3);
    expect(await client.setPrefix('p:', 'x')).toBe(2);
    expect(await client.get('p:a')).toBe('x');
    expect(await client.deletePrefix('p:')).toBe(2);
    expect(await client.deletePrefix('p:')).toBe(0);
    expect(await client.deletePrefix('')).toBe(1);
    expect(await client.count()).toBe(0);
  });

  test('increment, decrement, touch', async () => {
    expect(await client.incrementPrefix('p:', 10)).toBe(2);
    expect(await client.decrementPrefix('p:')).toBe(2);
    expect(await client.get('p:b')).toBe(11);
    expect(await client.touchPrefix('p:', 60_000)).toBe(2);
    expect(await client.ttl('p:a')).toBeLessThanOrEqual(60_000);
  });

  test('lock and unlock', async () => {
    const locked = await client.lockPrefix('p:', { ttlMs: 60_000 });
    expect(locked).toEqual({ count: 2, token: expect.any(Number) as number });
    expect(await client.lockPrefix('p:')).toEqual({ count: 0, token: undefined });
    expect(await client.deletePrefix('')).toBe(1);
    const token = locked.token!;
    expect(await client.setPrefix('p:', 5, { token })).toBe(2);
    expect(await client.unlockPrefix('p:', { token })).toBe(2);
  });
});

describe('listings', () => {
  const names = Array.from({ length: 25 }, (_, index) => `user:${String(index).padStart(2, '0')}`);

  test.each([1, 7, 25, 500])('keys and items in pages of %i', async (pageSize) => {
    await Promise.all(names.map((name, index) => client.set(name, index)));
    await client.set('other', 1);
    expect(await all(client.keys('user:', { pageSize }))).toEqual(names);
    expect(await all(client.scan('user:', { pageSize }))).toEqual(names.map((name, index) => [name, index]));
    const texts = names.map((name, index) => [name, String(index)]);
    expect(await all(client.scan('user:', { pageSize, as: 'string' }))).toEqual(texts);
    expect(await all(client.keys())).toHaveLength(26);
    expect(await all(client.keys('nobody'))).toEqual([]);
  });

  test('keys that are no UTF-8 are bytes, and all are if asked for', async () => {
    const odd = new Uint8Array([0xff, 0x00]);
    await client.set('a', 1);
    await client.set(odd, 2);
    expect(await all(client.keys())).toStrictEqual(['a', odd]);
    expect(await all(client.scan())).toStrictEqual([
      ['a', 1],
      [odd, 2],
    ]);
    expect(await all(client.keys('', { keysAs: 'bytes' }))).toStrictEqual([new Uint8Array([97]), odd]);
  });

  test('an item that goes while a scan is under way is passed over', async () => {
    await Promise.all(names.map((name, index) => client.set(name, index)));
    const seen: unknown[] = [];
    for await (const [key] of client.scan('user:', { pageSize: 5 })) {
      seen.push(key);
      await client.delete('user:07');
    }
    expect(seen).toEqual(names.filter((name) => name !== 'user:07'));
  });

  test('a deadline and a signal hold for every page', async () => {
    await client.set('a', 1);
    const listing = client.keys('', { signal: AbortSignal.abort() });
    await expect(listing.next()).rejects.toMatchObject({ code: 'SPEICHER_ABORTED' });
  });
});

describe('insight', () => {
  test('hello, stats, ping', async () => {
    expect(await client.hello()).toMatchObject({
      protocol: 1,
      server: expect.stringContaining('speicher') as string,
      profiles: expect.stringContaining('core') as string,
      'max-key': expect.any(Number) as number,
    });
    await client.set('a', 1);
    expect(await client.stats()).toMatchObject({ items: 1, evictions: 0 });
    expect(await client.ping()).toBe('PONG');
    expect(await client.ping('ж')).toBe('ж');
  });

  test('meta', async () => {
    expect(await client.meta('a')).toBeUndefined();
    await client.set('a', 'xyz');
    expect(await client.meta('a')).toMatchObject({ size: 3, tag: 1, ttl: -1, left: -1, lock: 0 });
  });

  test('what the server does not offer', async () => {
    await expect(client.sync()).rejects.toMatchObject({ code: 'SPEICHER_UNKNOWN_OPCODE', outcome: 'rejected' });
  });
});

describe('a programmer’s mistake rejects and sends nothing', () => {
  test.each<[string, () => Promise<unknown>, new () => Error]>([
    ['an empty key', () => client.get(''), TypeError],
    ['an empty key of bytes', () => client.get(new Uint8Array(0)), TypeError],
    ['no key', () => client.get(wrong(undefined)), TypeError],
    ['null as key', () => client.delete(wrong(null)), TypeError],
    ['a number as key', () => client.get(wrong(5)), TypeError],
    ['a lone surrogate', () => client.get('a\udc00'), TypeError],
    ['a key of 65 536 bytes', () => client.get('k'.repeat(65_536)), RangeError],
    ['a key of 65 536 bytes in UTF-8', () => client.get('ж'.repeat(32_768)), RangeError],
    ['no prefix', () => client.deletePrefix(wrong(undefined)), TypeError],
    ['undefined as value', () => client.set('a', wrong(undefined)), TypeError],
    ['a negative ttlMs', () => client.set('a', 1, { ttlMs: -1 }), RangeError],
    ['a fractional ttlMs', () => client.set('a', 1, { ttlMs: 0.5 }), RangeError],
    ['NaN as ttlMs', () => client.set('a', 1, { ttlMs: Number.NaN }), RangeError],
    ['text as ttlMs', () => client.set('a', 1, { ttlMs: wrong('5') }), TypeError],
    ['no ttlMs', () => client.touch('a', wrong(undefined)), TypeError],
    ['a version of 0', () => client.cas('a', 1, 0), RangeError],
    ['a fractional token', () => client.unlock('a', { token: 1.5 }), RangeError],
    ['a tag above 32 bits', () => client.set('a', 'x', { tag: 2 ** 32 }), RangeError],
    ['a fractional delta', () => client.increment('a', 0.5), RangeError],
    ['an unsafe delta', () => client.increment('a', 2 ** 53), RangeError],
    ['a delta beyond 64 bits', () => client.increment('a', 2n ** 63n), RangeError],
    ['a delta whose negative is beyond 64 bits', () => client.decrement('a', -(2n ** 63n)), RangeError],
    ['text as delta', () => client.increment('a', wrong('1')), TypeError],
    ['an initial that is none', () => client.increment('a', 1, { initial: 1.5 }), RangeError],
    ['an unknown form', () => client.get('a', { as: wrong('xml') }), TypeError],
    ['an unknown form in a scan', () => client.scan('a', { as: wrong('xml') }).next(), TypeError],
    ['a page of none', () => client.keys('a', { pageSize: 0 }).next(), RangeError],
    ['an unknown keysAs', () => client.keys('a', { keysAs: wrong('string') }).next(), TypeError],
    ['a timeoutMs of 0', () => client.get('a', { timeoutMs: 0 }), RangeError],
    ['no signal', () => client.get('a', { signal: wrong({}) }), TypeError],
    ['a number as message', () => client.ping(wrong(5)), TypeError],
  ])('%s', async (_, call, kind) => {
    const { requests } = await client.stats();
    await expect(call()).rejects.toThrow(kind);
    expect((await client.stats()).requests).toBe(requests + 1);
  });
});

describe('keys', () => {
  test.each<[string, Key]>([
    ['text', 'a b\n\0ж🙂'],
    ['bytes', new Uint8Array([0, 0xff])],
    ['a byte order mark', '\ufeff'],
    ['4 096 bytes, the server’s limit', 'k'.repeat(4096)],
  ])('%s', async (_, key) => {
    await client.set(key, 1);
    expect(await client.get(key)).toBe(1);
    expect(await all(client.keys())).toStrictEqual([key]);
  });

  test('text and its UTF-8 bytes are one key', async () => {
    await client.set('ж', 1);
    expect(await client.get(Buffer.from('ж'))).toBe(1);
  });

  test('above the server’s limit', async () => {
    await expect(client.get('k'.repeat(4097))).rejects.toMatchObject({ code: 'SPEICHER_TOO_LARGE' });
  });
});
