/** The matrix that is checked in. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Matrix } from './matrix.ts';
import { readme } from './readme.ts';

const JSON_FILE = new URL('matrix.json', import.meta.url);
const README_FILE = new URL('README.md', import.meta.url);

export const HOW_TO_UPDATE =
  'if that is right, run `npm run test:matrix -- --update` and commit spec/matrix/matrix.json and README.md';

export const readMatrix = (): Matrix => JSON.parse(readFileSync(JSON_FILE, 'utf8')) as Matrix;
export const readReadme = (): string => readFileSync(README_FILE, 'utf8');

export function writeMatrix(matrix: Matrix): void {
  writeFileSync(JSON_FILE, `${JSON.stringify(matrix, undefined, 1)}\n`);
  writeFileSync(README_FILE, readme(matrix));
}
