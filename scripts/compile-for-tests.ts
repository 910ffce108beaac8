/**
 * Compiles the command once, before the tests that start it as a process: with tsx the tests of cli/ took twice the
 * processor time.
 */
import { COMPILED_MAIN_ENV } from '../testing/speicher-command.ts';
import { compiledMain } from './compile.ts';

export default async function setup(): Promise<void> {
  process.env[COMPILED_MAIN_ENV] = await compiledMain();
}
