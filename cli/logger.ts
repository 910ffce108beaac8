/** The log of `speicher serve`: on stderr, for people on a terminal and as JSON lines everywhere else. */
import { pino, type Logger } from 'pino';

/** The descriptor of stderr: stdout is for what scripts read. */
const STDERR_FD = 2;

/**
 * @param level the least important events to log
 * @param isTerminal whether somebody reads along
 */
export async function createLogger(level: string, isTerminal: boolean): Promise<Logger> {
  // Both write synchronously, so that nothing is lost when the process ends.
  const stream = isTerminal
    ? (await import('pino-pretty')).build({
        destination: STDERR_FD,
        sync: true,
        singleLine: true,
        ignore: 'pid,hostname,event',
        translateTime: 'SYS:HH:MM:ss.l',
      })
    : pino.destination({ dest: STDERR_FD, sync: true });
  return pino({ level }, stream);
}
