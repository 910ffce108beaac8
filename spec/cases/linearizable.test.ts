/**
 * Eight clients on one key, and on a thousand: more of both than the suite's own cases can take in a server's time, and
 * with pipelines. The suite's checker judges what our server did.
 */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SPEICHER } from '../../testing/speicher-command.ts';
import { area } from '../case.ts';
import type { Input } from '../check/model.ts';
import { demandLinearizable, play, type Player } from '../check/play.ts';
import { openSession, Runner, spawnTarget, type SpawnedTarget } from '../index.ts';

const seed = process.env['SPEC_SEED'] ?? randomBytes(2).toString('hex');

const linearizable = area({ profile: 'core', clauses: ['CONSISTENT-1'], deadlineMs: 50_000 });

const CHOICES: readonly ((player: Player, key: string) => Input)[] = [
  () => ({ op: 'GET' }),
  () => ({ op: 'GET' }),
  (player) => ({ op: 'SET', value: player.unique() }),
  (player) => ({ op: 'ADD', value: player.unique() }),
  (player, key) => {
    const version = player.versions.get(key);
    return { op: 'SET', value: player.unique(), ...(version !== undefined && { version }) };
  },
  () => ({ op: 'DELETE' }),
  () => ({ op: 'INCREMENT', by: 1n, initial: 1n }),
];

const choose = (player: Player, key: string): Input => CHOICES[player.random.below(CHOICES.length)]!(player, key);

let target: SpawnedTarget;
let runner: Runner;

beforeAll(async () => {
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  const command = [...SPEICHER, 'serve', '--listen', 'tcp://127.0.0.1:0'];
  target = await spawnTarget({ command, cwd, label: 'as it comes' });
  runner = new Runner(await openSession(target, { seed, allowReset: true }));
});

afterAll(() => target.stop());

// More requests for one key that overlap, and the checker now and then runs out of its budget.
test.each([
  { keys: 1, requests: 60, depth: 1 },
  { keys: 1, requests: 60, depth: 2 },
  { keys: 1000, requests: 2000, depth: 8 },
])('eight clients on $keys keys, $depth requests ahead, are linearizable', async ({ keys, requests, depth }) => {
  const each = linearizable({
    id: `linearizable.eight-on-${keys}-by-${depth}`,
    why: 'A key that everybody wants is where requests meet, and many keys are where a store moves its items.',
    run: async (context) => {
      const plan = { connections: 8, keys, requests, depth, detail: true, choose };
      demandLinearizable(context, await play(context, plan, 0));
    },
  });
  const result = await runner.run(each);
  const shown = JSON.stringify(result, (name, value: unknown) => (name === 'transcripts' ? undefined : value));
  expect(result.status, `SPEC_SEED=${seed}: ${shown}`).toBe('PASS');
});
