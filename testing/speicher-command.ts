/**
 * The command line that is `speicher`, for every test that starts it as a process. Programs of the repository, such as
 * `npm run tox`, run the sources.
 */
import { fileURLToPath } from 'node:url';

/** The variable by which `scripts/compile-for-tests.ts` tells the tests' processes where the compiled command is. */
export const COMPILED_MAIN_ENV = 'COMPILED_SPEICHER_MAIN';

const compiledMain = process.env[COMPILED_MAIN_ENV];

const FROM_SOURCES = ['--import', 'tsx', fileURLToPath(new URL('../cli/main.ts', import.meta.url))];

/**
 * The program and the first arguments; the subcommand comes behind them. It is the compiled command where there is one,
 * for that starts sooner, and otherwise the sources, run by tsx. The runtime is the one of the tests, so that an
 * environment of tox tries out its own.
 */
export const SPEICHER: readonly string[] = [
  process.execPath,
  ...(compiledMain === undefined ? FROM_SOURCES : [compiledMain]),
];
