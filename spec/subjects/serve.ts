/** A subject as a program of its own, for other suites and for looking at it. */
import { startSubject } from './start.ts';
import type { Subject } from './subject.ts';

const LISTEN = /^tcp:\/\/([^\s:]+):(\d{1,5})$/;

/**
 * Serves the subject that the arguments name until a signal, or until it dies of its own defect.
 *
 * @param args `NAME [--listen tcp://HOST:PORT]`
 * @param subjects the subjects that there are, and what to call them
 */
export async function serveSubject(
  args: readonly string[],
  subjects: readonly Subject[],
  io: { write(text: string): void; exit(code: number): void; onSignal(stop: () => void): void },
): Promise<void> {
  const at = args.indexOf('--listen');
  const [, host = '', port = ''] = LISTEN.exec(at < 0 ? 'tcp://127.0.0.1:0' : (args[at + 1] ?? '')) ?? [];
  const name = args.find((_, index) => at < 0 || (index !== at && index !== at + 1));
  const subject = subjects.find((each) => each.name === name);
  if (subject === undefined || host === '') {
    io.write(`usage: serve.ts NAME [--listen tcp://HOST:PORT]; NAME is one of\n`);
    for (const each of subjects) io.write(`  ${each.name.padEnd(42)} ${each.about}\n`);
    return io.exit(2);
  }
  const running = await startSubject(subject, { host, port: Number(port) });
  io.onSignal(() => void running.stop().then(() => io.exit(0)));
  void running.crashed.then(() => io.exit(1));
  io.write(`${subject.name} is listening on tcp://${running.address}\n`);
  if (running.credentials !== undefined) io.write(`credentials ${running.credentials}\n`);
}
