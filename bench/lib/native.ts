/** The programs in C: built with the machine's compiler when a benchmark runs, and only then. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const REPOSITORY = resolve(import.meta.dirname, '..', '..');

const SOURCES = join(REPOSITORY, 'bench', 'native');
const BINARIES = join(REPOSITORY, '.tox', 'bench');
const FLAGS = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror'];

const PROGRAMS = {
  loadgen: [
    'loadgen',
    'options',
    'connection',
    'histogram',
    'process-use',
    'protocol',
    'protocol-binary',
    'protocol-text',
    'values',
  ],
  'wire-server': ['wire-server', 'values'],
  'histogram-test': ['histogram-test', 'histogram'],
} as const;

export type NativeProgram = keyof typeof PROGRAMS;

export function nativePath(program: NativeProgram): string {
  return join(BINARIES, program);
}

/**
 * Compiles the programs into `.tox/bench/`.
 *
 * @throws Error with the compiler's words if there is none, or it refuses.
 */
export function buildNative(): void {
  mkdirSync(BINARIES, { recursive: true });
  for (const [program, names] of Object.entries(PROGRAMS)) {
    const sources = names.map((name) => join(SOURCES, `${name}.c`));
    const args = [...FLAGS, '-o', join(BINARIES, program), ...sources, '-lm'];
    const { status, stderr, error } = spawnSync('cc', args, { encoding: 'utf8' });
    if (error !== undefined) throw new Error('benchmarks need a C compiler named cc', { cause: error });
    if (status !== 0) throw new Error(`cc refuses ${program}:\n${stderr}`);
  }
}

/** Whether a program is on the PATH. */
export function hasProgram(name: string): boolean {
  return spawnSync('sh', ['-c', 'command -v "$1"', 'sh', name], { stdio: 'ignore' }).status === 0;
}
