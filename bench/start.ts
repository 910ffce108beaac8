/**
 * How long until the built server listens: from the start of its process until it says so, beside a Node that does
 * nothing.
 *
 *     npm run bench:start -- [--rounds N]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { REPOSITORY } from './lib/native.ts';
import { cpuMs } from './lib/process-cpu.ts';
import { writeResult } from './lib/results.ts';
import { summary } from './lib/statistics.ts';
import type { StartResult } from './report/schemas.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' } } });
const rounds = Number(values.rounds);

const STARTS = {
  'speicher listens': ['dist/cli/main.js', 'serve', '--listen', 'tcp://127.0.0.1:0'],
  'Node alone': ['-e', 'console.log("listening"); setInterval(() => {}, 1e6)'],
};

async function startOnce(args: readonly string[]): Promise<{ milliseconds: number; cpuMs: number }> {
  const begun = performance.now();
  const child = spawn(process.execPath, args, { cwd: REPOSITORY, stdio: ['ignore', 'pipe', 'pipe'] });
  const complaints = text(child.stderr);
  const [line] = (await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => ['it has ended']),
  ])) as [Buffer | string];
  const measured = { milliseconds: performance.now() - begun, cpuMs: child.pid === undefined ? 0 : cpuMs(child.pid) };
  child.kill('SIGTERM');
  if (child.exitCode === null) await once(child, 'exit');
  if (!line.toString().includes('listening')) {
    throw new Error(`instead of listening: ${line.toString()}\n${await complaints}`);
  }
  return measured;
}

const measured = new Map<string, { milliseconds: number; cpuMs: number }[]>();
for (let round = 0; round < rounds; round++) {
  for (const [name, args] of Object.entries(STARTS)) {
    measured.set(name, [...(measured.get(name) ?? []), await startOnce(args)]);
  }
}
const rows: StartResult['rows'] = [...measured].map(([name, each]) => ({
  name,
  milliseconds: summary(each.map(({ milliseconds }) => milliseconds)),
  cpuMs: summary(each.map(({ cpuMs }) => cpuMs)),
}));
console.table(rows.map(({ name, milliseconds }) => ({ name, ...milliseconds })));
writeResult('start', { rounds, rows });
