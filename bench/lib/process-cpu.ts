/** The CPU time of a process, from /proc. */
import { readFileSync } from 'node:fs';

/** USER_HZ, in which /proc counts, is 100 on every Linux. */
const CPU_TICK_MS = 10;

/**
 * User and system time so far, in milliseconds, in steps of CPU_TICK_MS.
 *
 * @throws Error if there is no such process
 */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in brackets may hold anything, so fields are counted behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * CPU_TICK_MS;
}
