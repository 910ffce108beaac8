/** Where the console keeps the lines that were typed. */
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Lines that may hold a password are not kept. */
export function isSecret(line: string): boolean {
  return /passw|secret|\bauth\b|\/\/[^/\s]*@/i.test(line);
}

/** The file: under XDG_STATE_HOME if there is one, else in the home directory. */
export function historyFile(env: NodeJS.ProcessEnv): string {
  const stateHome = env['XDG_STATE_HOME'];
  if (stateHome === undefined || stateHome === '') return join(homedir(), '.speicher_history');
  const directory = join(stateHome, 'speicher');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return join(directory, 'history');
}
