/**
 * The vectors need no Node: an interpreter in Python's standard library comes to the same verdicts, case by case, over
 * our own server and over servers that are wrong or odd. All of them are compared by every case with SPEC_VECTORS=all,
 * which the environment `vectors-python` sets; otherwise our server as it comes is, and of the others a few, or by few.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { SPEICHER } from '../testing/speicher-command.ts';
import type { Case } from './case.ts';
import { MUTANTS } from './mutants/index.ts';
import { CASES } from './registry.ts';
import { startSubject } from './subjects/start.ts';
import type { Mutant, Subject } from './subjects/subject.ts';
import { spawnTarget } from './target/spawned.ts';
import { showAddress } from './target/address.ts';
import {
  copyVectors,
  hasPython,
  pythonVerdicts,
  runPython,
  suiteVerdicts,
  type Verdicts,
  type VectorsRun,
} from './testing/python-vectors.ts';
import { VARIANTS } from './variants/index.ts';

const seed = process.env['SPEC_SEED'] ?? randomBytes(2).toString('hex');
const all = process.env['SPEC_VECTORS'] === 'all';
const withoutPython = hasPython() ? '' : ' (skipped: python3 is not there)';

const TIMEOUT_MS = 300_000;
/** Of the usual waits, where the subject leaves requests without a reply. */
const HANGING_SCALE = 0.25;
/** Without SPEC_VECTORS=all, one subject of so many is compared. */
const SUBJECTS_STEP = 60;
/** On a subject the cases are compared that cite its clause, and one of so many others: on each subject other ones. */
const CASES_STEP = 8;
const HANGING_CASES_STEP = 60;
/**
 * How these are found out depends on how soon a server sees what was sent, what it does first, and how much time goes
 * by between two requests. Both interpreters must find them out, by a case that cites the clause; by which, and what
 * else fails, chance decides.
 */
const BY_CHANCE = new Set([
  'get-takes-away',
  'half-close-is-the-end',
  'ttl-is-what-is-left',
  'ttl-of-a-timer',
  'write-to-the-dead-kills-the-process',
]);

const folder = copyVectors();
afterAll(() => rmSync(folder, { recursive: true }));

const data = CASES.filter((each) => 'steps' in each);

function casesFor({ clause, hangs }: Partial<Mutant>, position: number): Case[] {
  const step = hangs === true ? HANGING_CASES_STEP : CASES_STEP;
  return data.filter(
    (each, index) => index % step === position % step || (clause !== undefined && each.clauses.includes(clause)),
  );
}

/** Our server in another configuration: which cases may come to another verdict for it. */
interface Configuration {
  readonly label: string;
  readonly args: readonly string[];
  readonly concerns: (each: Case) => boolean;
}

const CREDENTIALS = 'user:pass:word';
const SMALL = ['--max-key', '250', '--max-value', '8KiB', '--max-frame', '16KiB'];
const CONFIGURATIONS: readonly Configuration[] = [
  { label: 'as it comes', args: [], concerns: () => true },
  {
    label: 'with AUTH',
    args: ['--auth', CREDENTIALS],
    concerns: ({ profile, needs = [] }) => profile === 'auth' || needs.includes('auth'),
  },
  {
    label: 'with small limits',
    args: SMALL,
    // Limits stand by their name in needs, in conditions, and in what is sent.
    concerns: (each) => each.needs?.includes('small-limits') === true || JSON.stringify(each).includes('"max-'),
  },
  {
    label: 'of core alone',
    args: ['--profiles', 'core'],
    // Those of other profiles are skipped, each with the reason.
    concerns: ({ profile, also = [], only = [] }) => profile !== 'core' || also.length + only.length > 0,
  },
];

interface BothVerdicts {
  readonly suite: Verdicts;
  readonly python: Verdicts;
}

/** A server for each of the two interpreters: what one does to it must not be seen by the other. */
async function judgeTwice(
  start: () => Promise<{ address: string; credentials?: string; stop(): Promise<void> }>,
  run: Omit<VectorsRun, 'folder' | 'seed' | 'address'>,
): Promise<BothVerdicts> {
  const [ours, theirs] = await Promise.all([start(), start()]);
  try {
    const of = ({ address, credentials }: typeof ours): VectorsRun => ({
      folder,
      seed,
      ...run,
      address,
      ...(credentials !== undefined && { credentials }),
    });
    const [suite, python] = await Promise.all([suiteVerdicts(of(ours)), pythonVerdicts(of(theirs))]);
    expect(suite.size).toBe(run.only?.length ?? data.length);
    return { suite, python };
  } finally {
    await Promise.all([ours.stop(), theirs.stop()]);
  }
}

describe.skipIf(withoutPython !== '')(`the interpreter in Python, SPEC_SEED=${seed}${withoutPython}`, () => {
  // Side by side: most of the time goes by in waiting for items to expire.
  test.concurrent.each(CONFIGURATIONS.map((each, position) => [each.label, each, position] as const))(
    'agrees on our server %s',
    { timeout: TIMEOUT_MS },
    async (_, { args, concerns }, position) => {
      const only = data.filter((each, index) => all || concerns(each) || index % CASES_STEP === position);
      const cwd = fileURLToPath(new URL('..', import.meta.url));
      const serve = [...SPEICHER, 'serve', '--listen', 'tcp://127.0.0.1:0'];
      const { suite, python } = await judgeTwice(
        async () => {
          const target = await spawnTarget({ command: [...serve, ...args], cwd });
          const credentials = args.includes('--auth') ? { credentials: CREDENTIALS } : {};
          return { address: showAddress(target.address), ...credentials, stop: () => target.stop() };
        },
        only.length === data.length ? {} : { only },
      );
      expect(Object.fromEntries(python)).toEqual(Object.fromEntries(suite));
    },
  );

  const subjects: readonly Subject[] = [...MUTANTS, ...VARIANTS].filter(
    // No case of section 8 is data.
    ({ unreachable, durable }) => unreachable !== true && durable === undefined,
  );
  const chosen = subjects
    .map((subject, position) => ({ name: subject.name, subject, position }))
    .filter(({ subject, position }) => all || (position % SUBJECTS_STEP === 0 && !('hangs' in subject)));

  test.concurrent.each(chosen)('agrees on $name', { timeout: TIMEOUT_MS }, async ({ subject, position }) => {
    const { clause = '', hangs = false, races = false } = subject as Partial<Mutant>;
    const only = casesFor(subject, position);
    const waiting = hangs ? { timeoutScale: HANGING_SCALE, statusAlone: true } : {};
    const { suite, python } = await judgeTwice(() => startSubject(subject), { ...waiting, only });
    const citing = only.filter(({ clauses }) => clauses.includes(clause));
    const isFound = (verdicts: Verdicts): boolean =>
      citing.some(({ id }) => /^(?:FAIL|WARN)/.test(verdicts.get(id) ?? ''));
    const compared = (verdicts: Verdicts): object =>
      races || BY_CHANCE.has(subject.name) ? { isFound: isFound(verdicts) } : Object.fromEntries(verdicts);
    expect(compared(python)).toEqual(compared(suite));
  });

  test('a port that nobody listens on is exit code 3, a pattern that fits nothing 5, an unknown profile 2', async () => {
    const closed = await startSubject({ name: 'closed', about: 'Nobody listens.', unreachable: true });
    const { address } = closed;
    expect(await runPython(folder, [address])).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining('nobody answers'),
    });
    expect(await runPython(folder, [address, '--run', 'no.such-case'])).toMatchObject({ exitCode: 5 });
    expect(await runPython(folder, [address, '--profiles', 'none'])).toMatchObject({ exitCode: 2 });
    await closed.stop();
  });

  test('vectors that break their schema are refused', async () => {
    const broken = copyVectors();
    try {
      const ping = join(broken, 'ping.json');
      writeFileSync(ping, readFileSync(ping, 'utf8').replace('"op": "PING"', '"op": "PING", "vale": "x"'));
      const { exitCode, stderr } = await runPython(broken, ['127.0.0.1:1']);
      expect(exitCode).toBe(4);
      expect(stderr).toContain('ping.json breaks schema.json');
    } finally {
      rmSync(broken, { recursive: true });
    }
  });
});
