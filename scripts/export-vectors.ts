/**
 * Writes the cases that are data to spec/vectors/: `npm run export:vectors`. Files there that no case stands behind any
 * more are removed.
 */
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { vectorFiles } from '../spec/export.ts';
import { REPOSITORY } from './repository.ts';

const folder = join(REPOSITORY, 'spec/vectors');
const files = vectorFiles();
for (const name of readdirSync(folder)) {
  if (name.endsWith('.json') && !files.has(name)) rmSync(join(folder, name));
}
for (const [name, text] of files) writeFileSync(join(folder, name), text);
console.log(`spec/vectors: ${files.size} files`);
