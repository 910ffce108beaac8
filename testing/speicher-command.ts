/**
 * The command lines of `speicher`, and of other programs, for every test that starts them as processes. Programs of the
 * repository, such as `npm run tox`, run the sources.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The variable by which `scripts/compile-for-tests.ts` tells the tests' processes where the compiled command is. */
export const COMPILED_MAIN_ENV = 'COMPILED_SPEICHER_MAIN';

const compiledMain = process.env[COMPILED_MAIN_ENV];

/**
 * The program and the first arguments that run a module; its own arguments come behind them. It is the compiled module
 * where there is one, for that starts sooner, else the source, run by tsx. The runtime is that of the tests, so that an
 * environment of tox tries out its own.
 *
 * @param module its path in the repository, without `.ts`
 */
export function commandOf(module: string): readonly string[] {
  return compiledMain === undefined
    ? [process.execPath, '--import', 'tsx', fileURLToPath(new URL(`../${module}.ts`, import.meta.url))]
    : [process.execPath, join(dirname(compiledMain), '..', `${module}.js`)];
}

/** The program and the first arguments; the subcommand comes behind them. */
export const SPEICHER: readonly string[] = commandOf('cli/main');
