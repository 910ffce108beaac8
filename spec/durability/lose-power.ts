/** A loss of power that a command brings about: what `--lose-power` names (section 8). */
import { execFile } from 'node:child_process';
import type { ServerProcess } from '../target/target.ts';

/** Whoever takes longer than this hangs. */
const LOSE_POWER_MS_MAX = 30_000;

/**
 * Runs a command that makes a server lose what it has not made durable, and ends the server if the command left it
 * running.
 *
 * @param command the program and its arguments, in which `{pid}` stands for the server's process, which leads a
 *   group of its own, and `{data}` for its directory
 * @param timeoutMs how long the command may take
 * @returns what a session takes as `losePower`; it rejects with an Error if the command does not exit with 0, as
 *   nothing is known of the server then
 */
export function losePowerBy(
  command: readonly string[],
  timeoutMs = LOSE_POWER_MS_MAX,
): (server: ServerProcess) => Promise<void> {
  return async (server) => {
    const [program = '', ...args] = command.map((part) =>
      part.replaceAll('{pid}', String(server.pid)).replaceAll('{data}', () => server.dataPath),
    );
    server.permitEnd();
    await new Promise<void>((resolve, reject) => {
      execFile(program, args, { timeout: timeoutMs, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
        if (error === null) return resolve();
        const how = error.killed === true ? `took longer than ${timeoutMs} ms` : `failed: ${error.message.trim()}`;
        reject(new Error(`the command of --lose-power ${how}\n${stdout}${stderr}`.trim(), { cause: error }));
      });
    });
    await server.kill('SIGKILL');
  };
}
