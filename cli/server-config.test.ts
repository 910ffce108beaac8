import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseServerOptions, SERVER_OPTIONS } from '../server/options.ts';
import { printServerConfig, readServerConfig } from './server-config.ts';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'speicher-config-'));
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

function file(name: string, toml: string): string {
  const path = join(directory, name);
  writeFileSync(path, toml);
  return path;
}

describe('precedence', () => {
  test('flags before environment before file before default, each with its source', () => {
    const config = file('all.toml', 'max-key = 300\nmax-value = 2000\nmax-connections = 100\n');
    const { options, sources } = readServerConfig(
      { config, maxKey: '301' },
      { SPEICHER_MAX_KEY: '302', SPEICHER_MAX_VALUE: '2KiB' },
    );
    expect(options).toEqual({
      ...parseServerOptions(),
      maxKeyBytes: 301,
      maxValueBytes: 2048,
      maxConnections: 100,
    });
    expect(Object.fromEntries(sources)).toEqual({
      maxKeyBytes: '--max-key',
      maxValueBytes: 'SPEICHER_MAX_VALUE',
      maxConnections: `${config}: max-connections`,
    });
  });

  test('SPEICHER_CONFIG names the file unless --config does', () => {
    const one = file('one.toml', 'max-key = 501');
    const two = file('two.toml', 'max-key = 502');
    expect(readServerConfig({}, { SPEICHER_CONFIG: one }).options.maxKeyBytes).toBe(501);
    expect(readServerConfig({ config: two }, { SPEICHER_CONFIG: one }).options.maxKeyBytes).toBe(502);
  });

  test('an empty variable is none', () => {
    expect(readServerConfig({}, { SPEICHER_MAX_KEY: '', SPEICHER_CONFIG: '', SPEICHER_AUTH: '' }).sources.size).toBe(0);
  });
});

describe('each kind of option', () => {
  const written = {
    bytes: '8KiB',
    duration: '20s',
    count: '64',
    flag: 'yes',
    list: 'core,json',
  } as const;
  const READ = {
    bytes: 8192,
    duration: 20_000,
    count: 64,
    flag: true,
    list: ['core', 'json'],
  } as const;
  // Those whose values have a form of their own, or stand in a relation to others, have tests of their own.
  const simple = SERVER_OPTIONS.filter(
    ({ property }) =>
      ![
        'listen',
        'auth',
        'tlsCertFile',
        'tlsKeyFile',
        'tlsClientCaFile',
        'data',
        'durability',
        'rewriteMinBytes',
        'maxMemoryBytes',
        'unsentHighWaterBytes',
        'maxUnsentTotalBytes',
      ].includes(property) && property !== 'maxFrameBytes',
  );

  test.each(simple.map((option) => [option.flag, option] as const))('%s can be said in all three ways', (_, option) => {
    // A text is one of few.
    const choice = option.choices?.at(-1) ?? '';
    const text = option.kind === 'string' ? choice : written[option.kind];
    const camel = option.key.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    const toml = option.kind === 'flag' ? 'true' : option.kind === 'list' ? '["core", "json"]' : JSON.stringify(text);
    const flags = { [camel]: option.kind === 'flag' ? true : option.kind === 'list' ? [text] : text };
    for (const { options } of [
      readServerConfig(flags, {}),
      readServerConfig({}, { [option.env]: text }),
      readServerConfig({ config: file('kind.toml', `${option.key} = ${toml}`) }, {}),
    ]) {
      expect(options[option.property]).toEqual(option.kind === 'string' ? choice : READ[option.kind]);
    }
  });

  test('where data are kept, and how, can be said in all three ways', () => {
    const kept = { data: 'd', durability: 'always', rewriteMinBytes: 2 ** 20 };
    const toml = file('data.toml', 'data = "d"\ndurability = "always"\nrewrite-min = "1MiB"');
    const env = { SPEICHER_DATA: 'd', SPEICHER_DURABILITY: 'always', SPEICHER_REWRITE_MIN: '1MiB' };
    expect(readServerConfig({ data: 'd', durability: 'always', rewriteMin: '1MiB' }, {}).options).toMatchObject(kept);
    expect(readServerConfig({}, env).options).toMatchObject(kept);
    expect(readServerConfig({ config: toml }, {}).options).toMatchObject(kept);
  });

  test('lists: several flags, blanks or commas in the environment, arrays in the file; passwords by lines', () => {
    const listen = ['tcp://127.0.0.1:1', 'unix:///tmp/a,b c'];
    expect(readServerConfig({ listen }, {}).options.listen).toEqual(listen);
    const env = { SPEICHER_LISTEN: 'tcp://127.0.0.1:1, tcp://127.0.0.1:2', SPEICHER_AUTH: 'a:x, y\nb:z' };
    expect(readServerConfig({}, env).options).toMatchObject({
      listen: ['tcp://127.0.0.1:1', 'tcp://127.0.0.1:2'],
      auth: ['a:x, y', 'b:z'],
    });
    expect(readServerConfig({ config: file('l.toml', 'listen = "tcp://[::1]"') }, {}).options.listen).toEqual([
      'tcp://[::1]',
    ]);
  });
});

describe('errors name the option and where it was said', () => {
  test.each([
    [{ maxKey: '1' }, {}, 'an option is wrong: --max-key must be 250 to 65535, not "1"'],
    [{}, { SPEICHER_MAX_KEY: 'x' }, /--max-key must be bytes, .*, not "x" \(from SPEICHER_MAX_KEY\)$/],
    [{}, { SPEICHER_ALLOW_INSECURE: 'maybe' }, '--allow-insecure must be true or false (from SPEICHER_ALLOW_INSECURE)'],
    [{ maxFrame: '2000' }, {}, '--max-frame must be at least --max-key + --max-value + 64 = 8392768, not 2000'],
    [
      { listen: ['tcp://0.0.0.0'] },
      {},
      /--listen tcp:\/\/0\.0\.0\.0 can be reached .* --tls-client-ca-file.* --allow-insecure/,
    ],
    [{ profiles: ['core,locks'] }, {}, '--profiles must contain standard with locks'],
    [{ tlsKeyFile: 'k' }, {}, '--tls-key-file is of no use without a tls:// listener'],
  ] as [Record<string, unknown>, NodeJS.ProcessEnv, string | RegExp][])('%j %j', (flags, env, message) => {
    expect(() => readServerConfig(flags, env)).toThrow(expect.objectContaining({ code: 'SPEICHER_OPTION' }));
    expect(() => readServerConfig(flags, env)).toThrow(message);
  });

  test('in a file', () => {
    const wrong = file('wrong.toml', 'max-key = 3');
    expect(() => readServerConfig({ config: wrong }, {})).toThrow(`not 3 (from ${wrong}: max-key)`);
    const unknown = file('unknown.toml', 'max-keys = 300');
    expect(() => readServerConfig({ config: unknown }, {})).toThrow(
      `${unknown}: there is no option max-keys; these are: listen`,
    );
    const table = file('table.toml', '[max-key]\nvalue = 300');
    expect(() => readServerConfig({ config: table }, {})).toThrow('--max-key must be bytes');
    const broken = file('broken.toml', 'max-key = 300\nmax-value =\n');
    expect(() => readServerConfig({ config: broken }, {})).toThrow(`${broken}:2:`);
    expect(() => readServerConfig({ config: join(directory, 'absent') }, {})).toThrow('cannot be read: ENOENT');
  });
});

describe('--print-config', () => {
  test('is a file that gives the same options again', () => {
    const flags = {
      maxKey: '5000',
      idleTimeout: '90s',
      profiles: ['core', 'json'],
      allowInsecure: true,
      logLevel: 'warn',
    };
    const config = readServerConfig(flags, {});
    const printed = file('printed.toml', printServerConfig(config));
    expect(readServerConfig({ config: printed }, {}).options).toEqual(config.options);
  });

  test('says where each value comes from', () => {
    const printed = printServerConfig(readServerConfig({ maxKey: '5000' }, { SPEICHER_MAX_VALUE: '1MiB' }));
    expect(printed).toContain('max-key = 5000 # --max-key\n');
    expect(printed).toContain('max-value = "1MiB" # SPEICHER_MAX_VALUE\n');
    expect(printed).toContain('listen = [ "tcp://127.0.0.1:14567" ] # default\n');
    expect(printed).toContain('# tls-cert-file is not given\n');
    const keys = Object.keys(parse(printed));
    expect(SERVER_OPTIONS.map(({ key }) => key).filter((key) => !keys.includes(key))).toEqual([
      'tls-cert-file',
      'tls-key-file',
      'tls-client-ca-file',
      'data',
    ]);
  });

  test('hides passwords, and never gives them back as asterisks', () => {
    const printed = printServerConfig(readServerConfig({ auth: ['alice:hunter2:x', ':pw'] }, {}));
    expect(printed).toContain('# auth = [ "alice:***", ":***" ] # --auth; not shown');
    expect(printed).not.toMatch(/hunter2|pw/);
    expect(parse(printed)).not.toHaveProperty('auth');
  });
});
