/** What is not known to be nobody's is not taken. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../testing/data-server.ts';
import { lockDirectory } from './directory-lock.ts';

/** An owner in whose queue there is room for hardly anybody. */
const OWNER = `
  const server = require('node:net').createServer();
  server.listen({ path: process.argv[1], backlog: 1 }, () => console.log('ready'));
`;

/** Connects until the system says why it does not, and stays connected. */
async function refusal(path: string): Promise<unknown> {
  for (;;) {
    const socket = connect(path);
    onTestFinished(() => void socket.destroy());
    const code = await new Promise((resolve) => {
      socket.once('connect', () => resolve(undefined));
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    });
    if (code !== undefined) return code;
  }
}

const isBun = process.versions['bun'] !== undefined;
const onBun = isBun ? ' (skipped: Bun says of a full queue what it says of nobody)' : '';

test.skipIf(isBun)(`an owner that stands still and answers nobody any more has the directory${onBun}`, async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'lock');
  const owner = spawn(process.execPath, ['-e', OWNER, path]);
  onTestFinished(() => void owner.kill('SIGKILL'));
  await once(owner.stdout, 'data');
  owner.kill('SIGSTOP');
  expect(await refusal(path)).toBe('EAGAIN');
  await expect(lockDirectory(folder)).rejects.toMatchObject({ code: 'SPEICHER_DATA_IN_USE' });
  expect(await readdir(folder)).toEqual(['lock']);
});

test.each<[what: string, make: (path: string) => Promise<unknown>]>([
  ['a file', (path) => writeFile(path, 'precious')],
  ['a directory', (path) => mkdir(path)],
  ['a link', (path) => symlink('nowhere', path)],
])('%s of that name is no lock, and is left as it is', async (_what, make) => {
  const folder = await temporaryFolder();
  await make(join(folder, 'lock'));
  await expect(lockDirectory(folder)).rejects.toMatchObject({
    code: 'SPEICHER_STORAGE',
    message: expect.stringContaining(folder),
  });
  expect(await readdir(folder)).toEqual(['lock']);
  await expect(readFile(join(folder, 'lock'), 'utf8').catch(() => 'precious')).resolves.toBe('precious');
});
