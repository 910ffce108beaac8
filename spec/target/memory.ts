/** How much memory a server's process takes, where that can be seen: on Linux, for one that the suite started. */
import { readFileSync } from 'node:fs';
import type { Target } from './target.ts';

/** Heaps grow before they are collected: this much says nothing yet, and far more than this would. */
export const MEMORY_GROWTH_BYTES_MAX = 512 << 20;

const KIB = 1024;

/** The resident bytes of the process and its children; undefined where nobody can tell. */
export function memoryBytes({ process }: Target): number | undefined {
  return process?.pid === undefined ? undefined : residentBytes(process.pid);
}

function residentBytes(pid: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    const own = Number(/^VmRSS:\s+([0-9]+) kB$/m.exec(status)?.[1] ?? 0) * KIB;
    const others = children.filter((child) => child !== '').map((child) => residentBytes(Number(child)) ?? 0);
    return others.reduce((sum, bytes) => sum + bytes, own);
  } catch {
    return undefined;
  }
}
