/** Ends of a server that the suite brings about, and its return on the same data (section 8). */
import { setTimeout as delay } from 'node:timers/promises';
import type { CaseContext } from '../context.ts';
import { Skipped, Violation } from '../outcome.ts';
import { showEnd, type ProcessEnd, type ServerProcess } from '../target/target.ts';

/** DURABLE-2: a server may give up after 5 s; what it does besides takes its time too. */
const STOP_MS_MAX = 10_000;

/** The process of the server. Cases that use it need `spawn`. */
export function processOf({ session }: CaseContext): ServerProcess {
  const { process } = session.target;
  if (process === undefined) throw new Skipped('the target was not started by the suite');
  return process;
}

/** Starts it again on the same data. Throws a Violation if it does not come up. */
export async function startAgain(context: CaseContext): Promise<void> {
  try {
    await processOf(context).restart();
  } catch (error) {
    const observed = error instanceof Error ? error.message : String(error);
    throw new Violation({ expected: 'a server that starts again on the same data', observed, clause: 'DURABLE-1' });
  }
}

/** SIGKILL, and a new start. Connections from before are closed; cases go on with others. */
export async function killAndStart(context: CaseContext): Promise<void> {
  for (const connection of context.connections) connection.close();
  await processOf(context).kill('SIGKILL');
  await startAgain(context);
}

/** Sends SIGTERM or SIGINT, and waits for the end. Throws a Violation if it does not come (DURABLE-2). */
export async function stopServer(context: CaseContext, signal: 'SIGTERM' | 'SIGINT'): Promise<ProcessEnd> {
  const server = processOf(context);
  const late = new AbortController();
  const waitMs = STOP_MS_MAX * context.session.timeoutScale + context.session.waitMs;
  const overdue = delay(waitMs, undefined, { signal: late.signal }).catch(() => undefined);
  const end = await Promise.race([server.kill(signal), overdue]);
  late.abort();
  if (end !== undefined) return end;
  await server.kill('SIGKILL');
  const observed = 'it went on running and had to be killed';
  throw new Violation({ expected: `the server to exit after ${signal}`, observed, clause: 'DURABLE-2' });
}

/** Demands that a stopped server exited by itself, with status 0 (DURABLE-2). */
export function demandCleanExit(end: ProcessEnd, signal: string): void {
  if (end.code === 0) return;
  const observed = `it ${showEnd(end)}`;
  throw new Violation({ expected: `exit status 0 after ${signal}`, observed, clause: 'DURABLE-2' });
}
