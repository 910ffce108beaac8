/**
 * The directions in which imports may go: cli → server, client, spec → protocol. Types count like values. Within spec/
 * lie the subjects, servers that the judge is tried out on: they are made of the server, and the judge knows nothing of
 * them (docs/decisions/0007-subjects-are-not-the-judge.md).
 */
import { posix } from 'node:path';
import { at, type Import, type Source } from './sources.ts';

interface Rule {
  /** The folders that files of this one may import from, themselves included. */
  readonly folders: readonly string[];
  /** Whether packages from npm may be imported. */
  readonly packages: boolean;
  /** Which modules of the runtime may be imported. */
  readonly builtins: 'all' | readonly string[];
}

/** `.` stands for the files at the top level, which only configure tools. */
const RULES: Readonly<Record<string, Rule>> = {
  // The contract knows no sockets, files or timers; isUtf8 is a question about bytes.
  protocol: { folders: ['protocol'], packages: false, builtins: ['node:buffer'] },
  server: { folders: ['server', 'protocol'], packages: true, builtins: 'all' },
  // The client has no dependencies at run time.
  client: { folders: ['client', 'protocol'], packages: false, builtins: 'all' },
  spec: { folders: ['spec', 'protocol'], packages: true, builtins: 'all' },
  subjects: { folders: ['subjects', 'spec', 'server', 'protocol', 'testing'], packages: false, builtins: 'all' },
  cli: { folders: ['cli', 'server', 'client', 'spec', 'protocol'], packages: true, builtins: 'all' },
  bench: { folders: ['bench', 'server', 'client', 'spec', 'protocol'], packages: true, builtins: 'all' },
  // Names the commands that tests start, and is imported by tests and by the subjects alone.
  testing: { folders: ['testing'], packages: false, builtins: 'all' },
  scripts: {
    folders: ['scripts', 'testing', 'bench', 'cli', 'server', 'client', 'spec', 'subjects', 'protocol', '.'],
    packages: true,
    builtins: 'all',
  },
  '.': { folders: ['.', 'scripts'], packages: true, builtins: 'all' },
};

/** A judge that shares the codec with the judged would share its mistakes, so spec/ sees numbers and names only. */
const TABLES = new Set(['flags', 'limits', 'operations', 'profiles', 'statuses', 'tags']);

/** Servers that the judge is tried out on, and what holds the one against the other. */
const SUBJECTS = /^spec\/(?:subjects|mutants|variants|matrix)\//;

/** What is not shipped: tests, and what helps them. */
const isTest = (path: string): boolean => /\.test\.ts$|\/testing\//.test(path);

function folderOf(path: string): string {
  if (SUBJECTS.test(path)) return 'subjects';
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : '.';
}

/** The path that a relative import means, or undefined for a package or a module of the runtime. */
function target({ path, specifier }: Import): string | undefined {
  if (specifier === undefined || !specifier.startsWith('.')) return undefined;
  return posix.normalize(posix.join(posix.dirname(path), specifier));
}

/** Every import that goes where it must not, as `path:line: why`. */
export function wrongImports(sources: readonly Source[]): string[] {
  return sources.flatMap(({ imports }) =>
    imports.flatMap((each) => {
      const why = wrong(each);
      return why === undefined ? [] : [`${at(each)}: ${why}`];
    }),
  );
}

function wrong(each: Import): string | undefined {
  const { path, specifier } = each;
  const folder = folderOf(path);
  const rule = RULES[folder];
  if (rule === undefined) return `${folder}/ has no rule about imports`;
  if (specifier === undefined) return isTest(path) ? undefined : 'the module is computed';
  const file = target(each);
  if (file === undefined) {
    // A test may use the runner and whatever helps it.
    if (isTest(path)) return undefined;
    if (!specifier.startsWith('node:')) return rule.packages ? undefined : `${folder} must not import ${specifier}`;
    const allowed = rule.builtins === 'all' || rule.builtins.includes(specifier);
    return allowed ? undefined : `${folder} must not import ${specifier}`;
  }
  if (isTest(path) && file === 'package.json') return undefined;
  const into = folderOf(file);
  // The client is tested against the real server.
  if (isTest(path) && folder === 'client' && into === 'server') return undefined;
  if (isTest(path) && into === 'testing') return undefined;
  // Another interpreter of the cases is compared with this one over all subjects.
  if (isTest(path) && folder === 'spec' && into === 'subjects') return undefined;
  if (!rule.folders.includes(into)) return `${folder} must not import from ${into}`;
  if (folder === 'spec' && into === 'protocol' && !file.endsWith('.json') && !TABLES.has(posix.basename(file, '.ts'))) {
    return `spec may import tables of protocol only, and ${file} is none`;
  }
  return undefined;
}

/** Every cycle of imports, as the paths along it. */
export function importCycles(sources: readonly Source[]): string[][] {
  const edges = new Map(
    sources.map(({ path, imports }) => [path, imports.map(target).filter((file) => file !== undefined)]),
  );
  const done = new Set<string>();
  const trail: string[] = [];
  const cycles: string[][] = [];
  const visit = (path: string): void => {
    const index = trail.indexOf(path);
    if (index >= 0) cycles.push([...trail.slice(index), path]);
    if (index >= 0 || done.has(path)) return;
    trail.push(path);
    for (const next of edges.get(path) ?? []) visit(next);
    trail.pop();
    done.add(path);
  };
  for (const path of edges.keys()) visit(path);
  return cycles;
}
