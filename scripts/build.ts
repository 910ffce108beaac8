/** `npm run build`: dist/ from the sources, by plain tsc, and what the code reads at run time beside it. */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { REPOSITORY, writtenFiles } from './repository.ts';

const dist = join(REPOSITORY, 'dist');
rmSync(dist, { recursive: true, force: true });

const tsc = join(REPOSITORY, 'node_modules', 'typescript', 'bin', 'tsc');
const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
  cwd: REPOSITORY,
  stdio: 'inherit',
});
if (status !== 0) process.exit(status ?? 1);

/** Read at run time: the contract that `spec` quotes, the vectors, and tables in JSON. */
const COPIED = /^(?:protocol|server|client|spec|cli)\/.*\.(?:md|json|py|html|css|js)$/;

for (const path of writtenFiles().filter((file) => COPIED.test(file))) {
  const target = join(dist, path);
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(join(REPOSITORY, path), target);
}
chmodSync(join(dist, 'cli', 'main.js'), 0o755);
