/** The durability cases against a small server of their own, which is right, or wrong in one way. */
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { losePowerBy } from '../durability/lose-power.ts';
import type { CaseResult } from '../outcome.ts';
import { Runner } from '../runner.ts';
import { openSession, type SessionOptions } from '../session.ts';
import { spawnTarget, type SpawnedTarget } from '../target/spawned.ts';
import type { Defect } from '../testing/durable-store.ts';
import { durableCases } from './durable.ts';
import { syncCases } from './sync.ts';

const CASES = [...durableCases, ...syncCases];
const SERVER = fileURLToPath(new URL('../testing/durable-server.ts', import.meta.url));
const STORE = fileURLToPath(new URL('../testing/durable-store.ts', import.meta.url));
const NODE = [process.execPath, '--import', 'tsx', '--input-type=module', '-e'];
/** What `--lose-power` would name: it ends the server, and takes away what was not made safe. */
const POWER_LOSS = `const [, pid, data] = process.argv;
  const { loseUnsafe } = await import(${JSON.stringify(STORE)});
  process.kill(Number(pid), 'SIGKILL');
  loseUnsafe(data);`;
const KILLS = 3;
/** Every case starts servers anew, and several run at once. */
const ALL_MS = 180_000;

function start(defect: Defect): Promise<SpawnedTarget> {
  const script = `const [, port, data] = process.argv;
    const { serveDurable } = await import(${JSON.stringify(SERVER)});
    serveDurable(data, Number(port), ${JSON.stringify(defect)});`;
  const command = [...NODE, script, '{port}', '{data}'];
  return spawnTarget({ command, label: defect, cwd: fileURLToPath(new URL('../..', import.meta.url)) });
}

/** Runs cases, all or those of these names, against a server with a defect. */
async function run(defect: Defect, slugs: readonly string[] = [], more: SessionOptions = {}): Promise<CaseResult[]> {
  const target = await start(defect);
  const losePower = losePowerBy([...NODE, POWER_LOSS, '{pid}', '{data}']);
  try {
    const durability = { kills: KILLS, losePower };
    const session = await openSession(target, { seed: 'a11c', allowReset: true, durability, ...more });
    const runner = new Runner(session);
    const cases = CASES.filter(({ id }) => slugs.length === 0 || slugs.some((slug) => id === `durable.${slug}`));
    if (slugs.length > 0 && cases.length !== slugs.length) throw new Error(`there is no case ${slugs.join()}`);
    const results: CaseResult[] = [];
    for (const each of cases) results.push(await runner.run(each));
    return results;
  } finally {
    await target.stop();
  }
}

const shown = ({ id, status, expected, observed, reason }: CaseResult): string =>
  status === 'PASS' ? 'PASS' : `${id} ${status}: ${reason ?? `${expected} / ${observed}`}`;

describe.concurrent('durability', () => {
  test(
    'a right server passes every case',
    async () => {
      const results = await run('none');
      expect(results.map(shown)).toEqual(CASES.map(() => 'PASS'));
    },
    ALL_MS,
  );

  test(
    'one that writes at a SYNC and not before is right too, but for what is only advised',
    async () => {
      const results = await run('writes-at-sync');
      expect(results.filter(({ status }) => status !== 'PASS')).toMatchObject([
        { id: 'durable.versions-exceed-all-that-were-given', status: 'WARN' },
      ]);
    },
    ALL_MS,
  );

  test.each<[Defect, string, string]>([
    ['ack-before-write', 'what-was-synced-is-there', '404'],
    ['resurrected-delete', 'deleted-stays-deleted', '200'],
    ['resurrected-reset', 'a-reset-stays', '200'],
    ['torn-tail-served', 'kills-under-load', ''],
    ['counters-go-back', 'versions-go-on-from-what-was-synced', 'VERSION'],
    ['counters-go-back', 'tokens-go-on-from-what-was-synced', 'TOKEN'],
    ['ttl-starts-anew', 'time-goes-on-while-it-is-down', '200'],
    ['tags-are-forgotten', 'tags-versions-and-expiries-are-there', 'TAG'],
    ['sync-does-nothing', 'a-loss-of-power-loses-nothing-synced', '404'],
    ['prefix-in-halves', 'a-prefix-request-is-whole-on-each-item', ''],
    ['ends-without-answering', 'sigterm-answers-what-has-arrived', 'closed'],
    ['ends-by-the-signal', 'sigint-answers-what-has-arrived', ''],
    ['ends-with-status-1', 'sigterm-answers-what-has-arrived', 'exited with status 1'],
    ['loses-all-when-it-stops', 'sigterm-keeps-everything', '404'],
  ])('%s fails %s', async (defect, slug, observed) => {
    const [result] = await run(defect, [slug]);
    expect(result).toMatchObject({ status: 'FAIL' });
    expect(result?.observed).toContain(observed);
  });

  test('one that never ends is ended, and fails', async () => {
    const [result] = await run('never-ends', ['sigterm-answers-what-has-arrived'], { timeoutScale: 0.1 });
    expect(result).toMatchObject({ status: 'FAIL' });
  });

  test.each<[string, readonly string[], number, string]>([
    ['fails', [process.execPath, '-e', 'console.error("no plug"); process.exit(1)'], 30_000, 'no plug'],
    ['cannot be started', ['/nowhere/to/be/found'], 30_000, 'ENOENT'],
    ['never ends', [process.execPath, '-e', 'setInterval(() => {}, 1000)'], 300, 'took longer than 300 ms'],
  ])('a loss of power whose command %s says nothing of the server', async (_, command, timeoutMs, reason) => {
    const durability = { losePower: losePowerBy(command, timeoutMs) };
    const [result] = await run('none', ['a-loss-of-power-loses-nothing-synced'], { durability });
    expect(result).toMatchObject({ status: 'ERROR', reason: expect.stringContaining(reason) });
  });

  test('a command that leaves the server running has it killed, which is no crash', async () => {
    const durability = { losePower: losePowerBy([process.execPath, '-e', '']) };
    const [result] = await run('none', ['a-loss-of-power-loses-nothing-synced'], { durability });
    expect(result).toMatchObject({ status: 'PASS' });
  });

  test('power is not awarded where it cannot be taken away', async () => {
    const [result] = await run('none', ['a-loss-of-power-loses-nothing-synced'], { durability: {} });
    expect(result).toMatchObject({ status: 'SKIP', reason: expect.stringContaining('loss of power') });
  });
});
