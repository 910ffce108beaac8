/**
 * Compiles the command once, before the tests that start it as a process: from the sources, by tsx, each start takes
 * some 0.5 s of a core more. Coverage is counted over one text for all processes, and so runs the sources everywhere.
 */
import { COMPILED_MAIN_ENV } from '../testing/speicher-command.ts';
import { compiledMain } from './compile.ts';

export default function setup(): void {
  if (process.env['NODE_V8_COVERAGE'] !== undefined) return;
  process.env[COMPILED_MAIN_ENV] = compiledMain();
}
