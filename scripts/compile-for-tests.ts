/**
 * Compiles the command once, before the tests that start it as a process: with tsx the tests of cli/ took twice the
 * processor time. Coverage is counted over one text for all processes, and so runs the sources everywhere.
 */
import { COMPILED_MAIN_ENV } from '../testing/speicher-command.ts';
import { compiledMain } from './compile.ts';

export default function setup(): void {
  if (process.env['NODE_V8_COVERAGE'] !== undefined) return;
  process.env[COMPILED_MAIN_ENV] = compiledMain();
}
