/** The durability cases against a small server of their own, which is right, or wrong in one way. */
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { commandOf } from '../../testing/speicher-command.ts';
import { losePowerBy } from '../durability/lose-power.ts';
import type { CaseResult } from '../outcome.ts';
import { Runner } from '../runner.ts';
import { openSession, type SessionOptions } from '../session.ts';
import { spawnTarget, type SpawnedTarget } from '../target/spawned.ts';
import type { Defect } from '../subjects/durable/store.ts';
import { durableCases } from './durable.ts';
import { syncCases } from './sync.ts';

const CASES = [...durableCases, ...syncCases];
const SERVER = commandOf('spec/subjects/durable/serve');
const STORE = commandOf('spec/subjects/durable/store');
const NODE = [...STORE.slice(0, -1), '--input-type=module', '-e'];
/** What `--lose-power` would name: it ends the server, and takes away what was not made safe. */
const POWER_LOSS = `const [, pid, data] = process.argv;
  const { loseUnsafe } = await import(${JSON.stringify(STORE.at(-1))});
  process.kill(Number(pid), 'SIGKILL');
  loseUnsafe(data);`;
const KILLS = 3;
/** Every case starts servers anew, and several run at once. */
const ALL_MS = 180_000;

function start(defect: Defect): Promise<SpawnedTarget> {
  const command = [...SERVER, defect, '{port}', '{data}'];
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
      const slugs = ['what-was-synced-is-there', 'kills-under-load', 'versions-exceed-all-that-were-given'];
      const results = await run('writes-at-sync', slugs);
      expect(results.map(({ id, status }) => `${id} ${status}`)).toEqual([
        'durable.what-was-synced-is-there PASS',
        'durable.kills-under-load PASS',
        'durable.versions-exceed-all-that-were-given WARN',
      ]);
    },
    ALL_MS,
  );

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
