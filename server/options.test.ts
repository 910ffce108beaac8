import { totalmem } from 'node:os';
import { describe, expect, test } from 'vitest';
import { SpeicherError } from '../protocol/index.ts';
import {
  checkServerOptions,
  claimedProfiles,
  parseServerOptions,
  SERVER_OPTIONS,
  type OptionName,
  type ServerOptions,
  type ServerOptionsInput,
} from './options.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** A quarter of what this process may have of the machine's memory. */
const MACHINE_SHARE = Math.floor(Math.min(totalmem(), process.constrainedMemory() || Infinity) / 4);

/** What each limit is unless it is given, the least that is taken, and the most. */
const LIMITS = [
  ['maxConnections', 16_384, 32, 1_000_000],
  ['maxUnauthenticated', 256, 32, 1_000_000],
  ['maxKeyBytes', 4 * KIB, 250, 65_535],
  ['maxValueBytes', 8 * MIB, 1024, 2 ** 31 - 1 - 65_535 - 64],
  ['maxMemoryBytes', MACHINE_SHARE, MIB, 32 * KIB * MIB],
  ['maxFrameBytes', 16 * MIB, 250 + 1024 + 64, 2 ** 31 - 1],
  ['maxJsonDepth', 128, 64, 10_000],
  ['idleTimeoutMs', 0, 10_000, 2 ** 31 - 1],
  ['frameTimeoutMs', 30_000, 2000, 2 ** 31 - 1],
  ['authTimeoutMs', 5000, 2000, 2 ** 31 - 1],
  ['maxAuthFailures', 3, 3, 1000],
  ['maxUnauthenticatedInputBytes', 4 * KIB, 4 * KIB, 2 ** 31 - 1],
  ['unsentHighWaterBytes', MIB, MIB, 2 ** 31 - 1],
  ['unsentTimeoutMs', 10_000, 1000, 2 ** 31 - 1],
  ['maxUnsentTotalBytes', 256 * MIB, 2 * MIB, Number.MAX_SAFE_INTEGER],
  ['rewriteMinBytes', 64 * MIB, 64 * KIB, Number.MAX_SAFE_INTEGER],
  ['snapshotEveryMs', 300_000, 1000, 2 ** 31 - 1],
  ['stopTimeoutMs', 5000, 0, 2 ** 31 - 1],
] as const satisfies [OptionName, number, number, number][];

/** Makes room for the limit in question, so that only its own bounds count. */
const ROOM: ServerOptionsInput = { maxKeyBytes: 250, maxValueBytes: 1024 };

function problemOf(input: unknown): string {
  const result = checkServerOptions(input);
  return 'problem' in result ? `${result.problem.property ?? ''} ${result.problem.message}` : '';
}

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('limits', () => {
  test.each(LIMITS)('%s is %d unless it is given, and may be %d to %d', (property, byDefault, min, max) => {
    expect(parseServerOptions()[property]).toBe(byDefault);
    expect(parseServerOptions({ ...ROOM, [property]: min })[property]).toBe(min);
    expect(parseServerOptions({ ...ROOM, maxFrameBytes: 2 ** 31 - 1, [property]: max })[property]).toBe(max);
    // 0 is "off" for the one limit that is off by default.
    for (const outside of [min - 1, max + 1, ...(byDefault === 0 || min === 0 ? [] : [0])]) {
      const error = thrownBy(() => parseServerOptions({ ...ROOM, [property]: outside }));
      expect(error).toBeInstanceOf(SpeicherError);
      expect(error).toMatchObject({ code: 'SPEICHER_OPTION', message: expect.stringContaining(`${property} must be`) });
    }
  });

  test('every number has a test', () => {
    const numbers = SERVER_OPTIONS.filter(({ kind }) => ['bytes', 'duration', 'count'].includes(kind));
    expect(numbers.map(({ property }) => property)).toEqual(LIMITS.map(([property]) => property));
    for (const [property, byDefault, min, max] of LIMITS) {
      // Documents do not say what a share of this machine's memory comes to.
      const shown = byDefault === MACHINE_SHARE ? undefined : byDefault;
      expect(numbers.find((option) => option.property === property)).toMatchObject({ default: shown, min, max });
    }
  });

  test('what is no whole number is refused, with the forms that are taken', () => {
    for (const wrong of ['', 'many', '-1', '1.5', '5 fortnights', Number.NaN, 1e30, 4096.5, true, null, {}]) {
      expect(problemOf({ maxKeyBytes: wrong })).toMatch(/^maxKeyBytes must be bytes, or a number with B, KB, KiB/);
      expect(problemOf({ frameTimeoutMs: wrong })).toMatch(/^frameTimeoutMs must be milliseconds, or a number with ms/);
      expect(problemOf({ maxConnections: wrong })).toMatch(/^maxConnections must be a whole number/);
    }
  });

  test('sizes and times may be texts', () => {
    const options = parseServerOptions({
      maxKeyBytes: '1KiB',
      maxValueBytes: '1MB',
      idleTimeoutMs: '2m',
      maxConnections: '99',
    });
    expect(options).toMatchObject({
      maxKeyBytes: 1024,
      maxValueBytes: 1_000_000,
      idleTimeoutMs: 120_000,
      maxConnections: 99,
    });
  });

  test('a frame holds a key, a value and 64 bytes more (HELLO-1)', () => {
    expect(parseServerOptions({ maxFrameBytes: 4096 + 8 * MIB + 64 }).maxFrameBytes).toBe(4096 + 8 * MIB + 64);
    expect(problemOf({ maxFrameBytes: 4096 + 8 * MIB + 63 })).toContain('maxFrameBytes must be at least maxKeyBytes');
    expect(problemOf({ maxValueBytes: '64MiB', maxFrameBytes: '64MiB' })).toContain('maxFrameBytes must be at least');
  });

  test('the frame grows with the value unless it is given', () => {
    expect(parseServerOptions({ maxValueBytes: '64MiB' }).maxFrameBytes).toBe(64 * MIB + 4096 + 64);
    expect(parseServerOptions({ maxValueBytes: '1MiB' }).maxFrameBytes).toBe(16 * MIB);
  });
});

describe('listeners', () => {
  test('the default is the loopback alone', () => {
    expect(parseServerOptions().listen).toEqual(['tcp://127.0.0.1:14567']);
  });

  test.each(['tcp://127.0.0.1:0', 'tcp://localhost', 'tcp://[::1]:1', 'tcp://127.8.9.10', 'unix:///tmp/a.sock'])(
    '%s needs no password',
    (url) => {
      expect(parseServerOptions({ listen: [url] }).listen).toEqual([url]);
    },
  );

  test.each(['tcp://0.0.0.0', 'tcp://[::]', 'tcp://192.168.1.2:1', 'tcp://127.0.0.1.example.org', 'tcp://example.org'])(
    '%s can be reached by others: refused without authentication, unless that is said to be meant',
    (url) => {
      const listen = ['tcp://127.0.0.1', url];
      expect(problemOf({ listen })).toContain(`listen ${url} can be reached from other machines`);
      expect(parseServerOptions({ listen, auth: ['u:p'] }).listen).toEqual(listen);
      expect(parseServerOptions({ listen, allowInsecure: true }).listen).toEqual(listen);
    },
  );

  test('TLS alone keeps nobody out, client certificates do', () => {
    const tls = { listen: ['tls://0.0.0.0'], tlsCertFile: 'c', tlsKeyFile: 'k' };
    expect(problemOf(tls)).toContain('listen tls://0.0.0.0 can be reached');
    expect(problemOf({ ...tls, tlsClientCaFile: 'ca' })).toBe('');
    expect(problemOf({ ...tls, tlsClientCaFile: 'ca', listen: ['tls://0.0.0.0', 'tcp://0.0.0.0'] })).toContain(
      'tcp://0.0.0.0 can be reached',
    );
  });

  test('TLS needs a certificate and a key, and they need TLS', () => {
    const listen = ['tls://127.0.0.1'];
    expect(problemOf({ listen, tlsKeyFile: 'k' })).toBe('tlsCertFile is needed to listen on tls://127.0.0.1');
    expect(problemOf({ listen, tlsCertFile: 'c' })).toBe('tlsKeyFile is needed to listen on tls://127.0.0.1');
    expect(problemOf({ tlsClientCaFile: 'ca' })).toBe('tlsClientCaFile is of no use without a tls:// listener');
    expect(problemOf({ listen, tlsCertFile: '', tlsKeyFile: 'k' })).toContain('tlsCertFile must be a path');
  });

  test.each([
    '',
    '127.0.0.1',
    'http://127.0.0.1',
    'tcp://',
    'tcp://h:99999',
    'tcp://h/path',
    'tcp://u:p@h',
    'unix://h/p',
  ])('%j is no listener', (url) => {
    expect(problemOf({ listen: [url] })).toBe(
      `listen must be tcp://HOST[:PORT], tls://HOST[:PORT] or unix:///PATH, not ${JSON.stringify(url)}`,
    );
  });

  test('there must be one', () => {
    expect(problemOf({ listen: [] })).toMatch(/^listen must name at least one/);
    expect(problemOf({ listen: 'tcp://127.0.0.1' })).toBe('listen must be a list of texts');
  });
});

describe('profiles (section 6)', () => {
  test('all are offered, and auth where passwords are given', () => {
    expect(claimedProfiles(parseServerOptions()).join(' ')).toBe('json core standard prefix locks insight');
    expect(claimedProfiles(parseServerOptions({ auth: [':p'] })).at(-1)).toBe('auth');
    expect(claimedProfiles(parseServerOptions({ profiles: ['standard', 'core', 'core'] }))).toEqual([
      'core',
      'standard',
    ]);
  });

  test.each([
    [['json'], 'core'],
    [[], 'core'],
    [['core', 'prefix'], 'standard with prefix'],
    [['core', 'locks'], 'standard with locks'],
  ])('%j lacks %s', (profiles, missing) => {
    expect(problemOf({ profiles })).toBe(`profiles must contain ${missing}`);
  });

  test('there is no other', () => {
    expect(problemOf({ profiles: ['core', 'durable'] })).toContain('profiles must be some of json, core');
    expect(problemOf({ profiles: ['core', 'auth'] })).toContain('profiles must be some of json, core');
  });
});

test('passwords are USER:PASSWORD; the user may be empty, the password may contain a colon', () => {
  expect(parseServerOptions({ auth: [':p', 'u:p:q', 'u:'] }).auth).toEqual([':p', 'u:p:q', 'u:']);
  expect(problemOf({ auth: ['hunter2'] })).toBe('auth must be USER:PASSWORD; the user may be empty');
  expect(problemOf({ auth: ['u\0:p'] })).not.toBe('');
});

test('log levels, flags and unknown options', () => {
  expect(parseServerOptions({ logLevel: 'silent' }).logLevel).toBe('silent');
  expect(problemOf({ logLevel: 'loud' })).toBe(
    'logLevel must be one of trace, debug, info, warn, error, fatal, silent, not "loud"',
  );
  expect(parseServerOptions().transport).toBe('auto');
  expect(parseServerOptions({ transport: 'plain' }).transport).toBe('plain');
  expect(problemOf({ transport: 'fast' })).toBe('transport must be auto or plain, not "fast"');
  expect(problemOf({ allowInsecure: 'perhaps' })).toBe('allowInsecure must be true or false');
  expect(thrownBy(() => parseServerOptions({ maxKeys: 3 } as ServerOptionsInput))).toMatchObject({
    code: 'SPEICHER_OPTION',
    message: 'an option is wrong: there is no option maxKeys',
  });
});

test('data are kept every second unless something else is said, and nothing is without a place to keep it', () => {
  expect(parseServerOptions().durability).toBe('off');
  expect(parseServerOptions({ data: 'd' }).durability).toBe('everysec');
  expect(parseServerOptions({ data: 'd', durability: 'always' }).durability).toBe('always');
  expect(parseServerOptions({ data: 'd', durability: 'off' }).durability).toBe('off');
  expect(problemOf({ durability: 'always' })).toBe('durability always needs data, the directory where items are kept');
  expect(problemOf({ data: 'd', durability: 'never' })).toMatch(/^durability must be one of off, snapshot, everysec,/);
});

test('options that were checked are taken again as they are', () => {
  const options: ServerOptions = parseServerOptions({ maxValueBytes: '64MiB', auth: ['a:b'] });
  expect(parseServerOptions(options)).toEqual(options);
});

test('names follow one rule: units are dropped, words are divided', () => {
  expect(SERVER_OPTIONS.find(({ property }) => property === 'maxFrameBytes')).toMatchObject({
    key: 'max-frame',
    flag: '--max-frame',
    env: 'SPEICHER_MAX_FRAME',
    kind: 'bytes',
  });
  expect(new Set(SERVER_OPTIONS.map(({ key }) => key)).size).toBe(SERVER_OPTIONS.length);
  for (const option of SERVER_OPTIONS) {
    expect(option.description.length).toBeGreaterThan(10);
    expect(
      Object.keys(
        parseServerOptions({
          listen: ['tls://[::1]'],
          tlsCertFile: 'c',
          tlsKeyFile: 'k',
          tlsClientCaFile: 'a',
          data: 'd',
        }),
      ),
    ).toContain(option.property);
  }
  expect(SERVER_OPTIONS.filter(({ secret }) => secret).map(({ property }) => property)).toEqual(['auth']);
});
