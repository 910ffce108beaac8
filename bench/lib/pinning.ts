/** Servers on one core, the load on another, where the machine has two and `taskset` is there. */
import { availableParallelism } from 'node:os';
import { hasProgram } from './native.ts';

const CORES = { server: '0', load: '1' } as const;

const canPin = availableParallelism() >= 2 && hasProgram('taskset');

/** What is said of it beside results. */
export const PINNING = canPin
  ? `servers on core ${CORES.server}, load on core ${CORES.load} (taskset)`
  : 'nothing is pinned: there is no taskset, or only one core';

/** The command, kept on the core of its role if that is possible. */
export function pinned(role: keyof typeof CORES, command: readonly string[]): string[] {
  return canPin ? ['taskset', '--cpu-list', CORES[role], ...command] : [...command];
}
