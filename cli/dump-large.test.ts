/** Values that are longer than what a client takes by default go through `speicher dump` and `load` all the same. */
import { beforeEach, expect, test, vi } from 'vitest';
import { startOwnServer } from './testing/own-server.ts';
import { run } from './testing/run-speicher.ts';

vi.setConfig({ testTimeout: 120_000 });

const MIB = 1024 * 1024;

/** More than a client takes as a reply, or has on its way, by default. */
const VALUE_BYTES = 66 * MIB;

const { url, client } = await startOwnServer(
  { maxValueBytes: VALUE_BYTES, maxMemoryBytes: 1024 * MIB },
  { maxPendingBytes: 2 * VALUE_BYTES, maxFrameBytes: 2 * VALUE_BYTES, timeoutMs: 60_000 },
);

beforeEach(async () => {
  await client.reset();
});

test.each([{ flags: [] }, { flags: ['--frames'] }])(
  'a value as long as the server takes can be dumped and loaded: $flags',
  async ({ flags }) => {
    const env = { SPEICHER_URL: url };
    const value = Buffer.alloc(VALUE_BYTES);
    value[VALUE_BYTES - 1] = 1;
    await client.set('long', value);
    await client.set('short', 'x');
    const dumped = await run(['dump', '--timeout', '1m', ...flags], { env });
    expect(dumped).toMatchObject({ code: 0, stderr: '' });
    await client.reset();
    const loaded = await run(['load', '--timeout', '1m', ...flags], { env, input: dumped.bytes });
    expect(loaded).toMatchObject({ code: 0, stdout: '2 items are stored\n', stderr: '' });
    expect(await client.get('short')).toBe('x');
    expect(value.equals((await client.get('long', { as: 'bytes' }))!)).toBe(true);
  },
);
