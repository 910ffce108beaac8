import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { resolveOptions, type SpeicherOptions } from './options.ts';

describe('defaults', () => {
  test('localhost:14567, ten seconds, bounded', () => {
    expect(resolveOptions({})).toEqual({
      target: { host: 'localhost', port: 14567 },
      credentials: undefined,
      timeoutMs: 10_000,
      connectTimeoutMs: 5_000,
      maxPendingCalls: 65_536,
      maxPendingBytes: 64 * 1024 * 1024,
      maxFrameBytes: 64 * 1024 * 1024,
      nullDeletes: false,
    });
  });
});

describe('addresses', () => {
  test.each<[string | SpeicherOptions, object, object?]>([
    [
      { host: 'example', port: 1 },
      { host: 'example', port: 1 },
    ],
    [{ path: '/run/s' }, { path: '/run/s' }],
    [{ tls: true }, { host: 'localhost', port: 14567, tls: {} }],
    [{ tls: false }, { host: 'localhost', port: 14567 }],
    [{ tls: { ca: 'PEM' } }, { host: 'localhost', port: 14567, tls: { ca: 'PEM' } }],
    ['tcp://example:1', { host: 'example', port: 1 }],
    ['tcp://example', { host: 'example', port: 14567 }],
    ['tcp://[::1]:2/', { host: '::1', port: 2 }],
    ['unix:///run/a%20b.sock', { path: '/run/a b.sock' }],
    ['tls://example:1', { host: 'example', port: 1, tls: {} }],
    [
      { url: 'tls://example:1', tls: { ca: 'PEM' } },
      { host: 'example', port: 1, tls: { ca: 'PEM' } },
    ],
    ['tcp://ann:p%40ss@example:1', { host: 'example', port: 1 }, { user: 'ann', password: 'p@ss' }],
    ['tcp://:secret@example:1', { host: 'example', port: 1 }, { user: '', password: 'secret' }],
    [
      { url: 'tcp://example', password: 'x' },
      { host: 'example', port: 14567 },
      { user: '', password: 'x' },
    ],
    [{ user: 'ann' }, { host: 'localhost', port: 14567 }, { user: 'ann', password: '' }],
  ])('%o', (options, target, credentials) => {
    expect(resolveOptions(options)).toMatchObject({ target, credentials });
    expect(resolveOptions(options).target).toEqual(target);
  });
});

describe('what is wrong is named', () => {
  test.each<[unknown, string]>([
    [null, 'options'],
    [5, 'options'],
    [{ prot: 1 }, 'prot'],
    [{ host: 5 }, 'host'],
    [{ host: '' }, 'host'],
    [{ path: 'a\0b' }, 'path'],
    [{ port: 0 }, 'port'],
    [{ port: 65_536 }, 'port'],
    [{ port: '14567' }, 'port'],
    [{ tls: 'yes' }, 'tls'],
    [{ timeoutMs: 0 }, 'timeoutMs'],
    [{ timeoutMs: 1.5 }, 'timeoutMs'],
    [{ timeoutMs: Infinity }, 'timeoutMs'],
    [{ connectTimeoutMs: -1 }, 'connectTimeoutMs'],
    [{ maxPendingCalls: 0 }, 'maxPendingCalls'],
    [{ maxPendingBytes: Number.NaN }, 'maxPendingBytes'],
    [{ maxFrameBytes: 2 ** 31 }, 'maxFrameBytes'],
    [{ nullDeletes: 1 }, 'nullDeletes'],
    [{ user: 'a\0b' }, 'user'],
    [{ path: '/run/s', port: 1 }, 'path'],
    [{ url: 'tcp://a:1', host: 'b' }, 'host'],
    [{ url: 'unix:///run/s', port: 1 }, 'port'],
    [{ url: 'tls://a', tls: false }, 'tls'],
    [{ url: 'tcp://ann:x@a', user: 'bob' }, 'user'],
    ['localhost:14567', 'url'],
    ['http://localhost', 'url'],
    ['tcp://a/path', 'url'],
    ['tcp://a?x=1', 'url'],
    ['unix://run/s', 'url'],
    ['unix:///', 'url'],
    ['tcp://a:%ff@b', 'url'],
    ['', 'url'],
  ])('%o', (options, name) => {
    expect(() => resolveOptions(options as SpeicherOptions)).toThrow(
      expect.objectContaining({ code: 'SPEICHER_OPTION', message: expect.stringContaining(` ${name}`) as string }),
    );
  });

  test.each(['tcp://:secret@a/path', 'tcp://:secret%@a', 'http://:secret@a'])('no password is repeated: %s', (url) => {
    let shown = '';
    try {
      resolveOptions(url);
    } catch (error) {
      shown = inspect(error);
    }
    expect(shown).toContain('SPEICHER_OPTION');
    expect(shown).not.toContain('secret');
  });
});
