/**
 * Every case of the suite as a test. Without SERVER_HOST or SERVER_PORT it starts this repository's own server, as a
 * process: one as it comes, one that asks for AUTH, one with small limits, one with nothing but core. With either of
 * them it attaches to that server: SERVER_PASSWORD=USER:PASSWORD where it asks for AUTH, SPEC_ALLOW_RESET=1 where it
 * may be emptied. SPEC_SEED repeats a run's order, keys, ids and random choices.
 */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { DEFAULT_PORT } from '../protocol/limits.ts';
import { SPEICHER } from '../testing/speicher-command.ts';
import {
  attach,
  caseRecord,
  CASES,
  openSession,
  renderFailure,
  Runner,
  showAddress,
  shuffledCases,
  skipReason,
  spawnTarget,
} from './index.ts';
import type { Case, CaseResult, Session, Target } from './index.ts';

const { SERVER_HOST, SERVER_PORT, SERVER_PASSWORD, SPEC_ALLOW_RESET } = process.env;
const attached = SERVER_HOST !== undefined || SERVER_PORT !== undefined;
const seed = process.env['SPEC_SEED'] ?? randomBytes(2).toString('hex');
const scale = Number(process.env['SPEC_TIMEOUT_SCALE'] ?? 1);

const CREDENTIALS = 'user:pass:word';
const SMALL = ['--max-key', '250', '--max-value', '8KiB', '--max-frame', '16KiB'];

/** SERVER_HOST may be a whole address as well, such as unix:/path or tls://host:port. */
function attachAddress(): string {
  const host = SERVER_HOST ?? 'localhost';
  return /[:/]/.test(host) ? host : `${host}:${SERVER_PORT ?? DEFAULT_PORT}`;
}

function own(label: string, args: readonly string[], credentials?: string): Promise<Target> {
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const command = [...SPEICHER, 'serve', '--listen', 'tcp://127.0.0.1:0'];
  return spawnTarget({ command: [...command, ...args], cwd, label, ...(credentials !== undefined && { credentials }) });
}

const targets = await (attached
  ? [attach(attachAddress(), SERVER_PASSWORD)]
  : Promise.all([
      own('as it comes', []),
      own('with AUTH', ['--auth', CREDENTIALS, '--auth', ':'], CREDENTIALS),
      own('with small limits', SMALL),
      own('core alone', ['--profiles', 'core']),
    ]));
const runners = await Promise.all(
  targets.map(async (target) => {
    const allowReset = target.spawned || SPEC_ALLOW_RESET === '1';
    return new Runner(await openSession(target, { seed, allowReset, timeoutScale: scale }));
  }),
);

/** The text that the command would print. */
function render(each: Case, result: CaseResult, { target, seed: used }: Session): string {
  const address = showAddress(target.address);
  const run = { target: address, seed: used, repeat: `speicher spec ${address}` };
  return renderFailure(caseRecord(each, result, target.credentials), run);
}

afterAll(async () => {
  await Promise.all(targets.map((target) => target.stop()));
});

describe(`speicher protocol, SPEC_SEED=${seed}, against ${targets.map(({ label }) => label).join(', ')}`, () => {
  const cases = shuffledCases(CASES, seed);
  for (const each of cases) {
    test(`${each.id} — ${each.clauses.join(', ')}`, async ({ skip, annotate }) => {
      // The first server on which the case can be run; where there is none, the first one's reason stands.
      const runner = runners.find(({ session }) => skipReason(each, session) === undefined) ?? runners[0];
      if (runner === undefined) throw new Error('no server');
      const result = await runner.run(each);
      if (result.status === 'SKIP' || result.status === 'BLOCKED') skip(result.reason);
      if (result.status === 'WARN') await annotate(render(each, result, runner.session), 'warning');
      // A checker that cannot decide has not shown that the server is right.
      const failed = ['FAIL', 'ERROR', 'UNKNOWN'].includes(result.status);
      expect(failed ? render(each, result, runner.session) : '').toBe('');
    });
  }

  test.skipIf(attached)('a server of core alone passes every case of core', async () => {
    const runner = runners.at(-1);
    const failures: string[] = [];
    for (const each of cases) {
      const result = await runner?.run(each);
      if (runner === undefined || result === undefined) throw new Error('no server');
      if (result.status === 'FAIL' || result.status === 'ERROR') failures.push(render(each, result, runner.session));
    }
    expect(failures).toEqual([]);
    const passed = [...(runner?.results.values() ?? [])].filter(({ status }) => status === 'PASS');
    expect(passed.length).toBeGreaterThan(80);
  });
});
